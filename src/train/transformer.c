/* transformer: see transformer.h. */
#include "train/transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "train/linear_pass.h"
#include "train/prices.h"
#include "train/vector.h"

/* cos and sin (context, head / 2) of each position's angles. */
static void
fill_rotary(struct ct_net *net)
{
	const struct ct_net_shape *s = &net->s;
	size_t half = (size_t)s->head / 2;

	for (size_t t = 0; t < (size_t)s->context; t++) {
		for (size_t i = 0; i < half; i++) {
			double angle = (double)t * pow(s->theta, -2.0 * (double)i / s->head);

			net->cos[t * half + i] = (float)cos(angle);
			net->sin[t * half + i] = (float)sin(angle);
		}
	}
}

int
ct_net_open(struct ct_net *net, const struct ct_net_shape *s, struct ct_error *err)
{
	struct ct_params *p = &net->params;
	size_t D = (size_t)s->D, V = (size_t)s->V, q = (size_t)s->H * s->head, kv = (size_t)s->H_kv * s->head;
	size_t mlp = (size_t)s->mlp, half = (size_t)s->head / 2;
	char name[64];

	memset(net, 0, sizeof *net);
	net->s = *s;
	net->layers = ct_arena_need(&p->arena, (size_t)s->L, sizeof *net->layers, "the layer table", err);
	net->cos = ct_arena_need(&p->arena, (size_t)s->context * half, sizeof(float), "the rotary table",
	    err);
	net->sin = ct_arena_need(&p->arena, (size_t)s->context * half, sizeof(float), "the rotary table",
	    err);
	if (!net->layers || !net->cos || !net->sin) {
		ct_net_close(net);
		return CT_ENOMEM;
	}
	fill_rotary(net);
	net->embed = ct_params_add(p, "model.embed_tokens.weight", V, D, 0, 1);
	for (int l = 0; l < s->L; l++) {
		struct ct_net_layer *w = &net->layers[l];
		size_t at[9];
		const struct {
			const char *name;
			size_t d0, d1;
			double decay;
		} rows[9] = {
			{ "input_layernorm", D, 0, 0 },
			{ "self_attn.q_proj", q, D, 1 },
			{ "self_attn.k_proj", kv, D, 1 },
			{ "self_attn.v_proj", kv, D, 1 },
			{ "self_attn.o_proj", D, q, 1 },
			{ "post_attention_layernorm", D, 0, 0 },
			{ "mlp.gate_proj", mlp, D, 1 },
			{ "mlp.up_proj", mlp, D, 1 },
			{ "mlp.down_proj", D, mlp, 1 },
		};

		for (int i = 0; i < 9; i++) {
			snprintf(name, sizeof name, "model.layers.%d.%s.weight", l, rows[i].name);
			at[i] = ct_params_add(p, name, rows[i].d0, rows[i].d1, 0, rows[i].decay);
		}
		*w = (struct ct_net_layer){ .norm1 = at[0], .qkv = at[1], .o = at[4], .norm2 = at[5],
			.gate_up = at[6], .down = at[8] };
	}
	net->norm_f = ct_params_add(p, "model.norm.weight", D, 0, 0, 0);
	net->unembed = ct_params_add(p, "lm_head.weight", V, D, 0, 1);
	if (ct_params_alloc(p, err) != CT_OK) {
		ct_net_close(net);
		return CT_ENOMEM;
	}
	return CT_OK;
}

void
ct_net_close(struct ct_net *net)
{
	ct_params_free(&net->params);
	memset(net, 0, sizeof *net);
}

void
ct_net_init(struct ct_net *net, double init, double embed, struct ct_rng *rng)
{
	for (int k = 0; k < net->params.n; k++) {
		const struct ct_param *q = &net->params.list[k];
		float *w = net->params.w + q->at;
		bool writes = strstr(q->name, "o_proj") || strstr(q->name, "down_proj");
		double size = q->at == net->embed ? embed : writes ? init / sqrt(2.0 * net->s.L) : init;

		for (size_t i = 0; i < q->n; i++)
			w[i] = q->rank == 1 ? 1.0f : (float)size * ct_rng_normal(rng);
	}
}

