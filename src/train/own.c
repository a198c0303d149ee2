/* own: see own.h. */
#include "train/own.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "corpus/windows.h"
#include "model/name.h"
#include "model/tokenizer.h"
#include "train/export.h"
#include "train/fit_text.h"
#include "train/own_options.h"
#include "train/work.h"

struct own {
	const struct ct_train_options *opt;
	struct ct_train_report *report;
	struct ct_own_recipe recipe;
	char *from;			/* the model's directory */
	struct ct_model *m;
	struct ct_tokenizer *t;
	struct ct_corpus *c;
	struct ct_pool *pool;
	struct ct_train_work work;
	char *stream, *layers;		/* paths in the training's directory */
};

/* One of the recipe's transcoders while it is trained. */
struct part {
	struct own *own;
	const struct ct_own_transcoder *o;
	unsigned long long memory, disk;
};

static int
open_model(struct own *w, const struct ct_yaml_doc *doc, struct ct_error *err)
{
	int code;

	w->from = ct_recipe_path(doc, w->recipe.from);
	if (!w->from)
		return ct_fail_memory(err, strlen(w->recipe.from), "a path");
	if ((code = ct_model_open(&w->m, w->from, NULL, err)) != CT_OK ||
	    (code = ct_tokenizer_open(&w->t, w->from, err)) != CT_OK)
		return code;
	ct_tokenizer_set_bos(w->t, w->m->cfg.bos, &w->m->notes);
	if ((code = ct_tokenizer_limit(w->t, w->m->cfg.V, err)) != CT_OK)
		return err ? ct_fail_in(err, "%s", w->from) : code;
	return ct_model_learn_special(w->m, w->t, err);
}

/* The hash of model, text and recipe, which identifies a training. */
static uint64_t
subject_of(const struct own *w)
{
	uint64_t hash = ct_checkpoint_hash(0, w->c->tokens, (size_t)w->c->n_tokens * sizeof *w->c->tokens);
	uint32_t digest = ct_tensors_digest(w->m->tensors, 0);

	return ct_checkpoint_hash(hash, &digest, sizeof digest);
}

static int
prepare(struct own *w, const struct ct_yaml_doc *doc, const char *recipe_path, struct ct_error *err)
{
	struct ct_train_report *r = w->report;
	int code;

	if ((code = ct_own_recipe_read(&w->recipe, doc, err)) != CT_OK ||
	    (code = open_model(w, doc, err)) != CT_OK ||
	    (code = ct_windows_build(&w->c, doc, CT_WINDOWS_ALL, w->t, w->m->cfg.V, w->m->cfg.context,
	    w->from,
	    err)) != CT_OK ||
	    (code = ct_pool_open(&w->pool, w->opt->threads, err)) != CT_OK ||
	    (code = ct_train_work_open(&w->work, recipe_path, w->opt, ct_pool_threads(w->pool), subject_of(w),
	    err)) != CT_OK)
		return code;
	if (w->opt->estimate && w->work.checkpoint.n_found > 0)
		return ct_fail(err, CT_EINVAL, "%s has a training that was interrupted; it goes on without "
		    "--estimate, and says how much is left", w->work.dir);
	w->stream = ct_path_join(w->work.dir, ct_work_stream);
	w->layers = ct_path_join(w->work.dir, ct_work_layers);
	if (!w->stream || !w->layers)
		return ct_fail_memory(err, strlen(w->work.dir), "a path");
	*r = (struct ct_train_report){ .own = true, .L = w->m->cfg.L, .D = w->m->cfg.D, .V = w->m->cfg.V,
		.sentences = w->c->n_sentences, .tokens = w->c->n_tokens };
	snprintf(r->from, sizeof r->from, "%s", w->from);
	for (int i = 0; i < w->c->n_sentences; i++)
		r->held_out += w->c->sentences[i].held_out;
	return ct_dir_make(w->layers, err);
}

static struct ct_feed_options
feed_of(const struct own *w, const struct ct_own_transcoder *o)
{
	struct ct_feed_options f = { .m = w->m, .c = w->c, .read = o->read, .write = o->write,
		.per_layer = o->per_layer, .buffer = o->buffer, .batch = o->batch, .passes = o->passes,
		.seed = o->seed, .path = w->stream, .key = w->work.key, .pool = w->pool };

	/* The number of threads: at most as many as there are processors or tasks. */
	if (f.buffer > w->c->n_tokens)
		f.buffer = w->c->n_tokens;
	return f;
}

static unsigned long long
parameters(const struct ct_config *cfg, const struct ct_own_transcoder *o, bool all)
{
	unsigned long long L = (unsigned long long)cfg->L, D = (unsigned long long)cfg->D, F =
	    (unsigned long long)o->features;
	unsigned long long decoders = o->per_layer ? L : L * (L + 1) / 2;

	if (!all && o->per_layer)
		L = decoders = 1;
	return F * D * (L + decoders) + L * (2 * F + D);
}

static unsigned long long
memory_of(const struct own *w, const struct ct_own_transcoder *o)
{
	struct ct_feed_options feed = feed_of(w, o);
	struct ct_fit_text fit = { .o = o, .feed = &feed, .pool = w->pool };

	return ct_fit_text_memory(&fit);
}

