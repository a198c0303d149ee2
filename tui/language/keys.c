/* keys: see keys.h. */
#include "tui/language/keys.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/language/mdoc.h"

/* Help lists keys in this order; hints show the first key of a command. */
static const struct key_entry defaults[] = {
	{ "card", "Enter", "enter", "go there", "select the node on this line in the tree" },
	{ "map", "Left", "left", "cell", "the cell to the left" },
	{ "map", "h", "left", NULL, NULL },
	{ "map", "Right", "right", "cell", "the cell to the right" },
	{ "map", "l", "right", NULL, NULL },
	{ "map", "Enter", "enter", "next node here", "select the next node of this cell, strongest first" },
	{ "logits", "Enter", "enter", "trace this token", "make the selected token the target" },
	{ "clamps", "Enter", "enter", "edit", "change the selected clamp" },
	{ "clamps", "Space", "switch", "on/off", "switch the selected clamp off or on" },
	{ "clamps", "d", "unclamp", "remove", "remove the selected clamp" },
	{ "clamps", "Delete", "unclamp", NULL, NULL },
	{ "clamps", "S", "sweep", "sweep", "run the clamps at many strengths" },
	{ "subgraph", "Enter", "enter", "open",
	    "show a supernode's members, or hide them; on a node: select it in the tree" },
	{ "subgraph", "Space", "switch", NULL, "switch the clamps of the supernode or feature off or on" },
	{ "subgraph", "L", "rename", "rename", "give the supernode another name" },
	{ "subgraph", "d", "unpin", "unpin", "unpin the node, or all of the supernode" },
	{ "subgraph", "Delete", "unpin", NULL, NULL },
	{ "subgraph", "U", "ungroup", NULL, "dissolve the supernode; its members stay pinned" },
	{ "subgraph", "S", "sweep", NULL, "run the supernode's features at many strengths" },
	{ "boxes", "Enter", "enter", "go there",
	    "select the node, or the first of the group, in the tree; with nothing pinned, :auto" },
	{ "boxes", "Space", "switch", NULL, "switch the clamps of the box off or on" },
	{ "boxes", "L", "rename", "rename", "give the supernode another name" },
	{ "boxes", "d", "unpin", "unpin", "unpin the box: the node, or all of the supernode" },
	{ "boxes", "U", "ungroup", NULL, "dissolve the supernode; its members stay pinned" },
	{ "boxes", "S", "sweep", NULL, "run the box's features at many strengths" },
	{ "survey", "Enter", "enter", "go there", "select the feature in the tree" },
	{ "judge", "Enter", "enter", "go there", "select the part, or its first member, in the tree" },
	{ "paths", "Enter", "enter", "open in tree", "open the path in the tree, down to its word" },
	{ "heads", "Enter", "enter", "why there", "why it attends there: what is in its query and key" },
	{ "qk", "Enter", "enter", "go there", "select the node, of a pair the one in the key, in the tree" },
	{ "qk", "Right", "qk next", "query, key",
	    "the rows: pairs, then what is in the query, then what is in the key" },
	{ "qk", "l", "qk next", NULL, NULL },
	{ "qk", "Left", "qk back", NULL, "the previous rows" },
	{ "qk", "h", "qk back", NULL, NULL },
	{ "compare", "Enter", "enter", "patch", "set the feature, or all features of the token, to their "
	    "activations there" },
	{ "inactive", "Space", "card", "card", "show the feature's card" },
	{ "inactive", "Enter", "enter", "set it", "clamp the feature to its typical activation" },
	{ "weights", "Enter", "enter", "follow",
	    "show the weights of this row's feature; select a word or an answer in the tree" },
	{ "weights", "Space", "card", "card", "show the feature's card" },
	{ "weights", "Right", "weights next", "from, to",
	    "the rows: both sides, then what feeds it, then what it feeds" },
	{ "weights", "l", "weights next", NULL, NULL },
	{ "weights", "Left", "weights back", NULL, "the previous rows" },
	{ "weights", "h", "weights back", NULL, NULL },
	{ "swap", "Enter", "enter", "do this swap", "clamp the features of this swap, and go to the tree" },
	{ "features", "Enter", "enter", "show", "select the feature where it is active in this prompt" },
	{ "features", "Space", "card", "card", "show the feature's card" },
	{ "features", "\\", "filter", "filter", "show only features whose name or label contains a text" },
	{ "help", "\\", "filter", "filter", "show only lines with a text" },
	{ "operands", "Left", "left", "token", "the feature at the previous token" },
	{ "operands", "h", "left", NULL, NULL },
	{ "operands", "Right", "right", "token", "the feature at the next token" },
	{ "operands", "l", "right", NULL, NULL },
	{ KEYS_READING, "g", "first", NULL, "the first line" },
	{ KEYS_READING, "G", "last", NULL, "the last line" },
	{ "help", "Space", "page-down", "page", "a page down" },
	{ "help", "q", "back", "back", "leave the help" },
	{ "sessions", "Enter", "enter", "load", "open the selected session" },
	{ "settings", "Enter", "enter", "change", "the next value of the selected option, or type one" },
	{ "settings", "Space", "enter", NULL, NULL },
	{ "start", "Enter", "enter", "begin", "begin the selected lesson, or open the selected session or "
	    "model" },
	{ "start", "O", "transcoder neurons", "its neurons",
	    "open the selected model with its own neurons as features" },
	{ "lesson", "Space", "lesson next", "on", "the next step of the lesson" },
	{ "lesson", "]", "lesson next", NULL, NULL },
	{ "lesson", "[", "lesson back", "back", "the previous step" },
	{ "lesson", "r", "lesson again", "again", "begin this step again" },
	{ "lesson", ".", "lesson hint", "hint", "a hint; after the last one: do the task" },
	{ "lesson", "1", "lesson choose 1", "choose",
	    "when the lesson asks what will happen: the first choice" },
	{ "lesson", "2", "lesson choose 2", "choose", "the second choice" },
	{ "lesson", "3", "lesson choose 3", "choose", "the third choice" },
	{ "lesson", "4", "lesson choose 4", "choose", "the fourth choice" },

	{ NULL, "i", "edit", NULL, "edit the prompt" },
	{ NULL, "e", "edit", NULL, NULL },
	{ "tree", "Enter", "enter", "open", "expand or fold; on \"more\": show more; on an error: "
	    "the neurons of the MLP that it is made of, on its card" },
	{ "tree", "Space", "enter", NULL, NULL },
	{ NULL, "Esc", "back", "close", "back: from the help, from a view, from a zoomed pane" },
	{ NULL, "Backspace", "back", NULL, NULL },
	{ NULL, "c", "clamp", "clamp",
	    "clamp the selected feature: 3 sets it to 3, x2 to twice, +1 or -1 shifts it" },
	{ NULL, "x", "ablate", "ablate", "clamp the selected feature to 0, or remove that clamp" },
	{ NULL, "Left", "left", "token", "the previous token, and what is likely after it" },
	{ NULL, "h", "left", NULL, NULL },
	{ NULL, "Right", "right", "token", "the next token" },
	{ NULL, "l", "right", NULL, NULL },
	{ NULL, "Up", "up", NULL, "up" },
	{ NULL, "k", "up", NULL, NULL },
	{ NULL, "Down", "down", NULL, "down" },
	{ NULL, "j", "down", NULL, NULL },
	{ NULL, "PageUp", "page-up", NULL, "a page up" },
	{ NULL, "Ctrl-b", "page-up", NULL, NULL },
	{ NULL, "b", "page-up", NULL, NULL },
	{ NULL, "PageDown", "page-down", NULL, "a page down" },
	{ NULL, "Ctrl-f", "page-down", NULL, NULL },
	{ NULL, "f", "page-down", NULL, NULL },
	{ NULL, "Ctrl-u", "page-up half", NULL, "half a page up" },
	{ NULL, "Ctrl-d", "page-down half", NULL, "half a page down" },
	{ NULL, "Home", "first", NULL, "the first line" },
	{ NULL, "End", "last", NULL, "the last line" },
	{ NULL, "a", "attribute", "attribute",
	    "attribute from the selected token: what makes its next token likely" },
	{ NULL, "A", "attribute node", NULL, "attribute from the selected feature: what makes it active" },
	{ NULL, "/", "search", "find", "find text, in names and labels" },
	{ NULL, "n", "search-next", NULL, "the next match" },
	{ NULL, "N", "search-back", NULL, "the previous match" },
	{ NULL, "\\", "filter", NULL, "show only features whose name or label contains a text" },
	{ NULL, "Tab", "next-pane", "pane", "the next pane: tree, card, map" },
	{ NULL, "Shift-Tab", "next-pane back", NULL, "the previous pane" },
	{ NULL, "z", "pane zoom", "zoom", "only this pane, or all of them again" },
	{ NULL, ">", "pane wider", NULL, "make this pane wider" },
	{ NULL, "<", "pane narrower", NULL, "make it narrower" },
	{ NULL, "}", "pane taller", NULL, "make it taller, if there is another pane above or below" },
	{ NULL, "{", "pane shorter", NULL, "make it shorter" },
	{ NULL, "=", "pane even", NULL, "restore the sizes of all panes" },
	{ NULL, ",", "jump back", "node before", "go back to the node you visited before" },
	{ NULL, "Alt-Left", "jump back", NULL, NULL },
	{ NULL, "Ctrl-o", "jump back", NULL, NULL },
	{ NULL, ";", "jump forward", NULL, "forward again" },
	{ NULL, "Alt-Right", "jump forward", NULL, NULL },
	{ "tree", "h", "out", NULL, "fold this row, or go to its parent" },
	{ "tree", "l", "in", NULL, "open this row, or go to the first one below it" },
	{ "subgraph", "h", "out", NULL, "fold this row, or go to its parent" },
	{ "subgraph", "l", "in", NULL, "open this row, or go to the first one below it" },
	{ "tree", "f", "sort", NULL, "which rows come first: the largest, the most positive, the most "
	    "negative" },
	{ "tree", "V", "by", NULL, "what a row stands for: a feature, everything from a token, everything "
	    "from a layer" },
	{ "tree", "+", "expand", NULL, "expand one level more" },
	{ "tree", "-", "fold", NULL, "fold the deepest level" },
	{ "tree", "*", "expand all", NULL, "expand everything, or fold everything" },
	{ NULL, "t", "target", NULL, "choose target tokens: Austin or Austin,Houston or Austin-Houston" },
	{ NULL, "w", "edges", NULL, "edges as weights, or as shares of all that flows into a node" },
	{ NULL, "[", "prune less", "prune", "prune less: show more of the graph" },
	{ NULL, "]", "prune more", "prune", "prune more: show less of the graph" },
	{ NULL, "u", "undo", "undo", "undo the last change of clamps, pins, supernodes or labels" },
	{ NULL, "Ctrl-r", "redo", NULL, "redo it" },
	{ NULL, "o", "mode", NULL, "what clamps leave frozen: attention patterns, nothing, everything" },
	{ NULL, "O", "through", NULL, "what computes a clamp's effect: the model, or the replacement model" },
	{ NULL, "G", "generate", NULL, "generate more tokens, with and without the clamps" },
	{ NULL, "1", "view tree", NULL, "the main screen" },
	{ NULL, "2", "view map", NULL, "the map: layers by tokens" },
	{ NULL, "m", "view map", "map", NULL },
	{ NULL, "3", "view logits", NULL, "the likeliest next tokens: original, replacement, clamped" },
	{ NULL, "4", "view clamps", NULL,
	    "the clamps: predicted direct and total effects, and observed effects" },
	{ NULL, "5", "view features", NULL, "all features of the model" },
	{ NULL, "6", "view survey", NULL, "each feature set to 0 in turn: its effect and its influence" },
	{ NULL, "7", "view sweep", NULL, "the clamps at many strengths: where the answer changes" },
	{ NULL, "8", "view lesson", NULL, "the lesson on the whole screen, with all its steps" },
	{ NULL, "9", "view subgraph", NULL, "what is pinned: supernodes and what feeds them" },
	{ NULL, "B", "view boxes", NULL,
	    "what is pinned, as a drawing; :auto groups the graph automatically" },
	{ NULL, "W", "trace", NULL,
	    "the graph of the clamped run, each row before and after; or the original graph again" },
	{ NULL, "R", "view paths", NULL, "the strongest paths from words to the target" },
	{ NULL, "C", "view compare", NULL, "compare this graph with another prompt's (:compare PROMPT)" },
	{ NULL, "H", "view heads", NULL, "which attention heads carry the edge, from which token to which" },
	{ NULL, "J", "view judge", NULL,
	    "what is lost without the pinned features, or if none are pinned, without those of the pruned "
	    "graph" },
	{ NULL, "I", "view inactive", NULL, "features that nearly fire, and what inhibits them" },
	{ NULL, "F", "weights", NULL,
	    "what the selected feature does in every prompt, next to what it does here" },
	{ NULL, "X", "view swap", NULL, "swap the prompt's hidden value for every other one" },
	{ NULL, "v", "view operands", NULL,
	    "the feature over all values of the two numbers of the prompt" },
	{ NULL, "0", "view start", NULL, "sessions, lessons, the gallery, and models" },
	{ NULL, "L", "label", NULL, "type a label for the selected feature" },
	{ NULL, "E", "export", NULL, "write the graph to a file" },
	{ NULL, "M", "note", NULL, "write a note about what is selected" },
	{ NULL, "s", "save", NULL, "keep this session under a name; changes are kept as they are made" },
	{ NULL, "S", "sessions", NULL, "list the sessions" },
	{ NULL, "P", "transcoder", NULL,
	    "the other transcoder of this model, or from its neurons back to the transcoder" },
	{ NULL, "p", "pin", NULL, "pin the selected node, or unpin it" },
	{ NULL, "g", "group", NULL, "put the selected node into a supernode" },
	{ NULL, ":", "command", "command", "type a command" },
	{ NULL, "?", "help", "help", "this help" },
	{ NULL, "F1", "help", NULL, NULL },
	{ NULL, "F2", "set", NULL, "the settings: theme, characters, mouse, thresholds, modes" },
	{ NULL, "Ctrl-l", "redraw", NULL, "draw the screen again" },
	{ NULL, "Ctrl-z", "suspend", NULL, "go to the shell; fg comes back" },
	{ NULL, "q", "quit", "quit", "quit" },
	{ NULL, "F10", "quit", NULL, NULL },
};

