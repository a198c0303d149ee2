/* attribution: see attribution.h. */
#include "trace/attribution.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/blas.h"
#include "math/kernels.h"

enum {
	CHUNK_ROWS = 1024, /* gradient rows (targets x positions) of one chunk: keeps its buffers in cache */
	CHUNK_TARGETS = 128,
	MIX_KEYS = 4,
	SUMS = 16
};

/* A profile asked for vector code here: these loops ran at a tenth of the products' speed without it. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define MULTIVERSION
#endif

/*
 * A row of a tile, in one or a few vector registers whatever the optimiser thinks of the loop (gcc -O3 keeps plain
 * arrays of this size in memory, at a quarter of the speed). Unaligned; may alias floats.
 */
#define MIX_COLUMNS 16
typedef float tile __attribute__((vector_size(MIX_COLUMNS * sizeof(float)), aligned(4), may_alias));

/* Targets at one position, deepest layer first: those that the walk has reached are a prefix. */
struct chunk {
	struct ct_row *rows;
	int n;
	int pos;
};

struct worker {
	float *G; /* (n,T',D) gradient with respect to the residual stream */
	float *O; /* (n,T',H*head) */
	float *V; /* (n,T',H_kv*head) */
	float *N; /* (n,T',D) */
	float *U; /* (n,H,D) first attention step of a target */
	float *E; /* (n,width) edges of the chunk, in the layout of its deepest layer */
	double *bias; /* (n) */
};

struct job {
	const struct ct_local_model *lrm;
	const struct ct_layout *layout;
	const int *ids;
	struct chunk *chunks;
	int n_chunks;
	struct worker *workers;
	ct_progress_fn progress; /* called by the thread that asked, between the layers of its own chunks */
	void *ctx;
	atomic_int done;
	atomic_bool cancelled;
};

int
ct_layout_init(struct ct_layout *y, const struct ct_local_model *lrm, struct ct_arena *a, struct ct_error *err)
{
	int T = lrm->T, L = lrm->m->cfg.L;

	y->T = T;
	y->L = L;
	y->first = ct_arena_need(a, (size_t)T + 1, sizeof *y->first, "the layout of edges", err);
	y->count = ct_arena_need(a, (size_t)T * (L + 1), sizeof *y->count, "the layout of edges", err);
	y->start = ct_arena_need(a, (size_t)(L + 1) * (T + 1), sizeof *y->start, "the layout of edges", err);
	if (!y->first || !y->count || !y->start)
		return CT_ENOMEM;
	for (int t = 0; t < T; t++) {
		int *count = y->count + t * (L + 1);

		for (int l = 0; l < L; l++)
			count[l + 1] = count[l] + lrm->first[l * T + t + 1] - lrm->first[l * T + t];
		y->first[t + 1] = y->first[t] + count[L];
		for (int l = 0; l <= L; l++)
			y->start[l * (T + 1) + t + 1] = y->start[l * (T + 1) + t] +
							(size_t)(count[l] + l + 1);
	}
	return CT_OK;
}

/*
 * out[k] += sum_{q>=k} pattern[q,k] * in[q]: a head's attention backwards, for one target. Added, since query
 * heads share the rows of a key/value head.
 *   in (T',width), out (T',width) with row distances ld_in, ld_out; pattern (T',T) of one head, 0 where k > q
 * Tiles of 4 keys x 16 columns stay in registers, so that a row of `in` is read once for 4 keys.
 */
