/* cmd: see cmd.h. */
#include "tui/language/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd_exec.h"
#include "tui/language/keys.h"
#include "tui/language/mdoc.h"
#include "tui/view/jumplist.h"

bool
cmd_parse_int(const char *s, int *out)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (end == s || *end || v < -1000000 || v > 1000000)
		return false;
	*out = (int)v;
	return true;
}

static const char *const titles[GROUP_COUNT] = {
	[GROUP_PROMPT] = "Prompt and tokens",
	[GROUP_MOVE] = "Moving, opening, finding",
	[GROUP_GRAPH] = "What the graph explains",
	[GROUP_CLAMP] = "Clamps",
	[GROUP_PIN] = "Pins, supernodes, labels, notes",
	[GROUP_VIEW] = "Views, panes, options",
	[GROUP_KEEP] = "Sessions, files, models, lessons",
	[GROUP_PROGRAM] = "The program",
	[GROUP_SCRIPT] = "For scripts"
};

/* Sorted by group, in the order of the titles. */
static const struct cmd_entry commands[] = {
	{ GROUP_PROMPT, "prompt", "[TEXT]", "<words>",
	    "trace TEXT; without it, edit the prompt", CMD_MODEL, do_prompt },
	{ GROUP_PROMPT, "prompt-text", "\"TEXT\"", NULL,
	    "trace TEXT with all its blanks; \\n is a line break, \\t a tab, \\\" a quote, \\xHH a byte",
	    CMD_MODEL, do_prompt_text },
	{ GROUP_PROMPT, "edit", "", NULL, "edit the prompt", CMD_MODEL, do_prompt },
	{ GROUP_PROMPT, "at", "POS|+N|-N|last|TOKEN", "last <tokens>",
	    "select a token of the prompt", CMD_GRAPH, do_at },
	{ GROUP_PROMPT, "left", "", NULL,
	    "select the previous token; in the map the cell to the left", CMD_GRAPH | CMD_STEP, do_left },
	{ GROUP_PROMPT, "right", "", NULL,
	    "select the next token; in the map the cell to the right", CMD_GRAPH | CMD_STEP, do_right },
	{ GROUP_PROMPT, "generate", "[N [TEMPERATURE [SEED]]]", NULL,
	    "generate N more tokens, with and without the clamps; above temperature 0 they are drawn at "
	    "random", CMD_GRAPH | CMD_MODEL, do_generate },
	{ GROUP_PROMPT, "take", "[N]", NULL,
	    "append N of the tokens generated last (all) to the prompt, and trace what follows",
	    CMD_GRAPH | CMD_MODEL, do_take },

	{ GROUP_MOVE, "up", "[N]", NULL, "up, N lines", CMD_STEP | CMD_LOOK, do_up },
	{ GROUP_MOVE, "down", "[N]", NULL, "down, N lines", CMD_STEP | CMD_LOOK, do_down },
	{ GROUP_MOVE, "page-up", "[half]", "half",
	    "a page up, or half of one", CMD_STEP | CMD_LOOK, do_page_up },
	{ GROUP_MOVE, "page-down", "[half]", "half",
	    "a page down, or half of one", CMD_STEP | CMD_LOOK, do_page_down },
	{ GROUP_MOVE, "first", "", NULL, "the first line", CMD_STEP | CMD_LOOK, do_first },
	{ GROUP_MOVE, "last", "", NULL, "the last line", CMD_STEP | CMD_LOOK, do_last },
	{ GROUP_MOVE, "row", "N", NULL,
	    "go to row N; a number alone does the same", CMD_STEP | CMD_LOOK, do_row },
	{ GROUP_MOVE, "enter", "", NULL, "open, fold or go to what is selected", CMD_LOOK, do_enter },
	{ GROUP_MOVE, "in", "", NULL,
	    "open the selected row, or go to the first one below it", CMD_LOOK, do_in },
	{ GROUP_MOVE, "out", "", NULL,
	    "fold the selected row, or go to its parent", CMD_LOOK, do_out },
	{ GROUP_MOVE, "expand", "[all]", "all",
	    "expand the tree by one level, or all of it", CMD_GRAPH | CMD_NODE, do_expand },
	{ GROUP_MOVE, "fold", "[all]", "all",
	    "fold the deepest level of the tree, or all of it", CMD_GRAPH | CMD_NODE, do_fold },
	{ GROUP_MOVE, "select", "NODE", "<nodes>",
	    "select a node: L1#249@8, input \"Dallas\"@6, error L1@8, output \"Austin\"",
	    CMD_GRAPH, do_select },
	{ GROUP_MOVE, "jump", "back|forward", "back forward",
	    "go back, or forward again, among the nodes you visited",
	    CMD_GRAPH | CMD_STEP | CMD_NODE, do_jumplist },
	{ GROUP_MOVE, "where", "", NULL,
	    "show the path from the target to the selected node", CMD_GRAPH | CMD_STEP, do_where },
	{ GROUP_MOVE, "branch", "[[ROWS] NODE [> NODE ...]]", NULL,
	    "go to a place in the tree, from a target down; ROWS: open it with so many rows, 0: fold it; "
	    "alone: fold everything", CMD_GRAPH | CMD_NODE, do_branch },
	{ GROUP_MOVE, "search", "[TEXT]", NULL,
	    "find TEXT, or a label as \"Texas\">.8, in what is shown", CMD_LOOK, do_search },
	{ GROUP_MOVE, "search-next", "", NULL, "the next match", CMD_LOOK, do_search_next },
	{ GROUP_MOVE, "search-back", "", NULL, "the previous match", CMD_LOOK, do_search_back },
	{ GROUP_MOVE, "filter", "[TEXT|*]", NULL,
	    "show only rows with TEXT, of the features or the help; *: all again", CMD_LOOK, do_filter },

	{ GROUP_GRAPH, "trace", "[clamped|original]", "clamped original",
	    "show the graph of the clamped run, which explains what the model says under clamps, with each "
	    "row before and after; or the original graph again; alone: switch between the "
	    "two", CMD_GRAPH | CMD_MODEL,
	    do_trace },
	{ GROUP_GRAPH, "paths", "[N]", NULL, "show the N strongest paths from words to the target, with "
	    "their shares", CMD_GRAPH, do_paths },
	{ GROUP_GRAPH, "heads", "[all|[FROM] [to NODE]]", "all to <nodes>",
	    "show which attention heads carried the selected edge, what flows from a node or a place "
	    "(@Dallas), or into a node or a place; all: the whole graph", CMD_GRAPH | CMD_MODEL, do_heads },
	{ GROUP_GRAPH, "qk", "[HEAD [[QUERY] KEY]|next|back]", "next back <tokens>",
	    "show why a head (L1H2) attends from one token (@is; default: the graph's) to another (@Dallas; "
	    "default: where it attends most); alone: the head that carries most in the graph; next, back: "
	    "its other rows",
	    CMD_GRAPH | CMD_MODEL, do_qk },
	{ GROUP_GRAPH, "compare", "[PROMPT|clamped]", "<words>",
	    "show what the graph of PROMPT shares with this one, what only one has, and what patches between "
	    "them do; clamped: the clamped run in place of a prompt", CMD_GRAPH | CMD_MODEL | CMD_WHOLE,
	    do_compare },
	{ GROUP_GRAPH, "judge", "[pins|graph]", "pins graph",
	    "show what would be lost without the pinned features, or without those of the pruned graph, what "
	    "they do alone, and the same for random features", CMD_GRAPH | CMD_MODEL | CMD_WHOLE, do_judge },
	{ GROUP_GRAPH, "inactive", "[PLACE]", "<tokens>",
	    "show features that nearly fire, at one token (@Dallas, @8) or any, and what inhibits them",
	    CMD_GRAPH | CMD_MODEL, do_inactive },
	{ GROUP_GRAPH, "weights", "[FEATURE|next|back]", "next back <features>",
	    "show what the selected feature, or FEATURE (L1#249 or L1#249@8), does in every prompt, by its "
	    "weights from and to others, next to what it does in this one; next, back: both sides, what "
	    "feeds it, what it feeds", CMD_GRAPH | CMD_MODEL | CMD_NODE, do_weights },
	{ GROUP_GRAPH, "attribute", "[node|TARGET]", "node <features>",
	    "attribute from the selected token, the selected feature, or a target",
	    CMD_GRAPH | CMD_MODEL, do_attribute },
	{ GROUP_GRAPH, "target", "[TOKEN,...|A-B|FEATURE]", "<words>",
	    "choose what the graph explains, at the selected token", CMD_GRAPH | CMD_MODEL, do_target },
	{ GROUP_GRAPH, "prune", "more|less|off|NODE[,EDGE]", "more less off",
	    "keep less or more of the graph", CMD_GRAPH, do_prune },
	{ GROUP_GRAPH, "edges", "[weight|share]", "weight share",
	    "how edges are shown", CMD_NODE, do_edges },
	{ GROUP_GRAPH, "by", "[node|token|layer]", "node token layer",
	    "what a row of the tree stands for: one feature, everything from one token, or everything from "
	    "one layer",
	    CMD_GRAPH | CMD_NODE, do_by },
	{ GROUP_GRAPH, "sort", "[size|for|against]", "size for against",
	    "which rows of the tree come first", CMD_GRAPH | CMD_NODE, do_sort },
	{ GROUP_GRAPH, "transcoder", "[clt|plt|neurons|DIR]", "clt plt neurons",
	    "use the model's other transcoder, its own neurons, or the transcoder in DIR", CMD_MODEL,
	    do_transcoder },

	{ GROUP_CLAMP, "clamp", "[SPEC; ...]", "<features>",
	    "clamp the selected feature: 3, x0, +1, -2, @*x0; or those that are named: L1#249@8=0, x-1, "
	    "+2.5; @* all tokens, @8.. from 8 on; L0#3,L1#4@8x0; \"Texas\"@8x0; \"Texas\"x0 for a "
	    "supernode; several with ; between, off before one that is switched off",
	    CMD_GRAPH | CMD_MODEL | CMD_NODE, do_clamp },
	{ GROUP_CLAMP, "ablate", "[FEATURE|\"SUPERNODE\"|\"LABEL\"]", "<features>",
	    "clamp a feature or a supernode to 0, or if it is, remove that clamp; or clamp all features of "
	    "the graph with LABEL in their label", CMD_GRAPH | CMD_MODEL | CMD_NODE, do_ablate },
	{ GROUP_CLAMP, "unclamp", "[N|\"SUPERNODE\"|all]", "all",
	    "remove a clamp by number, those of a supernode, that of the selected feature, or all",
	    CMD_GRAPH | CMD_MODEL | CMD_NODE, do_unclamp },
	{ GROUP_CLAMP, "switch", "[N|\"SUPERNODE\"]", NULL,
	    "switch a clamp, or those of a supernode, off or on",
	    CMD_GRAPH | CMD_MODEL | CMD_NODE, do_switch },
	{ GROUP_CLAMP, "mode", "[frozen|free|direct|range=I-J]", "frozen free direct range=",
	    "what clamps leave frozen: attention patterns, nothing, everything, or MLPs of layers I to J",
	    CMD_GRAPH | CMD_MODEL, do_mode },
	{ GROUP_CLAMP, "through", "[model|replacement]", "model replacement",
	    "what computes a clamp's effect: the model, or the replacement model", CMD_GRAPH | CMD_MODEL,
	    do_through },
	{ GROUP_CLAMP, "sweep", "[\"SUPERNODE\"] [FROM:TO:STEPS]", NULL,
	    "run the clamps, or only those of a supernode, at many strengths and up to each layer, to see "
	    "where the answer flips", CMD_GRAPH | CMD_MODEL, do_sweep },
	{ GROUP_CLAMP, "patch", "PROMPT", "<words>",
	    "clamp the features at the selected token to their activations in PROMPT",
	    CMD_GRAPH | CMD_MODEL, do_patch },
	{ GROUP_CLAMP, "swap", "[@PLACE] [FROM] TO [xK]", NULL,
	    "set the features of the value that the prompt hides to those of TO, where it is determined or "
	    "at @PLACE; all for TO tries every value, with controls", CMD_GRAPH | CMD_MODEL, do_swap },
	{ GROUP_CLAMP, "keep", "NAME [= SPEC; ...]", NULL,
	    "keep the clamps in force under a name, or those that are given",
	    CMD_GRAPH | CMD_MODEL, do_keep },
	{ GROUP_CLAMP, "recall", "NAME", "<kept>",
	    "put kept clamps in force again", CMD_GRAPH | CMD_MODEL, do_recall },
	{ GROUP_CLAMP, "undo", "", NULL,
	    "undo the last change of clamps, pins, supernodes or labels", CMD_GRAPH | CMD_OUTSIDE, do_undo },
	{ GROUP_CLAMP, "redo", "", NULL, "redo it", CMD_GRAPH | CMD_OUTSIDE, do_redo },

	{ GROUP_PIN, "pin", "[NODE,...|\"LABEL\"*]", "<nodes>",
	    "pin the selected node, or unpin it; or pin all that is named",
	    CMD_GRAPH | CMD_NODE, do_pin },
	{ GROUP_PIN, "unpin", "[NODE|all]", "all <nodes>",
	    "unpin a node; in the subgraph all members of a supernode", CMD_GRAPH | CMD_NODE, do_unpin },
	{ GROUP_PIN, "group", "[NAME|\"NAME\" NODE,...]", "<supernodes>",
	    "put the selected node, or the named ones, into the supernode NAME, which may be new",
	    CMD_GRAPH | CMD_NODE, do_group },
	{ GROUP_PIN, "auto", "", NULL,
	    "group the features of the pruned graph by their labels and by what feeds them and what they "
	    "feed, in place of what is pinned, and show the boxes", CMD_GRAPH | CMD_WHOLE, do_auto },
	{ GROUP_PIN, "ungroup", "[NAME]", "<supernodes>",
	    "dissolve a supernode; its members stay pinned", CMD_GRAPH | CMD_NODE, do_ungroup },
	{ GROUP_PIN, "rename", "[[\"OLD\"] NEW]", NULL,
	    "give a supernode another name", CMD_GRAPH | CMD_NODE, do_rename },
	{ GROUP_PIN, "move", "NAME|out", "out <supernodes>",
	    "move the selected member to another supernode, or out of its own",
	    CMD_GRAPH | CMD_NODE, do_move },
	{ GROUP_PIN, "label", "[TEXT]", NULL,
	    "label the selected feature; \"\" removes the label",
	    CMD_GRAPH | CMD_PERSON | CMD_OUTSIDE | CMD_MODEL | CMD_NODE, do_label },
	{ GROUP_PIN, "note", "[[on NODE|here|session:] TEXT]", NULL,
	    "write a note about the session or a node; without TEXT remove that note; alone: about what is "
	    "selected", CMD_PERSON | CMD_NODE, do_note },

	{ GROUP_VIEW, "view", "NAME", "<views>", "show a view, or if it is shown, leave "
	    "it", CMD_LOOK, do_view },
	{ GROUP_VIEW, "card", "[FEATURE]", "<features>",
	    "show the card of the selected feature, or of FEATURE (L1#249@8), active or not",
	    CMD_GRAPH | CMD_NODE, do_card },
	{ GROUP_VIEW, "back", "", NULL, "go back to the main screen", CMD_LOOK, do_back },
	{ GROUP_VIEW, "next-pane", "[back]", "back",
	    "give the keys to the next pane", CMD_LOOK, do_next_pane },
	{ GROUP_VIEW, "pane", "wider|narrower|taller|shorter|even|zoom",
	    "wider narrower taller shorter even zoom",
	    "change the size of the pane that has the keys; even: restore all sizes; zoom: show only this "
	    "pane",
	    0, do_pane },
	{ GROUP_VIEW, "help", "", NULL, "show the help", CMD_LOOK, do_help },
	{ GROUP_VIEW, "theme", "NAME", "default dark light projector cvd mono",
	    "change the colours", 0, do_theme },
	{ GROUP_VIEW, "set", "[OPTION [VALUE]]", "<options>",
	    "change an option: theme, ascii, mouse, edges, prune, mode, through or model; alone: show them "
	    "all", CMD_PERSON, do_set },

	{ GROUP_KEEP, "fingerprint", "[TEXT]", NULL,
	    "show checksums of model, transcoder and tokenizer; with TEXT from a session: fail if they "
	    "differ",
	    CMD_MODEL, do_fingerprint },
	{ GROUP_KEEP, "save", "[NAME]", NULL,
	    "keep this session under a name; with / in it: write a copy to that file; ! at the end replaces "
	    "an existing one", CMD_PERSON | CMD_OUTSIDE, do_save },
	{ GROUP_KEEP, "load", "NAME", "<sessions>",
	    "open a session, by name or file", CMD_PERSON | CMD_OUTSIDE, do_load },
	{ GROUP_KEEP, "sessions", "", NULL, "list the sessions", 0, do_sessions },
	{ GROUP_KEEP, "export", "FILE[!] [pinned] [all]", NULL,
	    "write the graph to a file whose ending says the form: .json, .dot, .svg or .html; or to one "
	    "that ends in screen.svg, the screen; pinned: only what is pinned; all: pictures of every node, "
	    "not only the strongest 60; !: replace an existing file",
	    CMD_GRAPH | CMD_PERSON | CMD_OUTSIDE, do_export },
	{ GROUP_KEEP, "model", "NAME", "<models>",
	    "open another model, by its name or directory", CMD_PERSON, do_model },
	{ GROUP_KEEP, "graph", "FILE", NULL,
	    "open a saved graph (graph JSON), without a model", CMD_PERSON, do_graph },
	{ GROUP_KEEP, "lesson", "[NAME|next|back|N|again|hint|answer|choose N|result FILE|off]",
	    "next back again hint answer choose result off <lessons>",
	    "open a lesson, or go to another step; choose: predict; result: write what you did to FILE; "
	    "alone: begin this step again", CMD_PERSON, do_lesson },

	{ GROUP_PROGRAM, "command", "", NULL, "type a command", CMD_LOOK, do_command },
	{ GROUP_PROGRAM, "redraw", "", NULL, "draw the screen again", CMD_LOOK, do_redraw },
	{ GROUP_PROGRAM, "suspend", "", NULL,
	    "go to the shell until the program is "
	    "continued", CMD_PERSON | CMD_OUTSIDE | CMD_LOOK, do_suspend },
	{ GROUP_PROGRAM, "quit", "", NULL, "quit", CMD_PERSON | CMD_OUTSIDE | CMD_LOOK, do_quit },
	{ GROUP_PROGRAM, "echo", "TEXT", NULL, "say TEXT", 0, do_echo },

	{ GROUP_SCRIPT, "key", "NAME ...", NULL, "press keys: Enter, Ctrl-r, x", CMD_SCRIPT, do_key },
	{ GROUP_SCRIPT, "type", "TEXT", NULL, "type TEXT, a key for each character", CMD_SCRIPT, do_type },
	{ GROUP_SCRIPT, "mouse", "click|double|up|down|drag X Y [X Y]", "click double up down drag",
	    "click, click twice, turn the wheel or drag, at a column and row counted from 1",
	    CMD_SCRIPT, do_mouse },
	{ GROUP_SCRIPT, "screen", "[styles|mono|cursor]", "styles mono cursor",
	    "print the screen, with a letter for the style of each cell, or only how it looks without "
	    "colours; cursor: where the terminal's cursor is, and the rest of its row (headless runs only)",
	    CMD_SCRIPT, do_screen },
	{ GROUP_SCRIPT, "resize", "COLSxROWS", NULL,
	    "change the size (headless runs only)", CMD_SCRIPT, do_resize },
};

