/*
 * rewrite: where a cross-layer transcoder may have drawn two steps of the model as one.
 *
 * A feature of a cross-layer transcoder writes to its own layer and to later ones, so A -> B -> C may appear
 * as A -> C ("shallow rewrite"). A per-layer transcoder cannot do this, and shows B. Owns the comparison of
 * the two over a corpus; card.h has its result.
 */
#ifndef CT_CARDS_REWRITE_H
#define CT_CARDS_REWRITE_H

#include "base/error.h"
#include "cards/activity.h"
#include "cards/card.h"
#include "model/transcoder.h"

/*
 * Feature f of layer l may be a shallow rewrite if the per-layer transcoder has a feature g in a later layer
 * m and a feature e in layer l such that
 *
 *   |dec_{l->m}[f]|^2 >= 1/4 sum_n |dec_{l->n}[f]|^2      much of what f writes goes to layer m
 *   cos(dec_{l->m}[f], dec_m[g]) >= 1/2,  F1(f,g) >= 1/2  g writes the same there, on the same tokens
 *   <dec_l[e], enc_m[g]> > 0,             F1(f,e) >= 1/2  and it is fed by e, which is active where f is
 *
 * F1(a,b) measures over the corpus how well "a is active" predicts "b is active". Of several g, the one with
 * the largest cos * F1 is reported; of several e, the one with the largest F1; of several m, the one where
 * dec_{l->m}[f] is largest. *out (L,F), F = clt->F, is freed by the caller; its layer is 0 where there is no
 * such g and e.
 */
int ct_rewrites_find(struct ct_card_rewrite **out, const struct ct_transcoder *clt,
    const struct ct_activity *clt_activity, const struct ct_transcoder *plt,
    const struct ct_activity *plt_activity, struct ct_error *err);

#endif
