/*
 * clamped: a clamped run as a prompt of its own, so that a graph can explain what the model says under
 * clamps.
 *
 * Everything is linearised at the clamped run: its patterns (frozen mode: the original ones), its norm
 * scales, its activations. A feature that a clamp set is a node with the clamped value and without inputs;
 * what the clamp adds to the MLPs' own outputs is that node's effect. An error is the MLP's output minus what
 * the features write, both computed from the clamped stream. So value = sum of edges + bias holds as in the
 * original graph, and the self-check tests it. In direct mode MLP outputs are the original ones, so features
 * write what they wrote in the original run; as targets they have the values that the clamps give them.
 */
#ifndef CT_TRACE_CLAMPED_H
#define CT_TRACE_CLAMPED_H

#include "trace/intervene.h"
#include "trace/prompt.h"

/*
 * *out and all that it holds, except the token ids, is in the arena. A range over some of the layers is
 * refused: inside the range a feature writes its original activation, after it its new one, and a node has
 * only one activation.
 * Oracle: tests/unit/test_clamped.c
 */
int ct_prompt_clamped(struct ct_prompt **out, const struct ct_prompt *p, const struct ct_clamp_sites *s,
    const struct ct_clamp_options *opt, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
