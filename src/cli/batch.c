/*
 * batch: see batch.h.
 *
 * Each line of the output is written at once. If the program was killed in the middle of one, that line is
 * cut off, and its prompt is traced again. When a batch is resumed, the lines that exist must belong to the
 * same prompts and settings, in the same order.
 */
#include "cli/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/group.h"
#include "io/json.h"
#include "io/json_out.h"

static const size_t max_bytes = (size_t)1 << 30;

/* A prompt, and the number of its line in the file. */
struct prompt {
	char *text;
	int line;
};

struct batch {
	const struct cli_batch *opt;
	const char *where;		/* the file of prompts, for messages */
	struct cli_model *m;
	char *text;			/* the contents of that file; prompts point into it */
	struct prompt *prompts;		/* those of this shard */
	int n, done, failed;		/* done: lines that existed at the start */
	json_t *settings;
	struct ct_auto_groups said;	/* about the groups of the current prompt */
	int fd;				/* the output file; negative: standard output */
	struct cli_progress progress;
};

int
cli_batch_shard(const char *text, struct cli_batch *b)
{
	int end = 0;

	if (sscanf(text, "%9d/%9d%n", &b->shard, &b->shards, &end) == 2 && !text[end] && b->shards >= 1 &&
	    b->shard >= 1 && b->shard <= b->shards)
		return 0;
	cli_error("--shard: expected I/N with I from 1 to N, such as 2/8, found %s", text);
	return -1;
}

/* Empty lines and lines that begin with # are no prompts. */
static bool
is_prompt(const char *line)
{
	return *line != '#' && line[strspn(line, " \t\r")] != '\0';
}

/* Reads the prompts of this shard: number `shard`, and every shards-th after it. */
static int
read_prompts(struct batch *b, struct ct_error *err)
{
	size_t n;
	int code = ct_file_read_text(&b->text, &n, b->opt->prompts, max_bytes, err);
	int line = 0, index = 0, room = 0, shards = b->opt->shards ? b->opt->shards : 1;

	if (code < 0)
		return code;
	for (char *at = b->text, *end; at < b->text + n; at = end + 1) {
		struct prompt *grown;

		end = memchr(at, '\n', n - (size_t)(at - b->text));
		if (!end)
			end = b->text + n;
		*end = '\0';
		line++;
		if (strlen(at) != (size_t)(end - at))
			return ct_fail(err, CT_EFORMAT, "%s:%d: expected text, found a NUL byte", b->where,
			    line);
		if (end > at && end[-1] == '\r')
			end[-1] = '\0';
		if (!is_prompt(at) || index++ % shards != (b->opt->shards ? b->opt->shard - 1 : 0))
			continue;
		if (b->n == room) {
			room = room ? 2 * room : 256;
			grown = realloc(b->prompts, (size_t)room * sizeof *grown);
			if (!grown)
				return ct_fail_memory(err, (size_t)room * sizeof *grown, "prompts");
			b->prompts = grown;
		}
		b->prompts[b->n++] = (struct prompt){ at, line };
	}
	if (index == 0)
		return ct_fail(err, CT_ENOTFOUND, "%s: no prompt: expected one on each line", b->where);
	return CT_OK;
}

/* The model and the options. Each line of the output has them, so that lines can be compared. */
static json_t *
settings_json(const struct batch *b)
{
	const struct ct_engine_info *info = ct_engine_info(b->m->engine);
	const struct ct_trace_options *t = &b->opt->trace;
	json_t *o;

	o = json_pack("{s:o, s:s, s:s, s:[o, o]}", "model", ct_json_out_string(info->name), "transcoder",
	    info->transcoder, "fingerprint", ct_engine_fingerprint(b->m->engine), "prune",
	    ct_json_out_number(t->node_threshold), ct_json_out_number(t->edge_threshold));
	if (t->targets.pos >= 0)
		json_object_set_new(o, "at", json_integer(t->targets.pos));
	if (b->opt->target)
		json_object_set_new(o, "target", ct_json_out_string(b->opt->target));
	if (b->opt->groups)
		json_object_set_new(o, "groups", json_true());
	if (t->max_feature_nodes)
		json_object_set_new(o, "max_feature_nodes", json_integer(t->max_feature_nodes));
	return o;
}

/* Fails unless an existing line belongs to prompt i. */
static int
check_line(struct batch *b, int i, const char *text, size_t n, struct ct_error *err)
{
	json_t *line, *prompt;
	const json_t *number, *settings, *made;
	bool same, retrained;
	int code;

	if (i >= b->n)
		return ct_fail(err, CT_EFORMAT,
		    "%s: has more lines than there are prompts; write to another file", b->opt->out);
	code = ct_json_parse(&line, b->opt->out, text, n, err);
	if (code < 0)
		return ct_fail(err, CT_EFORMAT, "%s:%d: this is not a line of a batch; write to another file",
		    b->opt->out, i + 1);
	prompt = ct_json_out_string(b->prompts[i].text);
	number = json_object_get(line, "line");
	settings = json_object_get(line, "settings");
	made = json_object_get(settings, "fingerprint");
	retrained = !made || !json_equal(made, json_object_get(b->settings, "fingerprint"));
	same = json_integer_value(number) == b->prompts[i].line &&
	    json_equal(json_object_get(line, "prompt"), prompt) &&
	    json_equal(settings, b->settings);
	b->failed += json_object_get(line, "error") != NULL;
	json_decref(prompt);
	json_decref(line);
	if (retrained)
		return ct_fail(err, CT_EFORMAT, "%s:%d: this line was made with another model, transcoder or "
		    "tokenizer than the present one; write to another file", b->opt->out, i + 1);
	return same ? CT_OK : ct_fail(err, CT_EFORMAT,
	    "%s:%d: has another prompt or other settings than line %d of %s; write to another file",
	    b->opt->out, i + 1, b->prompts[i].line, b->where);
}

