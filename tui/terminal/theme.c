/*
 * theme: see theme.h. Colour is never the only sign of plus and minus: numbers have signs, and the two
 * colours are blue and orange, which people with any kind of colour vision can tell apart.
 */
#include "tui/terminal/theme.h"

#include <curses.h>
#include <stddef.h>
#include <string.h>

struct look {
	short many;		/* colour on a terminal with 256 colours; -1: the terminal's own */
	short few;		/* colour on a terminal with 8 or 16 */
	attr_t attrs;		/* attributes on terminals with colours */
	attr_t mono;		/* attributes on terminals without */
};

struct theme {
	const char *name;
	short background;	/* -1: the terminal's own */
	short chosen;		/* background of the selected row, with 256 colours */
	struct look look[ST_COUNT];
};

static const char letters[ST_COUNT] = {
	[ST_TEXT] = '.', [ST_DIM] = 'd', [ST_TITLE] = 't', [ST_STRONG] = 's', [ST_PLUS] = 'p',
	[ST_MINUS] = 'm', [ST_REST] = 'r', [ST_INPUT] = 'i', [ST_TOKEN] = 'w', [ST_CHOSEN] = 'c',
	[ST_PEAK] = 'a', [ST_BAR] = 'b',
	[ST_CLAMP] = 'x', [ST_KEY] = 'k', [ST_RULE] = 'l', [ST_FOCUS] = 'f', [ST_ENTRY] = 'e', [ST_BAD] = '!',
};

/* The styles of themes that differ only in colours. */
#define LOOKS(text, dim, title, plus, minus, rest, peak, bar, clamp, key, rule, focus, bad) \
	{ \
		[ST_TEXT] = { text, -1, 0, 0 }, \
		[ST_DIM] = { dim, -1, 0, A_DIM }, \
		[ST_TITLE] = { title, -1, A_BOLD, A_BOLD }, \
		[ST_STRONG] = { title, -1, A_BOLD, A_BOLD }, \
		[ST_PLUS] = { plus, COLOR_CYAN, 0, 0 }, \
		[ST_MINUS] = { minus, COLOR_YELLOW, 0, A_UNDERLINE }, \
		[ST_REST] = { rest, -1, 0, A_DIM }, \
		[ST_INPUT] = { title, -1, 0, 0 }, \
		[ST_TOKEN] = { text, -1, 0, 0 }, \
		[ST_CHOSEN] = { title, -1, A_BOLD | A_REVERSE, A_BOLD | A_REVERSE }, \
		[ST_PEAK] = { peak, COLOR_CYAN, 0, A_BOLD | A_UNDERLINE }, \
		[ST_BAR] = { bar, COLOR_CYAN, 0, 0 }, \
		[ST_CLAMP] = { clamp, COLOR_MAGENTA, 0, A_BOLD }, \
		[ST_KEY] = { key, -1, A_BOLD, A_BOLD }, \
		[ST_RULE] = { rule, -1, 0, A_DIM }, \
		[ST_FOCUS] = { focus, -1, A_BOLD, A_BOLD }, \
		[ST_ENTRY] = { title, -1, 0, 0 }, \
		[ST_BAD] = { bad, COLOR_YELLOW, A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE }, \
	}

static const struct theme themes[] = {
	/* on the terminal's own background, dark or light */
	{ "default", -1, -1,
	    LOOKS(-1, 244, -1, 33, 172, 244, 33, 33, 134, -1, 242, -1, 172) },
	/* for a dark background */
	{ "dark", 234, 24,
	    LOOKS(252, 245, 231, 75, 215, 245, 117, 75, 177, 231, 240, 231, 215) },
	/* for a light background */
	{ "light", 231, 153,
	    LOOKS(236, 243, 16, 25, 130, 243, 25, 25, 90, 16, 249, 16, 130) },
	/* black on white, strong colours, for a lit room */
	{ "projector", 231, 186,
	    LOOKS(16, 238, 16, 19, 130, 238, 19, 19, 90, 16, 240, 16, 124) },
	/* blue and yellow on dark: the widest distance for every kind of colour vision */
	{ "cvd", 234, 24,
	    LOOKS(252, 245, 231, 39, 220, 245, 39, 39, 231, 231, 240, 231, 220) },
	/* no colours */
	{ "mono", -1, -1, LOOKS(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1) },
};

/* What theme_apply decided. A terminal has one set of colour pairs, so this is the process's. */
static struct {
	const struct theme *theme;
	enum { MONO, FEW, MANY } depth;
} current;