/* What the backward pass needs of one layer. */
struct kept {
	float *x;		/* (R,D) stream at its start */
	float *scale1;		/* (R) 1/rms of x */
	float *n1;		/* (R,D) norm1's output */
	float *qkv;		/* (R, (H + 2 H_kv) head), rotated */
	float *probs;		/* attention, per sentence (H,T,T) */
	float *heads;		/* (R, H head) */
	float *mid;		/* (R,D) */
	float *scale2;		/* (R) */
	float *n2;		/* (R,D) */
	float *gate_up;		/* (R, 2 mlp) */
	float *sigmoid;		/* (R, mlp) of the gate */
	float *hidden;		/* (R, mlp) silu(gate) * up */
	float *out;		/* (R,D) the MLP's output */
};

struct ct_train_pass {
	struct ct_arena arena;
	int max_rows, max_sentences;
	struct kept *kept;	/* (L) */
	float *x;		/* (R,D) stream after the last layer */
	float *scale_f;		/* (R) */
	float *n_f;		/* (R,D) */
	float *logits;		/* (R,V); their gradient in the backward pass */
	float *dx, *dn;		/* (R,D) gradients of the stream and of a norm's output */
	float *dout;		/* (R,D) gradient of an MLP's output */
	float *dwide;		/* (R, 2 mlp) or (R, (H + 2 H_kv) head) */
	float *dheads;		/* (R, H head) */
	float *dprobs;		/* (context, context) */
	/* (sentences, D) gradient of what passes by attention at bottlenecks */
	float *dbottleneck;
	struct ct_frozen_layer *frozen;	/* (L) what the linear pass reads */
	struct ct_linear_pass *linear;
};

int
ct_train_pass_open(struct ct_train_pass **out, const struct ct_net *net, int max_rows, int max_sentences,
    struct ct_error *err)
{
	const struct ct_net_shape *s = &net->s;
	size_t R = (size_t)max_rows, D = (size_t)s->D, mlp = (size_t)s->mlp;
	size_t q = (size_t)s->H * s->head, wide = q + 2 * (size_t)s->H_kv * s->head;
	struct ct_train_pass *p = calloc(1, sizeof *p);
	size_t total = 0;

	*out = NULL;
	if (!p)
		return ct_fail_memory(err, sizeof *p, "a training pass");
	p->max_rows = max_rows;
	p->max_sentences = max_sentences;
	p->kept = ct_arena_alloc(&p->arena, (size_t)s->L, sizeof *p->kept);
	p->frozen = ct_arena_alloc(&p->arena, (size_t)s->L, sizeof *p->frozen);
	if (!p->kept || !p->frozen)
		goto fail;
	for (int l = 0; l < s->L; l++) {
		struct kept *k = &p->kept[l];
		struct {
			float **at;
			size_t n;
		} list[] = {
			{ &k->x, R * D }, { &k->scale1, R }, { &k->n1, R * D }, { &k->qkv, R * wide },
			{ &k->probs, R * s->H * s->context }, { &k->heads, R * q }, { &k->mid, R * D },
			{ &k->scale2, R }, { &k->n2, R * D }, { &k->gate_up, R * 2 * mlp },
			{ &k->sigmoid, R * mlp }, { &k->hidden, R * mlp }, { &k->out, R * D },
		};

		for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
			*list[i].at = ct_arena_alloc(&p->arena, list[i].n, sizeof(float));
			total += list[i].n;
			if (!*list[i].at)
				goto fail;
		}
		p->frozen[l] = (struct ct_frozen_layer){
			.scale1 = k->scale1, .probs = k->probs, .mid = k->mid };
	}
	p->x = ct_arena_alloc(&p->arena, R * D, sizeof(float));
	p->scale_f = ct_arena_alloc(&p->arena, R, sizeof(float));
	p->n_f = ct_arena_alloc(&p->arena, R * D, sizeof(float));
	p->logits = ct_arena_alloc(&p->arena, R * s->V, sizeof(float));
	p->dout = ct_arena_alloc(&p->arena, R * D, sizeof(float));
	p->dx = ct_arena_alloc(&p->arena, R * D, sizeof(float));
	p->dn = ct_arena_alloc(&p->arena, R * D, sizeof(float));
	p->dwide = ct_arena_alloc(&p->arena, R * (2 * mlp > wide ? 2 * mlp : wide), sizeof(float));
	p->dheads = ct_arena_alloc(&p->arena, R * q, sizeof(float));
	p->dprobs = ct_arena_alloc(&p->arena, (size_t)s->context * s->context, sizeof(float));
	p->dbottleneck = ct_arena_alloc(&p->arena, (size_t)max_sentences * s->D, sizeof(float));
	if (!p->x || !p->scale_f || !p->n_f || !p->logits || !p->dout || !p->dx || !p->dn || !p->dwide ||
	    !p->dheads || !p->dprobs || !p->dbottleneck ||
	    ct_linear_pass_open(&p->linear, net, max_rows, NULL) != CT_OK)
		goto fail;
	*out = p;
	return CT_OK;
