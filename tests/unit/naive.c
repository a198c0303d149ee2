/* naive: see naive.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "naive.h"

void
naive_gemm(bool ta, bool tb, int M, int N, int K, const float *A, int lda, const float *B, int ldb, double *C)
{
	for (int i = 0; i < M; i++)
		for (int j = 0; j < N; j++) {
			double sum = 0;

			for (int k = 0; k < K; k++)
				sum += (double)(ta ? A[k * lda + i] : A[i * lda + k]) *
				       (double)(tb ? B[j * ldb + k] : B[k * ldb + j]);
			C[i * N + j] = sum;
		}
}

static void
norm_frozen(const struct ct_model *m, const float *w, double scale, const double *x, double *y)
{
	int D = m->cfg.D;
	double mean = 0;

	for (int d = 0; d < D && m->cfg.norm == CT_LAYERNORM; d++)
		mean += x[d] / D;
	/* y may be x */
	for (int d = 0; d < D; d++)
		y[d] = (x[d] - mean) * scale * (w ? (double)w[d] : 1);
}

static double
weight(const struct ct_linear *l, int o, int i)
{
	return (double)ct_matrix_at(&l->w, o, i);
}

static void
attention_frozen(const struct ct_local_model *lrm, int l, const double *x, double *mid)
{
	const struct ct_model *m = lrm->m;
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int T = lrm->T, D = c->D, group = c->H / c->H_kv, kv = c->H_kv * c->head;
	double *y = calloc((size_t)D, sizeof *y), *v = calloc((size_t)T * kv, sizeof *v);

	for (int t = 0; t < T; t++) {
		norm_frozen(m, ly->norm1.w, lrm->pass->scale1[l * T + t], x + t * D, y);
		for (int o = 0; o < kv; o++)
			for (int i = 0; i < D; i++)
				v[t * kv + o] += weight(&ly->v, o, i) * y[i];
	}
	memset(mid, 0, (size_t)T * D * sizeof *mid);
	for (int t = 0; t < T; t++)
		for (int h = 0; h < c->H; h++)
			for (int e = 0; e < c->head; e++) {
				double z = 0;

				for (int k = 0; k <= t; k++)
					z += (double)
						 lrm->pass->pattern[((size_t)(l * c->H + h) * T + t) * T +
						    k] *
					     v[k * kv + h / group * c->head + e];
				for (int d = 0; d < D; d++)
					mid[t * D + d] += weight(&ly->o, d, h * c->head + e) * z;
			}
	for (int t = 0; t < T; t++) {
		if (ly->post1.w)
			norm_frozen(m, ly->post1.w, lrm->pass->post1[l * T + t], mid + t * D, mid + t * D);
		for (int d = 0; d < D; d++)
			mid[t * D + d] += x[t * D + d];
	}
	free(y);
	free(v);
}

void
naive_write(const struct ct_local_model *lrm, int l, int t, double *row)
{
	const struct ct_norm *post = &lrm->m->layers[l].post2;

	if (post->w && lrm->tc->write == CT_WRITE_MLP)
		norm_frozen(lrm->m, post->w, lrm->pass->post2[l * lrm->T + t], row, row);
}

