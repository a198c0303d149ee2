/*
 * world: see world.h.
 */
#include "corpus/world.h"

#include <string.h>

int
ct_world_table(const struct ct_world *w, const char *name)
{
	for (int i = 0; i < w->n_tables; i++)
		if (strcmp(w->tables[i].name, name) == 0)
			return i;
	return -1;
}

/* -1: none. */
static int
table_column(const struct ct_table *t, const char *name)
{
	for (int i = 0; i < t->n_cols; i++)
		if (strcmp(t->cols[i], name) == 0)
			return i;
	return -1;
}

static int
table_row(const struct ct_table *t, const char *name)
{
	for (int i = 0; i < t->n_rows; i++)
		if (strcmp(t->cells[(size_t)i * t->n_cols], name) == 0)
			return i;
	return -1;
}

/* A value must be one token, also when it is written between spaces. */
static int
check_value(const struct ct_world *w, const struct ct_yaml *at, struct ct_error *err)
{
	const char *s = at->text;
	size_t n;

	if (at->kind != CT_YAML_SCALAR)
		return ct_yaml_fail(w->doc, at, CT_EFORMAT, err, "expected a value, found a list or map");
	n = strlen(s);
	if (n == 0 || n > CT_MAX_CELL)
		return ct_yaml_fail(w->doc, at, CT_EFORMAT, err, "a value has 1 to %d bytes, found %zu",
		    CT_MAX_CELL, n);
	if (strpbrk(s, "\t\r\n{}") || s[0] == ' ' || s[n - 1] == ' ' || strstr(s, "  "))
		return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
		    "\"%s\": a value has no braces, tabs, line breaks, double, leading or trailing spaces",
		    s);
	return CT_OK;
}

static int
read_columns(struct ct_world *w, struct ct_table *t, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *cols = ct_yaml_get(node, "columns");

	if (!cols || cols->kind != CT_YAML_LIST || cols->n == 0 || cols->n > CT_MAX_COLUMNS)
		return ct_yaml_fail(w->doc, cols ? cols : node, CT_EFORMAT, err,
		    "table %s needs `columns:`, a list of 1 to %d names", t->name, CT_MAX_COLUMNS);
	for (int i = 0; i < cols->n; i++) {
		int code = check_value(w, &cols->items[i], err);

		if (code < 0)
			return code;
		if (strcmp(cols->items[i].text, "relation") == 0 || strchr(cols->items[i].text, '.'))
			return ct_yaml_fail(w->doc, &cols->items[i], CT_EFORMAT, err,
			    "a column cannot be called \"%s\": \"relation\" and dots have a meaning in slots",
			    cols->items[i].text);
		if (table_column(t, cols->items[i].text) >= 0)
			return ct_yaml_fail(w->doc, &cols->items[i], CT_EFORMAT, err,
			    "table %s has two columns called \"%s\"", t->name, cols->items[i].text);
		t->cols[t->n_cols] = ct_arena_strdup(w->arena, cols->items[i].text);
		if (!t->cols[t->n_cols++])
			return ct_fail_memory(err, CT_MAX_CELL, "a table");
	}
	return CT_OK;
}

static int
read_wording(struct ct_world *w, struct ct_table *t, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *map = ct_yaml_get(node, "labels");

	if (!map)
		return CT_OK;
	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(
		    w->doc, map, CT_EFORMAT, err, "`labels:` is a map from columns to wordings");
	for (int i = 0; i < map->n; i++) {
		const struct ct_yaml *e = &map->items[i];
		int col = table_column(t, e->key);

		if (col < 0)
			return ct_yaml_fail(
			    w->doc, e, CT_EFORMAT, err, "table %s has no column \"%s\"", t->name, e->key);
		if (e->kind != CT_YAML_SCALAR || !strstr(e->text, "{}") || strlen(e->text) > CT_MAX_CELL)
			return ct_yaml_fail(w->doc, e, CT_EFORMAT, err,
			    "a label's wording has \"{}\" where the value goes, such as \"in {}\"");
		t->wording[col] = ct_arena_strdup(w->arena, e->text);
		if (!t->wording[col])
			return ct_fail_memory(err, CT_MAX_CELL, "a table");
	}
	return CT_OK;
}