fail:
	ct_train_pass_close(p);
	return ct_fail_memory(err, total * sizeof(float), "a training pass");
}

void
ct_train_pass_close(struct ct_train_pass *p)
{
	if (!p)
		return;
	ct_linear_pass_close(p->linear);
	ct_arena_free(&p->arena);
	free(p);
}

/* y[r] = w * x[r] * scale[r], scale[r] = 1/sqrt(mean x[r]^2 + eps).  x, y (R,D), w (D) */
static void
norm_forward(int R, int D, double eps, const float *x, const float *w, float *restrict scale,
    float *restrict y)
{
	for (int r = 0; r < R; r++, x += D, y += D) {
		float s = (float)(1 / sqrt(ct_sdot(D, x, x) / (double)D + eps));

		scale[r] = s;
		for (int i = 0; i < D; i++)
			y[i] = w[i] * (x[i] * s);
	}
}

/*
 * dx[r] += scale_r (w dy[r] - x[r] scale_r^2/D <w dy[r], x[r]>),  dw += sum_r dy[r] x[r] scale_r
 * x, dy, dx (R,D); dy is used up
 */
static void
norm_backward(int R, int D, const float *x, const float *w, const float *scale, float *restrict dy,
    float *restrict dx, float *restrict dw)
{
	for (int r = 0; r < R; r++, x += D, dy += D, dx += D) {
		float s = scale[r], along;

		for (int i = 0; i < D; i++) {
			dw[i] += dy[i] * x[i] * s;
			dy[i] *= w[i];
		}
		along = s * s * s * ct_sdot(D, dy, x) / (float)D;
		for (int i = 0; i < D; i++)
			dx[i] += s * dy[i] - along * x[i];
	}
}

/* Rotates the pairs (i, i + head/2) of n heads by the position's angle; sign -1 undoes it. */
static void
rotate(const struct ct_net *net, int position, int n, float sign, float *x)
{
	int half = net->s.head / 2;
	const float *restrict c = net->cos + (size_t)position * half,
	    *restrict s = net->sin + (size_t)position * half;

	for (int h = 0; h < n; h++, x += 2 * half) {
		float *restrict a = x, *restrict b = x + half;

		for (int i = 0; i < half; i++) {
			float u = a[i], v = b[i], t = sign * s[i];

			a[i] = u * c[i] - v * t;
			b[i] = v * c[i] + u * t;
		}
	}
}

static void
rotate_all(const struct ct_net *net, const struct ct_batch *b, float sign, float *qkv)
{
	int heads = net->s.H + net->s.H_kv;		/* queries, then keys */
	size_t wide = (size_t)(heads + net->s.H_kv) * net->s.head;

	for (int i = 0; i < b->n; i++)
		for (int t = 0; t < b->len[i]; t++, qkv += wide)
			rotate(net, t, heads, sign, qkv);
}

/*
 * Row t of S (T,T) becomes its softmax over 0..t, or over bottleneck..t if t comes after the bottleneck;
 * other entries become 0.
 */
static void
causal_softmax(int T, int bottleneck, float *S)
{
	for (int t = 0; t < T; t++, S += T) {
		int from = t > bottleneck ? bottleneck : 0;

		memset(S, 0, (size_t)from * sizeof *S);
		ct_vec_softmax(t + 1 - from, S + from);
		memset(S + t + 1, 0, (size_t)(T - t - 1) * sizeof *S);
	}
}