MULTIVERSION static void
mix_back(int rows, int T, int width, const float *pattern, const float *in, int ld_in, float *restrict out,
    int ld_out)
{
	for (int k = 0; k < rows; k += MIX_KEYS) {
		int keys = rows - k < MIX_KEYS ? rows - k : MIX_KEYS;

		for (int d = 0; d < width; d += MIX_COLUMNS) {
			int columns = width - d < MIX_COLUMNS ? width - d : MIX_COLUMNS;
			float *o = out + (size_t)k * ld_out + d;

			if (keys == MIX_KEYS && columns == MIX_COLUMNS) {
				tile acc[MIX_KEYS] = { { 0 } };

				for (int q = k; q < rows; q++) {
					tile i = *(const tile *)(in + (size_t)q * ld_in + d);
					const float *p = pattern + (size_t)q * T + k;

					acc[0] += p[0] * i;
					acc[1] += p[1] * i;
					acc[2] += p[2] * i;
					acc[3] += p[3] * i;
				}
				for (int j = 0; j < MIX_KEYS; j++)
					*(tile *)(o + (size_t)j * ld_out) += acc[j];
				continue;
			}
			for (int q = k; q < rows; q++)
				for (int j = 0; j < keys; j++)
					for (int c = 0; c < columns; c++)
						o[(size_t)j * ld_out + c] += pattern[(size_t)q * T + k + j] *
									     in[(size_t)q * ld_in + d + c];
		}
	}
}

/* mean(w*g); several running sums, so that they can be one vector. */
MULTIVERSION static float
weighted_mean(int D, const float *restrict g, const float *restrict w)
{
	double sum[SUMS] = { 0 }, total = 0;
	int d = 0;

	for (; d + SUMS <= D; d += SUMS)
		for (int i = 0; i < SUMS; i++)
			sum[i] += (double)(w[d + i] * g[d + i]);
	for (; d < D; d++)
		total += (double)(w[d] * g[d]);
	for (int i = 0; i < SUMS; i++)
		total += sum[i];
	return (float)(total / D);
}

/* y += scale * (w*g - [centre] mean(w*g)): the frozen norm backwards, added. */
MULTIVERSION static void
add_norm_back(
    int D, bool centre, const float *restrict g, const float *restrict w, float scale, float *restrict y)
{
	float mean = centre ? weighted_mean(D, g, w) : 0;

	for (int d = 0; d < D; d++)
		y[d] += scale * (w[d] * g[d] - mean);
}

/* Attention of layer l backwards for targets whose gradient lives at every position up to theirs. */
static void
attention_back(const struct job *j, struct worker *w, int l, int n, int Tp)
{
	const struct ct_model *m = j->lrm->m;
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int D = c->D, T = j->lrm->T, wq = c->H * c->head, wk = c->H_kv * c->head, group = c->H / c->H_kv;
	const float *pattern = j->lrm->pass->pattern + (size_t)l * c->H * T * T;
	const float *scale = j->lrm->pass->scale1 + l * T;

	if (n == 0)
		return;
	if (ly->o.b)
		for (int r = 0; r < n * Tp; r++)
			w->bias[r / Tp] += ct_sdot(D, w->G + (size_t)r * D, ly->o.b);
	ct_linear_back(&ly->o, n * Tp, w->G, 0, w->O);
	memset(w->V, 0, (size_t)n * Tp * wk * sizeof *w->V);
	for (int b = 0; b < n; b++)
		for (int h = 0; h < c->H; h++)
			mix_back(Tp, T, c->head, pattern + (size_t)h * T * T,
			    w->O + (size_t)b * Tp * wq + h * c->head, wq,
			    w->V + (size_t)b * Tp * wk + h / group * c->head, wk);
	ct_linear_back(&ly->v, n * Tp, w->V, 0, w->N);
	for (int r = 0; r < n * Tp; r++) {
		if (ly->v.b)
			w->bias[r / Tp] += ct_sdot(wk, w->V + (size_t)r * wk, ly->v.b);
		if (ly->norm1.b)
			w->bias[r / Tp] += ct_sdot(D, w->N + (size_t)r * D, ly->norm1.b);
		add_norm_back(D, c->norm == CT_LAYERNORM, w->N + (size_t)r * D, ly->norm1.w, scale[r % Tp],
		    w->G + (size_t)r * D);
	}
}

/*
 * The same for targets from..n-1, whose gradient is still at their own position only. A head's pattern then
 * commutes with its value projection, so that is applied to one row, not to T': 4D^2 + 2T'HD instead of 4T'D^2.
 */
