/* Training on a small corpus: batches, collected activations, both fits, and what is measured of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "corpus/recipe.h"
#include "scratch.h"
#include "train/fit_model.h"
#include "train/fit_transcoder.h"
#include "train/groups.h"
#include "train/measure.h"
#include "train/pack.h"

static const char recipe[] =
    "name: kitchens\n"
    "corpus:\n"
    "  tables:\n"
    "    land:\n"
    "      columns: [name, dish, drink]\n"
    "      rows: [[Up, soup, tea], [Down, pie, milk]]\n"
    "    town:\n"
    "      columns: [name, land]\n"
    "      rows: [[Ay, Up], [Bee, Up], [Cee, Up], [Dee, Down], [Ee, Down], [Eff, Down]]\n"
    "  sentences:\n"
    "  - name: two hops\n"
    "    over: town\n"
    "    relations: [dish, drink]\n"
    "    template: \"the {relation} of {town} is {land.relation}\"\n"
    "    answer: land.relation\n"
    "    about: [land]\n"
    "  - name: land\n"
    "    over: town\n"
    "    template: \"{town} is in {land}\"\n"
    "    answer: land\n"
    "    about: [land]\n"
    "  hold_out: {sentences: [two hops], pairs: [town, relation], share: 0.1, seed: 1, always: [[Ay, "
    "dish]]}\n"
    "model: {layers: 2, width: 32, heads: 2, mlp: 48}\n"
    "train: {seed: 3, steps: 200, batch: 32, rate: 0.01, twins: 0.3}\n"
    "transcoder: {features: 48, seed: 4, steps: 400, batch: 64, rate: 0.003, sparsity: 0.5}\n";

static struct ct_checkpoint none;

struct world {
	struct ct_yaml_doc *doc;
	struct ct_corpus *corpus;
	struct ct_train_recipe recipe;
	struct ct_pool *pool;
	struct ct_net net;
};

static void
read_world(struct world *w, int threads)
{
	struct ct_error err;

	memset(w, 0, sizeof *w);
	assert_int_equal(ct_yaml_open(&w->doc, "recipe", recipe, sizeof recipe - 1, &err), CT_OK);
	assert_int_equal(ct_corpus_build(&w->corpus, w->doc, &err), CT_OK);
	assert_int_equal(ct_train_recipe_read(&w->recipe, w->doc, &err), CT_OK);
	w->recipe.model.shape.V = w->corpus->n_words;
	if (getenv("CTRACE_VALGRIND")) {	/* too slow to train until the goals are reached */
		w->recipe.model.steps /= 10;
		w->recipe.clt.steps /= 10;
	}
	assert_int_equal(ct_pool_open(&w->pool, threads, &err), CT_OK);
	assert_int_equal(ct_net_open(&w->net, &w->recipe.model.shape, &err), CT_OK);
}

static void
train_world(struct world *w)
{
	struct ct_reporter reporter;
	struct ct_error err;

	ct_reporter_start(&reporter, NULL, NULL, "transformer", w->recipe.model.steps);
	assert_int_equal(ct_fit_model(&w->net, w->corpus, &w->recipe.model, w->pool, &reporter, &none, &err),
	    CT_OK);
}

static void
open_world(struct world *w, int threads)
{
	read_world(w, threads);
	train_world(w);
}

static void
close_world(struct world *w)
{
	ct_net_close(&w->net);
	ct_pool_close(w->pool);
	ct_corpus_free(w->corpus);
	ct_yaml_close(w->doc);
}

