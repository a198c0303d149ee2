/*
 * rope: how config.json describes rotary positions; see keys.h.
 *
 * transformers 4 has rope_theta, and rope_scaling {rope_type, ...} (older files: {type, ...}); transformers 5
 * keeps all of it in rope_parameters. Files may have both. If they disagree the model is refused, because
 * versions of transformers differ in which one they read.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/family.h"
#include "model/keys.h"

static const struct kind {
	const char *name;
	bool scaled;
	const char *const *keys;	/* in addition to those of every kind */
} kinds[] = {
	{ "default", false, (const char *const[]){ NULL } },
	{ "linear", true, (const char *const[]){ "factor", NULL } },
	/* Changes the base only beyond the context, which no prompt exceeds. */
	{ "dynamic", false, (const char *const[]){ "factor", "original_max_position_embeddings", NULL } },
	{ "llama3", true, (const char *const[]){ "factor", "low_freq_factor", "high_freq_factor",
	    "original_max_position_embeddings", NULL } },
};

static int
read_llama3(struct ct_rope_scaling *s, const json_t *rope, const char *where, struct ct_error *err)
{
	int code = ct_json_double(rope, where, "low_freq_factor", true, &s->low_freq_factor, err);

	if (code == CT_OK)
		code = ct_json_double(rope, where, "high_freq_factor", true, &s->high_freq_factor, err);
	if (code == CT_OK)
		code = ct_json_int(rope, where, "original_max_position_embeddings", true, 1, CT_MAX_VOCAB,
		    &s->original_context, err);
	if (code == CT_OK && !(s->low_freq_factor > 0 && s->high_freq_factor > s->low_freq_factor))
		code = ct_fail(err, CT_EFORMAT, "%s: expected 0 < low_freq_factor < high_freq_factor, found "
		    "%g, %g", where, s->low_freq_factor, s->high_freq_factor);
	return code;
}

/*
 * One map for each type of layer, as Gemma 3 has it: {"full_attention": {...}, "sliding_attention": {...}}.
 */
static bool
is_map_of_maps(const json_t *rope)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)rope, key, v)
		if (json_is_object(v))
			return true;
	return false;
}

static int
find_kind(const struct kind **out, const json_t *rope, bool parameters, const char *where,
    struct ct_error *err)
{
	const char *type = NULL, *old = NULL;
	char shown[80];
	int code = ct_json_string(rope, where, "rope_type", false, &type, err);

	*out = NULL;
	if (code == CT_OK)
		code = ct_json_string(rope, where, "type", false, &old, err);
	if (code != CT_OK)
		return code;
	if (type && old && strcmp(type, old) != 0)
		return ct_fail(err, CT_EFORMAT, "%s: \"rope_type\" is \"%.40s\" and \"type\", its older "
		    "name, is \"%.40s\"; remove the wrong one", where, type, old);
	if (!type)
		type = old;
	if (!type && is_map_of_maps(rope))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: one map for each type of layer is not supported in "
		    "this model_type", where);
	if (!type && !parameters)
		return ct_fail(err, CT_EFORMAT, "%s: \"rope_type\" is missing, and without it the kind of "
		    "scaling is not known (supported: default, linear, dynamic, llama3)", where);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, type ? type : "default") == 0)
			*out = &kinds[i];
	if (*out)
		return CT_OK;
	ct_text_clean(shown, sizeof shown, type, strlen(type));
	return ct_fail(err, CT_EUNSUPPORTED, "%s: the type \"%s\" is not supported (supported: default, "
	    "linear, dynamic, llama3); if it was only added to stretch the context, use a copy of the "
	    "model without it", where, shown);
}

