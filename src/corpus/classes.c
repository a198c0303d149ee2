/* classes: see classes.h. */
#include "corpus/classes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/world.h"
#include "io/yaml.h"

struct ct_classes {
	struct ct_arena arena;
	struct ct_world world;
	bool numbers;			/* the values are numbers, and there are no tables */
};

/* The value at a place of a text, and its kinds; a kind that it does not have is NULL. */
struct value {
	size_t n;			/* bytes; 0: there is none */
	const char *named, *row, *column;
};

static int
read_recipe(struct ct_classes *c, const struct ct_yaml_doc *doc, struct ct_error *err)
{
	const struct ct_yaml *root = ct_yaml_root(doc);
	const struct ct_yaml *corpus = root->kind == CT_YAML_MAP ? ct_yaml_get(root, "corpus") : NULL;
	const char *generator = NULL;
	int code;

	if (!corpus || corpus->kind != CT_YAML_MAP)
		return CT_OK;
	if ((code = ct_yaml_string(doc, corpus, "generator", false, &generator, err)) < 0)
		return code;
	c->numbers = generator && strcmp(generator, "sums") == 0;
	if (!ct_yaml_get(corpus, "tables"))
		return CT_OK;
	c->world = (struct ct_world){ .doc = doc, .arena = &c->arena };
	return ct_world_read(&c->world, ct_yaml_get(corpus, "tables"), err);
}

int
ct_classes_open(struct ct_classes **out, const char *recipe, struct ct_error *err)
{
	struct ct_classes *c = calloc(1, sizeof *c);
	struct ct_yaml_doc *doc = NULL;
	int code = c ? ct_yaml_open(&doc, recipe, NULL, 0, err) : ct_fail_memory(err, sizeof *c, "classes");

	*out = NULL;
	if (code == CT_OK)
		code = read_recipe(c, doc, err);
	ct_yaml_close(doc);
	if (code < 0) {
		ct_classes_close(c);
		return code;
	}
	*out = c;
	return CT_OK;
}

void
ct_classes_close(struct ct_classes *c)
{
	if (!c)
		return;
	ct_arena_free(&c->arena);
	free(c);
}

static bool
in_word(char ch)
{
	return isalnum((unsigned char)ch) || ch == '_' || ch == '-' ||
	    ch == '\'' || (unsigned char)ch >= 0x80;
}

/* Whether these words and a blank come before p. */
static bool
follows(const char *text, const char *p, const char *words)
{
	size_t n = strlen(words) + 1, before = (size_t)(p - text);

	return before >= n && p[-1] == ' ' && memcmp(p - n, words, n - 1) == 0 &&
	    (before == n || !in_word(p[-(ptrdiff_t)n - 1]));
}

/* The longest value at p, by all the tables and columns that have it. */
static struct value
find_value(const struct ct_world *w, const char *text, const char *p)
{
	struct value v = { 0 };

	for (int k = 0; k < w->n_tables; k++) {
		const struct ct_table *t = &w->tables[k];

		for (int i = 0; i < t->n_rows * t->n_cols; i++) {
			const char *cell = t->cells[i], *column = t->cols[i % t->n_cols];
			size_t n = strlen(cell);

			if (n < v.n || strncmp(p, cell, n) != 0 || (p[n] && in_word(p[n])))
				continue;
			if (n > v.n)
				v = (struct value){ .n = n };
			if (i % t->n_cols == 0)
				v.row = v.row ? v.row : t->name;
			else
				v.column = v.column ? v.column : column;
			if (i % t->n_cols && !v.named && follows(text, p, column))
				v.named = column;
		}
	}
	return v;
}

/* Reads digits, and the other end of a range. */
static struct value
find_number(const char *p)
{
	size_t n = strspn(p, "0123456789"), more;

	more = n && p[n] == '-' ? strspn(p + n + 1, "0123456789") : 0;
	return (struct value){ .n = more ? n + 1 + more : n, .column = "number" };
}

const char *
ct_classes_of(const struct ct_classes *c, const char *text, char *dst, size_t size)
{
	bool says = strncmp(text, "say ", 4) == 0;
	size_t used = 0;

	for (const char *p = text; *p && used + 1 < size; ) {
		bool starts = (p == text || !in_word(p[-1])) && !follows(text, p, "a") &&
		    !follows(text, p, "an");
		struct value v = { 0 };
		const char *what;

		if (c && c->numbers)
			v = find_number(p);
		else if (c && starts)
			v = find_value(&c->world, text, p);
		if (!v.n) {
			dst[used++] = *p++;
			continue;
		}
		what = v.named ? v.named : (says && v.column) || !v.row ? v.column : v.row;
		used += (size_t)snprintf(dst + used, size - used, "<%s>", what);
		p += v.n;
	}
	/* Text that does not fit is cut. */
	if (size)
		dst[used < size ? used : size - 1] = '\0';
	return dst;
}
