/*
 * weights_init: computes the weights of one feature from and to all others. Apart from weights.h, which has
 * the results as plain data, so that the facade shows no more than these.
 */
#ifndef CT_TRACE_WEIGHTS_INIT_H
#define CT_TRACE_WEIGHTS_INIT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/weights.h"

struct ct_model;
struct ct_transcoder;

/*
 * Everything in `a`. CT_EINVAL for neurons, whose encoders depend on the prompt.
 * Cost: one pass over the decoders of lower layers and the encoders of higher ones, 4 V D flops for tokens.
 * Oracle: the same sums in double, tests/unit/test_weights.c.
 */
int ct_weights_init(struct ct_weights *out, const struct ct_model *m, const struct ct_transcoder *tc,
    int layer, int feature, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
