/*
 * output: the only file of `ctrace` that writes results and messages. It sanitises all text that a terminal
 * may show.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "cli/cli.h"
#include "io/json_out.h"

/*
 * Writes prefix, sanitised text and newline; if there is no memory for the text, a message says so instead.
 */
static void __attribute__((format(printf, 3, 0)))
put(FILE *f, const char *prefix, const char *fmt, va_list ap)
{
	struct ct_buffer b = { 0 };
	char *raw, *clean;
	size_t n, size;

	ct_buffer_vprintf(&b, fmt, ap);
	raw = ct_buffer_take(&b, &n);
	if (!raw) {
		fprintf(f, "%sout of memory\n", prefix);
		return;
	}
	size = 8 * n + 1;		/* the longest escape of one byte, \u{NNNN}, has 8 characters */
	clean = malloc(size);
	if (clean)
		ct_text_clean(clean, size, raw, n);
	fprintf(f, "%s%s\n", prefix, clean ? clean : "out of memory");
	free(clean);
	free(raw);
}

void
cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stderr, "ctrace: ", fmt, ap);
	va_end(ap);
}

void
cli_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stderr, "ctrace: note: ", fmt, ap);
	va_end(ap);
}

void
cli_notes(const struct ct_notes *notes)
{
	for (int i = 0; i < notes->n; i++)
		cli_note("%s", notes->text[i]);
	if (notes->more)
		cli_note("and %d more", notes->more);
}

int
cli_fail(const struct ct_error *err)
{
	if (err->code == CT_ECANCELLED) {
		cli_error("interrupted");
		return CLI_INTERRUPTED;
	}
	cli_error("%s", err->msg);
	return CLI_ERROR;
}

void
cli_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stdout, "", fmt, ap);
	va_end(ap);
}

const char *
cli_column(char *dst, size_t size, const char *text, int cols)
{
	bool cut = ct_text_width(text) > cols;
	size_t n = ct_text_fit(text, cut ? cols - 3 : cols);
	int width;

	snprintf(dst, size, "%.*s%s", (int)n, text, cut ? "..." : "");
	width = ct_text_width(dst);
	n = strlen(dst);
	if (width < cols && n < size)
		snprintf(dst + n, size - n, "%*s", cols - width, "");
	return dst;
}

const char *
cli_percent(char dst[16], double share)
{
	if (share < 0.01)
		snprintf(dst, 16, "%.2f%%", 100 * share);
	else
		snprintf(dst, 16, "%.1f%%", 100 * share);
	return dst;
}

int
cli_text(const char *file, const char *text, size_t n)
{
	struct ct_error err = { 0 };

	if (strcmp(file, "-") == 0)
		fwrite(text, 1, n, stdout);	/* main reports failures of stdout at the end */
	else if (ct_file_replace(file, text, n, &err) < 0)
		return cli_fail(&err);
	return CLI_OK;
}

int
cli_output_open(struct cli_output *o, const char *file, struct ct_error *err)
{
	*o = (struct cli_output){ .standard = strcmp(file, "-") == 0 };
	return o->standard ? CT_OK : ct_file_new_open(&o->file, file, err);
}

int
cli_output_write(void *output, const char *text, size_t n, struct ct_error *err)
{
	struct cli_output *o = output;

	if (!o->standard)
		return ct_file_new_write(&o->file, text, n, err);
	return fwrite(text, 1, n, stdout) == n ? CT_OK : ct_fail(err, CT_EIO, "stdout: %s", strerror(errno));
}

int
cli_output_end(struct cli_output *o, int code, struct ct_error *err)
{
	if (!o->standard)
		code = ct_file_new_end(&o->file, code, err);
	return code < 0 ? cli_fail(err) : CLI_OK;
}

bool
cli_flush(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

/*
 * Set when memory for a JSON value ran out: the value is then missing, which cannot be seen in the document.
 */
static bool json_lost;

static void *
json_malloc(size_t n)
{
	void *p = malloc(n);

	json_lost |= !p;
	return p;
}

void
cli_json_watch(void)
{
	json_set_alloc_funcs(json_malloc, free);
}

json_t *
cli_token_json(const struct ct_engine *e, int id)
{
	char *raw = ct_engine_raw_text(e, &id, 1);
	json_t *j = raw ? ct_json_out_string(raw) : NULL;

	json_lost |= !j;
	free(raw);
	return j;
}

json_t *
cli_ids_json(const int *ids, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_integer(ids[i]));
	return list;
}

json_t *
cli_prompt_json(const struct ct_session *s)
{
	json_t *ids = json_array();

	for (int i = 0; i < ct_session_length(s); i++)
		json_array_append_new(ids, json_integer(ct_session_token(s, i)));
	return json_pack("{s:o, s:o}", "prompt", ct_json_out_string(ct_session_text(s)), "prompt_ids", ids);
}

static int
write_json(const char *file, int format, json_t *root, bool indent)
{
	struct ct_error err = { 0 };
	char *text = NULL;
	size_t n;
	int code;

	root = format ? ct_json_out_document(format, root) : root;
	code = ct_json_out_text(&text, &n, root, indent, &err);

	if (code == CT_OK && json_lost) {
		free(text);
		code = ct_fail(&err, CT_ENOMEM, "out of memory for JSON text");
	}
	json_decref(root);
	if (code < 0)
		return cli_fail(&err);
	code = cli_text(file, text, n);
	free(text);
	return code;
}

int
cli_json(const char *file, int format, json_t *root)
{
	return write_json(file, format, root, true);
}

int
cli_json_packed(const char *file, int format, json_t *root)
{
	return write_json(file, format, root, false);
}