static void
packs_keep_groups_together(void **state)
{
	struct world w = { 0 };
	struct ct_arena arena = { 0 };
	struct ct_pack pack;
	int n, *list;

	(void)state;
	assert_int_equal(ct_yaml_open(&w.doc, "recipe", recipe, sizeof recipe - 1, NULL), CT_OK);
	assert_int_equal(ct_corpus_build(&w.corpus, w.doc, NULL), CT_OK);
	assert_int_equal(ct_pack_open(&pack, w.corpus, NULL), CT_OK);
	list = ct_corpus_select(&arena, w.corpus, false, true, &n);
	assert_non_null(list);
	for (int k = 0; k < n; k++)
		assert_false(w.corpus->sentences[list[k]].held_out);
	/* four of the longest take 28 rows: two more sentences would fit, no four */
	pack.max_rows = 43;
	for (int at = 0; at < n;) {
		int k = ct_pack_fill(&pack, w.corpus, list + at, n - at, 8, CT_PACK_GROUPS);

		assert_true(k > 0 && (k % 4 == 0 || at + k == n) && pack.b.R <= 43);
		for (int i = 0; i < k; i++) {
			const struct ct_sentence *s = &w.corpus->sentences[list[at + i]];
			int row = ct_pack_answer(&pack, w.corpus, i);

			assert_int_equal(pack.targets[row], w.corpus->tokens[s->first + s->n - 1]);
			assert_true(pack.graded[row] && pack.weights[row] == 8);
		}
		at += k;
	}
	ct_pack_fill(&pack, w.corpus, list, 1, 1, CT_PACK_WHOLE);
	assert_int_equal(pack.b.R, w.corpus->sentences[list[0]].n);
	assert_int_equal(pack.targets[pack.b.R - 1], -1);
	ct_pack_close(&pack);
	ct_arena_free(&arena);
	close_world(&w);
}

/* Pairs ask the same about the same; grids are what they should be, and something of both is drawn. */
static void
groups_are_drawn(void **state)
{
	struct world w = { 0 };
	struct ct_arena arena = { 0 };
	struct ct_groups groups;
	struct ct_grouped drawn;
	struct ct_rng rng;
	int n, *list, batch[64], pairs = 0, grids = 0;
	unsigned char group[64];

	(void)state;
	ct_rng_seed(&rng, 5, 0);
	assert_int_equal(ct_yaml_open(&w.doc, "recipe", recipe, sizeof recipe - 1, NULL), CT_OK);
	assert_int_equal(ct_corpus_build(&w.corpus, w.doc, NULL), CT_OK);
	assert_int_equal(ct_groups_find(&groups, &arena, w.corpus, NULL), CT_OK);
	list = ct_corpus_select(&arena, w.corpus, false, true, &n);
	assert_non_null(list);
	for (int k = 0; k < 64; k++)
		batch[k] = list[ct_rng_below(&rng, (uint32_t)n)];
	drawn = ct_groups_draw(&groups, &rng, true, true, batch, group, 64);
	for (int k = 0; k < 64; k++) {
		const struct ct_sentence *s[4] = { NULL };

		assert_false(w.corpus->sentences[batch[k]].held_out);
		for (int i = 0; i < 4 && k + i < 64; i++)
			s[i] = &w.corpus->sentences[batch[k + i]];
		if (group[k] == CT_GROUP_PAIR) {
			assert_true(s[0]->kind == s[1]->kind && s[0]->relation == s[1]->relation);
			assert_true(s[0]->about == s[1]->about);
			pairs++;
		} else if (group[k] == CT_GROUP_GRID) {
			assert_int_equal(k % 4, 0);
			assert_true(s[0]->about == s[1]->about && s[2]->about == s[3]->about);
			assert_true(s[0]->relation == s[2]->relation && s[1]->relation == s[3]->relation);
			assert_true(s[0]->about != s[2]->about && s[0]->relation != s[1]->relation);
			grids++;
		}
	}
	assert_int_equal(pairs, 16);
	assert_int_equal(grids, drawn.grids);
	assert_true(grids > 0 && drawn.apart > 0);
	ct_arena_free(&arena);
	close_world(&w);
}

/* Rows are prefixes: as many as there are different ones, each counted as often as it occurs. */
static void
activations_are_collected_once(void **state)
{
	struct world w;
	struct ct_mlp_rows mlp_rows;
	double weight = 0, square = 0, count = 0;
	int prefixes = 0, positions = 0;

	(void)state;
	open_world(&w, 2);
	assert_int_equal(ct_mlp_rows_collect(&mlp_rows, &w.net, w.corpus, w.pool, NULL), CT_OK);
	for (int i = 0; i < w.corpus->n_sentences; i++) {
		const struct ct_sentence *s = &w.corpus->sentences[i];

		for (int t = 1; t < s->n && !s->held_out; t++) {
			bool seen = false;

			positions += s->repeat;
			for (int j = 0; j < i && !seen; j++) {
				const struct ct_sentence *u = &w.corpus->sentences[j];

				seen = !u->held_out && u->n > t && memcmp(w.corpus->tokens + s->first,
				    w.corpus->tokens + u->first, (size_t)(t + 1) * sizeof(int)) == 0;
			}
			prefixes += !seen;
		}
	}
	assert_int_equal(mlp_rows.N, prefixes);
	for (int t = 0; t < mlp_rows.N; t++) {
		const float *y = mlp_rows.y + (size_t)t * mlp_rows.L * mlp_rows.D;

		count += mlp_rows.count[t];
		weight += mlp_rows.weight[(size_t)t * mlp_rows.L];
		for (int d = 0; d < mlp_rows.D; d++)
			square += mlp_rows.weight[(size_t)t * mlp_rows.L] * y[d] * (double)y[d];
	}
	assert_int_equal((int)count, positions);
	assert_true(fabs(weight / mlp_rows.N - 1) < 1e-4);
	assert_true(fabs(square / mlp_rows.N / mlp_rows.D - 1) < 1e-3);
	ct_mlp_rows_free(&mlp_rows);
	close_world(&w);
}

