/*
 * clamped: a run under clamps as a prompt of its own, so that its graph can be asked why the model says that
 * now.
 *
 * Everything is linearised at the clamped run: its patterns (frozen mode: the original ones), its norm
 * scales, its activations. A feature that a clamp set is a node with the clamped value and without inputs;
 * what the clamp adds beyond the MLPs' own outputs is that node's own effect. Errors are what is left then:
 * MLP output - what the features write at the clamped stream. So value = sum of edges + bias holds as on the
 * first graph, and the self-check covers it. In direct mode MLP outputs are the original ones, so features
 * write what they wrote, and their values as targets are what the clamps make of them.
 */
#ifndef CT_TRACE_CLAMPED_H
#define CT_TRACE_CLAMPED_H

#include "trace/intervene.h"
#include "trace/prompt.h"

/*
 * *out, and all that it holds but the token ids, is in the arena. A range over some layers only is refused:
 * within it features write what they wrote, behind it what they are, and one activation cannot be both.
 * Oracle: tests/unit/test_clamped.c
 */
int ct_prompt_clamped(struct ct_prompt **out, const struct ct_prompt *p, const struct ct_clamp_sites *s,
    const struct ct_clamp_options *opt, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
