/* pins: the pinned nodes and supernodes, for commands, views and sessions. */
#ifndef TUI_PINS_H
#define TUI_PINS_H

#include "tui/study/study.h"

/* NULL: nothing is pinned, or nothing is traced. */
const struct ct_parts *pins_parts(const struct study *s);
/* "3 nodes pinned, 1 supernode". Returns buf. */
const char *pins_count(const struct study *s, char *buf, size_t size);
bool pins_has(const struct study *s, int node);

/* The names of a pin on the screen, whether or not the present graph has the node. */
const char *pins_name(const struct study *s, const struct ct_pin *p, char *buf, size_t size);
const char *pins_note(const struct study *s, const struct ct_pin *p, char *buf, size_t size);

/* The feature of a pin: fills in layer, feature and pos; false if it is no feature. */
bool pins_feature(const struct ct_pin *p, struct ct_clamp *out);

/* The clamps in force that are on features of a supernode, at their positions. Returns how many. */
int pins_clamps(const struct study *s, int supernode, int clamp[STUDY_CLAMPS]);
/* The supernode whose features all have the same clamp as this one; -1: none. */
int pins_whole(const struct study *s, int clamp);

/*
 * A clamp in force and its label as short text. The clamps of a whole supernode are one text, "Texas"x0,
 * given for the first of them; for the others it returns false.
 */
bool pins_clamp_text(const struct study *s, int clamp, char *text, size_t size, char *label,
    size_t label_size);

/*
 * The i-th of the commands that restore pins and supernodes, always in the same order; false after the last.
 */
bool pins_command(const struct study *s, int i, char *buf, size_t size);

#endif