static void
training_reaches_its_goals(void **state)
{
	struct world w;
	struct ct_mlp_rows mlp_rows;
	struct ct_train_transcoder transcoder;
	struct ct_reporter reporter;
	struct ct_answer_score score;
	double explained[2], l0[2], dead[2];

	(void)state;
	if (getenv("CTRACE_VALGRIND"))
		skip();
	open_world(&w, 2);
	assert_int_equal(ct_measure_answers(&score, &w.net, NULL, w.corpus, false, w.pool, NULL), CT_OK);
	assert_true(score.n > 10 && score.accuracy == 1);
	assert_int_equal(ct_mlp_rows_collect(&mlp_rows, &w.net, w.corpus, w.pool, NULL), CT_OK);
	for (int per_layer = 0; per_layer < 2; per_layer++) {
		struct ct_train_transcoder_shape shape =
		    { .L = mlp_rows.L, .D = mlp_rows.D, .F = w.recipe.clt.features,
			.per_layer = per_layer };

		assert_int_equal(ct_train_transcoder_open(&transcoder, &shape, NULL), CT_OK);
		ct_reporter_start(&reporter, NULL, NULL, "transcoder", w.recipe.clt.steps);
		assert_int_equal(ct_fit_transcoder(&transcoder, &mlp_rows, &w.recipe.clt, w.pool, &reporter,
		    &none, NULL), CT_OK);
		assert_int_equal(ct_measure_transcoder(explained, l0, dead, &transcoder, &mlp_rows, NULL),
		    CT_OK);
		for (int l = 0; l < 2; l++)
			assert_true(explained[l] > .9 && l0[l] > 0 && l0[l] < 24 && dead[l] < .5);
		assert_int_equal(ct_measure_answers(&score, &w.net, &transcoder, w.corpus, false, w.pool,
		    NULL), CT_OK);
		assert_true(score.agreement > .9 && score.kl >= 0 && score.kl < .5);
		ct_train_transcoder_close(&transcoder);
	}
	ct_mlp_rows_free(&mlp_rows);
	close_world(&w);
}

/* Thresholds settle at the activation of some rank; there must be so many activations. */
static void
no_rank_beyond_the_corpus(void **state)
{
	struct world w;
	struct ct_mlp_rows rows;
	struct ct_train_transcoder c;
	struct ct_reporter reporter;
	struct ct_error err = { 0 };
	char wanted[200];

	(void)state;
	open_world(&w, 2);
	assert_int_equal(ct_mlp_rows_collect(&rows, &w.net, w.corpus, w.pool, NULL), CT_OK);
	w.recipe.clt.steps = 2;
	struct ct_train_transcoder_shape shape = { .L = rows.L, .D = rows.D, .F = 4 };

	assert_int_equal(ct_train_transcoder_open(&c, &shape, NULL), CT_OK);
	ct_reporter_start(&reporter, NULL, NULL, "transcoder", 0);
	w.recipe.clt.settle_rank = rows.N + 1;
	assert_int_equal(ct_fit_transcoder(&c, &rows, &w.recipe.clt, w.pool, &reporter, &none, &err),
	    CT_EINVAL);
	snprintf(wanted, sizeof wanted, "\"settle rank\" is %d, but the corpus has only %d positions to "
	    "train on; lower it, or set \"settle: 0\"", rows.N + 1, rows.N);
	assert_string_equal(err.msg, wanted);
	w.recipe.clt.settle_rank = rows.N;
	assert_int_equal(ct_fit_transcoder(&c, &rows, &w.recipe.clt, w.pool, &reporter, &none, NULL), CT_OK);
	ct_train_transcoder_close(&c);
	ct_mlp_rows_free(&rows);
	close_world(&w);
}