/* One layer, forwards: x (T,D) in place, read (T,D) what it adds to the read point. */
static void
layer_frozen(const struct ct_local_model *lrm, int l, const double *dout, double *x, double *read)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, D = m->cfg.D;
	double *mid = malloc((size_t)(T * D) * sizeof *mid), *skip = malloc((size_t)D * sizeof *skip);

	attention_frozen(lrm, l, x, mid);
	for (int t = 0; t < T; t++, read += D) {
		double scale = lrm->pass->scale2[l * T + t];

		switch (lrm->tc->read) {
		case CT_READ_MID:
			memcpy(read, mid + t * D, (size_t)D * sizeof *read);
			break;
		case CT_READ_NORM2:
			norm_frozen(m, m->layers[l].norm2.w, scale, mid + t * D, read);
			break;
		case CT_READ_NORM2_BARE: {
			double mean = 0;

			for (int d = 0; d < D && m->cfg.norm == CT_LAYERNORM; d++)
				mean += mid[t * D + d] / D;
			for (int d = 0; d < D; d++)
				read[d] = (mid[t * D + d] - mean) * scale;
			break;
		}
		}
		for (int d = 0; d < D; d++) {
			skip[d] = 0;
			for (int i = 0; i < D; i++)
				skip[d] += naive_skip(lrm->tc, l, d, i) * read[i];
		}
		naive_write(lrm, l, t, skip);
		for (int d = 0; d < D; d++)
			x[t * D + d] = mid[t * D + d] + dout[(l * T + t) * D + d] + skip[d];
	}
	free(skip);
	free(mid);
}

void
naive_frozen(
    const struct ct_local_model *lrm, const double *dout, const double *dembed, double *dread, double *dfinal)
{
	const struct ct_model *m = lrm->m;
	int T = lrm->T, D = m->cfg.D, TD = T * D;
	double *x = malloc((size_t)TD * sizeof *x);

	memcpy(x, dembed, (size_t)TD * sizeof *x);
	for (int l = 0; l < m->cfg.L; l++)
		layer_frozen(lrm, l, dout, x, dread + l * TD);
	for (int t = 0; t < T; t++)
		norm_frozen(m, m->norm_f.w, lrm->pass->scale_f[t], x + t * D, dfinal + t * D);
	free(x);
}

void
naive_stream(const struct ct_local_model *lrm, int layer, const double *dout, const double *dembed,
    double *dx)
{
	int TD = lrm->T * lrm->m->cfg.D;
	double *read = malloc((size_t)TD * sizeof *read);

	memcpy(dx, dembed, (size_t)TD * sizeof *dx);
	for (int l = 0; l < layer; l++)
		layer_frozen(lrm, l, dout, dx, read);
	free(read);
}

double
naive_cap(double x, double cap)
{
	return cap > 0 ? cap * tanh(x / cap) : x;
}

static void
norm_live(const struct ct_model *m, const struct ct_norm *n, const double *x, double *y)
{
	int D = n->width;
	double mean = 0, square = 0;

	for (int d = 0; d < D && m->cfg.norm == CT_LAYERNORM; d++)
		mean += x[d] / D;
	for (int d = 0; d < D; d++)
		square += (x[d] - mean) * (x[d] - mean) / D;
	for (int d = 0; d < D; d++)
		y[d] = (x[d] - mean) / sqrt(square + m->cfg.eps) * (double)n->w[d] +
		       (n->b ? (double)n->b[d] : 0);
}

static void
linear_live(const struct ct_linear *l, const double *x, double *y)
{
	for (int o = 0; o < l->w.rows; o++) {
		y[o] = l->b ? (double)l->b[o] : 0;
		for (int i = 0; i < l->w.cols; i++)
			y[o] += weight(l, o, i) * x[i];
	}
}

void
naive_rotate(const struct ct_config *c, int l, int heads, int pos, double *x)
{
	double theta = c->local[l] && c->local_theta > 0 ? c->local_theta : c->rope_theta;
	double slower = c->rope_scaling.factor > 0 && !(c->local[l] && c->local_theta > 0) ?
	    c->rope_scaling.factor : 1;
	int half = c->head / 2;

	for (int h = 0; h < heads; h++)
		for (int i = 0; i < half; i++) {
			double angle = pos / slower * pow(theta, -2.0 * i / c->head),
			    *p = x + h * c->head + i;
			double a = p[0], b = p[half];

			p[0] = a * cos(angle) - b * sin(angle);
			p[half] = b * cos(angle) + a * sin(angle);
		}
}

