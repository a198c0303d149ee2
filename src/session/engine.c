/* engine: opens a model to look into. See ctrace.h; session.c has the sessions. */
#include "session/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cards/activity.h"
#include "corpus/classes.h"
#include "corpus/corpus.h"
#include "io/folder.h"
#include "model/name.h"

static char *
keep_path(struct ct_engine *e, const char *dir, const char *name)
{
	char *path = ct_path_join(dir, name), *kept = path ? ct_arena_strdup(&e->arena, path) : NULL;

	free(path);
	return kept;
}

static bool
same_dir(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/*
 * A model may have transcoder/ (a CLT) and transcoder-plt/ (a PLT). Files that belong to one of them (cards,
 * typed labels) have the same ending, so that the features of the two are never confused.
 */
static int
choose_transcoder(
    struct ct_engine *e, const struct ct_engine_options *opt, const char **ending, struct ct_error *err)
{
	const char *clt = keep_path(e, e->info.dir, "transcoder"),
		   *plt = keep_path(e, e->info.dir, "transcoder-plt");
	const char *given = opt->transcoder_dir ? ct_arena_strdup(&e->arena, opt->transcoder_dir) : NULL;

	if (!clt || !plt || (opt->transcoder_dir && !given))
		return ct_fail_memory(err, 4096, "paths");
	*ending = "";
	e->info.has_other_transcoder = ct_dir_exists(clt) && ct_dir_exists(plt);
	e->info.has_transcoder = ct_dir_exists(clt) || ct_dir_exists(plt);
	if (given && opt->neurons)
		return ct_fail(err, CT_EINVAL, "%s: neurons use no transcoder; choose one of the two",
		    given);
	if (given) {
		bool per_layer = same_dir(given, plt);	/* its cards and labels are its own */
		int code;

		*ending = per_layer ? "-plt" : "";
		e->info.transcoder_dir = per_layer ? plt : given;
		e->info.has_other_transcoder = false;
		if (ct_dir_exists(given))
			return CT_OK;
		code = ct_folder_explain_name(given, "transcoder", err);
		if (code == CT_OK)
			code = ct_fail(err, CT_ENOTFOUND, "%s: no such transcoder directory", given);
		return code;
	}
	if (!opt->neurons && !e->info.has_transcoder && !(ct_file_missing(clt) && ct_file_missing(plt)))
		return ct_fail(err, CT_EFORMAT, "%s: expected the directory of a transcoder, found something "
		    "else, or nothing that can be looked at", ct_file_missing(clt) ? plt : clt);
	e->info.neurons = opt->neurons || !e->info.has_transcoder;
	if (e->info.neurons) {
		e->info.transcoder_dir = "";
		*ending = "-neurons";
		if (!opt->neurons)
			ct_note(&e->notes, "%s has no transcoder, so its features are the model's own "
			    "neurons; --transcoder DIR names one", e->info.dir);
		return CT_OK;
	}
	if (ct_dir_exists(plt) && (opt->per_layer || !ct_dir_exists(clt))) {
		e->info.transcoder_dir = plt;
		*ending = "-plt";
	} else {
		e->info.transcoder_dir = clt;
	}
	return CT_OK;
}

static int
open_transcoder(struct ct_engine *e, const struct ct_engine_options *opt, struct ct_error *err)
{
	struct ct_transcoder_options options = { .allow_nonfinite = opt->allow_nonfinite, .k = opt->k };

	if (e->info.neurons) {
		int code = ct_transcoder_neurons(&e->transcoder, e->model, err);

		if (code == CT_OK)
			e->transcoder->k = opt->k;
		return code;
	}
	options.model_name = ct_name_recipe(e->info.dir, "name", &e->arena, &e->notes);
	return ct_transcoder_open(&e->transcoder, e->info.transcoder_dir, e->model, &options, err);
}

static int
open_cards(struct ct_engine *e, const char *ending, struct ct_error *err)
{
	const char *base = e->info.dir;
	char name[64];
	const char *dir, *labels;
	int code;

	/* The cards of a transcoder outside the model's directory are in the transcoder's. */
	if (*e->info.transcoder_dir && strncmp(e->info.transcoder_dir, base, strlen(base)) != 0)
		base = e->info.transcoder_dir;
	snprintf(name, sizeof name, "features%s", ending);
	dir = keep_path(e, base, name);
	snprintf(name, sizeof name, "labels%s.yaml", ending);
	labels = keep_path(e, base, name);
	if (!dir || !labels)
		return ct_fail_memory(err, 4096, "paths");
	code = ct_cards_open(&e->cards, dir, labels, e->transcoder,
	    ct_file_exists(labels) || ct_dir_exists(dir) ? ct_engine_fingerprint(e) : NULL, &e->notes, err);
	if (code == CT_OK)
		e->info.has_cards = ct_cards_present(e->cards);
	if (code == CT_OK)
		e->info.cards_trouble = ct_cards_trouble(e->cards);
	return code;
}

static int
clean_tokens(struct ct_engine *e, struct ct_error *err)
{
	int V, code = ct_tokenizer_limit(e->tokenizer, e->model->cfg.V, err);

	if (code < 0)
		return err ? ct_fail_in(err, "%s", e->info.dir) : code;
	V = ct_tokenizer_size(e->tokenizer);
	e->tokens = ct_arena_need(&e->arena, (size_t)V, sizeof *e->tokens, "tokens", err);
	if (!e->tokens)
		return CT_ENOMEM;
	for (int i = 0; i < V; i++) {
		size_t n = 0;
		const char *raw = ct_tokenizer_text(e->tokenizer, i, &n);
		char buf[512];

		ct_text_piece(buf, sizeof buf, raw ? raw : "?", raw ? n : 1, 0, raw ? n : 1);
		e->tokens[i] = ct_arena_strdup(&e->arena, buf);
		if (!e->tokens[i])
			return ct_fail_memory(err, sizeof buf, "tokens");
	}
	return CT_OK;
}

static void
describe(struct ct_engine *e)
{
	const struct ct_config *c = &e->model->cfg;
	struct ct_engine_info *i = &e->info;

	i->family = c->family->model_type;
	i->transcoder = i->neurons ? "neurons" : e->transcoder->kind == CT_CLT ? "CLT" : "PLT";
	i->activation = ct_transcoder_activation(e->transcoder);
	i->scan = e->transcoder->scan;
	i->L = c->L;
	i->D = c->D;
	i->H = c->H;
	i->V = c->V;
	i->context = c->context;
	i->F = e->transcoder->F;
	i->demo = ct_name_recipe(e->info.dir, "demo", &e->arena, &e->notes);
}

int
ct_engine_open(
    struct ct_engine **out, const char *model, const struct ct_engine_options *options, struct ct_error *err)
{
	const struct ct_engine_options none = { 0 }, *opt = options ? options : &none;
	struct ct_model_options model_opt = { .allow_nonfinite = opt->allow_nonfinite };
	struct ct_engine *e = calloc(1, sizeof *e);
	const char *ending = "";
	char *dir = NULL;
	int code;

	*out = NULL;
	if (!e)
		return ct_fail_memory(err, sizeof *e, "the engine");
	e->source = &ct_source_model;
	if ((code = ct_model_find(&dir, model, err)) < 0)
		goto fail;
	for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
		dir[n - 1] = '\0';
	e->info.dir = ct_arena_strdup(&e->arena, dir);
	if (!e->info.dir) {
		code = ct_fail_memory(err, strlen(dir), "a path");
		goto fail;
	}
	e->info.name = ct_path_last(e->info.dir);
	if ((code = ct_model_open(&e->model, e->info.dir, &model_opt, err)) < 0 ||
	    (code = ct_tokenizer_open(&e->tokenizer, e->info.dir, err)) < 0 ||
	    (code = clean_tokens(e, err)) < 0)
		goto fail;
	ct_tokenizer_set_bos(e->tokenizer, e->model->cfg.bos, &e->notes);
	if ((code = ct_model_learn_special(e->model, e->tokenizer, err)) < 0)
		goto fail;
	e->info.spaced = ct_tokenizer_spaced(e->tokenizer);
	if ((code = choose_transcoder(e, opt, &ending, err)) < 0 ||
	    (code = open_transcoder(e, opt, err)) < 0 ||
	    (code = open_cards(e, ending, err)) < 0 ||
	    (code = ct_pool_open(&e->pool, opt->threads, err)) < 0 ||
	    (code = ct_engine_check(e, err)) < 0)
		goto fail;
	describe(e);
	ct_notes_add(&e->notes, &e->model->notes);
	ct_notes_add(&e->notes, ct_tokenizer_notes(e->tokenizer));
	ct_notes_add(&e->notes, &e->transcoder->notes);
	free(dir);
	*out = e;
	return CT_OK;
fail:
	free(dir);
	ct_engine_close(e);
	return code;
}

int
ct_engine_check(const struct ct_engine *e, struct ct_error *err)
{
	int code = ct_engine_need_model(e, err);

	return code < 0 ? code : ct_transcoder_check(e->transcoder, e->model, err);
}

const struct ct_notes *
ct_engine_notes(const struct ct_engine *e)
{
	return &e->notes;
}

const char *
ct_engine_fingerprint(struct ct_engine *e)
{
	if (!*e->fingerprint && e->transcoder)
		ct_fingerprint_text(e->fingerprint, e->model, e->transcoder, e->tokenizer);
	return e->fingerprint;
}

int
ct_engine_made_for(struct ct_engine *e, const char *fingerprint, struct ct_error *err)
{
	char differs[120];

	if (!ct_fingerprint_valid(fingerprint))
		return ct_fail(err, CT_EFORMAT, "\"%.40s\" is not a fingerprint: expected one such as "
		    "1a2b3c4d-5e6f7a8b-9c0d1e2f", fingerprint);
	if (!*ct_engine_fingerprint(e))
		return ct_fail(err, CT_EINVAL, "this graph was opened without a model");
	if (*ct_fingerprint_differs(e->fingerprint, fingerprint, differs, sizeof differs))
		return ct_fail(err, CT_EINVAL, "made with different files: %s (%s there, %s here)", differs,
		    fingerprint, e->fingerprint);
	return CT_OK;
}

void
ct_engine_close(struct ct_engine *e)
{
	if (!e)
		return;
	ct_engine_drop_swaps(e);
	ct_activity_free(e->activity);
	ct_classes_close(e->classes);
	ct_corpus_free(e->corpus);
	ct_cards_close(e->cards);
	ct_pool_close(e->pool);
	ct_transcoder_close(e->transcoder);
	ct_tokenizer_close(e->tokenizer);
	ct_model_close(e->model);
	ct_graph_file_close(e->file);
	ct_arena_free(&e->arena);
	free(e);
}

const struct ct_engine_info *
ct_engine_info(const struct ct_engine *e)
{
	return &e->info;
}

int
ct_engine_need_model(const struct ct_engine *e, struct ct_error *err)
{
	return e->source->need_model(err);
}

const char *
ct_engine_token(const struct ct_engine *e, int id)
{
	return e->source->token(e, id);
}

char *
ct_engine_text(const struct ct_engine *e, const int *ids, int n)
{
	size_t len = ct_tokenizer_decode(e->tokenizer, ids, n, NULL, 0), size = 8 * len + 1;
	char *raw = malloc(len + 1), *text = malloc(size);

	if (raw && text) {
		ct_tokenizer_decode(e->tokenizer, ids, n, raw, len + 1);
		ct_text_piece(text, size, raw, len, 0, len);
	} else {
		free(text);
		text = NULL;
	}
	free(raw);
	return text;
}

char *
ct_engine_raw_text(const struct ct_engine *e, const int *ids, int n)
{
	return e->source->raw_text(e, ids, n);
}

int
ct_engine_complete(const struct ct_engine *e, const char *prefix, int *ids, int max)
{
	return e->source->complete(e, prefix, ids, max);
}

int
ct_engine_tokenize(const struct ct_engine *e, const char *text, struct ct_span *out, int max,
    struct ct_span *bad, struct ct_error *err)
{
	struct ct_token_span *spans = calloc((size_t)max + 1, sizeof *spans), wrong = { .id = -1 };
	int n = ct_engine_need_model(e, err);

	if (n < 0) {
		free(spans);
		return n;
	}
	if (!spans)
		return ct_fail_memory(err, (size_t)max * sizeof *spans, "a prompt");
	n = ct_tokenizer_encode(e->tokenizer, text, strlen(text), spans, max, &wrong, err);
	for (int i = 0; i < n; i++)
		out[i] = (struct ct_span){ spans[i].id, spans[i].start, spans[i].end };
	if (n < 0 && bad)
		*bad = (struct ct_span){ -1, wrong.start, wrong.end };
	free(spans);
	return n;
}

int
ct_engine_find_token(const struct ct_engine *e, const char *text, struct ct_error *err)
{
	int id = ct_tokenizer_find(e->tokenizer, text), near[3], n;
	char clean[80], list[300] = "";
	size_t at = 0;

	if (id >= 0)
		return id;
	n = ct_tokenizer_nearest(e->tokenizer, text, near, 3);
	for (int i = 0; i < n && i < 3 && at < sizeof list; i++)
		at += (size_t)snprintf(list + at, sizeof list - at, "%s\"%.60s\"",
		    i ? ", " : "; nearest: ", ct_engine_token(e, near[i]));
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_ENOTFOUND, "\"%s\" is not a token of this model%s", clean, list);
}

