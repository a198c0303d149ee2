/*
 * theme: what each kind of text looks like. The rest of the program names meanings, never colours.
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>

enum style {
	ST_TEXT,
	ST_DIM,		/* what may be overlooked */
	ST_TITLE,	/* names of things on the title line */
	ST_STRONG,	/* the number or name that the eye should find */
	ST_PLUS,	/* pushes up */
	ST_MINUS,	/* pushes down */
	ST_REST,	/* error nodes: what the transcoder leaves unexplained */
	ST_INPUT,	/* embeddings: where a path ends at a word */
	ST_TOKEN,	/* tokens of the prompt */
	ST_CHOSEN,	/* the chosen token */
	ST_PEAK,	/* the token an example is about */
	ST_BAR,		/* probability bars */
	ST_CLAMP,	/* whatever is under a person's hand: clamps and clamped values */
	ST_KEY,		/* keys in hints and help */
	ST_RULE,	/* lines between panes */
	ST_FOCUS,	/* the line around the pane that has the keys */
	ST_ENTRY,	/* text being typed */
	ST_BAD,		/* a word that is not in the vocabulary; errors */
	ST_COUNT
};

struct theme;

/* NULL when there is no such theme. */
const struct theme *theme_find(const char *name);
const char *theme_name(const struct theme *t);
const char *theme_note(const struct theme *t);
/* The i-th theme, NULL after the last. */
const struct theme *theme_at(int i);

/* Letter of a style in a screen dump. */
char theme_letter(enum style style);
/*
 * The same for what a terminal without colours shows: b(old), u(nderlined), d(im), w(ith both), r(everse) or
 * '.'.
 */
char theme_mono_letter(enum style style, bool selected);

/* The same in a picture: 0xRRGGBB. What a theme leaves to the terminal is light on dark. */
struct theme_colours {
	unsigned text, background;
	bool bold, underline;
};
struct theme_colours theme_colours(const struct theme *t, enum style style, bool selected);

/* The terminal's side, once curses is running. `colours` is false for NO_COLOR. */
void theme_apply(const struct theme *t, bool colours);
/* Does the style only colour: is a blank in it like any other? */
bool theme_plain(enum style style);
/* What curses needs to draw a style: attributes (attr_t) and a colour pair. */
void theme_look(enum style style, bool selected, unsigned long *attrs, short *pair);

#endif