static void
attention_back_first(const struct job *j, struct worker *w, int l, int from, int n, int Tp)
{
	const struct ct_model *m = j->lrm->m;
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int D = c->D, T = j->lrm->T, wq = c->H * c->head, group = c->H / c->H_kv, count = n - from,
	    pos = Tp - 1;
	const float *pattern = j->lrm->pass->pattern + (size_t)l * c->H * T * T;
	const float *scale = j->lrm->pass->scale1 + l * T;
	float *own = w->N;

	if (count == 0)
		return;
	for (int b = 0; b < count; b++)
		memcpy(
		    own + (size_t)b * D, w->G + ((size_t)(from + b) * Tp + pos) * D, (size_t)D * sizeof *own);
	ct_linear_back(&ly->o, count, own, 0, w->O);
	if (ly->o.b)
		for (int b = 0; b < count; b++)
			w->bias[from + b] += ct_sdot(D, own + (size_t)b * D, ly->o.b);
	/* U[b,h] = O[b,h] W_V[h], and the part of the value bias that head h carries. */
	for (int h = 0; h < c->H; h++) {
		struct ct_linear head = ly->v;
		size_t first = (size_t)(h / group) * c->head;

		head.w += head.transposed ? first : first * head.ld;
		ct_sgemm(false, head.transposed, count, D, c->head, 1, w->O + h * c->head, wq, head.w,
		    head.ld, 0, w->U + (size_t)h * D, c->H * D);
		if (ly->v.b)
			for (int b = 0; b < count; b++)
				w->bias[from + b] += ct_sdot(
				    c->head, w->O + (size_t)b * wq + h * c->head, ly->v.b + first);
	}
	/* N[k] = sum_h pattern_h[pos,k] U[h]: (T',H) x (H,D) with the patterns' rows transposed. */
	for (int b = 0; b < count; b++) {
		float *G = w->G + (size_t)(from + b) * Tp * D;

		ct_sgemm(true, false, Tp, D, c->H, 1, pattern + (size_t)pos * T, T * T,
		    w->U + (size_t)b * c->H * D, D, 0, w->N, D);
		for (int k = 0; k < Tp; k++) {
			if (ly->norm1.b)
				w->bias[from + b] += ct_sdot(D, w->N + (size_t)k * D, ly->norm1.b);
			add_norm_back(D, c->norm == CT_LAYERNORM, w->N + (size_t)k * D, ly->norm1.w, scale[k],
			    G + (size_t)k * D);
		}
	}
}

/* Entries of one row of the chunk's edges, and where position t begins in it. */
static size_t
chunk_width(const struct job *j, const struct chunk *c)
{
	return ct_layout_length(j->layout, c->rows[0].layer, c->pos);
}

static size_t
chunk_start(const struct job *j, const struct chunk *c, int t)
{
	return j->layout->start[c->rows[0].layer * (j->layout->T + 1) + t];
}

/* Edges from everything that writes to MLP output m. G of the first `spread` targets lives at every position. */
static void
mlp_edges(const struct job *j, struct worker *w, const struct chunk *c, int m, int spread, int n)
{
	const struct ct_local_model *lrm = j->lrm;
	int T = lrm->T, D = lrm->m->cfg.D, L = lrm->m->cfg.L, Tp = c->pos + 1;
	size_t ld = chunk_width(j, c);
	const float *b_dec = lrm->tc->layers[m].b_dec;

	for (int t = 0; t < Tp; t++) {
		const int *features = j->layout->count + t * (L + 1);
		int count = t == c->pos ? n : spread;
		size_t at = chunk_start(j, c, t) + (size_t)(lrm->tc->kind == CT_CLT ? 0 : features[m]);
		size_t error_at = chunk_start(j, c, t) + (size_t)(features[c->rows[0].layer] + m);
		const float *error = lrm->error + ((size_t)m * T + t) * D;
		const float *constant = t == 0 ? lrm->constant + (size_t)m * D : b_dec;

		ct_sgemm(false, true, count, lrm->dec_n[m * T + t], D, 1, w->G + (size_t)t * D, Tp * D,
		    lrm->dec[m * T + t], D, 1, w->E + at, (int)ld);
		for (int b = 0; b < count; b++) {
			const float *G = w->G + ((size_t)b * Tp + t) * D;

			if (t > 0)
				w->E[b * ld + error_at] = ct_sdot(D, G, error);
			w->bias[b] += ct_sdot(D, G, constant);
		}
	}
}

