/* feed: see feed.h. */
#include "train/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parallel.h"
#include "math/blas.h"
#include "model/linear.h"
#include "model/transformer.h"

/* The work file: this header, then the stream (n,D) of each window, in the order of the corpus. */
struct header {
	char magic[16];
	uint64_t key;
	int32_t layer, done;
};
static const char magic[16] = "ctrace stream";

static int
longest(const struct ct_feed_options *o)
{
	int most = 0;

	for (int i = 0; i < o->c->n_sentences; i++)
		if (o->c->sentences[i].n > most)
			most = o->c->sentences[i].n;
	return most;
}

/* The first position of a window that has features. */
static int
start_of(const struct ct_feed_options *o, const struct ct_sentence *s)
{
	const bool *special = o->m->special;

	return !special || special[o->c->tokens[s->first]] ? 1 : 0;
}

static int
rows_of(const struct ct_feed *f, int window)
{
	const struct ct_sentence *s = &f->o.c->sentences[window];

	return s->n - start_of(&f->o, s);
}

static size_t
buffer_layers(const struct ct_feed_options *o)
{
	return o->per_layer ? 1 : (size_t)o->m->cfg.L;
}

unsigned long long
ct_feed_memory(const struct ct_feed_options *o)
{
	unsigned long long L = buffer_layers(o), D = (unsigned long long)o->m->cfg.D, T =
	    (unsigned long long)longest(o);
	unsigned long long run = ct_layer_scratch(o->m, (int)T) + 6 * T * D + 2 * ct_kv_size(o->m, (int)T);

	return ((unsigned long long)o->buffer * (2 * L * D + L + 1) +
	    run * (unsigned long long)ct_pool_threads(o->pool)) * sizeof(float);
}

unsigned long long
ct_feed_disk(const struct ct_feed_options *o)
{
	unsigned long long tokens = 0;

	for (int i = 0; i < o->c->n_sentences; i++)
		tokens += o->c->sentences[i].held_out ? 0 : (unsigned long long)o->c->sentences[i].n;
	/* The next layer's stream is written before this layer's is removed. */
	return o->per_layer ? 2 * tokens * (unsigned long long)o->m->cfg.D * sizeof(float) : 0;
}

static int
open_rows(struct ct_feed *f, struct ct_error *err)
{
	struct ct_mlp_rows *a = &f->rows;
	size_t N = (size_t)f->o.buffer, L = buffer_layers(&f->o), D = (size_t)f->o.m->cfg.D;

	a->L = (int)L;
	a->D = (int)D;
	a->x = ct_arena_need(&a->arena, N * L * D, sizeof(float), "the buffer of activations", err);
	a->y = ct_arena_need(&a->arena, N * L * D, sizeof(float), "the buffer of activations", err);
	a->weight = ct_arena_need(&a->arena, N * L, sizeof(float), "the buffer of activations", err);
	a->y_mean = ct_arena_need(&a->arena, L * D, sizeof(float), "means", err);
	f->x_mean = ct_arena_need(&a->arena, L * D, sizeof(float), "means", err);
	f->scales = ct_arena_need(&a->arena, L, sizeof *f->scales, "scales", err);
	f->order = ct_arena_need(&a->arena, N, sizeof *f->order, "the order of rows", err);
	return a->x && a->y && a->weight && a->y_mean && f->x_mean && f->scales && f->order ? CT_OK :
	    CT_ENOMEM;
}

