/*
 * world: the tables of a recipe, and slots that name one value in them.
 *
 * Owns tables and the meaning of a slot's path. A path starts at a row that a sentence is `over` and follows
 * columns: "city", "city.state.capital", or short "state.capital" where only one row refers to a state.
 */
#ifndef CT_CORPUS_WORLD_H
#define CT_CORPUS_WORLD_H

#include "base/arena.h"
#include "base/error.h"
#include "io/yaml.h"

enum {
	CT_MAX_COLUMNS = 32,
	CT_MAX_OVER = 3,		/* rows joined in one sentence */
	CT_MAX_PATH = 4,		/* columns followed in one path */
	CT_MAX_CELL = 64,		/* bytes of a value */
	CT_CURRENT_RELATION = -1	/* as a column: the sentence's relation */
};

struct ct_table {
	const char *name;
	int n_cols, n_rows;
	const char *cols[CT_MAX_COLUMNS];
	int refs[CT_MAX_COLUMNS];		/* the table a column refers to, -1: none */
	const char *wording[CT_MAX_COLUMNS];	/* label of a value at "{}"; NULL: "COLUMN VALUE" */
	const char **cells;			/* (n_rows, n_cols) */
	int *ref_rows;				/* (n_rows, n_cols) row in the table referred to */
	int *shared;				/* (n_rows, n_cols) 1: another row has this value, too */
	const struct ct_yaml **row_at;		/* (n_rows) for messages */
};

struct ct_world {
	const struct ct_yaml_doc *doc;
	struct ct_arena *arena;
	int n_tables;
	struct ct_table *tables;
};

int ct_world_read(struct ct_world *w, const struct ct_yaml *tables, struct ct_error *err);
int ct_world_table(const struct ct_world *w, const char *name);		/* -1: none */
/* The rows a sentence is over: a name and a table each. */
struct ct_over {
	int n;
	const char *names[CT_MAX_OVER];
	int tables[CT_MAX_OVER];
};

struct ct_slot {
	int over;			/* where the path starts */
	int n;
	int cols[CT_MAX_PATH];
};

/* One cell: what a slot stands for once the rows are chosen. col 0 is the row's name. */
struct ct_fact {
	int table, row, col;
};

/* The columns that "relation" can mean. */
struct ct_relations {
	const char *const *names;
	int n;
};

/*
 * Parses path[0..n); every one of the relations must be a column where the path has "relation". Errors name
 * the line of `at`.
 */
int ct_slot_parse(struct ct_slot *s, const struct ct_world *w, const struct ct_over *over, const char *path,
    size_t n, const struct ct_relations *relations, const struct ct_yaml *at, struct ct_error *err);
struct ct_fact ct_slot_fact(const struct ct_slot *s, const struct ct_world *w, const struct ct_over *over,
    const int *rows, const char *relation);
const char *ct_fact_text(const struct ct_world *w, struct ct_fact f);

#endif
