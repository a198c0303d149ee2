/*
 * fixture: what the engine's tests share: a model with its transcoder, a prompt's run, its local replacement
 * model and its graph.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "model/synthetic.h"
#include "trace/influence.h"
#include "trace/intervene.h"
#include "trace/prompt.h"

struct fixture {
	struct ct_model *m;
	struct ct_transcoder *tc;
	struct ct_arena arena, scratch;
	int T;
	bool bare;			/* no BOS at position 0: it is like any other */
	int *ids;
	struct ct_prompt *prompt;
	struct ct_graph *graph;
};

/* Path of a file below the source directory's tests/, in a static buffer. */
const char *test_path(const char *name);

/* Opens tests/golden/NAME; fails the test when it cannot. */
void fixture_open(struct fixture *f, const char *name);
/* As fixture_random, for a prompt without BOS. */
void fixture_random_bare(struct fixture *f, const struct ct_shape *s, int T);
/* Runs a prompt and builds its local replacement model. */
void fixture_run(struct fixture *f, const int *ids, int T);
/* Its graph towards the default targets at the last position, pruned at .8, .98. */
void fixture_trace(struct fixture *f, struct ct_pool *pool);

/* A decoder like each family's; sizes are odd on purpose. */
extern const struct ct_config fixture_llama, fixture_gpt2, fixture_qwen3, fixture_gemma2, fixture_gemma3;
/* The i-th combination that a transcoder directory can describe, on one family; false after the last. */
bool fixture_shape(struct ct_shape *s, const struct ct_config *cfg, int i);
/*
 * How much more than usual rounds away on it. Where a skip path reads the stream and a norm follows, what the
 * transcoder writes is large beside what the MLP does, and the error node is a difference of large numbers.
 */
double fixture_rounding(const struct ct_shape *s);
/* A random model of that shape, run on T tokens and traced. */
void fixture_random(struct fixture *f, const struct ct_shape *s, int T);
/* The same, with the model's neurons for features. */
void fixture_neurons(struct fixture *f, const struct ct_shape *s, int T);
/* Calls check with a random model of every shape of all families, on T tokens. */
void fixture_each(int T, void (*check)(struct fixture *, const struct ct_shape *));

/* The nth last active feature of a layer: the last write at the last positions. NULL: there are fewer. */
const struct ct_active *fixture_active(const struct fixture *f, int layer, int nth);
struct ct_clamp clamp_on(const struct ct_active *a, enum ct_unit unit, double amount);
/* Clamps resolved, and a run with them; fail the test when they are refused. */
struct ct_clamp_sites fixture_sites(struct fixture *f, const struct ct_clamp *clamps, int n);
struct ct_changed fixture_clamp(struct fixture *f, const struct ct_clamp *clamps, int n,
    struct ct_clamp_options opt);

void fixture_close(struct fixture *f);

#endif