/* Bytes on disk: the complete layers, the state (twice, while it is replaced), and the stream. */
static unsigned long long
disk_of(const struct own *w, const struct ct_own_transcoder *o)
{
	struct ct_feed_options feed = feed_of(w, o);

	return sizeof(float) * (parameters(&w->m->cfg, o, true) + 6 * parameters(&w->m->cfg, o, false)) +
	    ct_feed_disk(&feed);
}

/* "850 MB", "1.2 GB". Returns dst. */
static const char *
amount(char dst[16], unsigned long long bytes)
{
	if (bytes < 1000000000)
		snprintf(dst, 16, "%.0f MB", ceil((double)bytes / 1e6));
	else
		snprintf(dst, 16, "%.1f GB", (double)bytes / 1e9);
	return dst;
}

/*
 * The largest number of features (or if `buffer`, positions of the buffer), from `least` on, with which
 * training fits; 0: none.
 */
static int
largest(const struct own *w, const struct ct_own_transcoder *o, bool features, unsigned long long available)
{
	struct ct_own_transcoder try = *o;
	int *value = features ? &try.features : &try.buffer, low = 0, high = *value;
	int least = features ? o->l0 + 1 : o->batch;

	while (low < high) {
		*value = low + (high - low + 1) / 2;
		if (memory_of(w, &try) <= available)
			low = *value;
		else
			high = *value - 1;
	}
	return low >= least ? low : 0;
}

static int
check_memory(const struct part *p, struct ct_error *err)
{
	unsigned long long available = ct_memory_available();
	int features, buffer;
	char a[16], b[16], remedy[160] =
	    "a per-layer transcoder (`transcoder-plt:`) or a machine with more memory";

	if (p->memory <= available)
		return CT_OK;
	features = largest(p->own, p->o, true, available);
	buffer = largest(p->own, p->o, false, available);
	if (buffer > 0)
		snprintf(remedy, sizeof remedy, "`buffer: %d` (now %d)", buffer, p->o->buffer);
	else if (features > 0)
		snprintf(remedy, sizeof remedy, "`features: %d` (now %d)", features, p->o->features);
	return ct_fail(err, CT_ENOMEM,
	    "%s: training takes %s of memory in addition to the model, but %s are available; what "
	    "would fit: %s", ct_export_folder(p->o->per_layer), amount(a, p->memory), amount(b, available),
	    remedy);
}

static int
check_disk(const struct part *p, struct ct_error *err)
{
	const struct own *w = p->own;
	unsigned long long available = ct_disk_available(w->work.dir), stream, rest, each;
	struct ct_feed_options feed = feed_of(w, p->o);
	char a[16], b[16], remedy[96] = "another directory (-o DIR) or fewer `features:`";

	/* Files of the interrupted training itself will be replaced. */
	if (p->disk <= available || w->work.checkpoint.n_found > 0)
		return CT_OK;
	stream = ct_feed_disk(&feed);
	rest = p->disk - stream;
	each = 2 * (unsigned long long)w->m->cfg.D * sizeof(float);
	if (stream > 0 && rest < available)
		snprintf(remedy, sizeof remedy,
		    "a text of %llu tokens (now %d), or another directory (-o DIR)",
		    (available - rest) / each, w->c->n_tokens);
	return ct_fail(err, CT_EIO, "%s: training takes %s in %s, %s are free; what would fit: %s",
	    ct_export_folder(p->o->per_layer), amount(a, p->disk), w->work.dir, amount(b, available), remedy);
}

