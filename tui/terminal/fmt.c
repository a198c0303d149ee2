/* fmt: see fmt.h. */
#include "tui/terminal/fmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MINUS "\xe2\x88\x92" /* U+2212, as wide as a plus */

/* Two decimals without a leading zero below 1, fewer above: about as many columns at every size. */
static void
put_magnitude(char *buf, size_t size, double a)
{
	char digits[32];

	if (a < 0.995) {
		snprintf(digits, sizeof digits, "%.2f", a);
		snprintf(buf, size, "%s", digits + 1);
	} else if (a < 9.95) {
		snprintf(buf, size, "%.1f", a);
	} else if (a < 9999.5) {
		snprintf(buf, size, "%.0f", a);
	} else {
		snprintf(buf, size, "%.0e", a);
	}
}

const char *
fmt_signed(char *buf, size_t size, double v)
{
	char digits[32];

	if (!isfinite(v)) {
		snprintf(buf, size, "?");
		return buf;
	}
	if (fabs(v) < 0.005) {
		snprintf(buf, size, "0");
		return buf;
	}
	put_magnitude(digits, sizeof digits, fabs(v));
	snprintf(buf, size, "%s%s", v < 0 ? MINUS : "+", digits);
	return buf;
}

const char *
fmt_summand(char *buf, size_t size, double v)
{
	if (fabs(v) < .005 || fabs(v) >= 1000)
		return fmt_signed(buf, size, v);
	snprintf(buf, size, "%s%.2f", v < 0 ? "−" : "+", fabs(v));
	return buf;
}

const char *
fmt_short(char *buf, size_t size, double v)
{
	double a = fabs(v);

	if (a >= 99.5)
		snprintf(buf, size, "%s", v < 0 ? MINUS MINUS MINUS : "+++");
	else if (a < 0.95)
		snprintf(buf, size, "%s.%.0f", v < 0 ? MINUS : "+", a * 10);
	else
		snprintf(buf, size, "%s%.0f", v < 0 ? MINUS : "+", a);
	return buf;
}

const char *
fmt_plain(char *buf, size_t size, double v)
{
	const char *sign = v < 0 ? MINUS : "";
	double a = fabs(v);

	if (!isfinite(v))
		snprintf(buf, size, "?");
	else if (a < 0.005)
		snprintf(buf, size, "0");
	else if (a < 9.995)
		snprintf(buf, size, "%s%.2f", sign, a);
	else if (a < 99.95)
		snprintf(buf, size, "%s%.1f", sign, a);
	else if (a < 99999.5)
		snprintf(buf, size, "%s%.0f", sign, a);
	else
		snprintf(buf, size, "%s%.0e", sign, a);
	return buf;
}

const char *
fmt_share(char *buf, size_t size, double v)
{
	if (!isfinite(v))
		snprintf(buf, size, "?");
	else if (v < -0.005 || v > 1.005)	/* a file may contain values that are no shares */
		fmt_plain(buf, size, v);
	else if (v >= 0.995)
		snprintf(buf, size, "1.0");
	else
		put_magnitude(buf, size, v < 0 ? 0 : v);
	return buf;
}

const char *
fmt_part(char *buf, size_t size, double v)
{
	if (!isfinite(v))
		return fmt_share(buf, size, v);
	fmt_signed(buf, size, v);
	if (*buf == '+')
		memmove(buf, buf + 1, strlen(buf));
	return buf;
}

const char *
fmt_percent(char *buf, size_t size, double v)
{
	char digits[32];
	double p = v * 100;

	if (!isfinite(v)) {
		snprintf(buf, size, "?");
	} else if (p > 100.05) {	/* a file may contain values that are no probabilities */
		snprintf(buf, size, "%.0f%%", p);
	} else if (p < -0.005) {
		snprintf(buf, size, "\xe2\x88\x92%.1f%%", -p);
	} else if (p >= 99.95) {
		snprintf(buf, size, "100%%");
	} else if (p >= 0.995) {
		snprintf(buf, size, "%.1f%%", p);
	} else if (p >= 0.005) {
		snprintf(digits, sizeof digits, "%.2f%%", p);
		snprintf(buf, size, "%s", digits + 1);
	} else {
		snprintf(buf, size, "0%%");
	}
	return buf;
}

const char *
fmt_tiny(char *buf, size_t size, double v)
{
	char digits[32], *e;

	if (!isfinite(v)) {
		snprintf(buf, size, "?");
	} else if (v == 0) {
		snprintf(buf, size, "0");
	} else {
		snprintf(digits, sizeof digits, "%.0e", v);
		e = strchr(digits, 'e');
		if (e && e[1] == '-' && e[2] == '0')
			memmove(e + 2, e + 3, strlen(e + 3) + 1);
		snprintf(buf, size, "%s", digits);
	}
	return buf;
}

const char *
fmt_token(char *buf, size_t size, const char *text)
{
	size_t n = 0;

	for (buf[0] = '\0'; *text == ' ' && n + 4 < size; text++)
		n += (size_t)snprintf(buf + n, size - n, "\xe2\x90\xa3");
	ct_text_word(buf + n, size - n, text);
	return buf;
}