int
ct_feed_open(struct ct_feed *f, const struct ct_feed_options *o, struct ct_error *err)
{
	size_t n = (size_t)o->c->n_sentences;
	int most = longest(o);

	*f = (struct ct_feed){ .o = *o, .hooks = { .read = o->read, .write = o->write, .L = o->m->cfg.L,
	    .D = o->m->cfg.D }, .epoch = -1, .filled = -1, .shuffled = -1, .fd = -1 };
	f->windows = ct_arena_need(&f->rows.arena, n, sizeof *f->windows, "windows", err);
	f->at = ct_arena_need(&f->rows.arena, n, sizeof *f->at, "windows", err);
	if (!f->windows || !f->at)
		return CT_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		f->at[i] = f->tokens;
		if (o->c->sentences[i].held_out)
			continue;
		f->windows[f->n++] = (int)i;
		f->tokens += (size_t)o->c->sentences[i].n;
		f->positions += rows_of(f, (int)i);
	}
	if (f->o.buffer > f->positions)
		f->o.buffer = (int)f->positions;
	if (f->o.buffer < o->batch + (f->o.buffer < f->positions ? most : 0))
		return f->positions < o->batch ? ct_fail(err, CT_EINVAL,
		    "the text is too short: %ld positions to learn from, but a batch has %d; give more text "
		    "or a smaller `batch:`", f->positions, o->batch) : ct_fail(err, CT_EINVAL,
		    "a buffer of %d positions holds no batch of %d and a window of %d; give a larger "
		    "`buffer:`", f->o.buffer, o->batch, most);
	return open_rows(f, err);
}

void
ct_feed_close(struct ct_feed *f)
{
	if (f->o.m && f->fd >= 0)
		close(f->fd);
	ct_mlp_rows_free(&f->rows);
	memset(f, 0, sizeof *f);
	f->fd = -1;
}

/* The windows of this epoch, in their order. */
static void
order_windows(struct ct_feed *f, int epoch)
{
	struct ct_rng rng;

	if (f->epoch == epoch)
		return;
	f->n = 0;
	for (int i = 0; i < f->o.c->n_sentences; i++)
		if (!f->o.c->sentences[i].held_out)
			f->windows[f->n++] = i;
	ct_rng_seed(&rng, (uint64_t)f->o.seed, 100 + (uint64_t)epoch);
	ct_rng_shuffle(&rng, f->windows, f->n);
	f->epoch = epoch;
}

/* Takes as many windows as fit, from `from` on. */
static void
measure_load(struct ct_feed *f, struct ct_feed_place *p)
{
	order_windows(f, p->epoch);
	p->rows = 0;
	for (p->to = p->from; p->to < f->n; p->to++) {
		int rows = rows_of(f, f->windows[p->to]);

		if (p->rows + rows > f->o.buffer)
			break;
		p->rows += rows;
	}
}

int
ct_feed_batches(const struct ct_feed *f)
{
	return f->o.passes * (f->place.rows / f->o.batch);
}

/* Rows at the end of an epoch that are too few for a batch are skipped. */
static void
next_load(struct ct_feed *f)
{
	struct ct_feed_place *p = &f->place;

	p->load++;
	p->batch = 0;
	p->from = p->to;
	measure_load(f, p);
	if (p->rows < f->o.batch) {
		p->epoch++;
		p->from = 0;
		measure_load(f, p);
	}
}

static void
first_load(struct ct_feed *f)
{
	f->place = (struct ct_feed_place){ 0 };
	measure_load(f, &f->place);
	f->filled = f->shuffled = -1;
}

void
ct_feed_skip(struct ct_feed *f, long n)
{
	first_load(f);
	for (; n >= ct_feed_batches(f); next_load(f))
		n -= ct_feed_batches(f);
	f->place.batch = (int)n;
}

/* What a worker needs to run a window through a layer. */
struct run {
	const struct ct_feed *f;
	struct ct_layer_rows rows;
	float *x, *mid, *in, *raw, *read, *scratch;	/* (T,D) */
};

static int
open_run(struct run *r, const struct ct_feed *f, int T, struct ct_arena *a, struct ct_error *err)
{
	size_t TD = (size_t)T * (size_t)f->o.m->cfg.D;

	*r = (struct run){ .f = f };
	r->x = ct_arena_need(a, TD, sizeof(float), "a window", err);
	r->mid = ct_arena_need(a, TD, sizeof(float), "a window", err);
	r->in = ct_arena_need(a, TD, sizeof(float), "a window", err);
	r->raw = ct_arena_need(a, TD, sizeof(float), "a window", err);
	r->read = ct_arena_need(a, TD, sizeof(float), "a window", err);
	r->scratch = ct_arena_need(a, ct_layer_scratch(f->o.m, T), sizeof(float), "a window", err);
	if (!r->x || !r->mid || !r->in || !r->raw || !r->read || !r->scratch)
		return CT_ENOMEM;
	return ct_layer_rows_init(&r->rows, f->o.m, 0, T, a, err);
}

