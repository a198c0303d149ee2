/* active: see active.h. */
#include "trace/active.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "math/kernels.h"

/*
 * TILE: pre-activations in a tile; MIN_TOKENS: the fewest positions in a tile. An encoder is read once for
 * each tile.
 */
enum { TILE = 1 << 20, MIN_TOKENS = 16 };

/* The active features of one task: some positions of one layer. */
struct found {
	struct ct_active *list;		/* (n), from malloc */
	int n, room;
	int bad;			/* a feature with a value that is not finite, or -1 */
	bool no_memory;
};

struct search {
	const struct ct_transcoder *tc;
	int T, start, tokens, blocks;	/* tokens: positions in a task; blocks: tasks in a layer */
	const float *read;
	const struct ct_job *job;
	float **tile, **scratch;	/* of each worker */
	struct found *found;		/* (L*blocks) */
	atomic_bool cancelled;
};

static bool
keep(struct found *f, struct ct_active a)
{
	if (f->n == f->room) {
		int room = f->room ? 2 * f->room : 256;
		struct ct_active *grown = realloc(f->list, (size_t)room * sizeof *grown);

		if (!grown)
			return false;
		f->list = grown;
		f->room = room;
	}
	f->list[f->n++] = a;
	return true;
}

/* The active features of one position, from its pre-activations, which become activations. */
static void
search_position(struct search *s, struct found *out, int l, int t, float *pre, float *scratch)
{
	int F = s->tc->layers[l].F;

	if (!ct_all_finite(F, pre))
		for (int f = 0; f < F && out->bad < 0; f++)
			if (!ct_all_finite(1, pre + f))
				out->bad = f;
	ct_transcoder_activate(s->tc, l, pre, pre, scratch);
	for (int f = 0; f < F && !out->no_memory; f++)
		if (pre[f] != 0)
			out->no_memory = !keep(out, (struct ct_active){ l, t, f, pre[f], pre[f], false });
}

static void
search_block(void *ctx, int task, int worker)
{
	struct search *s = ctx;
	int l = task / s->blocks, from = s->start + task % s->blocks * s->tokens, F = s->tc->layers[l].F;
	int n = s->T - from < s->tokens ? s->T - from : s->tokens;
	struct found *out = &s->found[task];

	out->bad = -1;
	if (worker == 0 && !atomic_load(&s->cancelled) && !ct_job_go_on(s->job, "features", task,
	    (long)s->tc->L * s->blocks))
		atomic_store(&s->cancelled, true);
	if (atomic_load(&s->cancelled))
		return;
	ct_transcoder_encode(s->tc, l, n, s->read + ((size_t)l * s->T + from) * s->tc->D, s->tile[worker]);
	for (int i = 0; i < n; i++)
		search_position(s, out, l, from + i, s->tile[worker] + (size_t)i * F, s->scratch[worker]);
}

void
ct_active_index(int *first, const struct ct_active *list, int n, int L, int T)
{
	int at = 0;

	for (int i = 0; i < L * T; i++) {
		first[i] = at;
		while (at < n && list[at].layer * T + list[at].pos == i)
			at++;
	}
	first[L * T] = at;
}

/* Joins the lists of all tasks, and sets where each position's features begin. */
static int
join(const struct search *s, struct ct_active **out, int *n, int *first, struct ct_arena *a,
    struct ct_error *err)
{
	int tasks = s->tc->L * s->blocks;
	size_t total = 0;

	for (int i = 0; i < tasks; i++)
		total += (size_t)s->found[i].n;
	if (total > INT_MAX / 2)
		return ct_fail(err, CT_EUNSUPPORTED, "%zu active features are too many", total);
	*out = ct_arena_need(a, total, sizeof **out, "active features", err);
	if (!*out)
		return CT_ENOMEM;
	*n = 0;
	for (int i = 0; i < tasks; i++) {
		if (s->found[i].n)
			memcpy(*out + *n, s->found[i].list, (size_t)s->found[i].n * sizeof **out);
		*n += s->found[i].n;
	}
	ct_active_index(first, *out, *n, s->tc->L, s->T);
	return CT_OK;
}