const char *
ct_engine_label(const struct ct_engine *e, int layer, int feature)
{
	return e->source->label(e, layer, feature);
}

double
ct_engine_label_f1(const struct ct_engine *e, int layer, int feature)
{
	return e->source->label_f1(e, layer, feature);
}

bool
ct_engine_label_fits(const struct ct_engine *e, int layer, int feature, const struct ct_query *q)
{
	return ct_query_matches(q, ct_engine_label(e, layer, feature), ct_engine_label_f1(e, layer, feature));
}

const struct ct_card *
ct_engine_card(struct ct_engine *e, int layer, int feature, struct ct_error *err)
{
	return e->source->card(e, layer, feature, err);
}

const char *
ct_engine_label_typed(const struct ct_engine *e, int layer, int feature)
{
	return e->source->label_typed(e, layer, feature);
}

int
ct_engine_set_label(struct ct_engine *e, int layer, int feature, const char *label, struct ct_error *err)
{
	int code = ct_engine_need_model(e, err);

	if (code < 0)
		return code;
	if (layer < 0 || layer >= e->transcoder->L || feature < 0 ||
	    feature >= e->transcoder->layers[layer].F)
		return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d to label", layer, feature);
	ct_cards_made_with(e->cards, ct_engine_fingerprint(e));
	return ct_cards_set_label(e->cards, layer, feature, label, err);
}
