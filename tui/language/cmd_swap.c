/*
 * cmd_swap: commands that set the features of a hidden value to another's, and that name paths; see
 * cmd_exec.h.
 */
#include "tui/language/cmd_exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"

enum { WORDS = 4, WORD = 120, PATHS = 20 };

/*
 * The next word at *p, which moves behind it; in quotes it may have blanks. false: there is none, or it is
 * too long.
 */
static bool
next_word(const char **p, char word[WORD])
{
	const char *q = *p + strspn(*p, " ");
	bool quoted = *q == '"';
	size_t n;

	q += quoted;
	n = strcspn(q, quoted ? "\"" : " ");
	if (n == 0 || n >= WORD || (quoted && !q[n]))
		return false;
	snprintf(word, WORD, "%.*s", (int)n, q);
	*p = q + n + quoted;
	return true;
}

/* [@PLACE] [FROM] TO [xK]; false: it is none. word: room for what out lends. */
static bool
read_swap(const char *arg, char word[WORDS][WORD], struct ct_swap_options *out)
{
	int n = 0;

	*out = (struct ct_swap_options){ .strength = 1 };
	while (n < WORDS && next_word(&arg, word[n])) {
		const char *w = word[n];

		if (*w == '@' && !out->at && !out->to)
			out->at = word[n++];
		else if (*w == 'x' && ct_text_double(w + 1, &out->strength))
			return out->to && !arg[strspn(arg, " ")];
		else if (!out->to)
			out->to = word[n++];
		else if (!out->from) {
			out->from = out->to;
			out->to = word[n++];
		} else
			return false;
	}
	return out->to && !arg[strspn(arg, " ")];
}

/* Every other value in turn: how many give their answers, and what the controls did. */
static int
swap_all(struct app *a, const struct ct_swap_options *opt)
{
	const struct ct_swap *w;
	struct ct_error err;

	if (ct_session_swap(a->study.session, opt, &w, a->study.progress, a->study.ctx, &err) < 0)
		return app_error(a, &err);
	app_say(a, "%d of %d values give their answer; %s by another sentence %s; random features: %d of %d",
	    w->given, w->tried, w->own, w->same < 0 ? "is not in the corpus" : w->same_got == w->said
	    ? "changes nothing" : "changes the answer", w->random_given, w->tried);
	return DID_CHANGE;
}

int
do_swap(struct app *a, const char *arg)
{
	struct ct_clamp_options how = a->study.how;
	struct ct_clamp many[STUDY_CLAMPS];
	char word[WORDS][WORD];
	struct ct_swap_options opt;
	struct clamp_set set = { .n = 0 };
	struct ct_error err;

	if (!read_swap(arg, word, &opt))
		return app_fail(a, "swap: expected [@PLACE] [FROM] TO [xK], such as @Dallas Texas "
		    "California, or all for TO");
	if (!strcmp(opt.to, "all")) {
		opt.to = NULL;
		return swap_all(a, &opt);
	}
	set.n = ct_session_swap_clamps(a->study.session, &opt, many, STUDY_CLAMPS, a->study.progress,
	    a->study.ctx, &err);
	if (set.n < 0)
		return app_error(a, &err);
	memcpy(set.clamp, many, (size_t)set.n * sizeof *many);
	how.mode = CT_FREE;
	how.through = CT_MODEL;
	if (study_how(&a->study, &how, &err) || study_clamp_set(&a->study, &set, &err))
		return app_error(a, &err);
	app_say(a, "%d feature%s set to those of %s, mode free; swap all tries every value, with controls",
	    set.n, set.n == 1 ? "" : "s", opt.to);
	return DID_CHANGE;
}

/* One path in few words: "+20.6% capital > Austin". */
static void
path_text(struct app *a, const struct ct_path *p, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "%c%.1f%%", p->sign < 0 ? '-' : '+', 100 * p->share);
	char name[STUDY_NAME];

	for (int i = 0; i < p->n && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? " > " : " ",
		    study_name(&a->study, p->node[i], name, sizeof name));
}

int
do_paths(struct app *a, const char *arg)
{
	const struct ct_graph *g = a->study.graph;
	char text[sizeof a->message], one[4 * STUDY_NAME];
	struct ct_arena arena = { 0 };
	struct ct_paths p;
	struct ct_error err;
	size_t at;
	int n = 3, code;

	if (*arg && (!cmd_parse_int(arg, &n) || n < 1 || n > PATHS))
		return app_fail(a, "paths: expected how many, 1 to %d; found \"%.60s\"", PATHS, arg);
	code = ct_session_paths(a->study.session, g->n_nodes - g->n_targets, n, &p, &arena, &err);
	if (code == CT_OK) {
		at = (size_t)snprintf(text, sizeof text, "from words %.1f%%", 100 * p.total);
		for (int i = 0; i < p.n && at < sizeof text; i++) {
			path_text(a, &p.path[i], one, sizeof one);
			at += (size_t)snprintf(text + at, sizeof text - at, "; %s", one);
		}
		app_say(a, "%s", text);
	}
	ct_arena_free(&arena);
	return code < 0 ? app_error(a, &err) : DID_CHANGE;
}