/* The first error, in the order of layers and positions. */
static int
check(struct search *s, struct ct_error *err)
{
	for (int i = 0; i < s->tc->L * s->blocks; i++) {
		const struct found *f = &s->found[i];
		int code = f->bad < 0 ? CT_OK : ct_transcoder_check_rows(s->tc, i / s->blocks, f->bad, err);

		if (f->no_memory)
			code = ct_fail_memory(err, (size_t)f->room * sizeof *f->list, "active features");
		if (code != CT_OK)
			return code;
	}
	return atomic_load(&s->cancelled) ? ct_fail(err, CT_ECANCELLED, "prompt cancelled") : CT_OK;
}

/* Chooses how many positions a task has, and allocates memory for tiles. */
static int
plan(struct search *s, struct ct_arena *tmp, struct ct_error *err)
{
	int threads = ct_pool_threads(ct_job_pool(s->job)), F = s->tc->F, all = s->T - s->start;

	s->tokens = F > TILE / MIN_TOKENS ? MIN_TOKENS : TILE / (F > 0 ? F : 1);
	if (s->tokens > all)
		s->tokens = all > 0 ? all : 1;
	s->blocks = (all + s->tokens - 1) / s->tokens;
	s->found = ct_arena_need(tmp, (size_t)s->tc->L * s->blocks, sizeof *s->found, "features", err);
	s->tile = ct_arena_need(tmp, (size_t)threads, sizeof *s->tile, "tiles", err);
	s->scratch = ct_arena_need(tmp, (size_t)threads, sizeof *s->scratch, "tiles", err);
	for (int i = 0; i < threads; i++) {
		if (!s->found || !s->tile || !s->scratch)
			return CT_ENOMEM;
		s->tile[i] = ct_arena_need(tmp, (size_t)s->tokens * F, sizeof(float), "pre-activations",
		    err);
		s->scratch[i] = ct_arena_need(tmp, (size_t)F, sizeof(float), "activations", err);
		if (!s->tile[i] || !s->scratch[i])
			return CT_ENOMEM;
	}
	return CT_OK;
}

int
ct_active_find(struct ct_active **out, int *n, int *first, const struct ct_active_run *run,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct search s = { .tc = run->tc, .T = run->T, .start = run->start, .read = run->read, .job = job };
	struct ct_arena tmp = { 0 };
	int code = plan(&s, &tmp, err);

	atomic_init(&s.cancelled, false);
	if (code == CT_OK) {
		int tasks = s.tc->L * s.blocks;

		ct_pool_run(ct_job_pool(job), tasks, search_block, &s);
		/* Other threads may have done all tasks, so the job has not been asked yet. */
		if (!atomic_load(&s.cancelled) && !ct_job_go_on(job, "features", tasks, tasks))
			atomic_store(&s.cancelled, true);
		code = check(&s, err);
	}
	if (code == CT_OK)
		code = join(&s, out, n, first, a, err);
	for (int i = 0; s.found && i < s.tc->L * s.blocks; i++)
		free(s.found[i].list);
	ct_arena_free(&tmp);
	return code;
}

enum { PIECE = 512 };

/* Where list[0..n) stand; n is at most PIECE. */
static void
places(const struct ct_active *list, int n, struct ct_tc_place *at)
{
	for (int i = 0; i < n; i++)
		at[i] = (struct ct_tc_place){ list[i].pos, list[i].feature };
}

void
ct_active_encode(const struct ct_transcoder *tc, int l, const struct ct_active *list, int begin, int end,
    const float *x, float *pre)
{
	struct ct_tc_place at[PIECE];

	for (int n; begin < end; begin += n) {
		n = end - begin < PIECE ? end - begin : PIECE;
		places(list + begin, n, at);
		ct_transcoder_preactivations(tc, l, n, at, x, pre + begin);
	}
}

void
ct_active_local(const struct ct_pass *p, const struct ct_transcoder *tc, int l, const struct ct_active *list,
    int n, bool change, const float *x, float *pre)
{
	struct ct_tc_place at[PIECE];

	for (int begin = 0, part; begin < n; begin += part) {
		part = n - begin < PIECE ? n - begin : PIECE;
		places(list + begin, part, at);
		ct_features_local(p, tc, l, part, at, change, x, pre + begin);
	}
}