/* Of the first n_held positions the patterns are taken from held (H,n_held,n_held). */
static void
attention_live(const struct ct_model *m, int l, int T, const double *x, const double *held, int n_held,
    double *pattern, double *mid)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int D = c->D, wq = c->H * c->head, wk = c->H_kv * c->head, group = c->H / c->H_kv;
	double *y = calloc((size_t)D, sizeof *y), *out = calloc((size_t)D, sizeof *out);
	double *q = calloc((size_t)T * wq, sizeof *q), *k = calloc((size_t)T * wk, sizeof *k);
	double *v = calloc((size_t)T * wk, sizeof *v), *z = calloc((size_t)wq, sizeof *z);

	for (int t = 0; t < T; t++) {
		norm_live(m, &ly->norm1, x + t * D, y);
		linear_live(&ly->q, y, q + t * wq);
		linear_live(&ly->k, y, k + t * wk);
		linear_live(&ly->v, y, v + t * wk);
		for (int h = 0; h < c->H && c->qk_norms; h++)
			norm_live(m, &ly->q_norm, q + t * wq + h * c->head, q + t * wq + h * c->head);
		for (int h = 0; h < c->H_kv && c->qk_norms; h++)
			norm_live(m, &ly->k_norm, k + t * wk + h * c->head, k + t * wk + h * c->head);
		if (c->position == CT_ROPE) {
			naive_rotate(c, l, c->H, t, q + t * wq);
			naive_rotate(c, l, c->H_kv, t, k + t * wk);
		}
		memset(z, 0, (size_t)wq * sizeof *z);
		for (int h = 0; h < c->H; h++) {
			double *p = pattern + ((size_t)h * T + t) * T, sum = 0;

			for (int s = 0; s <= t; s++) {
				for (int e = 0; e < c->head; e++)
					p[s] += q[t * wq + h * c->head + e] *
						k[s * wk + h / group * c->head + e];
				p[s] *= c->query_scale > 0 ? c->query_scale : 1 / sqrt(c->head);
				p[s] = exp(naive_cap(p[s], c->attn_softcap));
				if (c->local[l] && s <= t - c->window)
					p[s] = 0;
				sum += p[s];
			}
			for (int s = 0; s <= t; s++) {
				p[s] = t < n_held ? held[((size_t)h * n_held + t) * n_held + s] : p[s] / sum;
				for (int e = 0; e < c->head; e++)
					z[h * c->head + e] += p[s] * v[s * wk + h / group * c->head + e];
			}
		}
		linear_live(&ly->o, z, out);
		if (c->post_norms)
			norm_live(m, &ly->post1, out, out);
		for (int d = 0; d < D; d++)
			mid[t * D + d] = x[t * D + d] + out[d];
	}
	free(y);
	free(out);
	free(q);
	free(k);
	free(v);
	free(z);
}

static void
mlp_live(const struct ct_model *m, int l, const double *in, double *out)
{
	struct naive_neuron n = { .map = calloc((size_t)m->cfg.D, sizeof *n.map) };
	double *hidden = calloc((size_t)m->cfg.mlp, sizeof *hidden);

	for (int i = 0; i < m->cfg.mlp; i++) {
		naive_neuron(m, l, i, in, &n);
		hidden[i] = n.act;
	}
	linear_live(&m->layers[l].down, hidden, out);
	free(hidden);
	free(n.map);
}

void
naive_activate(const struct ct_transcoder *tc, int l, const double *h, double *a)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	for (int f = 0; f < ly->F; f++) {
		int larger = 0, in_group = 0, size = tc->act == CT_TC_GROUPMAX ? ly->F / tc->k : ly->F;
		bool keep = false;

		/* Of equals the lower index counts as larger. */
		for (int k = 0; k < ly->F; k++) {
			bool before = h[k] > h[f] || (h[k] == h[f] && k < f);

			larger += before;
			in_group += before && k / size == f / size;
		}
		switch (tc->act) {
		case CT_TC_RELU: keep = h[f] > 0; break;
		case CT_TC_JUMPRELU: keep = h[f] > (double)ly->threshold[f]; break;
		case CT_TC_TOPK: keep = larger < tc->k; break;
		case CT_TC_BATCHTOPK:	/* of a batch of one token */
		case CT_TC_TOPK_RELU: keep = larger < tc->k && h[f] > 0; break;
		case CT_TC_GROUPMAX: keep = in_group == 0 && h[f] > 0; break;
		case CT_TC_NEURONS: keep = true; break;
		}
		a[f] = keep ? h[f] : 0;
	}
}