static void
attention_forward(const struct ct_net *net, const struct ct_batch *b, struct kept *k)
{
	const struct ct_net_shape *s = &net->s;
	int head = s->head, group = s->H / s->H_kv, q = s->H * head, wide = q + 2 * s->H_kv * head;
	float scale = (float)(1 / sqrt(head));
	const float *qkv = k->qkv;
	float *P = k->probs, *heads = k->heads;

	for (int i = 0; i < b->n; i++) {
		int T = b->len[i];

		for (int h = 0; h < s->H; h++, P += (size_t)T * T) {
			const float *K = qkv + q + h / group * head, *V = K + s->H_kv * head;

			ct_sgemm(false, true, T, T, head, scale, qkv + h * head, wide, K, wide, 0, P, T);
			causal_softmax(T, b->bottleneck ? b->bottleneck[i] : 0, P);
			ct_sgemm(false, false, T, head, T, 1, P, T, V, wide, 0, heads + h * head, q);
		}
		qkv += (size_t)T * wide;
		heads += (size_t)T * q;
	}
}

/* dqkv (R, wide) from dheads (R, H head); overwritten. */
static void
attention_backward(const struct ct_net *net, const struct ct_batch *b, const struct kept *k,
    const float *dheads, float *dqkv, float *dP)
{
	const struct ct_net_shape *s = &net->s;
	int head = s->head, group = s->H / s->H_kv, q = s->H * head, wide = q + 2 * s->H_kv * head;
	float scale = (float)(1 / sqrt(head));
	const float *qkv = k->qkv, *P = k->probs;

	for (int i = 0; i < b->n; i++) {
		int T = b->len[i];

		for (int h = 0; h < s->H; h++, P += (size_t)T * T) {
			const float *dO = dheads + h * head, *Q = qkv + h * head;
			int at = q + h / group * head;
			const float *K = qkv + at, *V = K + s->H_kv * head;
			float *dK = dqkv + at, *dV = dK + s->H_kv * head;
			float add = h % group ? 1 : 0;	/* heads of a group share keys and values */

			ct_sgemm(true, false, T, head, T, 1, P, T, dO, q, add, dV, wide);
			ct_sgemm(false, true, T, T, head, 1, dO, q, V, wide, 0, dP, T);
			for (int t = 0; t < T; t++) {
				const float *p = P + (size_t)t * T;
				float *d = dP + (size_t)t * T, mean = 0;

				for (int u = 0; u <= t; u++)
					mean += p[u] * d[u];
				for (int u = 0; u < T; u++)
					/* p is 0 at tokens that t does not see */
					d[u] = p[u] * (d[u] - mean);
			}
			ct_sgemm(false, false, T, head, T, scale, dP, T, K, wide, 0, dqkv + h * head, wide);
			ct_sgemm(true, false, T, head, T, scale, dP, T, Q, wide, add, dK, wide);
		}
		qkv += (size_t)T * wide;
		dqkv += (size_t)T * wide;
		dheads += (size_t)T * q;
	}
}

/* The row of the batch that is sentence i's bottleneck, its first row being `row`; -1: it has none. */
static int
bottleneck_row(const struct ct_batch *b, int i, int row)
{
	return b->bottleneck && b->bottleneck[i] > 0 ? row + b->bottleneck[i] : -1;
}

/* next = mid + out; at a bottleneck x + out, so that what attention brought there is used by the MLP only. */
static void
add_outputs(const struct ct_batch *b, int D, const struct kept *k, float *restrict next)
{
	size_t n = (size_t)b->R * D;

	for (size_t i = 0; i < n; i++)
		next[i] = k->mid[i] + k->out[i];
	for (int i = 0, r = 0; i < b->n; r += b->len[i++]) {
		int row = bottleneck_row(b, i, r);

		for (int d = 0; row >= 0 && d < D; d++)
			next[(size_t)row * D + d] = k->x[(size_t)row * D + d] + k->out[(size_t)row * D + d];
	}
}

/* x[r] += rms(x[r]) noise[r], if there is noise. */
static void
add_noise(int R, int D, const float *noise, float *restrict x)
{
	for (int r = 0; noise && r < R; r++, noise += D, x += D)
		ct_saxpy(D, (float)sqrt(ct_sdot(D, x, x) / (double)D), noise, x);
}