/* Copies what the target's layer can have as inputs from a row of the chunk to the row that stays. */
static void
pack_row(const struct job *j, const struct chunk *c, const float *E, struct ct_row *row)
{
	int stride = j->layout->L + 1, top = c->rows[0].layer;
	float *out = row->edges;

	for (int t = 0; t <= c->pos; t++) {
		const float *in = E + chunk_start(j, c, t);
		int features = j->layout->count[t * stride + row->layer],
		    all = j->layout->count[t * stride + top];

		memcpy(out, in, (size_t)features * sizeof *out);
		memcpy(out + features, in + all, (size_t)row->layer * sizeof *out);
		out += features + row->layer;
		*out++ = in[all + top];
	}
}

/* A skip path is linear in what the transcoder reads, so the gradient passes through it. */
static void
skip_back(const struct job *j, struct worker *w, int m, int n, int Tp)
{
	const struct ct_local_model *lrm = j->lrm;
	int D = lrm->m->cfg.D;
	const float *w_skip = lrm->tc->layers[m].w_skip, *b = lrm->m->layers[m].norm2.b;

	if (!w_skip || n == 0)
		return;
	ct_sgemm(false, false, n * Tp, D, D, 1, w->G, D, w_skip, D, 0, w->N, D);
	for (int r = 0; r < n * Tp; r++) {
		float *g = w->N + (size_t)r * D, *G = w->G + (size_t)r * D;

		if (lrm->tc->read == CT_READ_NORM2 && b)
			w->bias[r / Tp] += ct_sdot(D, g, b);
		ct_read_frozen_back(lrm, m, r % Tp, g, g);
		for (int d = 0; d < D; d++)
			G[d] += g[d];
	}
}

/* Puts the gradient of a target at its own position: G is zero elsewhere. */
static void
inject(const struct job *j, struct worker *w, const struct ct_row *row, int b, int Tp)
{
	const struct ct_local_model *lrm = j->lrm;
	const struct ct_model *m = lrm->m;
	int D = m->cfg.D;
	float *G = w->G + (size_t)b * Tp * D, *own = G + (size_t)row->pos * D;

	memset(G, 0, (size_t)Tp * D * sizeof *G);
	if (row->kind == CT_TARGET_FEATURE) {
		const struct ct_tc_layer *ly = &lrm->tc->layers[row->layer];
		const float *nb = m->layers[row->layer].norm2.b;

		ct_transcoder_encoder_row(lrm->tc, row->layer, row->index, own);
		w->bias[b] = ly->b_enc[row->index];
		if (lrm->tc->read == CT_READ_NORM2 && nb)
			w->bias[b] += ct_sdot(D, own, nb);
		ct_read_frozen_back(lrm, row->layer, row->pos, own, own);
	} else {
		const float *A = m->unembed + (size_t)row->index * D;
		const float *B = row->kind == CT_TARGET_DIFFERENCE ? m->unembed + (size_t)row->other * D
								   : m->unembed_mean;

		for (int d = 0; d < D; d++)
			own[d] = A[d] - B[d];
		w->bias[b] = m->norm_f.b ? ct_sdot(D, own, m->norm_f.b) : 0;
		ct_norm_frozen_back(m, &m->norm_f, lrm->pass->scale_f[row->pos], own, own);
	}
}

/* The target's value in the original run. */
static float
target_value(const struct job *j, const struct ct_row *row)
{
	const struct ct_local_model *lrm = j->lrm;
	const struct ct_model *m = lrm->m;
	int D = m->cfg.D;
	const float *y, *A, *B;
	double sum = 0;

	if (row->kind == CT_TARGET_FEATURE) {
		y = lrm->read + ((size_t)row->layer * lrm->T + row->pos) * D;
		return lrm->tc->layers[row->layer].b_enc[row->index] +
		       ct_transcoder_encode_one(lrm->tc, row->layer, row->index, y);
	}
	y = lrm->pass->final + (size_t)row->pos * D;
	A = m->unembed + (size_t)row->index * D;
	B = row->kind == CT_TARGET_DIFFERENCE ? m->unembed + (size_t)row->other * D : m->unembed_mean;
	for (int d = 0; d < D; d++)
		sum += (double)y[d] * ((double)A[d] - B[d]);
	return (float)sum;
}

