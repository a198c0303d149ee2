/*
 * templates: the `sentences:` of a recipe, and the sentences that they generate.
 *
 * templates.c parses them and lists every choice of rows (an instance); holdout.c decides which instances are
 * held out; sentences.c writes them out with their labels.
 */
#ifndef CT_CORPUS_TEMPLATES_H
#define CT_CORPUS_TEMPLATES_H

#include "corpus/build.h"
#include "corpus/world.h"

enum { CT_MAX_PIECES = 64, CT_MAX_ABOUT = 4, CT_MAX_WHERE = 4 };

enum ct_piece_kind { CT_PIECE_WORD, CT_PIECE_SLOT, CT_PIECE_RELATION };

struct ct_template_piece {
	enum ct_piece_kind kind;
	const char *text;			/* the word, or the slot's path */
	struct ct_slot slot;
};

struct ct_condition {
	struct ct_slot a, b;
	bool equal;				/* else: different */
};

struct ct_template {
	const char *name;
	const struct ct_yaml *at;
	struct ct_over over;
	int n_where;
	struct ct_condition where[CT_MAX_WHERE];
	int n_relations;			/* 0: none */
	const char *relations[CT_MAX_COLUMNS];
	int n_pieces;
	struct ct_template_piece pieces[CT_MAX_PIECES];
	int answer;				/* piece, -1: none */
	int n_about;
	struct ct_slot about[CT_MAX_ABOUT];
	bool has_plan;
	struct ct_slot plan;
	int plan_at;				/* piece, -1: none */
	int repeat;
};

struct ct_instance {
	int template, relation;			/* relation: index into the template's, -1: none */
	int rows[CT_MAX_OVER];
	bool held_out, validation;
};

struct ct_plan {
	const struct ct_world *world;
	int n_templates;
	struct ct_template *templates;
	int n, cap;
	struct ct_instance *instances;		/* malloc'd: ct_plan_free */
};

int ct_plan_read(struct ct_plan *p, const struct ct_world *w, const struct ct_yaml *sentences,
    struct ct_error *err);
void ct_plan_free(struct ct_plan *p);

struct ct_fact ct_instance_fact(const struct ct_plan *p, const struct ct_instance *in,
    const struct ct_slot *s);

/* Marks instances by the `hold_out:` section (NULL: none). */
int ct_plan_hold_out(struct ct_plan *p, const struct ct_yaml *node, struct ct_error *err);

/* Appends every instance, in order, to the corpus. */
int ct_plan_write(const struct ct_plan *p, struct ct_build *b, struct ct_error *err);

#endif
