/* fmt: writes numbers for people, in few columns. */
#ifndef TUI_FMT_H
#define TUI_FMT_H

#include <stddef.h>

/* All write to buf (size bytes) and return it, so that calls can be arguments. */
enum { FMT_SIZE = 24 };

const char *fmt_signed(char *buf, size_t size, double v);	/* "+.85", "−.12", "+3.2", "+42" */
/* with enough digits to be added up: "+6.41" */
const char *fmt_summand(char *buf, size_t size, double v);
const char *fmt_short(char *buf, size_t size, double v);	/* three columns: "+.8", "−12", "+++" */
const char *fmt_plain(char *buf, size_t size, double v);	/* "1.54", "0", "−2.5": up to three digits */
const char *fmt_share(char *buf, size_t size, double v);	/* 0..1: ".96", "1.0" */
const char *fmt_part(char *buf, size_t size, double v);	/* a part of a net sum: ".96", "−2.8" */
const char *fmt_percent(char *buf, size_t size, double v);	/* 0..1: "77.1%", ".14%" */
/* a token by itself, with ␣ for leading blanks */
const char *fmt_token(char *buf, size_t size, const char *text);
const char *fmt_tiny(char *buf, size_t size, double v);		/* "2e-6", "0" */

#endif
