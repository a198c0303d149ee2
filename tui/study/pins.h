/*
 * pins: the pinned nodes and supernodes of the study, as commands, views and sessions need them.
 */
#ifndef TUI_PINS_H
#define TUI_PINS_H

#include "tui/study/study.h"

/* NULL: nothing is pinned, or nothing traced. */
const struct ct_parts *pins_parts(const struct study *s);
/* "3 nodes pinned, 1 supernode"; returns buf. */
const char *pins_count(const struct study *s, char *buf, size_t size);
bool pins_has(const struct study *s, int node);

/* The names of a pin as the screen shows them, whether the graph at hand has the node or not. */
const char *pins_name(const struct study *s, const struct ct_pin *p, char *buf, size_t size);
const char *pins_note(const struct study *s, const struct ct_pin *p, char *buf, size_t size);

/* Which of the clamps in force are on features of a supernode, where they are pinned. Returns how many. */
int pins_clamps(const struct study *s, int supernode, int clamp[STUDY_CLAMPS]);
/* The supernode that a clamp in force is a part of, all of which has this clamp's strength; -1: none. */
int pins_whole(const struct study *s, int clamp);

/*
 * A clamp in force and its label, for a line that has little room: the clamps of a whole supernode are one,
 * "Texas"x0, with the first of them; false for the others.
 */
bool pins_clamp_text(const struct study *s, int clamp, char *text, size_t size, char *label,
    size_t label_size);

/*
 * The i-th command of those that bring back pins and supernodes, in an order that stays the same; false after
 * the last.
 */
bool pins_command(const struct study *s, int i, char *buf, size_t size);

#endif