const struct theme *
theme_at(int i)
{
	return i >= 0 && i < (int)(sizeof themes / sizeof *themes) ? &themes[i] : NULL;
}

const struct theme *
theme_find(const char *name)
{
	for (size_t i = 0; i < sizeof themes / sizeof *themes; i++)
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	return NULL;
}

const char *
theme_name(const struct theme *t)
{
	return t->name;
}

/* A selected row looks the same throughout: different styles would look like patches. */
static attr_t
mono_look(const struct look *k, bool selected)
{
	return selected ? A_REVERSE : k->mono;
}

char
theme_letter(enum style style)
{
	return style < ST_COUNT ? letters[style] : '?';
}

char
theme_mono_letter(enum style style, bool selected)
{
	attr_t a = mono_look(&themes[0].look[style < ST_COUNT ? style : ST_TEXT], selected);

	if (a & A_REVERSE)
		return a & A_BOLD ? 'R' : 'r';
	if (a & A_UNDERLINE)
		return a & A_BOLD ? 'w' : 'u';
	return a & A_BOLD ? 'b' : a & A_DIM ? 'd' : '.';
}

/* A colour of xterm's 256: sixteen basic ones, a cube, and greys. */
static unsigned
rgb_of(short colour)
{
	static const unsigned steps[] = { 0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff };
	unsigned c = (unsigned)colour;

	if (colour >= 232)
		return (8 + 10 * (c - 232)) * 0x010101u;
	if (colour >= 16)
		return steps[(c - 16) / 36] << 16 | steps[(c - 16) / 6 % 6] << 8 | steps[(c - 16) % 6];
	return colour & 7 ? 0xc0c0c0 : 0;
}

struct theme_colours
theme_colours(const struct theme *t, enum style style, bool selected)
{
	const struct look *k = &t->look[style < ST_COUNT ? style : ST_TEXT];
	bool mono = strcmp(t->name, "mono") == 0;
	attr_t a = mono ? mono_look(k, selected) : k->attrs;
	struct theme_colours out = { .bold = a & A_BOLD, .underline = a & A_UNDERLINE };
	unsigned swap;

	out.background = t->background < 0 ? 0x1c1c1c : rgb_of(t->background);
	out.text = k->many < 0 ? 0xdadada : rgb_of(k->many);
	if (a & A_DIM)
		out.text = 0x8a8a8a;
	if (selected && !mono && t->chosen >= 0)
		out.background = rgb_of(t->chosen);
	else if (selected || (a & A_REVERSE)) {
		swap = selected ? 0xdadada : out.text;
		out.text = out.background;
		out.background = swap;
	}
	return out;
}

void
theme_apply(const struct theme *t, bool colours)
{
	current.theme = t;
	current.depth = MONO;
	if (!colours || !has_colors() || strcmp(t->name, "mono") == 0) {
		bkgd(' ');
		return;
	}
	start_color();
	use_default_colors();
	current.depth = COLORS >= 256 && COLOR_PAIRS > 2 * ST_COUNT + 1 ? MANY : FEW;
	for (int i = 0; i < ST_COUNT; i++) {
		const struct look *k = &t->look[i];

		if (current.depth == MANY) {
			init_pair((short)(1 + i), k->many, t->background);
			init_pair((short)(1 + ST_COUNT + i), k->many, t->chosen);
		} else if (2 * ST_COUNT < COLOR_PAIRS) {
			init_pair((short)(1 + i), k->few, -1);
			init_pair((short)(1 + ST_COUNT + i), k->few, -1);
		} else {
			init_pair((short)(1 + i), k->few, -1);
		}
	}
	bkgd((chtype)' ' | (chtype)COLOR_PAIR(1 + ST_TEXT));
}

void
theme_look(enum style style, bool selected, unsigned long *attrs, short *pair)
{
	const struct look *k = &current.theme->look[style < ST_COUNT ? style : ST_TEXT];
	attr_t a = current.depth == MONO ? mono_look(k, selected) : k->attrs;

	if (current.depth == MONO) {
		*attrs = a;
		*pair = 0;
		return;
	}
	*pair = (short)(1 + style);
	if (selected && current.depth == MANY && current.theme->chosen >= 0) {
		*pair = (short)(1 + ST_COUNT + style);
	} else if (selected) {
		/* one colour for the whole row, since reversed colours would look like patches */
		*pair = 1 + ST_TEXT;
		a = A_REVERSE;
	}
	*attrs = a;
}

bool
theme_plain(enum style style)
{
	unsigned long attrs;
	short pair;

	theme_look(style, false, &attrs, &pair);
	return !(attrs & (A_REVERSE | A_UNDERLINE));
}
