/* theme: how each kind of text looks. The rest of the program names kinds, never colours. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>

enum style {
	ST_TEXT,
	ST_DIM,		/* less important text */
	ST_TITLE,	/* names of things on the title line */
	ST_STRONG,	/* the number or name that the eye should find */
	ST_PLUS,	/* a positive effect */
	ST_MINUS,	/* a negative effect */
	ST_REST,	/* error nodes: what the transcoder leaves unexplained */
	ST_INPUT,	/* embeddings: the words at which paths end */
	ST_TOKEN,	/* tokens of the prompt */
	ST_CHOSEN,	/* the selected token */
	ST_PEAK,	/* the token that an example is about */
	ST_BAR,		/* probability bars */
	ST_CLAMP,	/* what a person has set: clamps and clamped values */
	ST_KEY,		/* keys in hints and help */
	ST_RULE,	/* lines between panes */
	ST_FOCUS,	/* the line around the pane that has the keys */
	ST_ENTRY,	/* text being typed */
	ST_BAD,		/* a word that is not in the vocabulary; errors */
	ST_COUNT
};

struct theme;

/* NULL: there is no such theme. */
const struct theme *theme_find(const char *name);
const char *theme_name(const struct theme *t);
/* The i-th theme, NULL after the last. */
const struct theme *theme_at(int i);

/* The letter of a style in a printed screen. */
char theme_letter(enum style style);
/*
 * The letter of what a terminal without colours shows: b(old), u(nderlined), d(im), w(ith both), r(everse) or
 * '.'.
 */
char theme_mono_letter(enum style style, bool selected);

/*
 * The colours of a style in a picture: 0xRRGGBB. Colours that a theme leaves to the terminal are light on
 * dark.
 */
struct theme_colours {
	unsigned text, background;
	bool bold, underline;
};
struct theme_colours theme_colours(const struct theme *t, enum style style, bool selected);

/* Sets up the colours once curses is running. `colours` is false for NO_COLOR. */
void theme_apply(const struct theme *t, bool colours);
/* Whether a style only sets a colour, so that its blanks look like any others. */
bool theme_plain(enum style style);
/* What curses needs to draw a style: its attributes (attr_t) and colour pair. */
void theme_look(enum style style, bool selected, unsigned long *attrs, short *pair);

#endif
