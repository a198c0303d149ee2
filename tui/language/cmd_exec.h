/*
 * cmd_exec: the functions that the command table refers to, and what they have in common.
 *
 *   cmd_look      what is shown: prompt, position, selection, views
 *   cmd_search    texts among the rows
 *   cmd_study     what is computed: targets, pruning, generation, labels
 *   cmd_ask       questions about the graph
 *   cmd_clamp     clamps
 *   cmd_swap      swaps
 *   cmd_pins      pinned nodes and supernodes
 *   cmd_session   what is kept of all this
 *   cmd_program   the program itself, and what only scripts use
 */
#ifndef TUI_CMD_EXEC_H
#define TUI_CMD_EXEC_H

#include <stdbool.h>

struct app;
struct ct_clamp;

/* A whole number and nothing after it. */
bool cmd_parse_int(const char *s, int *out);
/*
 * The feature that a command is about: that of the focused view, else that of the selected node. Sets layer,
 * feature, pos.
 */
bool cmd_feature(struct app *a, struct ct_clamp *out);
/* Says that only features can be `what` ("clamped"); returns the value of app_fail. */
int cmd_no_feature(struct app *a, const char *what);
/*
 * The supernode that a command is about: one named in quotes (*arg moves past the name), or that of the
 * selected row of the view of pins. -1: none.
 */
int cmd_supernode(struct app *a, const char **arg);

/*
 * Whether the text of a row contains it; for a quoted label, "Texas bridge", whether it contains all its
 * words; for one with an F1, "Texas">.8, whether it names a feature with such a label.
 */
bool cmd_text_fits(const struct app *a, const char *text, const char *what);

int do_prompt(struct app *a, const char *arg);
int do_prompt_text(struct app *a, const char *arg);
int do_at(struct app *a, const char *arg);
int do_left(struct app *a, const char *arg);
int do_right(struct app *a, const char *arg);
int do_up(struct app *a, const char *arg);
int do_down(struct app *a, const char *arg);
int do_page_up(struct app *a, const char *arg);
int do_page_down(struct app *a, const char *arg);
int do_first(struct app *a, const char *arg);
int do_last(struct app *a, const char *arg);
int do_row(struct app *a, const char *arg);
int do_enter(struct app *a, const char *arg);
int do_select(struct app *a, const char *arg);
int do_view(struct app *a, const char *arg);
int do_back(struct app *a, const char *arg);
int do_pane(struct app *a, const char *arg);
int do_next_pane(struct app *a, const char *arg);
int do_help(struct app *a, const char *arg);
int do_jumplist(struct app *a, const char *arg);
int do_where(struct app *a, const char *arg);
int do_expand(struct app *a, const char *arg);
int do_fold(struct app *a, const char *arg);
int do_branch(struct app *a, const char *arg);
int do_out(struct app *a, const char *arg);
int do_in(struct app *a, const char *arg);
int do_by(struct app *a, const char *arg);
int do_sort(struct app *a, const char *arg);
int do_edges(struct app *a, const char *arg);
int do_target(struct app *a, const char *arg);
int do_attribute(struct app *a, const char *arg);
int do_prune(struct app *a, const char *arg);
int do_clamp(struct app *a, const char *arg);
int do_ablate(struct app *a, const char *arg);
int do_unclamp(struct app *a, const char *arg);
int do_patch(struct app *a, const char *arg);
/*
 * To be called after each command: if the graph of the clamped run is shown, traces it for the present
 * clamps.
 */
int cmd_follow_clamps(struct app *a);
int do_card(struct app *a, const char *arg);
int do_trace(struct app *a, const char *arg);
int do_compare(struct app *a, const char *arg);
int do_paths(struct app *a, const char *arg);
int do_heads(struct app *a, const char *arg);
int do_qk(struct app *a, const char *arg);
int do_judge(struct app *a, const char *arg);
int do_inactive(struct app *a, const char *arg);
int do_weights(struct app *a, const char *arg);
int do_swap(struct app *a, const char *arg);
int do_switch(struct app *a, const char *arg);
int do_keep(struct app *a, const char *arg);
int do_recall(struct app *a, const char *arg);
int do_undo(struct app *a, const char *arg);
int do_redo(struct app *a, const char *arg);
int do_mode(struct app *a, const char *arg);
int do_through(struct app *a, const char *arg);
int do_sweep(struct app *a, const char *arg);
int do_generate(struct app *a, const char *arg);
int do_take(struct app *a, const char *arg);
int do_pin(struct app *a, const char *arg);
int do_unpin(struct app *a, const char *arg);
int do_group(struct app *a, const char *arg);
int do_auto(struct app *a, const char *arg);
int do_ungroup(struct app *a, const char *arg);
int do_rename(struct app *a, const char *arg);
int do_move(struct app *a, const char *arg);
int do_export(struct app *a, const char *arg);
int do_label(struct app *a, const char *arg);
int do_search(struct app *a, const char *arg);
int do_search_next(struct app *a, const char *arg);
int do_search_back(struct app *a, const char *arg);
int do_filter(struct app *a, const char *arg);
int do_transcoder(struct app *a, const char *arg);
int do_graph(struct app *a, const char *arg);
int do_model(struct app *a, const char *arg);
int do_lesson(struct app *a, const char *arg);
int do_note(struct app *a, const char *arg);
int do_fingerprint(struct app *a, const char *arg);
int do_save(struct app *a, const char *arg);
int do_load(struct app *a, const char *arg);
int do_set(struct app *a, const char *arg);
int do_sessions(struct app *a, const char *arg);
int do_command(struct app *a, const char *arg);
int do_theme(struct app *a, const char *arg);
int do_redraw(struct app *a, const char *arg);
int do_suspend(struct app *a, const char *arg);
int do_quit(struct app *a, const char *arg);
int do_screen(struct app *a, const char *arg);
int do_key(struct app *a, const char *arg);
int do_mouse(struct app *a, const char *arg);
int do_type(struct app *a, const char *arg);
int do_resize(struct app *a, const char *arg);
int do_echo(struct app *a, const char *arg);

#endif
