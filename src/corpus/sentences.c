/*
 * sentences: writes the instances of templates into a corpus, with every token's labels (see corpus.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/templates.h"

/* One sentence while it is written. */
struct line {
	const struct ct_plan *p;
	const struct ct_template *t;
	const struct ct_instance *in;
	struct ct_build *b;
	int pos[CT_MAX_PIECES];		/* position of each piece's last token */
	int asked;			/* position of the answer, -1: none */
	int n;				/* tokens, BOS included */
};

static struct ct_fact
fact_of(const struct line *l, const struct ct_slot *s)
{
	return ct_instance_fact(l->p, l->in, s);
}

static const char *
text_of(const struct line *l, const struct ct_slot *s)
{
	return ct_fact_text(l->p->world, fact_of(l, s));
}

static const char *
column_of(const struct line *l, struct ct_fact f)
{
	const struct ct_table *t = &l->p->world->tables[f.table];

	return f.col ? t->cols[f.col] : t->name;
}

/* The tokens; the position of each piece. */
static void
write_tokens(struct line *l)
{
	const struct ct_template *t = l->t;

	l->n = 1;
	for (int i = 0; i < t->n_pieces; i++) {
		const struct ct_template_piece *p = &t->pieces[i];

		if (p->kind == CT_PIECE_RELATION) {
			const char *s = t->relations[l->in->relation];
			char word[CT_MAX_CELL + 1];

			for (size_t n; *s; s += n + (s[n] == ' ')) {
				n = strcspn(s, " ");
				snprintf(word, sizeof word, "%.*s", (int)n, s);
				ct_build_token(l->b, word);
				l->n++;
			}
		} else {
			ct_build_token(l->b, p->kind == CT_PIECE_SLOT ? text_of(l, &p->slot) : p->text);
			l->n++;
		}
		l->pos[i] = l->n - 1;
	}
	l->asked = t->answer < 0 ? -1 : l->pos[t->answer] - 1;
}

/* The value in its column's wording, or after `otherwise`. */
static void
word_fact(const struct line *l, struct ct_fact f, const char *otherwise, char *buf, size_t size)
{
	const char *wording = l->p->world->tables[f.table].wording[f.col];
	const char *text = ct_fact_text(l->p->world, f);
	const char *mark = wording ? strstr(wording, "{}") : NULL;

	if (mark)
		snprintf(buf, size, "%.*s%s%s", (int)(mark - wording), wording, text, mark + 2);
	else
		snprintf(buf, size, "%s%s", otherwise, text);
}

/* What a row shares with others, in its own columns and those of rows it refers to: "region South". */
static void
label_shared(const struct line *l, int pos, struct ct_fact f, const char *suffix, int depth)
{
	const struct ct_table *t = &l->p->world->tables[f.table];

	if (f.col != 0 || depth == 0)
		return;
	for (int c = 1; c < t->n_cols; c++) {
		size_t i = (size_t)f.row * t->n_cols + c;
		char text[3 * CT_MAX_CELL], plain[CT_MAX_CELL + 2];

		if (t->wording[c] || t->shared[i]) {
			snprintf(plain, sizeof plain, "%s ", t->cols[c]);
			word_fact(l, (struct ct_fact){ f.table, f.row, c }, plain, text, sizeof text);
			ct_build_label(l->b, pos, "%s%s", text, suffix);
		}
		if (t->refs[c] >= 0)
			label_shared(
			    l, pos, (struct ct_fact){ t->refs[c], t->ref_rows[i], 0 }, suffix, depth - 1);
	}
}

static void
label_slots(const struct line *l)
{
	for (int i = 0; i < l->t->n_pieces; i++) {
		const struct ct_template_piece *p = &l->t->pieces[i];
		struct ct_fact f;
		const char *column;

		if (p->kind != CT_PIECE_SLOT)
			continue;
		f = fact_of(l, &p->slot);
		column = column_of(l, f);
		ct_build_label(l->b, l->pos[i], "%s %s", ct_build_article(column), column);
		ct_build_label(l->b, l->pos[i] - 1, "say %s %s", ct_build_article(column), column);
		label_shared(l, l->pos[i], f, "", 2);
		if (l->asked >= 0 && l->pos[i] <= l->asked)
			ct_build_label(l->b, l->asked, "%s, answering", ct_fact_text(l->p->world, f));
	}
}

/* The first position that determines a path: that of a slot with the path itself or a part it begins with. */
static int
known_from(const struct line *l, const struct ct_slot *s)
{
	for (int i = 0; i < l->t->n_pieces; i++) {
		const struct ct_slot *p = &l->t->pieces[i].slot;

		if (l->t->pieces[i].kind == CT_PIECE_SLOT && p->over == s->over && p->n <= s->n &&
		    memcmp(p->cols, s->cols, (size_t)p->n * sizeof *p->cols) == 0)
			return l->pos[i];
	}
	return l->n;
}

