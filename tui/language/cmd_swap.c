/* cmd_swap: the command that sets the features of a hidden value to another's; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/view/swap.h"

enum { WORDS = 4, WORD = SWAP_WORD };

/*
 * The next word at *p, which moves past it; in quotes it may contain blanks. Returns false if there is none
 * or it is too long.
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

/* Parses [@PLACE] [FROM] TO [xK]; false if the text is different. out points into word. */
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
	if (strcmp(opt.to, "all") == 0)
		return swap_show(a, &opt);
	set.n = ct_session_swap_clamps(a->study.first, &opt, many, STUDY_CLAMPS, &a->study.job, &err);
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