double
naive_enc(const struct ct_transcoder *tc, int l, int f, int d)
{
	return (double)ct_matrix_at(&tc->layers[l].enc, f, d);
}

double
naive_dec(const struct ct_transcoder *tc, int l, int f, int m, int d)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	if (tc->neurons)
		return weight(&tc->neurons->layers[l].down, d, f);
	return (double)ct_matrix_at(&ly->dec, f, (m - ly->dec_first) * tc->D + d);
}

double
naive_skip(const struct ct_transcoder *tc, int l, int out, int in)
{
	return tc->layers[l].skip.data ? (double)ct_matrix_at(&tc->layers[l].skip, out, in) : 0;
}

/*
 * Adds what layer l's features and biases write for one token to the outputs (L,T,D) of layer l and those
 * after.
 */
static void
encode(const struct ct_model *m, const struct ct_transcoder *tc, int l, const double *mid, const double *in,
    double *read, double *a)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	int D = m->cfg.D;
	double *h = calloc((size_t)ly->F, sizeof *h), square = 0, mean = 0;
	struct naive_neuron n = { .map = calloc((size_t)D, sizeof *n.map) };

	for (int d = 0; d < D && m->cfg.norm == CT_LAYERNORM; d++)
		mean += mid[d] / D;
	for (int d = 0; d < D; d++)
		square += (mid[d] - mean) * (mid[d] - mean) / D;
	for (int d = 0; d < D; d++)
		read[d] = tc->read == CT_READ_MID     ? mid[d]
			  : tc->read == CT_READ_NORM2 ? in[d]
						      : (mid[d] - mean) / sqrt(square + m->cfg.eps);
	for (int f = 0; f < ly->F && tc->neurons; f++) {
		naive_neuron(m, l, f, in, &n);
		h[f] = n.act;
	}
	for (int f = 0; f < ly->F && !tc->neurons; f++) {
		h[f] = ly->b_enc[f];
		for (int d = 0; d < D; d++)
			h[f] += naive_enc(tc, l, f, d) * (read[d] - (tc->centred ? (double)ly->b_dec[d] : 0));
	}
	naive_activate(tc, l, h, a);
	free(n.map);
	free(h);
}

static void
transcode(const struct ct_model *m, const struct ct_transcoder *tc, int l, int T, int t, const double *mid,
    const double *in, double *out)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	int D = m->cfg.D, reach = tc->kind == CT_CLT ? tc->L - l : 1;
	double *read = calloc((size_t)D, sizeof *read), *a = calloc((size_t)ly->F, sizeof *a);

	encode(m, tc, l, mid, in, read, a);
	for (int f = 0; f < ly->F; f++)
		for (int k = 0; k < reach; k++)
			for (int d = 0; d < D; d++)
				out[((l + k) * T + t) * D + d] += a[f] * naive_dec(tc, l, f, l + k, d);
	for (int d = 0; d < D; d++) {
		out[(l * T + t) * D + d] += (double)ly->b_dec[d];
		for (int i = 0; i < D; i++)
			out[(l * T + t) * D + d] += naive_skip(tc, l, d, i) * read[i];
	}
	free(read);
	free(a);
}

/*
 * What the clamps on layer l add to the MLP outputs (L,T,D) at t: the new value instead of the one there is.
 */