const struct cmd_entry *
cmd_at(int i)
{
	return i >= 0 && i < (int)(sizeof commands / sizeof *commands) ? &commands[i] : NULL;
}

const char *
cmd_title(enum cmd_group group)
{
	return titles[group];
}

const struct cmd_entry *
cmd_find(const char *name, size_t len)
{
	const struct cmd_entry *c;

	for (int i = 0; (c = cmd_at(i)); i++)
		if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
			return c;
	return NULL;
}

static int
unknown(struct app *a, const char *name, size_t len)
{
	char word[64], clean[200];
	const char *best = NULL;
	const struct cmd_entry *c;
	int least = 3;

	snprintf(word, sizeof word, "%.*s", (int)(len < 60 ? len : 60), name);
	ct_text_clean(clean, sizeof clean, word, strlen(word));
	for (int i = 0; (c = cmd_at(i)); i++) {
		int d = ct_text_distance(word, c->name, 2);

		if (d < least) {
			least = d;
			best = c->name;
		}
	}
	if (best)
		return app_fail(a, "there is no command \"%s\"; did you mean \"%s\"?", clean, best);
	return app_fail(a, "there is no command \"%s\"; %s lists them", clean, key_for("help"));
}

int
cmd_run(struct app *a, const char *line)
{
	const struct cmd_entry *c;
	char *copy;
	size_t len, n;
	bool number;	/* whether a number alone is the number of a row */
	int did;

	line += strspn(line, " \t");
	n = strlen(line);
	while (n > 0 && strchr(" \t\r", line[n - 1]))
		n--;
	if (n == 0 || *line == '#')
		return DID_NOTHING;
	len = strcspn(line, " \t\r");
	len = len < n ? len : n;
	number = strspn(line, "0123456789") == n;
	c = number ? cmd_find("row", 3) : cmd_find(line, len);
	if (!c)
		return unknown(a, line, len);
	if ((c->flags & CMD_MODEL) && a->study.info->from_file)
		return app_fail(a, "%s needs a model; this graph was opened without one (-m MODEL)", c->name);
	if ((c->flags & CMD_GRAPH) && !a->study.graph)
		return app_fail(a, "nothing is traced yet: %s begins a prompt", key_for("edit"));
	if ((c->flags & CMD_WHOLE) && a->whole && !a->whole(a))
		return DID_FAIL | DID_CHANGE;
	copy = strndup(line, n);	/* a copy, since the command may change the line */
	if (!copy)
		return app_fail(a, "out of memory");
	if (!(c->flags & CMD_SCRIPT))
		a->message[0] = '\0';
	if (!a->jumplist.n)
		jumplist_note(a, true);
	did = c->exec(a, number ? copy : copy + len + strspn(copy + len, " \t"));
	did |= cmd_follow_clamps(a);
	free(copy);
	jumplist_note(a, c->flags & CMD_STEP);
	if (a->after)
		a->after(a, (c->flags & CMD_GRAPH) && !(c->flags & (CMD_LOOK | CMD_STEP)));
	return did;
}

void
cmd_mdoc(FILE *out)
{
	const struct cmd_entry *c;

	for (int i = 0; (c = cmd_at(i)); i++) {
		if (i == 0 || c->group != cmd_at(i - 1)->group) {
			fprintf(out, ".Ss %s\n", cmd_title(c->group));
			fputs(".Bl -tag -width \"page\\-down\"\n", out);
		}
		fputs(".It Ic ", out);
		mdoc_word(out, c->name);
		if (*c->args) {
			fputs(" \\fR", out);
			mdoc_word(out, c->args);
			fputs("\\fP", out);
		}
		fputc('\n', out);
		mdoc_text(out, c->note);
		if (!cmd_at(i + 1) || cmd_at(i + 1)->group != c->group)
			fputs(".El\n", out);
	}
}