/* Before it has learned anything, a layer of lookups writes what the MLP writes, where it knows the input. */
static void
lookups_know_their_inputs(void **state)
{
	struct world w;
	struct ct_mlp_rows rows;
	struct ct_train_transcoder c;
	struct ct_reporter reporter;
	int exact = 0;

	(void)state;
	open_world(&w, 2);
	assert_int_equal(ct_mlp_rows_collect(&rows, &w.net, w.corpus, w.pool, NULL), CT_OK);
	w.recipe.clt.steps = 0;
	w.recipe.clt.settle = 0;
	w.recipe.clt.lookups = 1;
	struct ct_train_transcoder_shape shape = { .L = rows.L, .D = rows.D, .F = 12 };

	assert_int_equal(ct_train_transcoder_open(&c, &shape, NULL), CT_OK);
	ct_reporter_start(&reporter, NULL, NULL, "transcoder", 0);
	assert_int_equal(ct_fit_transcoder(&c, &rows, &w.recipe.clt, w.pool, &reporter, &none, NULL), CT_OK);
	for (int t = 0; t < rows.N; t++) {
		const struct ct_train_transcoder_layer *y = &c.layers[0];
		const float *p = c.params.w, *x = rows.x + (size_t)t * rows.L * rows.D;
		double yhat[64], worst = 0, size = 0;
		int active = 0;

		for (int d = 0; d < rows.D; d++)
			yhat[d] = (double)p[y->b_dec + (size_t)d];
		for (int f = 0; f < c.s.F; f++) {
			double h = (double)p[y->b_enc + (size_t)f];

			for (int d = 0; d < rows.D; d++)
				h += (double)(p[y->enc + (size_t)(f * rows.D + d)] * x[d] * rows.x_scale[0]);
			if (!(h > exp((double)p[y->log_threshold + (size_t)f])))
				continue;
			active++;
			for (int d = 0; d < rows.D; d++)
				yhat[d] += h * (double)p[y->dec + (size_t)(f * rows.L * rows.D + d)];
		}
		for (int d = 0; d < rows.D; d++) {
			double out = (double)(rows.y[(t * rows.L) * rows.D + d] * rows.y_scale[0]);

			worst = fmax(worst, fabs(yhat[d] - out));
			size = fmax(size, fabs(out));
		}
		exact += active == 1 && worst < 1e-4 * size;
	}
	if (exact < 8)
		fail_msg("%d of %d rows are known", exact, rows.N);
	ct_train_transcoder_close(&c);
	ct_mlp_rows_free(&rows);
	close_world(&w);
}

static void
same_recipe_same_weights(void **state)
{
	struct world a, b;

	(void)state;
	open_world(&a, 2);
	open_world(&b, 2);
	assert_int_equal(a.net.params.count, b.net.params.count);
	assert_memory_equal(a.net.params.w, b.net.params.w, a.net.params.count * sizeof(float));
	close_world(&a);
	close_world(&b);
}

/* The sum of the sizes of what layer l's attention consists of. */
static double
attention_size(const struct ct_net *net, int l)
{
	double sum = 0;
	char part[64];

	snprintf(part, sizeof part, "model.layers.%d.self_attn.", l);
	for (int k = 0; k < net->params.n; k++)
		for (size_t i = 0; strstr(net->params.list[k].name, part) && i < net->params.list[k].n; i++)
			sum += fabs((double)net->params.w[net->params.list[k].at + i]);
	return sum;
}

/* Layers without attention have none after training either. */
static void
attention_stays_silent(void **state)
{
	struct world w;

	(void)state;
	for (int only = 0; only < 2; only++) {
		read_world(&w, 2);
		w.recipe.model.steps = 5;
		if (only)
			w.recipe.model.attention = 0;
		else
			w.recipe.model.attention_from = 1;
		train_world(&w);
		assert_true(attention_size(&w.net, only ? 1 : 0) == 0);
		assert_true(attention_size(&w.net, only ? 0 : 1) > 0);
		close_world(&w);
	}
}

