/* normalize: see normalize.h. */
#include "model/normalize.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/nfc.h"

static struct ct_normalizer_step *
add_step(struct ct_normalizer *z, enum ct_normalizer_kind kind, const char *text, const char *path,
    struct ct_error *err)
{
	struct ct_normalizer_step *s = &z->steps[z->n];

	if (z->n == CT_MAX_NORMALIZERS) {
		ct_fail(err, CT_EUNSUPPORTED, "%s: normalizer: more than %d steps", path, CT_MAX_NORMALIZERS);
		return NULL;
	}
	*s = (struct ct_normalizer_step){ .kind = kind, .text = text ? strdup(text) : NULL };
	if (text && !s->text) {
		ct_fail_memory(err, strlen(text), path);
		return NULL;
	}
	z->n++;
	return s;
}

static int
read_replace(struct ct_normalizer *z, const json_t *json, const char *path, struct ct_error *err)
{
	const json_t *pattern = json_object_get(json, "pattern");
	const char *regex = json_string_value(json_object_get(pattern, "Regex"));
	const char *string = json_string_value(json_object_get(pattern, "String"));
	const char *content = NULL;
	struct ct_normalizer_step *s;
	int code = ct_json_string(json, path, "content", true, &content, err);

	if (code != CT_OK)
		return code;
	if (!regex == !string)
		return ct_fail(err, CT_EFORMAT, "%s: normalizer: Replace: expected a \"pattern\" with Regex "
		    "or String", path);
	s = add_step(z, CT_NORMALIZE_REPLACE, content, path, err);
	if (!s)
		return err ? err->code : CT_EFORMAT;
	s->blank = string && strcmp(string, " ") == 0;
	return ct_regex_compile(&s->find, regex ? regex : string, regex ? CT_REGEX_ONIGURUMA :
	    CT_REGEX_LITERAL, path, err);
}

static int
read_one(struct ct_normalizer *z, const json_t *json, const char *path, int depth, struct ct_error *err)
{
	const json_t *list = json_object_get(json, "normalizers"), *child;
	const char *type = "", *text = NULL;
	char shown[48];
	size_t i;
	int code = ct_json_string(json, path, "type", true, &type, err);

	if (code != CT_OK)
		return code;
	if (strcmp(type, "NFC") == 0)
		return add_step(z, CT_NORMALIZE_NFC, NULL, path, err) ? CT_OK : err ? err->code : CT_EFORMAT;
	if (strcmp(type, "Prepend") == 0) {
		code = ct_json_string(json, path, "prepend", true, &text, err);
		if (code != CT_OK)
			return code;
		if (!*text)
			return ct_fail(err, CT_EFORMAT, "%s: normalizer: Prepend: \"prepend\": expected a "
			    "text, found none", path);
		return add_step(z, CT_NORMALIZE_PREPEND, text, path, err) ? CT_OK : err ? err->code :
		    CT_EFORMAT;
	}
	if (strcmp(type, "Replace") == 0)
		return read_replace(z, json, path, err);
	ct_text_clean(shown, sizeof shown, type, strlen(type));
	if (strcmp(type, "Sequence") != 0 || !json_is_array(list) || depth > 4)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: normalizer \"%s\" is not supported (supported: "
		    "NFC, Prepend, Replace, Sequence)", path, shown);
	json_array_foreach(list, i, child) {
		code = read_one(z, child, path, depth + 1, err);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

int
ct_normalizer_read(struct ct_normalizer *z, const json_t *json, const char *path, struct ct_error *err)
{
	struct ct_error own = { 0 };
	int code = CT_OK;

	*z = (struct ct_normalizer){ .n = 0 };
	if (json && !json_is_null(json))
		code = read_one(z, json, path, 0, err ? err : &own);
	if (code != CT_OK)
		ct_normalizer_free(z);
	return code;
}

void
ct_normalizer_free(struct ct_normalizer *z)
{
	for (int i = 0; i < z->n; i++) {
		ct_regex_free(z->steps[i].find);
		free(z->steps[i].text);
	}
	*z = (struct ct_normalizer){ .n = 0 };
}

bool
ct_normalizer_needs_tables(const struct ct_normalizer *z)
{
	for (int i = 0; i < z->n; i++)
		if (z->steps[i].find && ct_regex_needs_tables(z->steps[i].find))
			return true;
	return false;
}

const char *
ct_normalizer_blank(const struct ct_normalizer *z)
{
	for (int i = 0; i < z->n; i++)
		if (z->steps[i].blank)
			return z->steps[i].text;
	return NULL;
}

struct replacing {
	const struct ct_normalizer_step *step;
	const struct ct_piece *in;
	struct ct_changed_text *out;
};

static int
replace_stretch(void *ctx, size_t from, size_t to, bool matched, struct ct_error *err)
{
	struct replacing *r = ctx;
	size_t last = to > from ? to - 1 : from;

	if (!matched)
		return ct_changed_copy(r->out, r->in, from, to, err);
	/*
	 * In Hugging Face the new text stands where the last character of the old one stood. So a text whose
	 * first two characters were replaced does not begin at 0, and Metaspace's "first" is not for it.
	 */
	while (last > from && ((unsigned char)r->in->s[last] & 0xC0) == 0x80)
		last--;
	return ct_changed_put(r->out, r->step->text, strlen(r->step->text), r->in, last, err);
}

static int
run_step(const struct ct_normalizer_step *s, const struct ct_piece *in, struct ct_changed_text *out,
    struct ct_error *err)
{
	struct replacing r = { .step = s, .in = in, .out = out };

	switch (s->kind) {
	case CT_NORMALIZE_NFC:
		return ct_nfc_run(in, out, err);
	case CT_NORMALIZE_PREPEND:
		if (in->n && ct_changed_put(out, s->text, strlen(s->text), in, 0, err) != CT_OK)
			return CT_ENOMEM;
		return ct_changed_copy(out, in, 0, in->n, err);
	case CT_NORMALIZE_REPLACE:
		return in->n ? ct_regex_each(s->find, in->s, in->n, ct_piece_at(in, 0), replace_stretch, &r,
		    err) : CT_OK;
	}
	return CT_OK;
}

int
ct_normalizer_run(const struct ct_normalizer *z, const struct ct_piece *in, struct ct_piece *out,
    struct ct_changed_text *own, struct ct_error *err)
{
	struct ct_piece now = *in;
	int code = CT_OK;

	*own = (struct ct_changed_text){ 0 };
	for (int i = 0; i < z->n && code == CT_OK; i++) {
		struct ct_changed_text next = { 0 };

		code = run_step(&z->steps[i], &now, &next, err);
		if (code == CT_OK)
			code = ct_changed_end(&next, &now, &now, err);
		ct_changed_free(own);
		*own = next;
	}
	*out = now;
	return code;
}
