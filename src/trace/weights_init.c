/* weights_init: see weights_init.h. */
#include "trace/weights_init.h"

#include <string.h>

#include "math/blas.h"
#include "model/linear.h"

struct work {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	struct ct_weights *out;
	struct ct_pass pass;	/* ct_linear_unit */
	float *gradient;	/* (D) of the feature's pre-activation, in the stream after attention */
	float *row, *sum;	/* (D) */
	const struct ct_job *job;
};

/*
 * Computes the weights from every feature of a lower layer: products of its decoder rows and the gradient at
 * each output.
 */
static int
list_inputs(struct work *w, struct ct_error *err)
{
	const struct ct_transcoder *tc = w->tc;
	struct ct_weights *out = w->out;
	int D = w->m->cfg.D;

	for (int m = 0; m < out->layer; m++) {
		struct ct_weight *to = out->in;

		if (!ct_job_go_on(w->job, "weights", m, out->layer))
			return ct_fail(err, CT_ECANCELLED, "cancelled");
		ct_write_back(&w->pass, tc, m, 0, w->gradient, w->sum);
		for (int l = 0; l < out->layer; l++)
			for (int f = 0; f < tc->layers[l].F; f++, to++) {
				*to = (struct ct_weight){ l, f, to->weight };
				if (m < l || m >= l + ct_transcoder_reach(tc, l))
					continue;
				ct_transcoder_decoder_row(tc, l, f, m, w->row);
				to->weight += ct_sdot(D, w->row, w->sum);
			}
	}
	return CT_OK;
}

/*
 * Computes the weights to every feature of a higher layer: products of its encoder row and what this feature
 * has written up to that layer; then the weights to tokens.
 */
static int
list_outputs(struct work *w, struct ct_error *err)
{
	const struct ct_transcoder *tc = w->tc;
	struct ct_weights *out = w->out;
	struct ct_weight *to = out->out;
	int D = w->m->cfg.D, L = w->m->cfg.L;

	memset(w->sum, 0, (size_t)D * sizeof *w->sum);
	for (int m = out->layer; m < L; m++) {
		if (!ct_job_go_on(w->job, "weights", m, L))
			return ct_fail(err, CT_ECANCELLED, "cancelled");
		if (m < out->layer + ct_transcoder_reach(tc, out->layer)) {
			ct_transcoder_decoder_row(tc, out->layer, out->feature, m, w->row);
			ct_write_frozen(&w->pass, tc, m, 0, w->row, w->row);
			ct_saxpy(D, 1, w->row, w->sum);
		}
		if (m + 1 == L)
			break;
		ct_read_frozen(&w->pass, tc, m + 1, 0, w->sum, w->row);
		for (int f = 0; f < tc->layers[m + 1].F; f++)
			*to++ = (struct ct_weight){
				m + 1, f, ct_transcoder_encode_one(tc, m + 1, f, w->row)
			};
	}
	ct_final_frozen(&w->pass, 0, w->sum, w->row);
	for (int v = 0; v < w->m->cfg.V; v++)
		out->written[v] = (float)ct_unembed_dot(w->m, v, CT_VOCAB_MEAN, w->row);
	return CT_OK;
}

static int
take_memory(struct work *w, struct ct_arena *tmp, struct ct_arena *a, struct ct_error *err)
{
	struct ct_weights *out = w->out;
	size_t D = w->m->cfg.D, V = w->m->cfg.V;

	for (int l = 0; l < w->m->cfg.L; l++)
		if (l != out->layer)
			*(l < out->layer ? &out->n_in : &out->n_out) += w->tc->layers[l].F;
	w->gradient = ct_arena_need(tmp, D, sizeof *w->gradient, "weights", err);
	w->row = ct_arena_need(tmp, D, sizeof *w->row, "weights", err);
	w->sum = ct_arena_need(tmp, D, sizeof *w->sum, "weights", err);
	out->in = ct_arena_need(a, (size_t)out->n_in, sizeof *out->in, "weights", err);
	out->out = ct_arena_need(a, (size_t)out->n_out, sizeof *out->out, "weights", err);
	out->read = ct_arena_need(a, V, sizeof *out->read, "weights", err);
	out->written = ct_arena_need(a, V, sizeof *out->written, "weights", err);
	if (!w->gradient || !w->row || !w->sum || !out->in || !out->out || !out->read || !out->written)
		return CT_ENOMEM;
	return CT_OK;
}

int
ct_weights_init(struct ct_weights *out, const struct ct_model *m, const struct ct_transcoder *tc, int layer,
    int feature, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct work w = { .m = m, .tc = tc, .out = out, .job = job };
	struct ct_arena tmp = { 0 };
	double bias = 0, none = 0;
	int code;

	*out = (struct ct_weights){ .layer = layer, .feature = feature };
	if (tc->neurons)
		return ct_fail(err, CT_EINVAL, "neurons have no such weights, since what they read depends "
		    "on the prompt: use a transcoder");
	if ((code = ct_transcoder_check_rows(tc, layer, feature, err)) < 0)
		return code;
	code = take_memory(&w, &tmp, a, err);
	if (code == CT_OK)
		code = ct_linear_unit(&w.pass, m, &tmp, err);
	if (code == CT_OK) {
		ct_feature_gradient(&w.pass, tc, layer, 0, feature, w.gradient, &bias);
		out->bias = (float)bias;
		out->exact = ct_stream_direct(m, tc);
		for (int v = 0; v < m->cfg.V; v++)
			out->read[v] = ct_embed_back(m, 0, v, w.gradient, &none);
		code = list_inputs(&w, err);
	}
	if (code == CT_OK)
		code = list_outputs(&w, err);
	ct_arena_free(&tmp);
	return code;
}