/*
 * Runs layer l on r->x, which it replaces by the stream after the layer. Rows from `start` on go to the
 * buffer's layer k from row `to` on; to < 0: to nowhere.
 */
static void
run_layer(struct run *r, int l, int T, int start, long to, int k)
{
	const struct ct_feed *f = r->f;
	const struct ct_model *m = f->o.m;
	const struct ct_mlp_rows *a = &f->rows;
	size_t D = (size_t)m->cfg.D, L = (size_t)a->L;

	ct_layer_attention(m, l, &r->rows, r->x, r->mid, r->scratch);
	ct_layer_mlp(m, l, T, r->mid, r->in, r->rows.scale2, r->raw, r->scratch);
	if (to >= 0) {
		ct_read_stream(m, &f->hooks, T, r->mid, r->in, r->rows.scale2, r->read);
		for (int t = start; t < T; t++)
			memcpy(a->x + (((size_t)to + (size_t)(t - start)) * L + (size_t)k) * D,
			    r->read + (size_t)t * D, D * sizeof(float));
	}
	ct_to_write_point(m, &f->hooks, l, T, r->raw, r->rows.post2);
	for (int t = start; t < T && to >= 0; t++)
		memcpy(a->y + (((size_t)to + (size_t)(t - start)) * L + (size_t)k) * D, r->raw +
		    (size_t)t * D,
		    D * sizeof(float));
	ct_from_write_point(m, &f->hooks, l, T, r->raw, r->rows.post2);
	for (size_t i = 0; i < (size_t)T * D; i++)
		r->x[i] = r->mid[i] + r->raw[i];
	for (int t = start; t < T && to >= 0; t++) {
		const float *x = r->x + (size_t)t * D;
		double stream = fmax(ct_sdot((int)D, x, x), 1e-20), scale = 1;

		/* A norm after the MLP is undone for an error before it. */
		if (f->o.write == CT_WRITE_MLP && m->layers[l].post2.w)
			scale = (double)r->rows.post2[t] * (double)r->rows.post2[t];
		a->weight[((size_t)to + (size_t)(t - start)) * L + (size_t)k] = (float)(scale / stream);
	}
}