static bool
stop(void *ctx, const struct ct_train_live *live)
{
	*(int *)ctx = live->step;
	return false;
}

static void
watching_can_cancel(void **state)
{
	struct world w;
	struct ct_reporter reporter;
	struct ct_error err;
	int step = 0;

	(void)state;
	open_world(&w, 1);
	w.recipe.model.steps = 5;
	ct_reporter_start(&reporter, stop, &step, "transformer", 5);
	assert_int_equal(ct_fit_model(&w.net, w.corpus, &w.recipe.model, w.pool, &reporter, &none, &err),
	    CT_ECANCELLED);
	assert_true(step >= 1 && step <= 5);
	assert_non_null(strstr(err.msg, "cancelled"));
	close_world(&w);
}

static void
a_damaged_work_file_is_foreign(void **state)
{
	static const char path[] = "work";
	struct ct_checkpoint c;
	struct ct_part_state *part;
	struct ct_error err;
	double kept = 1, passing = 2;
	char *text;
	size_t n;
	bool foreign;

	(void)state;
	assert_int_equal(ct_checkpoint_open(&c, path, 7, 0, &foreign, &err), CT_OK);
	part = ct_checkpoint_part(&c, "first");
	ct_checkpoint_block(&c, "result", true, &kept, sizeof kept);
	ct_checkpoint_block(&c, "passing", false, &passing, sizeof passing);
	assert_false(foreign || ct_checkpoint_restore(&c));
	part->step = 5;
	assert_int_equal(ct_checkpoint_write(&c, &err), CT_OK);
	ct_checkpoint_close(&c);

	kept = passing = 0;
	assert_int_equal(ct_checkpoint_open(&c, path, 7, 0, &foreign, &err), CT_OK);
	part = ct_checkpoint_part(&c, "first");
	ct_checkpoint_block(&c, "result", true, &kept, sizeof kept);
	ct_checkpoint_block(&c, "passing", false, &passing, sizeof passing);
	assert_true(!foreign && ct_checkpoint_restore(&c));
	assert_true(part->step == 5 && kept == 1 && passing == 2);
	assert_int_equal(ct_checkpoint_finish(&c, &err), CT_OK);
	ct_checkpoint_close(&c);

	/* Of the finished part only the result is left. */
	kept = passing = 0;
	assert_int_equal(ct_checkpoint_open(&c, path, 7, 0, &foreign, &err), CT_OK);
	ct_checkpoint_part(&c, "first");
	ct_checkpoint_block(&c, "result", true, &kept, sizeof kept);
	ct_checkpoint_block(&c, "passing", false, &passing, sizeof passing);
	assert_true(!foreign && ct_checkpoint_restore(&c) && kept == 1 && passing == 0);
	ct_checkpoint_close(&c);

	assert_int_equal(ct_checkpoint_open(&c, path, 8, 0, &foreign, &err), CT_OK);
	assert_true(foreign && c.n_found == 0);
	ct_checkpoint_close(&c);
	assert_int_equal(ct_file_read(&text, &n, path, 1 << 20, &err), CT_OK);
	for (size_t i = 0; i < n; i++) {
		text[i] ^= 4;
		assert_int_equal(ct_file_replace(path, text, n, &err), CT_OK);
		assert_int_equal(ct_checkpoint_open(&c, path, 7, 0, &foreign, &err), CT_OK);
		assert_true(foreign);
		ct_checkpoint_close(&c);
		text[i] ^= 4;
	}
	assert_int_equal(ct_file_replace(path, text, n - 1, &err), CT_OK);
	assert_int_equal(ct_checkpoint_open(&c, path, 7, 0, &foreign, &err), CT_OK);
	assert_true(foreign);
	ct_checkpoint_close(&c);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_keep_groups_together),
		cmocka_unit_test(groups_are_drawn),
		cmocka_unit_test(activations_are_collected_once),
		cmocka_unit_test(training_reaches_its_goals),
		cmocka_unit_test(no_rank_beyond_the_corpus),
		cmocka_unit_test(lookups_know_their_inputs),
		cmocka_unit_test(attention_stays_silent),
		cmocka_unit_test(same_recipe_same_weights),
		cmocka_unit_test(watching_can_cancel),
		cmocka_unit_test(a_damaged_work_file_is_foreign),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