enum { N_DEFAULTS = sizeof defaults / sizeof *defaults, N_BOUND = 256 };

/* The bindings in force: the defaults, until a person binds a key. There is one keyboard, so one table. */
static const struct key_entry *keys = defaults;
static int n_keys = N_DEFAULTS;
static struct key_entry bound[N_DEFAULTS + N_BOUND];
static char *owned[2 * N_BOUND];	/* strings of the bindings that a person made */
static int n_owned;

const struct key_entry *
key_at(int i)
{
	return i >= 0 && i < n_keys ? &keys[i] : NULL;
}

static bool
same_place(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

const struct key_entry *
key_bound_in(const char *place, int key)
{
	for (int i = 0; i < n_keys; i++)
		if (keys[i].place && strcmp(keys[i].place, place) == 0 && key_parse(keys[i].key) == key)
			return &keys[i];
	return NULL;
}

const struct key_entry *
key_bound(const char *place, int key)
{
	const struct key_entry *found = NULL;

	for (int i = 0; i < n_keys; i++) {
		if (key_parse(keys[i].key) != key)
			continue;
		if (keys[i].place && place && strcmp(keys[i].place, place) == 0)
			return &keys[i];
		if (!keys[i].place && !found)
			found = &keys[i];
	}
	return found;
}

static bool
same_binding(int i, int k)
{
	return same_place(keys[i].place, keys[k].place) && strcmp(keys[i].command, keys[k].command) == 0;
}

int
key_is_first(int i)
{
	for (int k = 0; k < i; k++)
		if (same_binding(i, k))
			return 0;
	return 1;
}

const char *
key_group(char *buf, size_t size, int i)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int k = i; k < n_keys && n < size; k++)
		if (same_binding(i, k))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " " : "",
			    key_shown(keys[k].key));
	return buf;
}