static int
read_stream(const struct ct_feed *f, int window, float *x, struct ct_error *err)
{
	size_t D = (size_t)f->o.m->cfg.D, done = 0, n = (size_t)f->o.c->sentences[window].n * D * sizeof *x;
	off_t at = (off_t)(sizeof(struct header) + f->at[window] * D * sizeof *x);

	while (done < n) {
		ssize_t got = pread(f->fd, (char *)x + done, n - done, at + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ct_fail(err, CT_EIO, "%s cannot be read: %s", f->o.path,
			    got < 0 ? strerror(errno) : "it has been cut off");
		done += (size_t)got;
	}
	return CT_OK;
}

static int
fill_window(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_feed *f = ctx;
	int window = f->windows[f->place.from + item], L = f->o.m->cfg.L, code;
	const struct ct_sentence *s = &f->o.c->sentences[window];
	int start = start_of(&f->o, s);
	long to = 0;
	struct run r;

	(void)worker;
	for (int i = f->place.from; i < f->place.from + item; i++)
		to += rows_of(f, f->windows[i]);
	if ((code = open_run(&r, f, s->n, a, err)) != CT_OK)
		return code;
	if (f->o.per_layer) {
		if ((code = read_stream(f, window, r.x, err)) == CT_OK)
			run_layer(&r, f->layer, s->n, start, to, 0);
	} else {
		ct_embed(f->o.m, s->n, 0, f->o.c->tokens + s->first, r.x);
		for (int l = 0; l < L; l++)
			run_layer(&r, l, s->n, start, to, l);
	}
	return code == CT_OK ? ct_model_check_finite(f->o.m, r.x, (size_t)s->n * (size_t)f->o.m->cfg.D, err) :
	    code;
}

/* Computes a layer's scales and means from the raw rows of the buffer. */
static void
find_scales(struct ct_feed *f, int l)
{
	struct ct_mlp_rows *a = &f->rows;
	struct ct_feed_scales *s = &f->scales[l];
	size_t L = (size_t)a->L, D = (size_t)a->D;
	float *x_mean = f->x_mean + (size_t)l * D, *y_mean = a->y_mean + (size_t)l * D;
	double total = 0, xx = 0, yy = 0;

	memset(x_mean, 0, D * sizeof *x_mean);
	memset(y_mean, 0, D * sizeof *y_mean);
	for (size_t t = 0; t < (size_t)a->N; t++) {
		const float *x = a->x + (t * L + (size_t)l) * D, *y = a->y + (t * L + (size_t)l) * D;
		double weight = a->weight[t * L + (size_t)l];

		total += weight;
		xx += weight * ct_sdot((int)D, x, x);
		yy += weight * ct_sdot((int)D, y, y);
	}
	s->weight = a->N / total;
	s->x = xx > 0 ? (float)sqrt(xx / total / (double)D) : 1;
	s->y = yy > 0 ? (float)sqrt(yy / total / (double)D) : 1;
	for (size_t t = 0; t < (size_t)a->N; t++) {
		float weight = (float)(a->weight[t * L + (size_t)l] / total);

		ct_saxpy((int)D, weight / s->x, a->x + (t * L + (size_t)l) * D, x_mean);
		ct_saxpy((int)D, weight / s->y, a->y + (t * L + (size_t)l) * D, y_mean);
	}
	/* The mean square of y's scaled elements is 1. */
	s->variance = (yy > 0 ? (double)D : 0) - ct_sdot((int)D, y_mean, y_mean);
}

static void
apply_scales(struct ct_feed *f, int l)
{
	struct ct_mlp_rows *a = &f->rows;
	const struct ct_feed_scales *s = &f->scales[l];
	size_t L = (size_t)a->L, D = (size_t)a->D;

	for (size_t t = 0; t < (size_t)a->N; t++) {
		float *x = a->x + (t * L + (size_t)l) * D, *y = a->y + (t * L + (size_t)l) * D;

		for (size_t d = 0; d < D; d++) {
			x[d] /= s->x;
			y[d] /= s->y;
		}
		a->weight[t * L + (size_t)l] *= (float)s->weight;
	}
}

int
ct_feed_fill(struct ct_feed *f, const struct ct_job *job, struct ct_error *err)
{
	struct ct_job quiet = { .pool = f->o.pool };
	int code;

	if (f->filled == f->place.load)
		return CT_OK;
	f->filled = f->shuffled = -1;
	order_windows(f, f->place.epoch);
	f->rows.N = f->place.rows;
	code = ct_parallel_run(job ? job : &quiet, f->place.to - f->place.from, fill_window, f, "activations",
	    err);
	if (code != CT_OK)
		return code;
	for (int l = 0; l < f->rows.L; l++) {
		if (f->scales[l].weight == 0)
			find_scales(f, l);
		apply_scales(f, l);
	}
	f->filled = f->place.load;
	return CT_OK;
}

int
ct_feed_next(struct ct_feed *f, const int **rows, const struct ct_job *job, struct ct_error *err)
{
	struct ct_feed_place *p = &f->place;
	int code, per_pass, pass;
	struct ct_rng rng;

	if (p->batch >= ct_feed_batches(f))
		next_load(f);
	if ((code = ct_feed_fill(f, job, err)) != CT_OK)
		return code;
	per_pass = p->rows / f->o.batch;
	pass = p->batch / per_pass;
	if (f->shuffled != pass) {
		for (int t = 0; t < p->rows; t++)
			f->order[t] = t;
		ct_rng_seed(&rng, (uint64_t)f->o.seed + 1, (uint64_t)p->load * (uint64_t)f->o.passes +
		    (uint64_t)pass);
		ct_rng_shuffle(&rng, f->order, p->rows);
		f->shuffled = pass;
	}
	*rows = f->order + (size_t)(p->batch % per_pass) * (size_t)f->o.batch;
	p->batch++;
	return CT_OK;
}

/* The next layer's work file while it is written, window by window. */
struct advance {
	const struct ct_feed *f;
	/* runs the layers from the one whose stream is read to the one whose stream is written */
	int from, to;
	int fd;
};

static int
write_at(int fd, const void *data, size_t n, off_t at, const char *path, struct ct_error *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t put = pwrite(fd, (const char *)data + done, n - done, at + (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return ct_fail(err, CT_EIO, "%s cannot be written: %s", path,
			    put < 0 ? strerror(errno) : "nothing was taken");
		done += (size_t)put;
	}
	return CT_OK;
}

static int
advance_window(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct advance *v = ctx;
	const struct ct_feed *f = v->f;
	int window = f->windows[item], code;
	const struct ct_sentence *s = &f->o.c->sentences[window];
	size_t D = (size_t)f->o.m->cfg.D, size = (size_t)s->n * D * sizeof(float);
	struct run r;

	(void)worker;
	if ((code = open_run(&r, f, s->n, a, err)) != CT_OK)
		return code;
	if (v->from == 0)
		ct_embed(f->o.m, s->n, 0, f->o.c->tokens + s->first, r.x);
	else if ((code = read_stream(f, window, r.x, err)) != CT_OK)
		return code;
	for (int l = v->from; l < v->to; l++)
		run_layer(&r, l, s->n, 0, -1, 0);
	return write_at(v->fd, r.x, size, (off_t)(sizeof(struct header) + f->at[window] * D * sizeof(float)),
	    f->o.path, err);
}

/* The layer whose stream is in the work file, if that is complete and belongs to this training; else -1. */
static int
found_layer(struct ct_feed *f)
{
	size_t size = sizeof(struct header) + f->tokens * (size_t)f->o.m->cfg.D * sizeof(float);
	struct header h;
	struct stat st;

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (!ct_file_exists(f->o.path) || (f->fd = ct_file_open(f->o.path, &st, NULL)) < 0)
		return -1;
	if ((size_t)st.st_size != size || pread(f->fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
	    memcmp(h.magic, magic, sizeof magic) != 0 || h.key != f->o.key || h.done != 1)
		return -1;
	return h.layer;
}

static int
make_stream(struct ct_feed *f, int from, int to, const struct ct_job *job, struct ct_error *err)
{
	struct ct_job quiet = { .pool = f->o.pool };
	struct header h = { .key = f->o.key, .layer = to, .done = 1 };
	struct advance v = { .f = f, .from = from, .to = to, .fd = -1 };
	struct ct_file_new file;
	int code = ct_file_new_open(&file, f->o.path, err);

	if (code != CT_OK)
		return code;
	v.fd = file.fd;
	memcpy(h.magic, magic, sizeof magic);
	code = write_at(file.fd, &h, sizeof h, 0, f->o.path, err);
	if (code == CT_OK)
		code = ct_parallel_run(job ? job : &quiet, f->n, advance_window, &v, "activations", err);
	return ct_file_new_end(&file, code, err);
}

int
ct_feed_layer(struct ct_feed *f, int l, const struct ct_job *job, struct ct_error *err)
{
	int code = CT_OK, found;

	f->layer = l;
	first_load(f);
	if (!f->o.per_layer)
		return CT_OK;
	found = found_layer(f);
	if (found != l) {
		code = make_stream(f, found > 0 && found < l ? found : 0, l, job, err);
		found = code == CT_OK ? found_layer(f) : l;
	}
	if (code == CT_OK && found != l)
		code = ct_fail(err, CT_EIO, "%s cannot be read again", f->o.path);
	return code;
}