/*
 * The gradient that passes by attention at bottlenecks: their rows move from dx to dbottleneck (n,D), or are
 * added back.
 */
static void
pass_bottlenecks(const struct ct_batch *b, int D, bool back, float *dx, float *dbottleneck)
{
	for (int i = 0, r = 0; i < b->n; r += b->len[i++], dbottleneck += D) {
		int row = bottleneck_row(b, i, r);
		float *at = dx + (size_t)(row >= 0 ? row : 0) * D;

		if (row >= 0 && back) {
			ct_saxpy(D, 1, dbottleneck, at);
		} else if (row >= 0) {
			memcpy(dbottleneck, at, (size_t)D * sizeof *at);
			memset(at, 0, (size_t)D * sizeof *at);
		}
	}
}

const float *
ct_train_pass_forward(struct ct_train_pass *p, const struct ct_net *net, const struct ct_batch *b,
    ct_mlp_hook hook, void *ctx)
{
	const struct ct_net_shape *s = &net->s;
	const float *w = net->params.w;
	int R = b->R, D = s->D, mlp = s->mlp, q = s->H * s->head, wide = q + 2 * s->H_kv * s->head;

	for (int r = 0; r < R; r++)
		memcpy((s->L ? p->kept[0].x : p->x) + (size_t)r * D,
		    w + net->embed + (size_t)b->tokens[r] * D, (size_t)D * sizeof(float));
	for (int l = 0; l < s->L; l++) {
		const struct ct_net_layer *y = &net->layers[l];
		struct kept *k = &p->kept[l];
		float *restrict next = l + 1 < s->L ? p->kept[l + 1].x : p->x;
		size_t n = (size_t)R * D;

		add_noise(R, D, b->noise ? b->noise + l * n : NULL, k->x);
		norm_forward(R, D, s->eps, k->x, w + y->norm1, k->scale1, k->n1);
		ct_sgemm(false, true, R, wide, D, 1, k->n1, D, w + y->qkv, D, 0, k->qkv, wide);
		rotate_all(net, b, 1, k->qkv);
		attention_forward(net, b, k);
		memcpy(k->mid, k->x, n * sizeof(float));
		ct_sgemm(false, true, R, D, q, 1, k->heads, q, w + y->o, q, 1, k->mid, D);

		norm_forward(R, D, s->eps, k->mid, w + y->norm2, k->scale2, k->n2);
		ct_sgemm(false, true, R, 2 * mlp, D, 1, k->n2, D, w + y->gate_up, D, 0, k->gate_up, 2 * mlp);
		for (int r = 0; r < R; r++)
			ct_vec_gate(mlp, k->gate_up + (size_t)r * 2 * mlp, k->sigmoid + (size_t)r * mlp,
			    k->hidden + (size_t)r * mlp);
		ct_sgemm(false, true, R, D, mlp, 1, k->hidden, mlp, w + y->down, mlp, 0, k->out, D);
		if (hook)
			hook(ctx, l, b, k->mid, k->out);
		add_outputs(b, D, k, next);
	}
	add_noise(R, D, b->noise ? b->noise + (size_t)s->L * R * D : NULL, p->x);
	norm_forward(R, D, s->eps, p->x, w + net->norm_f, p->scale_f, p->n_f);
	ct_sgemm(false, true, R, s->V, D, 1, p->n_f, D, w + net->unembed, D, 0, p->logits, s->V);
	return p->logits;
}

static double
mean(int n, const float *x)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += x[i];
	return sum / n;
}

/* Logits become scale * d loss / d logits. Returns the loss. */
static double
loss_backward(int R, int V, const struct ct_batch *b, double scale, double smoothing, float *logits,
    int *right)
{
	double loss = 0;

	for (int r = 0; r < R; r++, logits += V) {
		float weight = b->weights ? b->weights[r] : 1, factor = (float)(scale * weight), most;
		int target = b->targets[r];
		double wanted;			/* the mean logit under what is wanted */

		if (target < 0 || weight == 0) {
			memset(logits, 0, (size_t)V * sizeof *logits);
			continue;
		}
		most = ct_vec_max(V, logits);
		if (b->graded && b->graded[r])
			*right += ct_vec_first(V, logits, most) == target;
		wanted = (1 - smoothing) * logits[target] + (smoothing > 0 ? smoothing * mean(V, logits) : 0);
		loss -= weight * (wanted - most - log(ct_vec_softmax(V, logits)));
		for (int v = 0; v < V; v++)
			logits[v] = factor * (logits[v] - (float)(smoothing / V));
		logits[target] -= factor * (float)(1 - smoothing);
	}
	return loss;
}