/* A key that the kind does not have: Hugging Face warns about it and goes on. */
static void
note_unknown(const json_t *rope, const struct kind *kind, const char *where, struct ct_notes *notes)
{
	static const char *const always[] = { "type", "rope_type", "rope_theta", "partial_rotary_factor" };
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)rope, key, v) {
		bool known = false;
		char shown[80];

		for (size_t i = 0; i < sizeof always / sizeof *always; i++)
			known |= strcmp(always[i], key) == 0;
		for (const char *const *k = kind->keys; *k; k++)
			known |= strcmp(*k, key) == 0;
		if (known || json_is_null(v))
			continue;
		ct_text_clean(shown, sizeof shown, key, strlen(key));
		ct_note(notes, "%s: \"%s\" is ignored: the type \"%s\" has no such key", where, shown,
		    kind->name);
	}
}

static int
read_scaling(struct ct_config *c, const json_t *rope, bool parameters, const char *where,
    struct ct_notes *notes, struct ct_error *err)
{
	struct ct_rope_scaling *s = &c->rope_scaling;
	const struct kind *kind;
	double part = 1;
	int code = find_kind(&kind, rope, parameters, where, err);

	if (code == CT_OK)
		code = ct_json_double(rope, where, "partial_rotary_factor", false, &part, err);
	if (code == CT_OK && part != 1)
		code = ct_fail(err, CT_EUNSUPPORTED, "%s: \"partial_rotary_factor\": %g is not supported "
		    "(supported: 1)", where, part);
	if (code != CT_OK)
		return code;
	note_unknown(rope, kind, where, notes);
	if (!kind->scaled)
		return CT_OK;
	code = ct_json_double(rope, where, "factor", true, &s->factor, err);
	if (code == CT_OK && !(s->factor > 0))
		code = ct_fail(err, CT_EFORMAT, "%s: \"factor\": expected a positive number, found %g", where,
		    s->factor);
	if (code == CT_OK && strcmp(kind->name, "llama3") == 0)
		code = read_llama3(s, rope, where, err);
	return code;
}

static int
read_theta(struct ct_config *c, const json_t *json, const json_t *rope, const char *path,
    struct ct_error *err)
{
	double inner = 0;
	int code = ct_json_double(json, path, "rope_theta", false, &c->rope_theta, err);

	if (code == CT_OK && json_is_null(json_object_get(json, "rope_theta")) &&
	    !json_is_number(json_object_get(rope, "rope_theta")))
		return ct_fail(err, CT_EFORMAT, "%s: \"rope_theta\": expected a number, found null; without "
		    "the key the default counts", path);
	if (code == CT_OK && json_is_object(rope))
		code = ct_json_double(rope, path, "rope_theta", false, &inner, err);
	if (code == CT_OK && json_is_number(json_object_get(rope, "rope_theta"))) {
		if (json_is_number(json_object_get(json, "rope_theta")) && inner != c->rope_theta)
			return ct_fail(err, CT_EFORMAT, "%s: \"rope_theta\" is %g and %g; remove the wrong "
			    "one", path,
			    c->rope_theta, inner);
		c->rope_theta = inner;
	}
	if (code == CT_OK && !(c->rope_theta > 0))
		code = ct_fail(err, CT_EFORMAT, "%s: \"rope_theta\": expected a positive number, found %g",
		    path, c->rope_theta);
	return code;
}

int
ct_keys_rope(struct ct_config *c, const json_t *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	const json_t *newer = json_object_get(json, "rope_parameters"),
	    *older = json_object_get(json, "rope_scaling");
	bool has_newer = newer && !json_is_null(newer), has_older = older && !json_is_null(older);
	const json_t *rope = has_newer ? newer : older;
	const char *name = has_newer ? "rope_parameters" : "rope_scaling";
	char where[4096];
	int code;

	if ((has_newer || has_older) && !json_is_object(rope))
		return ct_fail(err, CT_EFORMAT, "%s: \"%s\": expected an object or null", path, name);
	if (has_newer && has_older && !json_equal(newer, older))
		return ct_fail(err, CT_EFORMAT, "%s: \"rope_parameters\" and \"rope_scaling\" disagree; "
		    "remove the wrong one", path);
	code = read_theta(c, json, rope, path, err);
	if (code != CT_OK || (!has_newer && !has_older))
		return code;
	snprintf(where, sizeof where, "%s: \"%s\"", path, name);
	return read_scaling(c, rope, has_newer, where, notes, err);
}
