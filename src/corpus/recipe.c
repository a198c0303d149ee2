/* recipe: see recipe.h. One table row for each generator. */
#include "corpus/recipe.h"

#include <string.h>

#include "corpus/build.h"
#include "corpus/generators.h"
#include "corpus/parts.h"
#include "corpus/templates.h"

static int
build_templates(struct ct_build *b, const struct ct_yaml_doc *recipe, const struct ct_yaml *corpus,
    struct ct_error *err)
{
	static const char *const keys[] = { "tables", "sentences", "hold_out", NULL };
	struct ct_arena arena = { 0 };
	struct ct_world world = { .doc = recipe, .arena = &arena };
	struct ct_plan plan = { 0 };
	int code;

	if ((code = ct_yaml_only(recipe, corpus, keys, err)) < 0 ||
	    (code = ct_world_read(&world, ct_yaml_get(corpus, "tables"), err)) < 0 ||
	    (code = ct_plan_read(&plan, &world, ct_yaml_get(corpus, "sentences"), err)) < 0 ||
	    (code = ct_plan_hold_out(&plan, ct_yaml_get(corpus, "hold_out"), err)) < 0)
		goto done;
	code = ct_plan_write(&plan, b, err);
done:
	ct_plan_free(&plan);
	ct_arena_free(&arena);
	return code;
}

static const struct ct_generator {
	const char *name;
	int (*build)(
	    struct ct_build *, const struct ct_yaml_doc *, const struct ct_yaml *, struct ct_error *);
} generators[] = {
	{ "sums", ct_sums_build },
};

static int
build_generator(struct ct_build *b, const struct ct_yaml_doc *recipe, const struct ct_yaml *corpus,
    const char *name, struct ct_error *err)
{
	for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
		if (strcmp(generators[i].name, name) == 0)
			return generators[i].build(b, recipe, corpus, err);
	return ct_yaml_fail(recipe, ct_yaml_get(corpus, "generator"), CT_EFORMAT, err,
	    "no generator is called \"%s\"; there is \"%s\"", name, generators[0].name);
}

int
ct_corpus_build(struct ct_corpus **out, const struct ct_yaml_doc *recipe, struct ct_error *err)
{
	const struct ct_yaml *root = ct_yaml_root(recipe);
	const struct ct_yaml *corpus = root->kind == CT_YAML_MAP ? ct_yaml_get(root, "corpus") : NULL;
	const char *generator = NULL;
	struct ct_build b;
	int code;

	*out = NULL;
	if (!corpus || corpus->kind != CT_YAML_MAP)
		return ct_yaml_fail(recipe, corpus ? corpus : root, CT_EFORMAT, err,
		    "a recipe needs `corpus:`, a map with `tables:` and `sentences:`, or with `generator:`");
	if ((code = ct_yaml_string(recipe, corpus, "generator", false, &generator, err)) < 0 ||
	    (code = ct_build_open(&b, err)) < 0)
		return code;
	if (generator)
		code = build_generator(&b, recipe, corpus, generator, err);
	else
		code = build_templates(&b, recipe, corpus, err);
	if (code == CT_OK) {
		ct_build_label_prefixes(&b);
		code = ct_build_finish(&b, out, err);
		if (code == CT_OK && (code = ct_corpus_read_parts(*out, recipe, err)) < 0) {
			ct_corpus_free(*out);
			*out = NULL;
		}
		return code;
	}
	ct_build_close(&b);
	return code;
}
