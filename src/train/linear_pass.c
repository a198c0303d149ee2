/* linear_pass: see linear_pass.h. */
#include "train/linear_pass.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"

struct carried {
	float *d;		/* (R,D) at the layer's start */
	float *mid;		/* (R,D) after attention */
	float *heads;		/* (R, H head) */
};

struct ct_linear_pass {
	struct ct_arena arena;
	struct carried *layers;	/* (L) */
	float *start;		/* (R,D) signed embeddings */
	float *end;		/* (R,D) after the last layer */
	float *norm;		/* (R,D) a norm's output, or its gradient */
	float *value;		/* (R, H_kv head) */
	float *dheads;		/* (R, H head) */
	float *dd, *dstart;	/* (R,D) gradients of the stream and of where it starts */
	/* (R,D) gradient of what attention carries past bottlenecks; zero in other rows */
	float *bottleneck;
	float *logits;		/* (V) of one row */
	float *last;		/* (D) the final norm's output of one row */
};

int
ct_linear_pass_open(struct ct_linear_pass **out, const struct ct_net *net, int max_rows, struct ct_error *err)
{
	const struct ct_net_shape *s = &net->s;
	size_t R = (size_t)max_rows, D = (size_t)s->D;
	size_t q = (size_t)s->H * s->head, kv = (size_t)s->H_kv * s->head;
	struct ct_linear_pass *p = calloc(1, sizeof *p);
	int code = CT_OK;

	*out = NULL;
	if (!p)
		return ct_fail_memory(err, sizeof *p, "a linear pass");
	struct {
		float **at;
		size_t n;
	} list[] = {
		{ &p->start, R * D }, { &p->end, R * D }, { &p->norm, R * D }, { &p->value, R * kv },
		{ &p->dheads, R * q }, { &p->dd, R * D }, { &p->dstart, R * D }, { &p->bottleneck, R * D },
		{ &p->logits, (size_t)s->V }, { &p->last, D },
	};

	p->layers = ct_arena_need(&p->arena, (size_t)s->L, sizeof *p->layers, "a linear pass", err);
	if (!p->layers)
		code = CT_ENOMEM;
	for (size_t i = 0; code == CT_OK && i < sizeof list / sizeof *list; i++) {
		*list[i].at = ct_arena_need(&p->arena, list[i].n, sizeof(float), "a linear pass", err);
		code = *list[i].at ? CT_OK : CT_ENOMEM;
	}
	for (int l = 0; code == CT_OK && l < s->L; l++) {
		struct carried *c = &p->layers[l];

		c->d = ct_arena_need(&p->arena, R * D, sizeof(float), "a linear pass", err);
		c->mid = ct_arena_need(&p->arena, R * D, sizeof(float), "a linear pass", err);
		c->heads = ct_arena_need(&p->arena, R * q, sizeof(float), "a linear pass", err);
		code = c->d && c->mid && c->heads ? CT_OK : CT_ENOMEM;
	}
	if (code != CT_OK) {
		ct_linear_pass_close(p);
		return code;
	}
	*out = p;
	return CT_OK;
}

void
ct_linear_pass_close(struct ct_linear_pass *p)
{
	if (!p)
		return;
	ct_arena_free(&p->arena);
	free(p);
}

/* y[r] = w . x[r] * scale[r].  x, y (R,D), w (D) */
static void
norm_frozen(int R, int D, const float *x, const float *w, const float *scale, float *restrict y)
{
	for (int r = 0; r < R; r++, x += D, y += D)
		for (int i = 0; i < D; i++)
			y[i] = w[i] * x[i] * scale[r];
}

/* dx[r] += w . dy[r] * scale[r],  dw += sum_r dy[r] . x[r] * scale[r] */
static void
norm_frozen_backward(int R, int D, const float *x, const float *w, const float *scale, const float *dy,
    float *restrict dx, float *restrict dw)
{
	for (int r = 0; r < R; r++, x += D, dy += D, dx += D) {
		for (int i = 0; i < D; i++) {
			dx[i] += w[i] * dy[i] * scale[r];
			dw[i] += dy[i] * x[i] * scale[r];
		}
	}
}