static void
finish_row(struct ct_row *row, size_t n, double bias)
{
	double sum = 0, total = 0, gap;

	for (size_t i = 0; i < n; i++) {
		sum += row->edges[i];
		total += fabs((double)row->edges[i]);
	}
	row->bias = (float)bias;
	row->total = total;
	gap = fabs(row->value - sum - bias);
	total += fabs(bias);
	row->residual = total > 0 ? gap / total : gap;
}

/* Between layers, so that a person who stops it need not wait for the whole chunk. */
static bool
is_cancelled(struct job *j, int worker)
{
	if (worker == 0 && !atomic_load(&j->cancelled) &&
	    !ct_go_on(j->progress, j->ctx, "attribution", atomic_load(&j->done), j->n_chunks))
		atomic_store(&j->cancelled, true);
	return atomic_load(&j->cancelled);
}

static void
walk(void *arg, int task, int worker)
{
	struct job *j = arg;
	const struct ct_local_model *lrm = j->lrm;
	const struct chunk *c = &j->chunks[task];
	struct worker *w = &j->workers[worker];
	const struct ct_model *m = lrm->m;
	int D = m->cfg.D, L = m->cfg.L, Tp = c->pos + 1, n = 0, spread = 0;
	size_t ld = chunk_width(j, c);

	if (is_cancelled(j, worker))
		return;
	memset(w->E, 0, (size_t)c->n * ld * sizeof *w->E);
	for (; n < c->n && c->rows[n].layer == L; n++)
		inject(j, w, &c->rows[n], n, Tp);
	for (int l = L - 1; l >= 0; l--) {
		if (is_cancelled(j, worker))
			return;
		if (n) {
			mlp_edges(j, w, c, l, spread, n);
			skip_back(j, w, l, n, Tp);
		}
		for (; n < c->n && c->rows[n].layer == l; n++)
			inject(j, w, &c->rows[n], n, Tp);
		attention_back(j, w, l, spread, Tp);
		attention_back_first(j, w, l, spread, n, Tp);
		spread = n;
	}
	for (int t = 0; t < Tp; t++) {
		const float *e = m->embed + (size_t)j->ids[t] * D;

		size_t at = chunk_start(j, c, t) +
			    (size_t)(j->layout->count[t * (L + 1) + c->rows[0].layer] + c->rows[0].layer);

		for (int b = 0; b < n; b++) {
			const float *G = w->G + ((size_t)b * Tp + t) * D;

			w->E[b * ld + at] = ct_sdot(D, G, e);
			if (m->pos_embed)
				w->bias[b] += ct_sdot(D, G, m->pos_embed + (size_t)t * D);
		}
	}
	for (int b = 0; b < n; b++) {
		struct ct_row *row = &c->rows[b];

		pack_row(j, c, w->E + b * ld, row);
		row->value = target_value(j, row);
		finish_row(row, ct_layout_length(j->layout, row->layer, row->pos), w->bias[b]);
	}
	atomic_fetch_add(&j->done, 1);
}

/* Late positions first: they cost most, and the small ones fill the gaps at the end. */
static int
by_place(const void *a, const void *b)
{
	const struct ct_row *x = a, *y = b;

	if (x->pos != y->pos)
		return x->pos > y->pos ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer > y->layer ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->other < y->other ? -1 : x->other > y->other;
}

static int
chunk_limit(int pos)
{
	int limit = CHUNK_ROWS / (pos + 1);

	return limit < 8 ? 8 : limit > CHUNK_TARGETS ? CHUNK_TARGETS : limit;
}

/* The largest of what chunks need. */
struct sizes {
	size_t rows, targets, edges;
};

static int
make_worker(struct worker *w, const struct ct_config *c, const struct sizes *z, struct ct_arena *a,
    struct ct_error *err)
{
	size_t D = c->D;

