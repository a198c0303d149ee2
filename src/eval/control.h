/*
 * control: a transcoder that has learned only how to write, to compare figures with.
 *
 * It has the shape of a given transcoder and as many active features per layer, but its encoder rows are
 * random; only the decoders are fitted, by least squares. A figure that the control reaches too does not need
 * features that mean anything.
 */
#ifndef CT_EVAL_CONTROL_H
#define CT_EVAL_CONTROL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/job.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

/*
 * Fitted on the sentences that are not held out.
 *   h = <w, x>, w ~ N(0,1)^D,  a = h [h > threshold_f]; each feature's threshold lets it be active on L0 / F
 *   of the tokens, L0 being that of the layer in `like`
 *   decoders and b_dec minimise sum_tokens |mlp_out - yhat|^2 + ridge |decoders|^2
 * Cost: n^3 / 3 for each output layer, n its features. Oracle: tests/unit/test_control.c
 */
int ct_control_build(struct ct_transcoder **out, const struct ct_transcoder *like, const struct ct_model *m,
    const struct ct_corpus *c, const struct ct_job *job, struct ct_error *err);

#endif