static void
write_clamps(const struct naive_hold *hold, const struct ct_model *m, int l, int T, int t, const double *mid,
    const double *in, double *out)
{
	const struct ct_transcoder *tc = hold->tc;
	const struct ct_tc_layer *ly = &tc->layers[l];
	int D = m->cfg.D, reach = tc->kind == CT_CLT ? tc->L - l : 1;
	double *read = calloc((size_t)D, sizeof *read), *a = calloc((size_t)ly->F, sizeof *a);
	double *value = calloc((size_t)ly->F, sizeof *value);

	encode(m, tc, l, mid, in, read, a);
	memcpy(value, a, (size_t)ly->F * sizeof *value);
	for (int i = 0; i < hold->n_clamps; i++) {
		const struct ct_clamp *c = &hold->clamps[i];

		if (c->layer == l && !c->off && (c->pos == CT_ALL_POSITIONS || c->pos == t ||
		    (c->onwards && c->pos <= t)))
			value[c->feature] = c->amount;
	}
	for (int f = 0; f < ly->F; f++)
		for (int k = 0; k < reach && value[f] != a[f]; k++)
			for (int d = 0; d < D; d++)
				out[((l + k) * T + t) * D + d] +=
				    (value[f] - a[f]) * naive_dec(tc, l, f, l + k, d);
	free(read);
	free(a);
	free(value);
}

double
naive_embedding(const struct ct_model *m, int id, int d)
{
	return (double)ct_matrix_at(&m->embed, id, d) * (m->cfg.embed_scale > 0 ? m->cfg.embed_scale : 1);
}

double
naive_logit(const struct ct_model *m, int v, const double *final)
{
	double sum = 0;

	for (int d = 0; d < m->cfg.D; d++)
		sum += (double)ct_matrix_at(&m->unembed, v, d) * final[d];
	return naive_cap(sum, m->cfg.final_softcap);
}

void
naive_run(struct naive_run *r, const struct ct_model *m, const int *ids, int T,
    const struct ct_transcoder *tc, const double *kept, const struct naive_hold *hold)
{
	const struct ct_config *c = &m->cfg;
	int D = c->D, TD = T * D, n_held = hold ? hold->n_held : 0;
	double *added = calloc((size_t)c->L * TD, sizeof *added), *extra = calloc((size_t)D, sizeof *extra);
	const struct ct_transcoder *writer = tc ? tc : hold ? hold->tc : NULL;
	bool before_norm = c->post_norms && writer && writer->write == CT_WRITE_MLP;

	*r = (struct naive_run){ .T = T };
	r->x = calloc((size_t)(c->L + 1) * TD, sizeof(double));
	r->mid = calloc((size_t)c->L * TD, sizeof(double));
	r->mlp_in = calloc((size_t)c->L * TD, sizeof(double));
	r->mlp_out = calloc((size_t)c->L * TD, sizeof(double));
	r->pattern = calloc((size_t)c->L * c->H * T * T, sizeof(double));
	r->final = calloc((size_t)TD, sizeof(double));
	for (int i = 0; i < TD; i++)
		r->x[i] = naive_embedding(m, ids[i / D], i % D) +
			  (m->pos_embed.data ? (double)ct_matrix_at(&m->pos_embed, i / D, i % D) : 0);
	for (int l = 0; l < c->L; l++) {
		double *mid = r->mid + l * TD, *in = r->mlp_in + l * TD, *out = r->mlp_out + l * TD;

		attention_live(m, l, T, r->x + l * TD,
		    n_held ? hold->pattern + (size_t)l * c->H * n_held * n_held : NULL,
		    n_held, r->pattern + (size_t)l * c->H * T * T, mid);
		for (int t = 0; t < T; t++) {
			norm_live(m, &m->layers[l].norm2, mid + t * D, in + t * D);
			if (!tc)
				mlp_live(m, l, in + t * D, out + t * D);
			else if (t == 0 && kept)
				memcpy(out, kept + l * D, (size_t)D * sizeof *out);
			else
				transcode(m, tc, l, T, t, mid + t * D, in + t * D, r->mlp_out);
			if (hold && t > 0)
				write_clamps(hold, m, l, T, t, mid + t * D, in + t * D, added);
			for (int d = 0; d < D; d++) {
				extra[d] = added[l * TD + t * D + d];
				out[t * D + d] += before_norm ? extra[d] : 0;
			}
			if (c->post_norms && (tc ? before_norm && !(t == 0 && kept) : true))
				norm_live(m, &m->layers[l].post2, out + t * D, out + t * D);
			for (int d = 0; d < D; d++)
				r->x[(l + 1) * TD + t * D + d] =
				    mid[t * D + d] + out[t * D + d] + (before_norm ? 0 : extra[d]);
		}
	}
	for (int t = 0; t < T; t++)
		norm_live(m, &m->norm_f, r->x + c->L * TD + t * D, r->final + t * D);
	free(added);
	free(extra);
}