double
ct_train_pass_backward(struct ct_train_pass *p, const struct ct_net *net, const struct ct_batch *b,
    double scale, const struct ct_prices *prices, float *grad, int *right)
{
	const struct ct_net_shape *s = &net->s;
	const float *w = net->params.w;
	int R = b->R, D = s->D, V = s->V, mlp = s->mlp, q = s->H * s->head, wide = q + 2 * s->H_kv * s->head;
	struct ct_frozen_run run = { .layers = p->frozen, .scale_f = p->scale_f, .logits = p->logits };
	double loss;

	if (prices->direct > 0 || prices->carry > 0)
		ct_linear_pass_prices(p->linear, net, b, &run, scale, prices, grad);
	loss = loss_backward(R, V, b, scale, prices->smoothing, p->logits, right);
	ct_sgemm(false, false, R, D, V, 1, p->logits, V, w + net->unembed, D, 0, p->dn, D);
	ct_sgemm(true, false, V, D, R, 1, p->logits, V, p->n_f, D, 1, grad + net->unembed, D);
	memset(p->dx, 0, (size_t)R * D * sizeof(float));
	norm_backward(R, D, p->x, w + net->norm_f, p->scale_f, p->dn, p->dx, grad + net->norm_f);

	for (int l = s->L - 1; l >= 0; l--) {
		const struct ct_net_layer *y = &net->layers[l];
		const struct kept *k = &p->kept[l];
		float *d = p->dwide;

		memcpy(p->dout, p->dx, (size_t)R * D * sizeof(float));
		ct_prices_backward(net, b, l, scale, prices, k->mid, k->out, p->dout);
		pass_bottlenecks(b, D, false, p->dx, p->dbottleneck);
		/* The gradient of hidden is written where the gate's will be: rows 2 mlp apart, left half. */
		ct_sgemm(false, false, R, mlp, D, 1, p->dout, D, w + y->down, mlp, 0, d, 2 * mlp);
		ct_sgemm(true, false, D, mlp, R, 1, p->dout, D, k->hidden, mlp, 1, grad + y->down, mlp);
		for (int r = 0; r < R; r++)
			ct_vec_gate_back(mlp, k->gate_up + (size_t)r * 2 * mlp, k->sigmoid + (size_t)r * mlp,
			    d + (size_t)r * 2 * mlp);
		ct_sgemm(false, false, R, D, 2 * mlp, 1, d, 2 * mlp, w + y->gate_up, D, 0, p->dn, D);
		ct_sgemm(true, false, 2 * mlp, D, R, 1, d, 2 * mlp, k->n2, D, 1, grad + y->gate_up, D);
		norm_backward(R, D, k->mid, w + y->norm2, k->scale2, p->dn, p->dx, grad + y->norm2);

		ct_sgemm(false, false, R, q, D, 1, p->dx, D, w + y->o, q, 0, p->dheads, q);
		ct_sgemm(true, false, D, q, R, 1, p->dx, D, k->heads, q, 1, grad + y->o, q);
		pass_bottlenecks(b, D, true, p->dx, p->dbottleneck);
		attention_backward(net, b, k, p->dheads, d, p->dprobs);
		rotate_all(net, b, -1, d);
		ct_sgemm(false, false, R, D, wide, 1, d, wide, w + y->qkv, D, 0, p->dn, D);
		ct_sgemm(true, false, wide, D, R, 1, d, wide, k->n1, D, 1, grad + y->qkv, D);
		norm_backward(R, D, k->x, w + y->norm1, k->scale1, p->dn, p->dx, grad + y->norm1);
	}
	for (int r = 0; r < R; r++)
		ct_saxpy(D, 1, p->dx + (size_t)r * D, grad + net->embed + (size_t)b->tokens[r] * D);
	return loss;
}