static int
read_row(struct ct_world *w, struct ct_table *t, const struct ct_yaml *row, struct ct_error *err)
{
	const char **cells = t->cells + (size_t)t->n_rows * t->n_cols;
	int code;

	if (row->kind != CT_YAML_LIST || row->n != t->n_cols)
		return ct_yaml_fail(w->doc, row, CT_EFORMAT, err, "a row of table %s has %d values, found %d",
		    t->name, t->n_cols, row->kind == CT_YAML_LIST ? row->n : 1);
	for (int i = 0; i < row->n; i++) {
		if ((code = check_value(w, &row->items[i], err)) < 0)
			return code;
		if (i == 0 && table_row(t, row->items[i].text) >= 0)
			return ct_yaml_fail(w->doc, row, CT_EFORMAT, err,
			    "table %s has two rows called \"%s\"", t->name, row->items[i].text);
		cells[i] = ct_arena_strdup(w->arena, row->items[i].text);
		if (!cells[i])
			return ct_fail_memory(err, CT_MAX_CELL, "a table");
	}
	t->row_at[t->n_rows++] = row;
	return CT_OK;
}

static int
read_table(struct ct_world *w, struct ct_table *t, const struct ct_yaml *node, struct ct_error *err)
{
	static const char *const keys[] = { "columns", "labels", "rows", NULL };
	const struct ct_yaml *rows;
	size_t n;
	int code;

	t->name = ct_arena_strdup(w->arena, node->key);
	if (!t->name)
		return ct_fail_memory(err, CT_MAX_CELL, "a table");
	if (node->kind != CT_YAML_MAP)
		return ct_yaml_fail(
		    w->doc, node, CT_EFORMAT, err, "table %s needs `columns:` and `rows:`", t->name);
	if ((code = ct_yaml_only(w->doc, node, keys, err)) < 0)
		return code;
	if ((code = read_columns(w, t, node, err)) < 0 || (code = read_wording(w, t, node, err)) < 0)
		return code;
	rows = ct_yaml_get(node, "rows");
	if (!rows || rows->kind != CT_YAML_LIST || rows->n == 0)
		return ct_yaml_fail(w->doc, rows ? rows : node, CT_EFORMAT, err,
		    "table %s is empty: give it `rows:`, one list of %d values each", t->name, t->n_cols);
	n = (size_t)rows->n * t->n_cols;
	t->cells = ct_arena_need(w->arena, n, sizeof *t->cells, "a table", err);
	t->ref_rows = ct_arena_need(w->arena, n, sizeof(int), "a table", err);
	t->shared = ct_arena_need(w->arena, n, sizeof(int), "a table", err);
	t->row_at = ct_arena_need(w->arena, (size_t)rows->n, sizeof *t->row_at, "a table", err);
	if (!t->cells || !t->ref_rows || !t->shared || !t->row_at)
		return CT_ENOMEM;
	for (int i = 0; i < rows->n; i++)
		if ((code = read_row(w, t, &rows->items[i], err)) < 0)
			return code;
	return CT_OK;
}

/* A column (not the first) named like a table holds names of its rows. */
static int
link_table(struct ct_world *w, struct ct_table *t, struct ct_error *err)
{
	for (int c = 0; c < t->n_cols; c++) {
		t->refs[c] = c == 0 ? -1 : ct_world_table(w, t->cols[c]);
		for (int r = 0; r < t->n_rows; r++) {
			size_t i = (size_t)r * t->n_cols + c;

			if (t->refs[c] >= 0) {
				t->ref_rows[i] = table_row(&w->tables[t->refs[c]], t->cells[i]);
				if (t->ref_rows[i] < 0)
					return ct_yaml_fail(w->doc, t->row_at[r], CT_EFORMAT, err,
					    "%s \"%s\": table %s has no row \"%s\"", t->name,
					    t->cells[(size_t)r * t->n_cols], t->cols[c], t->cells[i]);
			}
			for (int o = 0; o < r; o++) {
				size_t j = (size_t)o * t->n_cols + c;

				if (strcmp(t->cells[i], t->cells[j]) == 0)
					t->shared[i] = t->shared[j] = 1;
			}
		}
	}
	return CT_OK;
}

int
ct_world_read(struct ct_world *w, const struct ct_yaml *tables, struct ct_error *err)
{
	int code;

	if (!tables || tables->kind != CT_YAML_MAP || tables->n == 0)
		return ct_yaml_fail(w->doc, tables ? tables : ct_yaml_root(w->doc), CT_EFORMAT, err,
		    "`corpus:` needs `tables:`, a map from names to tables (or `generator:`)");
	w->tables = ct_arena_need(w->arena, (size_t)tables->n, sizeof *w->tables, "the tables", err);
	if (!w->tables)
		return CT_ENOMEM;
	for (int i = 0; i < tables->n; i++) {
		if ((code = read_table(w, &w->tables[i], &tables->items[i], err)) < 0)
			return code;
		w->n_tables++;
	}
	for (int i = 0; i < w->n_tables; i++)
		if ((code = link_table(w, &w->tables[i], err)) < 0)
			return code;
	return CT_OK;
}