/*
 * Removes an entry. If it carried the help of its command, another key of the same command and place gets it.
 */
static void
take_out(int i)
{
	struct key_entry gone = bound[i];
	bool helped = false;

	memmove(bound + i, bound + i + 1, (size_t)(--n_keys - i) * sizeof *bound);
	for (int k = 0; k < n_keys && !helped && gone.note; k++)
		if (same_place(bound[k].place, gone.place) && strcmp(bound[k].command, gone.command) == 0) {
			bound[k].note = gone.note;
			bound[k].hint = bound[k].hint ? bound[k].hint : gone.hint;
			helped = true;
		}
}

/* The default whose help describes a command, preferably in the same place; -1: none. */
static int
find_help(const struct key_entry *e)
{
	int best = -1;

	for (int k = 0; k < N_DEFAULTS; k++)
		if (defaults[k].note && strcmp(defaults[k].command, e->command) == 0 &&
		    (best < 0 || same_place(defaults[k].place, e->place)))
			best = k;
	return best;
}

/*
 * Gives a new entry its help, and returns its index in help and hints: before other keys of the same command
 * and place, which then have no help of their own; else after the default of its command; else before help
 * and quit, which are last.
 */
static int
find_row(struct key_entry *e)
{
	int like = find_help(e), d = like + 1;

	for (int k = 0; k < n_keys; k++)
		if (same_place(bound[k].place, e->place) && strcmp(bound[k].command, e->command) == 0) {
			e->note = bound[k].note;
			e->hint = bound[k].hint;
			bound[k].note = bound[k].hint = NULL;
			return k;
		}
	e->note = like >= 0 ? defaults[like].note : e->command;
	e->hint = like >= 0 ? defaults[like].hint : NULL;
	if (like < 0)
		while (d < N_DEFAULTS && strcmp(defaults[d].command, "help") != 0)
			d++;
	for (; d < N_DEFAULTS; d++)
		for (int k = 0; k < n_keys; k++)
			if (bound[k].key == defaults[d].key && bound[k].place == defaults[d].place)
				return k;
	return n_keys;
}