void
naive_run_free(struct naive_run *r)
{
	free(r->x);
	free(r->mid);
	free(r->mlp_in);
	free(r->mlp_out);
	free(r->pattern);
	free(r->final);
}

/* What a source writes to the MLP outputs (L,T,D), or to the embeddings (T,D). */
static void
source_writes(const struct ct_local_model *lrm, const struct ct_node *n, double *out, double *embed)
{
	int T = lrm->T, D = lrm->m->cfg.D;

	for (int d = 0; d < D && n->kind == CT_NODE_EMBEDDING; d++)
		embed[n->pos * D + d] = naive_embedding(lrm->m, n->index, d);
	for (int d = 0; d < D && n->kind == CT_NODE_ERROR; d++)
		out[(n->layer * T + n->pos) * D + d] = lrm->error[(n->layer * T + n->pos) * D + d];
	for (int m = n->layer;
	     n->kind == CT_NODE_FEATURE && m < n->layer + ct_transcoder_reach(lrm->tc, n->layer); m++) {
		double *row = out + (m * T + n->pos) * D;

		for (int d = 0; d < D; d++)
			row[d] = (double)n->activation * naive_dec(lrm->tc, n->layer, n->index, m, d);
		naive_write(lrm, m, n->pos, row);
	}
}

void
naive_check_edges(const struct ct_prompt *p, const struct ct_graph *g, int step)
{
	const struct ct_local_model *lrm = &p->lrm;
	int T = p->T, L = lrm->m->cfg.L, D = lrm->m->cfg.D;
	size_t TD = (size_t)T * D;
	double *out = malloc(L * TD * sizeof *out), *embed = malloc(TD * sizeof *embed);
	double *read = malloc(L * TD * sizeof *read), *final = malloc(TD * sizeof *final);

	for (int src = 0; src < g->n_nodes - g->n_targets; src += step) {
		double largest = 0, worst = 0;

		memset(out, 0, L * TD * sizeof *out);
		memset(embed, 0, TD * sizeof *embed);
		source_writes(lrm, &g->nodes[src], out, embed);
		naive_frozen(lrm, out, embed, read, final);
		for (int t = 0; t < g->n_nodes; t++) {
			const struct ct_node *target = &g->nodes[t];
			double want = 0;

			if (!target->attributed)
				continue;
			for (int d = 0; d < D; d++)
				want += target->kind == CT_NODE_FEATURE
					    ? naive_enc(lrm->tc, target->layer, target->index, d) *
						  read[(target->layer * T + target->pos) * D + d]
					    : ((double)ct_matrix_at(&lrm->m->unembed, target->index, d) -
						  (double)ct_model_unembed_mean(lrm->m)[d]) *
						  final[target->pos * D + d];
			largest = fmax(largest, fabs(want));
			worst = fmax(worst, fabs(want - (double)ct_graph_edge(g, t, src)));
		}
		if (worst > 1e-5 * largest + 1e-6)
			fail_msg("source %d: edges differ by %g of %g", src, worst, largest);
	}
	free(out);
	free(embed);
	free(read);
	free(final);
}
