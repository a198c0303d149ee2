/* parts: see parts.h. */
#include "corpus/parts.h"

#include <fnmatch.h>

static int
read_part(struct ct_corpus *c, struct ct_corpus_part *p, const struct ct_yaml_doc *doc,
    const struct ct_yaml *node, struct ct_error *err)
{
	if (node->kind != CT_YAML_SCALAR)
		return ct_yaml_fail(doc, node, CT_EFORMAT, err, "expected a label, such as \"say _*\"");
	p->name = ct_arena_strdup(&c->arena, node->key);
	p->value = ct_arena_strdup(&c->arena, node->text);
	if (!p->name || !p->value)
		return ct_fail_memory(err, 64, "the parts");
	for (int i = 0; i < c->n_labels; i++)
		if (ct_corpus_fits(c, i, p->value))
			return CT_OK;
	return ct_yaml_fail(doc, node, CT_EFORMAT, err, "no label of the corpus is like \"%.80s\"", p->value);
}

/* Labels that are a value of a part. */
static int
count_values(const struct ct_corpus *c)
{
	int n = 0, part;

	for (int l = 0; l < c->n_labels; l++) {
		for (part = 0; part < c->n_parts && !ct_corpus_fits(c, l, c->parts[part].value); part++)
			;
		n += part < c->n_parts;
	}
	return n;
}

int
ct_corpus_read_parts(struct ct_corpus *c, const struct ct_yaml_doc *recipe, struct ct_error *err)
{
	const struct ct_yaml *list = ct_yaml_get(ct_yaml_root(recipe), "parts");
	int code, n;

	if (!list)
		return CT_OK;
	if (list->kind != CT_YAML_MAP || list->n < 2 || list->n > CT_CORPUS_MAX_PARTS)
		return ct_yaml_fail(recipe, list, CT_EFORMAT, err, "`parts:` is a map of 2 to %d names with "
		    "a label each", CT_CORPUS_MAX_PARTS);
	c->parts = ct_arena_need(&c->arena, (size_t)list->n, sizeof *c->parts, "the parts", err);
	if (!c->parts)
		return CT_ENOMEM;
	for (int i = 0; i < list->n; i++)
		if ((code = read_part(c, &c->parts[c->n_parts++], recipe, &list->items[i], err)) < 0)
			return code;
	n = count_values(c);
	if (n > CT_CORPUS_MAX_VALUES)
		return ct_yaml_fail(recipe, list, CT_EFORMAT, err, "the parts have %d values together, at "
		    "most %d can be exchanged; name labels with fewer", n, CT_CORPUS_MAX_VALUES);
	return CT_OK;
}

bool
ct_corpus_fits(const struct ct_corpus *c, int label, const char *pattern)
{
	return fnmatch(pattern, c->labels[label], 0) == 0;
}