	w->G = ct_arena_need(a, z->rows * D, sizeof *w->G, "gradients", err);
	w->O = ct_arena_need(a, z->rows * c->H * c->head, sizeof *w->O, "gradients", err);
	w->V = ct_arena_need(a, z->rows * c->H_kv * c->head, sizeof *w->V, "gradients", err);
	w->N = ct_arena_need(a, z->rows * D, sizeof *w->N, "gradients", err);
	w->U = ct_arena_need(a, z->targets * c->H * D, sizeof *w->U, "gradients", err);
	w->E = ct_arena_need(a, z->edges, sizeof *w->E, "edges", err);
	w->bias = ct_arena_need(a, z->targets, sizeof *w->bias, "gradients", err);
	return w->G && w->O && w->V && w->N && w->U && w->E && w->bias ? CT_OK : CT_ENOMEM;
}

/* Cuts the sorted rows into chunks; returns how many. */
static int
make_chunks(const struct job *j, struct ct_row *rows, int n, struct sizes *z)
{
	int count = 0;

	for (int i = 0; i < n; i += j->chunks[count++].n) {
		struct chunk *c = &j->chunks[count];
		size_t cells, edges;

		*c = (struct chunk){ .rows = rows + i, .pos = rows[i].pos };
		while (i + c->n < n && rows[i + c->n].pos == c->pos && c->n < chunk_limit(c->pos))
			c->n++;
		cells = (size_t)c->n * (c->pos + 1);
		edges = (size_t)c->n * chunk_width(j, c);
		z->rows = cells > z->rows ? cells : z->rows;
		z->edges = edges > z->edges ? edges : z->edges;
		z->targets = (size_t)c->n > z->targets ? (size_t)c->n : z->targets;
	}
	return count;
}

/* Memory for the rows that stay; refused as a whole when it cannot fit. */
static int
make_rows(
    const struct ct_layout *layout, struct ct_row *rows, int n, struct ct_arena *a, struct ct_error *err)
{
	unsigned long long bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += ct_layout_length(layout, rows[i].layer, rows[i].pos) * sizeof *rows[i].edges;
	if (ct_memory_check(bytes, "the graph's edges", "allow fewer nodes with --max-feature-nodes", err) <
	    0)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		rows[i].edges = ct_arena_need(a, ct_layout_length(layout, rows[i].layer, rows[i].pos),
		    sizeof *rows[i].edges, "edges", err);
		if (!rows[i].edges)
			return CT_ENOMEM;
	}
	return CT_OK;
}

int
ct_attribute(const struct ct_local_model *lrm, const struct ct_layout *layout, const int *ids, struct ct_row *rows,
    int n, struct ct_arena *a, struct ct_pool *pool, ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	int threads = ct_pool_threads(pool), r = CT_ENOMEM;
	struct ct_arena tmp = { 0 };
	struct job j = { .lrm = lrm, .layout = layout, .ids = ids, .progress = progress, .ctx = ctx };
	struct sizes z = { 0 };

	j.chunks = ct_arena_need(&tmp, (size_t)n, sizeof *j.chunks, "attribution", err);
	j.workers = ct_arena_need(&tmp, (size_t)threads, sizeof *j.workers, "attribution", err);
	if (!j.chunks || !j.workers)
		goto out;
	qsort(rows, (size_t)n, sizeof *rows, by_place);
	j.n_chunks = make_chunks(&j, rows, n, &z);
	if ((r = make_rows(layout, rows, n, a, err)) < 0)
		goto out;
	for (int i = 0; i < threads; i++)
		if ((r = make_worker(&j.workers[i], &lrm->m->cfg, &z, &tmp, err)) < 0)
			goto out;
	ct_pool_run(pool, j.n_chunks, walk, &j);
	/* Small graphs may have been computed by the other threads alone. */
	if (progress && !atomic_load(&j.cancelled) && !progress(ctx, "attribution", j.n_chunks, j.n_chunks))
		atomic_store(&j.cancelled, true);
	r = atomic_load(&j.cancelled) ? ct_fail(err, CT_ECANCELLED, "attribution cancelled") : CT_OK;
out:
	ct_arena_free(&tmp);
	return r;
}