static bool
same(const char *name, const char *part, size_t n)
{
	return strlen(name) == n && memcmp(name, part, n) == 0;
}

static int
find_column(const struct ct_table *t, const char *part, size_t n)
{
	for (int i = 0; i < t->n_cols; i++)
		if (same(t->cols[i], part, n))
			return i;
	return -1;
}

/* Where a path starts: a row of `over`, or the only column of one of them that refers to a table so named. */
static int
parse_start(struct ct_slot *s, const struct ct_world *w, const struct ct_over *over, const char *part,
    size_t n, int *table, const struct ct_yaml *at, struct ct_error *err)
{
	int found = 0;

	for (int i = 0; i < over->n; i++)
		if (same(over->names[i], part, n)) {
			*s = (struct ct_slot){.over = i};
			*table = over->tables[i];
			return CT_OK;
		}
	for (int i = 0; i < over->n; i++) {
		const struct ct_table *t = &w->tables[over->tables[i]];
		int col = find_column(t, part, n);

		if (col > 0 && t->refs[col] >= 0) {
			*s = (struct ct_slot){.over = i, .n = 1, .cols = {col}};
			*table = t->refs[col];
			found++;
		}
	}
	if (found > 1)
		return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
		    "\"%.*s\" is a column of several rows of `over:`; write NAME.%.*s", (int)n, part, (int)n,
		    part);
	if (!found)
		return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
		    "\"%.*s\" is neither a row of `over:` (%s%s) nor a table that it refers to", (int)n, part,
		    over->names[0], over->n > 1 ? ", ..." : "");
	return CT_OK;
}

int
ct_slot_parse(struct ct_slot *s, const struct ct_world *w, const struct ct_over *over, const char *path,
    size_t n, const struct ct_relations *relations, const struct ct_yaml *at, struct ct_error *err)
{
	const char *end = path + n;
	const char *dot = memchr(path, '.', n);
	int table = -1, code;

	code = parse_start(s, w, over, path, dot ? (size_t)(dot - path) : n, &table, at, err);
	while (code == CT_OK && dot) {
		const char *part = dot + 1;
		const struct ct_table *t = &w->tables[table];
		int col;

		dot = memchr(part, '.', (size_t)(end - part));
		n = (size_t)((dot ? dot : end) - part);
		if (s->n == CT_MAX_PATH)
			return ct_yaml_fail(w->doc, at, CT_EFORMAT, err, "a slot follows at most %d columns",
			    CT_MAX_PATH);
		if (same("relation", part, n)) {
			if (relations->n == 0)
				return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
				    "\"relation\" in a slot needs `relations:`, a list of columns");
			for (int i = 0; i < relations->n; i++)
				if (table_column(t, relations->names[i]) < 0)
					return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
					    "table %s has no column \"%s\" (a relation)", t->name,
					    relations->names[i]);
			if (dot)
				return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
				    "\"relation\" must be the last part of a slot");
			s->cols[s->n++] = CT_CURRENT_RELATION;
			break;
		}
		col = find_column(t, part, n);
		if (col < 0)
			return ct_yaml_fail(w->doc, at, CT_EFORMAT, err, "table %s has no column \"%.*s\"",
			    t->name, (int)n, part);
		if (dot && t->refs[col] < 0)
			return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
			    "column \"%.*s\" of table %s refers to no table, so nothing can follow it",
			    (int)n, part, t->name);
		s->cols[s->n++] = col;
		table = t->refs[col];
	}
	return code;
}

struct ct_fact
ct_slot_fact(const struct ct_slot *s, const struct ct_world *w, const struct ct_over *over, const int *rows,
    const char *relation)
{
	struct ct_fact f = { over->tables[s->over], rows[s->over], 0 };

	for (int i = 0; i < s->n; i++) {
		const struct ct_table *t = &w->tables[f.table];
		int col = s->cols[i] == CT_CURRENT_RELATION ? table_column(t, relation) : s->cols[i];

		if (t->refs[col] >= 0)
			f = (struct ct_fact){ t->refs[col], t->ref_rows[(size_t)f.row * t->n_cols + col], 0 };
		else
			f.col = col;
	}
	return f;
}

const char *
ct_fact_text(const struct ct_world *w, struct ct_fact f)
{
	const struct ct_table *t = &w->tables[f.table];

	return t->cells[(size_t)f.row * t->n_cols + f.col];
}