/* heads (R, H head) = P value, or value (R, H_kv head) = P^T heads, sentence by sentence; overwritten. */
static void
mix(const struct ct_net_shape *s, const struct ct_batch *b, bool back, const float *P, float *value,
    float *heads)
{
	int head = s->head, group = s->H / s->H_kv, q = s->H * head, kv = s->H_kv * head;

	for (int i = 0; i < b->n; i++) {
		int T = b->len[i];

		for (int h = 0; h < s->H; h++, P += (size_t)T * T) {
			float *v = value + h / group * head, *o = heads + h * head;

			if (back)		/* heads of a group share values */
				ct_sgemm(true, false, T, head, T, 1, P, T, o, q, h % group ? 1 : 0, v, kv);
			else
				ct_sgemm(false, false, T, head, T, 1, P, T, v, kv, 0, o, q);
		}
		value += (size_t)T * kv;
		heads += (size_t)T * q;
	}
}

/* Copies the rows that are bottlenecks; with `move` they become zero in the source. */
static void
at_necks(const struct ct_batch *b, int D, bool move, float *from, float *to)
{
	for (int i = 0, r = 0; b->bottleneck && i < b->n; r += b->len[i++]) {
		size_t at = (size_t)(r + b->bottleneck[i]) * D;

		if (b->bottleneck[i] <= 0)
			continue;
		memcpy(to + at, from + at, (size_t)D * sizeof *to);
		if (move)
			memset(from + at, 0, (size_t)D * sizeof *from);
	}
}

/* The offset in the parameters of a layer's value matrix (H_kv head, D). */
static size_t
value_matrix(const struct ct_net *net, int l)
{
	const struct ct_net_shape *s = &net->s;

	return net->layers[l].qkv + (size_t)(s->H + s->H_kv) * s->head * s->D;
}

static void
forward(struct ct_linear_pass *p, const struct ct_net *net, const struct ct_batch *b,
    const struct ct_frozen_run *run)
{
	const struct ct_net_shape *s = &net->s;
	const float *w = net->params.w;
	int R = b->R, D = s->D, q = s->H * s->head, kv = s->H_kv * s->head;
	size_t n = (size_t)R * D;

	for (int r = 0; r < R; r++)
		for (int i = 0; i < D; i++)
			p->start[(size_t)r * D + i] = (b->signs ? b->signs[r] : 1) *
			    w[net->embed + (size_t)b->tokens[r] * D + i];
	memcpy(s->L ? p->layers[0].d : p->end, p->start, n * sizeof(float));
	for (int l = 0; l < s->L; l++) {
		struct carried *c = &p->layers[l];
		float *next = l + 1 < s->L ? p->layers[l + 1].d : p->end;

		norm_frozen(R, D, c->d, w + net->layers[l].norm1, run->layers[l].scale1, p->norm);
		ct_sgemm(false, true, R, kv, D, 1, p->norm, D, w + value_matrix(net, l), D, 0, p->value, kv);
		mix(s, b, false, run->layers[l].probs, p->value, c->heads);
		memcpy(c->mid, c->d, n * sizeof(float));
		ct_sgemm(false, true, R, D, q, 1, c->heads, q, w + net->layers[l].o, q, 1, c->mid, D);
		memcpy(next, c->mid, n * sizeof(float));
		at_necks(b, D, false, c->d, next);
	}
}

/* Subtracts the mean, and returns the square of what is left. */
static double
centre(int n, float *x)
{
	double mean = 0;

	for (int i = 0; i < n; i++)
		mean += x[i];
	mean /= n;
	for (int i = 0; i < n; i++)
		x[i] -= (float)mean;
	return ct_sdot(n, x, x);
}