/* Opens the output to write after its last whole line; done becomes the number of whole lines. */
static int
resume(struct batch *b, struct ct_error *err)
{
	const char *path = b->opt->out;
	size_t n = 0, at = 0;
	char *text = NULL;
	int code;

	if (ct_file_exists(path) && !ct_file_is_pipe(path) && (code = ct_file_read(&text, &n, path,
	    SIZE_MAX / 2, err)) < 0)
		return code;
	for (char *end; n > 0 && (end = memchr(text + at, '\n', n - at)); at = (size_t)(end - text) + 1) {
		if ((code = check_line(b, b->done, text + at, (size_t)(end - text) - at, err)) < 0) {
			free(text);
			return code;
		}
		b->done++;
	}
	free(text);
	b->fd = ct_file_append_open(path, at, err);
	return b->fd < 0 ? b->fd : CT_OK;
}

static int
put(struct batch *b, const char *text, size_t n, struct ct_error *err)
{
	if (b->fd < 0) {
		cli_text("-", text, n);
		return cli_flush() ? CT_OK : ct_fail(err, CT_EIO, "stdout: %s", strerror(errno));
	}
	return ct_file_append(b->fd, b->opt->out, text, n, err);
}

static int
trace(struct batch *b, const char *prompt, struct ct_error *err)
{
	struct ct_trace_options opt = b->opt->trace;
	struct ct_session *s = b->m->session;
	int code = ct_session_prompt(s, prompt, NULL, err);

	if (code == CT_OK && b->opt->target)
		code = ct_session_parse_targets(s, b->opt->target, b->opt->trace.targets.pos,
		    &opt.targets, err);
	if (code == CT_OK)
		code = ct_session_trace(s, &opt, NULL, err);
	if (code == CT_OK)
		code = ct_session_check(s, err);
	if (code == CT_OK && b->opt->groups)
		code = cli_group_auto(s, &b->said, NULL, err);
	return code == CT_OK ? cli_self_check(ct_session_graph(s), err) : code;
}

/*
 * Traces one prompt and writes its line. If the prompt fails, its line says why; only a failure to write is
 * an error.
 */
static int
do_prompt(struct batch *b, const struct prompt *p, struct ct_error *err)
{
	json_t *head = json_pack("{s:i, s:o, s:O}", "line", p->line, "prompt", ct_json_out_string(p->text),
	    "settings",
	    b->settings);
	struct ct_error why = { 0 };
	char *text = NULL;
	size_t n = 0;
	int code = trace(b, p->text, &why);

	if (code == CT_ENOMEM || code == CT_EIO) {
		json_decref(head);
		return ct_fail(err, code, "%s:%d: %s", b->where, p->line, why.msg);
	}
	if (code < 0) {
		b->failed++;
		json_object_set_new(head, "error", ct_json_out_string(why.msg));
		code = ct_session_no_line(head, &text, &n, err);
	} else {
		code = ct_session_line(b->m->session, head, b->opt->groups ? &b->said : NULL, &text, &n, err);
	}
	json_decref(head);
	if (code == CT_OK)
		code = put(b, text, n, err);
	free(text);
	return code;
}

static int
run(struct batch *b, struct ct_error *err)
{
	int code;

	if ((code = read_prompts(b, err)) < 0 || (code = cli_model_open(b->m, NULL, err)) < 0 ||
	    (code = ct_session_open(&b->m->session, b->m->engine, err)) < 0)
		return code;
	if (!(b->settings = settings_json(b)))
		return ct_fail_memory(err, 256, "settings");
	if (strcmp(b->opt->out, "-") != 0 && (code = resume(b, err)) < 0)
		return code;
	for (int i = b->done; i < b->n; i++) {
		if ((code = do_prompt(b, &b->prompts[i], err)) < 0)
			return code;
		if (!cli_progress(&b->progress, "prompts", i + 1, b->n))
			return ct_fail(err, CT_ECANCELLED, "interrupted");
	}
	return CT_OK;
}

int
cli_batch_run(struct cli_model *m, const struct cli_batch *opt)
{
	struct batch b = { .opt = opt, .m = m, .fd = -1,
		.where = strcmp(opt->prompts, "-") == 0 ? "standard input" : opt->prompts };
	struct ct_error err = { 0 };
	int code = run(&b, &err), status;

	if (b.fd >= 0)
		close(b.fd);
	cli_progress_end(&b.progress);
	if (code < 0) {
		status = cli_fail(&err);
	} else {
		if (b.failed)
			cli_error("%d of %d prompts failed: their lines say why", b.failed, b.n);
		status = b.failed ? CLI_NOTHING : CLI_OK;
	}
	json_decref(b.settings);
	free(b.prompts);
	free(b.text);
	return status;
}
