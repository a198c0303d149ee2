/* post: see post.h. */
#include "model/post.h"

#include <string.h>

/* The ids of a token in the template, from its "special_tokens"; the vocabulary may have others. */
static int
read_template_token(struct ct_prefix *p, const struct ct_vocab *v, const json_t *json, const char *name,
    const char *path, struct ct_error *err)
{
	const json_t *ids = json_object_get(json_object_get(json_object_get(json, "special_tokens"), name),
	    "ids"), *id;
	size_t i;

	if (!json_array_size(ids))
		return ct_fail(err, CT_EFORMAT, "%s: TemplateProcessing: \"special_tokens\" has no \"ids\" "
		    "for \"%.60s\"", path, name);
	json_array_foreach(ids, i, id) {
		if (p->n == CT_MAX_PREFIX)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: only up to %d tokens "
			    "before the text are supported", path, CT_MAX_PREFIX);
		if (!json_is_integer(id) || json_integer_value(id) < 0 ||
		    json_integer_value(id) >= v->size ||
		    !v->words[json_integer_value(id)].key)
			return ct_fail(err, CT_EFORMAT, "%s: TemplateProcessing: \"ids\" of \"%.60s\": "
			    "expected ids of the vocabulary", path, name);
		p->ids[p->n++] = (int)json_integer_value(id);
	}
	return CT_OK;
}

/* Reads "single": special tokens, then the text itself. */
static int
read_template(struct ct_prefix *p, const struct ct_vocab *v, const json_t *json, const char *path,
    struct ct_error *err)
{
	const json_t *list = json_object_get(json, "single"), *item;
	bool text = false;
	size_t i;

	if (!json_is_array(list))
		return ct_fail(err, CT_EFORMAT, "%s: TemplateProcessing: \"single\": expected a list", path);
	if (p->has_template)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: more than one TemplateProcessing is not supported",
		    path);
	p->has_template = true;
	json_array_foreach(list, i, item) {
		const json_t *special = json_object_get(item, "SpecialToken");
		const char *name = json_string_value(json_object_get(special, "id"));
		int code;

		if (special && text)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: tokens after the text "
			    "are not supported", path);
		if (!special && text)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: the text twice is not "
			    "supported", path);
		if (!special) {
			const json_t *sequence = json_object_get(item, "Sequence");
			const char *which = json_string_value(json_object_get(sequence, "id"));

			if (!which || strcmp(which, "A") != 0)
				return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: \"single\": "
				    "expected only SpecialToken and the Sequence A", path);
			text = true;
			continue;
		}
		code = read_template_token(p, v, json, name ? name : "", path, err);
		if (code != CT_OK)
			return code;
	}
	if (!text)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: TemplateProcessing: \"single\" leaves out the "
		    "text", path);
	return CT_OK;
}

static int
read_post(struct ct_prefix *p, const struct ct_vocab *v, const json_t *json, const char *path, bool nested,
    struct ct_error *err)
{
	const json_t *list = json_object_get(json, "processors"), *child;
	const char *type = "";
	size_t i;
	int code;

	if (!json || json_is_null(json))
		return CT_OK;
	code = ct_json_string(json, path, "type", true, &type, err);
	if (code != CT_OK || strcmp(type, "ByteLevel") == 0)
		return code;		/* a ByteLevel here changes only offsets */
	if (strcmp(type, "TemplateProcessing") == 0)
		return read_template(p, v, json, path, err);
	if (strcmp(type, "Sequence") != 0 || nested || !json_is_array(list))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: post_processor \"%.40s\" is not supported "
		    "(supported: TemplateProcessing, ByteLevel, and one Sequence of these)", path, type);
	json_array_foreach(list, i, child) {
		code = read_post(p, v, child, path, true, err);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

int
ct_prefix_read(struct ct_prefix *p, const json_t *json, const struct ct_vocab *v, const char *path,
    struct ct_error *err)
{
	*p = (struct ct_prefix){ .n = 0 };
	return read_post(p, v, json, path, false, err);
}