/* The row that a question goes through without asking for its name. */
static void
label_bridge(const struct line *l, struct ct_fact about, const char *text)
{
	struct ct_fact f = fact_of(l, &l->t->pieces[l->t->answer].slot);

	if (about.col != 0 || f.table != about.table || f.row != about.row || f.col == 0)
		return;
	ct_build_label(l->b, l->asked, "bridge %s", text);
	if (l->p->n_templates > 1)
		ct_build_label(l->b, l->asked, "bridge %s, %s", text, l->t->name);
}

/* Nothing is labelled beyond the answer position: no later token needs to know. */
static int
last_position(const struct line *l)
{
	return l->asked < 0 ? l->n - 1 : l->asked;
}

static void
label_about(const struct line *l, struct ct_sentence *sentence)
{
	char text[3 * CT_MAX_CELL];

	for (int i = 0; i < l->t->n_about; i++) {
		struct ct_fact f = fact_of(l, &l->t->about[i]);
		int from = known_from(l, &l->t->about[i]);

		word_fact(l, f, "about ", text, sizeof text);
		for (int pos = from; pos <= last_position(l); pos++) {
			int label = ct_build_label(l->b, pos, "%s", text);

			if (i == 0)
				sentence->about = label;
		}
		word_fact(l, f, "", text, sizeof text);
		if (from <= sentence->plan_at)
			ct_build_label(l->b, sentence->plan_at, "%s, planning", text);
		if (from <= l->asked) {
			ct_build_label(l->b, l->asked, "%s, answering", text);
			label_shared(l, l->asked, f, ", answering", 2);
			label_bridge(l, f, text);
		}
	}
}

static void
label_relation(const struct line *l)
{
	if (l->in->relation < 0)
		return;
	for (int i = 0; i < l->t->n_pieces; i++)
		if (l->t->pieces[i].kind == CT_PIECE_RELATION) {
			for (int pos = l->pos[i]; pos <= last_position(l); pos++)
				ct_build_label(
				    l->b, pos, "asks for the %s", l->t->relations[l->in->relation]);
			break;
		}
}

static void
label_answer(const struct line *l)
{
	const struct ct_template *t = l->t;
	struct ct_fact f;
	const char *column;

	if (l->asked < 0)
		return;
	f = fact_of(l, &t->pieces[t->answer].slot);
	column = column_of(l, f);
	ct_build_label(l->b, l->asked, "answering");
	if (l->p->n_templates > 1)
		ct_build_label(l->b, l->asked, "%s, answering", t->name);
	if (f.col > 0)
		ct_build_label(l->b, l->asked, "%s of %s", column,
		    ct_fact_text(l->p->world, (struct ct_fact){ f.table, f.row, 0 }));
}

static void
write_sentence(const struct ct_plan *p, const struct ct_instance *in, struct ct_build *b)
{
	struct line l = { .p = p, .t = &p->templates[in->template], .in = in, .b = b };
	struct ct_sentence *s = ct_build_sentence(b, in->template);

	if (!s)
		return;
	s->held_out = in->held_out;
	s->validation = in->validation;
	s->row = in->rows[0];
	s->repeat = l.t->repeat;
	if (in->relation >= 0)
		s->relation = ct_names_add(&b->relations, l.t->relations[in->relation]);
	write_tokens(&l);
	if (b->failed)
		return;
	s->answer = l.asked;
	if (l.t->has_plan)
		s->plan = ct_names_find(&b->words, text_of(&l, &l.t->plan));
	if (l.t->plan_at >= 0)
		s->plan_at = l.pos[l.t->plan_at];
	for (int pos = 0; pos < l.n; pos++)
		ct_build_label(b, pos, "%s (input)", b->words.text[b->tokens[s->first + pos]]);
	label_slots(&l);
	label_about(&l, s);
	label_relation(&l);
	label_answer(&l);
}

int
ct_plan_write(const struct ct_plan *p, struct ct_build *b, struct ct_error *err)
{
	for (int i = 0; i < p->n_templates; i++)
		if (ct_names_add(&b->kinds, p->templates[i].name) < 0)
			return ct_fail_memory(err, CT_MAX_CELL, "the corpus");
	for (int i = 0; i < p->n && !b->failed; i++) {
		write_sentence(p, &p->instances[i], b);
		if (b->words.n > CT_CORPUS_MAX_WORDS)
			return ct_yaml_fail(p->world->doc, p->templates[p->instances[i].template].at,
			    CT_EINVAL, err,
			    "the vocabulary grows beyond %d words here; use fewer rows or shorter templates",
			    CT_CORPUS_MAX_WORDS);
	}
	return CT_OK;
}