/* Sets dd from what reaches the logits of the answers. Returns the direct part of the loss. */
static double
direct_backward(struct ct_linear_pass *p, const struct ct_net *net, const struct ct_batch *b,
    const struct ct_frozen_run *run, double scale, double price, float *grad)
{
	const float *w = net->params.w;
	int D = net->s.D, V = net->s.V;
	double loss = 0;

	memset(p->dd, 0, (size_t)b->R * D * sizeof *p->dd);
	for (int r = 0; r < b->R && price > 0; r++) {
		const float *d = p->end + (size_t)r * D;
		double whole, part;
		float k;

		if (!b->graded || !b->graded[r])
			continue;
		memcpy(p->logits, run->logits + (size_t)r * V, (size_t)V * sizeof *p->logits);
		whole = fmax(centre(V, p->logits), 1e-20);
		norm_frozen(1, D, d, w + net->norm_f, run->scale_f + r, p->last);
		ct_sgemm(false, true, 1, V, D, 1, p->last, D, w + net->unembed, D, 0, p->logits, V);
		part = centre(V, p->logits);
		loss += price * part / whole;
		k = (float)(2 * scale * price / whole);
		ct_sgemm(true, false, V, D, 1, k, p->logits, V, p->last, D, 1, grad + net->unembed, D);
		ct_sgemm(false, false, 1, D, V, k, p->logits, V, w + net->unembed, D, 0, p->last, D);
		norm_frozen_backward(1, D, d, w + net->norm_f, run->scale_f + r, p->last,
		    p->dd + (size_t)r * D, grad + net->norm_f);
	}
	return loss;
}

/* The loss of what attention has brought to each row before an MLP: adds to dd, and to dstart its part. */
static double
carry_backward(struct ct_linear_pass *p, const struct ct_batch *b, int D, const float *mid,
    const float *stream, double scale, double price)
{
	double loss = 0;

	for (int i = 0, r = 0; i < b->n && price > 0; r += b->len[i++]) {
		for (int t = 1; t < b->len[i]; t++) {
			size_t at = (size_t)(r + t) * D;
			double whole = fmax(ct_sdot(D, stream + at, stream + at), 1e-20), part = 0;
			float k = (float)(2 * scale * price / whole);

			for (int j = 0; j < D; j++) {
				float brought = mid[at + j] - p->start[at + j];

				part += (double)brought * brought;
				p->dd[at + j] += k * brought;
				p->dstart[at + j] -= k * brought;
			}
			loss += price * part / whole;
		}
	}
	return loss;
}

double
ct_linear_pass_prices(struct ct_linear_pass *p, const struct ct_net *net, const struct ct_batch *b,
    const struct ct_frozen_run *run, double scale, const struct ct_prices *prices, float *grad)
{
	const struct ct_net_shape *s = &net->s;
	const float *w = net->params.w;
	int R = b->R, D = s->D, q = s->H * s->head, kv = s->H_kv * s->head;
	size_t n = (size_t)R * D;
	double loss;

	forward(p, net, b, run);
	loss = direct_backward(p, net, b, run, scale, prices->direct, grad);
	memset(p->dstart, 0, n * sizeof(float));
	for (int l = s->L - 1; l >= 0; l--) {
		const struct ct_net_layer *y = &net->layers[l];
		const struct carried *c = &p->layers[l];
		size_t v = value_matrix(net, l);

		memset(p->bottleneck, 0, n * sizeof(float));
		at_necks(b, D, true, p->dd, p->bottleneck);
		loss += carry_backward(p, b, D, c->mid, run->layers[l].mid, scale, prices->carry);
		ct_sgemm(false, false, R, q, D, 1, p->dd, D, w + y->o, q, 0, p->dheads, q);
		ct_sgemm(true, false, D, q, R, 1, p->dd, D, c->heads, q, 1, grad + y->o, q);
		mix(s, b, true, run->layers[l].probs, p->value, p->dheads);
		norm_frozen(R, D, c->d, w + y->norm1, run->layers[l].scale1, p->norm);
		ct_sgemm(true, false, kv, D, R, 1, p->value, kv, p->norm, D, 1, grad + v, D);
		ct_sgemm(false, false, R, D, kv, 1, p->value, kv, w + v, D, 0, p->norm, D);
		norm_frozen_backward(R, D, c->d, w + y->norm1, run->layers[l].scale1, p->norm, p->dd,
		    grad + y->norm1);
		if (b->bottleneck)
			ct_saxpy((int)n, 1, p->bottleneck, p->dd);
	}
	ct_saxpy((int)n, 1, p->dstart, p->dd);
	for (int r = 0; r < R; r++)
		ct_saxpy(D, b->signs ? b->signs[r] : 1, p->dd + (size_t)r * D,
		    grad + net->embed + (size_t)b->tokens[r] * D);
	return loss;
}