int
key_bind(const char *place, const char *key, const char *command)
{
	struct key_entry e = { .place = place };
	int code = key_parse(key), at;

	if (keys == defaults) {
		memcpy(bound, defaults, sizeof defaults);
		keys = bound;
	}
	for (int i = 0; i < n_keys; i++)
		if (same_place(bound[i].place, place) && key_parse(bound[i].key) == code)
			take_out(i);
	if (!*command)
		return CT_OK;
	if (n_owned + 2 > 2 * N_BOUND || n_keys == N_DEFAULTS + N_BOUND)
		return CT_EINVAL;
	e.key = owned[n_owned] = strdup(key);
	e.command = owned[n_owned + 1] = strdup(command);
	n_owned += 2;
	if (!e.key || !e.command)
		return CT_ENOMEM;
	at = find_row(&e);
	memmove(bound + at + 1, bound + at, (size_t)(n_keys++ - at) * sizeof *bound);
	bound[at] = e;
	return CT_OK;
}

void
key_reset(void)
{
	while (n_owned > 0)
		free(owned[--n_owned]);
	keys = defaults;
	n_keys = N_DEFAULTS;
}

const char *
key_for(const char *command)
{
	for (int i = 0; i < n_keys; i++)
		if (!keys[i].place && strcmp(keys[i].command, command) == 0)
			return key_shown(keys[i].key);
	return ":";
}

static void
mdoc_section(FILE *out, const char *place)
{
	char group[128];

	/* \& because "In" is a macro of mdoc, which would print <the>. */
	if (place)
		fprintf(out, ".Ss \\&In the %s\n", place);
	else
		fputs(".Ss Everywhere\n", out);
	fputs(".Bl -tag -width \"Shift\\-Tab\"\n", out);
	for (int i = 0; i < n_keys; i++) {
		if (!same_place(keys[i].place, place) || !key_is_first(i))
			continue;
		fputs(".It Ic ", out);
		mdoc_word(out, key_group(group, sizeof group, i));
		fputc('\n', out);
		mdoc_text(out, keys[i].note);
	}
	fputs(".El\n", out);
}

void
key_mdoc(FILE *out)
{
	mdoc_section(out, NULL);
	for (int i = 0; i < n_keys; i++) {
		bool seen = !keys[i].place;

		for (int k = 0; k < i; k++)
			seen |= same_place(keys[k].place, keys[i].place);
		if (!seen)
			mdoc_section(out, keys[i].place);
	}
}