/* "about 40 min on 2 threads, 0.85 GB of memory, 1.20 GB on disk" */
static bool
tell_estimate(void *ctx, double seconds)
{
	const struct part *p = ctx;
	const struct own *w = p->own;
	int threads = ct_pool_threads(w->pool);
	char time[32], text[256], a[16], b[16];

	if (seconds < 90)
		snprintf(time, sizeof time, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(time, sizeof time, "%.0f min", seconds / 60);
	else
		snprintf(time, sizeof time, "%.1f h", seconds / 3600);
	snprintf(text, sizeof text, "about %s on %d thread%s, %s of memory in addition to the model, %s on "
	    "disk", time,
	    threads, threads == 1 ? "" : "s", amount(a, p->memory), amount(b, p->disk));
	ct_train_work_note(&w->work, ct_export_folder(p->o->per_layer), text);
	return !w->opt->estimate;
}

static int
keep_layers(void *ctx, const struct ct_train_transcoder *transcoder, int first, struct ct_error *err)
{
	const struct part *p = ctx;
	int code = CT_OK;

	for (int l = 0; l < transcoder->s.L && code == CT_OK; l++)
		code = ct_export_layer(p->own->layers, transcoder, l, first + l, err);
	return code;
}

/* Moves a file from the folder of complete layers to its place, unless an earlier run has done so. */
static int
move(const char *from_dir, const char *to_dir, const char *stem, int l, struct ct_error *err)
{
	char file[64];
	char *from, *to;
	int code = CT_OK;

	snprintf(file, sizeof file, "%s_%d.safetensors", stem, l);
	from = ct_path_join(from_dir, file);
	to = ct_path_join(to_dir, file);
	if (!from || !to)
		code = ct_fail_memory(err, strlen(from_dir) + strlen(to_dir), "a path");
	else if (rename(from, to) != 0 && (errno != ENOENT || !ct_file_exists(to)))
		code = ct_fail(err, CT_EIO, "%s cannot be moved to %s: %s", from, to, strerror(errno));
	free(from);
	free(to);
	return code;
}

/*
 * What config.yaml calls the model: as the recipe does if that is its name; else as its own recipe or its
 * directory does, because a name that is not the model's would make ctrace doubt or refuse the transcoder.
 */
static const char *
model_name(const struct own *w, struct ct_arena *a)
{
	const char *ours = ct_name_recipe(w->from, "name", a, &w->m->notes), *name = w->recipe.name;
	char *real;

	if (*ours)
		return ours;
	if (!ct_name_known(w->m, name) && (real = realpath(w->from, NULL))) {
		const char *last = ct_name_last(real);

		/* as YAML has it between quotes */
		if (strlen(last) <= 64 && !strpbrk(last, "\"\\") && (last = ct_arena_strdup(a, last)))
			name = last;
		free(real);
	}
	return name;
}

/* Once all layers are complete: they replace those of an earlier transcoder; config.yaml is written last. */
static int
publish(const struct part *p, struct ct_error *err)
{
	const struct own *w = p->own;
	struct ct_arena memory = { 0 };
	const struct ct_export_names names = { model_name(w, &memory), w->recipe.name,
		ct_own_read_name(p->o->read), ct_own_write_name(p->o->write) };
	char *dir = ct_path_join(w->work.dir, ct_export_folder(p->o->per_layer));
	int code = dir ? ct_dir_make(dir, err) : ct_fail_memory(err, strlen(w->work.dir), "a path");

	for (int l = 0; l < w->m->cfg.L && code == CT_OK; l++) {
		if (p->o->per_layer) {
			code = move(w->layers, dir, "layer", l, err);
		} else if ((code = move(w->layers, dir, "W_enc", l, err)) == CT_OK) {
			code = move(w->layers, dir, "W_dec", l, err);
		}
	}
	if (code == CT_OK)
		code = ct_export_config(dir, p->o->per_layer, w->m->cfg.L, &names, err);
	ct_arena_free(&memory);
	free(dir);
	return code;
}

/* Checks that a transcoder's training fits into memory and on disk, before anything is trained. */
static int
check_part(struct part *p, struct ct_error *err)
{
	int code;

	if (!p->o->wanted)
		return CT_OK;
	p->memory = memory_of(p->own, p->o);
	p->disk = disk_of(p->own, p->o);
	if ((code = check_memory(p, err)) != CT_OK)
		return code;
	return check_disk(p, err);
}

static int
train_part(struct part *p, struct ct_train_transcoder_report *report, struct ct_error *err)
{
	struct own *w = p->own;
	struct ct_feed_options feed = feed_of(w, p->o);
	struct ct_reporter reporter;
	struct ct_fit_text fit = { .o = p->o, .feed = &feed, .pool = w->pool, .reporter = &reporter,
		.checkpoint = &w->work.checkpoint, .done = keep_layers, .ctx = p, .estimate = tell_estimate };
	int code;

	if (!p->o->wanted)
		return CT_OK;
	ct_reporter_start(&reporter, w->opt->watch, w->opt->ctx, ct_export_folder(p->o->per_layer),
	    p->o->steps * (p->o->per_layer ? w->m->cfg.L : 1));
	if ((code = ct_fit_text_run(&fit, err)) != CT_OK)
		return code;
	report->made = true;
	report->seconds = ct_reporter_seconds(&reporter);
	return CT_OK;
}

int
ct_own_train(const struct ct_yaml_doc *doc, const char *recipe_path, const struct ct_train_options *opt,
    struct ct_train_report *report, struct ct_error *err)
{
	struct own w = { .opt = opt, .report = report };
	struct part parts[] = { { .own = &w, .o = &w.recipe.clt }, { .own = &w, .o = &w.recipe.plt } };
	int code = prepare(&w, doc, recipe_path, err);

	for (int k = 0; k < 2 && code == CT_OK; k++)
		code = check_part(&parts[k], err);
	for (int k = 0; k < 2 && code == CT_OK; k++) {
		code = train_part(&parts[k], k ? &report->plt : &report->clt, err);
		/*
		 * An estimate ends each transcoder's training at once; the caller is told after the last one.
		 */
		if (code == CT_ECANCELLED && opt->estimate && k == 0 && parts[1].o->wanted)
			code = CT_OK;
	}
	for (int k = 0; k < 2 && code == CT_OK; k++)
		if (parts[k].o->wanted)
			code = publish(&parts[k], err);
	ct_train_work_close(&w.work);
	free(w.stream);
	free(w.layers);
	ct_pool_close(w.pool);
	ct_corpus_free(w.c);
	ct_tokenizer_close(w.t);
	ct_model_close(w.m);
	free(w.from);
	return code;
}
