/*
 * json: see json.h.
 */
#include "io/json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"
#include "io/json_writer.h"
#include "io/sniff.h"

/*
 * A tree may take 40 times its text. Only empty containers come near that (jansson: about 240 bytes for
 * "{}", 130 for "[]"), so counting brackets gives a bound. Small files are not checked.
 */
static bool
too_heavy(const char *text, size_t n)
{
	size_t cost = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' && quoted)
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] == '{')
			cost += 240;
		else if (!quoted && text[i] == '[')
			cost += 130;
	}
	return cost > (1 << 20) && cost / 40 > n;
}

/* When memory runs out, jansson may fail without a message. */
static bool
no_memory(const json_error_t *why)
{
	return json_error_code(why) == json_error_out_of_memory || !*why->text;
}

static int
parse(json_t **out, const char *name, const char *text, size_t n, bool whole_file, struct ct_error *err)
{
	json_error_t why;
	char msg[256];

	*out = NULL;
	if (too_heavy(text, n))
		return ct_fail(err, CT_EFORMAT, "%s: more brackets than content; refused", name);
	*out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
	if (*out)
		return CT_OK;
	if (no_memory(&why))
		return ct_fail_memory(err, n, name);
	if (whole_file && json_error_code(&why) == json_error_premature_end_of_input)
		return ct_fail(err, CT_EFORMAT, "%s: ends in the middle, after %zu bytes; was it cut off? "
		    "Download or write it again", name, n);
	ct_text_clean(msg, sizeof msg, why.text, strlen(why.text));
	return ct_fail(err, CT_EFORMAT, "%s:%d:%d: not valid JSON: %s", name, why.line, why.column, msg);
}

int
ct_json_parse(json_t **out, const char *name, const char *text, size_t n, struct ct_error *err)
{
	return parse(out, name, text, n, false, err);
}

/* Makes valid JSON free of everything that jansson refuses for its content. */
static void
make_plain(struct ct_buffer *to, const char *text, size_t n)
{
	struct ct_writer w;

	ct_writer_init(&w, to, false);
	w.lenient = true;
	ct_writer_raw(&w, NULL, text, n);
}

int
ct_json_parse_lenient(json_t **out, const char *name, const char *text, size_t at, size_t n,
    struct ct_error *err)
{
	struct ct_buffer b = { 0 };
	json_error_t why;
	char msg[256], *plain;
	size_t size;

	*out = NULL;
	if (too_heavy(text + at, n))
		return ct_fail(err, CT_EFORMAT, "%s: byte %zu: more brackets than content; refused", name,
		    at);
	make_plain(&b, text + at, n);
	if (!(plain = ct_buffer_take(&b, &size)))
		return ct_fail_memory(err, n, name);
	*out = json_loadb(plain, size, JSON_DECODE_ANY, &why);
	free(plain);
	if (*out)
		return CT_OK;
	if (no_memory(&why))
		return ct_fail_memory(err, n, name);
	ct_text_clean(msg, sizeof msg, why.text, strlen(why.text));
	return ct_fail(err, CT_EFORMAT, "%s: byte %zu: not valid JSON: %s", name, at, msg);
}

/*
 * jansson refuses the escapes \u0000 and halves of surrogate pairs, though perhaps nobody needs their
 * strings. They become noncharacters, which no text has and whose escapes are as long. Returns whether there
 * were any.
 */
static bool
mend_escapes(char *text, size_t n)
{
	bool quoted = false, found = false;

	for (size_t i = 0; i < n; i++) {
		unsigned low = 0, code = 0;

		if (text[i] == '"')
			quoted = !quoted;
		if (!quoted || text[i] != '\\')
			continue;
		if (text[i + 1] != 'u' || n - i < 6 || sscanf(text + i + 2, "%4x", &code) != 1) {
			i++;
			continue;
		}
		if (code >= 0xD800 && code < 0xDC00 && n - i >= 12 && text[i + 6] == '\\' &&
		    text[i + 7] == 'u' &&
		    sscanf(text + i + 8, "%4x", &low) == 1 && low >= 0xDC00 && low < 0xE000) {
			i += 11;
			continue;
		}
		if (code == 0 || (code >= 0xD800 && code < 0xE000)) {
			memcpy(text + i + 2, code ? "fffe" : "ffff", 4);
			found = true;
		}
		i += 5;
	}
	return found;
}

/*
 * Integers of more digits than jansson reads, such as tokenizer_config.json's model_max_length of 10^30,
 * become numbers of the same size: the last two digits are written as an exponent.
 */
static void
mend_integers(char *text, size_t n)
{
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		char before = i ? text[i - 1] : ',';
		size_t first = i;

		if (text[i] == '"')
			quoted = !quoted;
		if (quoted && text[i] == '\\')
			i++;
		if (quoted || !isdigit((unsigned char)text[i]))
			continue;
		while (i < n && isdigit((unsigned char)text[i]))
			i++;
		if (i - first >= 19 && !strchr(".eE+", before) && (i == n || !strchr(".eE", text[i])))
			memcpy(text + i - 2, "e2", 2);
		i--;
	}
}

static int
load(json_t **out, const char *path, size_t max_bytes, struct ct_notes *mended, uint32_t *digest,
    struct ct_error *err)
{
	json_error_t why;
	char *text;
	size_t n, mark;
	bool escapes;
	int code;

	*out = NULL;
	code = ct_file_read(&text, &n, path, max_bytes, err);
	if (code != CT_OK)
		return code;
	if (digest)
		*digest = (uint32_t)crc32_z(0, (const Bytef *)text, n);
	/* JSON has no byte order mark, but some editors write one. */
	mark = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	code = ct_sniff_expect(path, text, n, CT_SNIFF_OTHER, "a JSON file", err);
	if (code == CT_OK)
		code = parse(out, path, text + mark, n - mark, true, err);
	if (code == CT_EFORMAT && mended && !too_heavy(text, n)) {
		escapes = mend_escapes(text + mark, n - mark);
		mend_integers(text + mark, n - mark);
		*out = json_loadb(text + mark, n - mark, JSON_REJECT_DUPLICATES, &why);
		if (!*out && (*out = json_loadb(text + mark, n - mark, 0, &why)))
			ct_note(mended, "%s: a key occurs twice; the last one counts, as in Hugging "
			    "Face", path);
		if (*out && escapes)
			ct_note(mended, "%s: has \\u0000 or half a surrogate pair in a string, which matches "
			    "nothing", path);
		code = *out ? CT_OK : code;
	}
	free(text);
	return code;
}

int
ct_json_load(json_t **out, const char *path, size_t max_bytes, struct ct_error *err)
{
	return load(out, path, max_bytes, NULL, NULL, err);
}

int
ct_json_load_mended(json_t **out, const char *path, size_t max_bytes, struct ct_notes *mended,
    uint32_t *digest, struct ct_error *err)
{
	return load(out, path, max_bytes, mended, digest, err);
}

static const char *
kind_name(const json_t *v)
{
	static const char *const names[] = { [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string", [JSON_INTEGER] = "an integer", [JSON_REAL] = "a number",
		[JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null" };

	return names[json_typeof(v)];
}

/* The value of key; NULL if it is missing or null, which is an error if `need`. */
static int
look_up(const json_t **out, const json_t *obj, const char *where, const char *key, bool need,
    struct ct_error *err)
{
	*out = json_object_get(obj, key);
	if (json_is_null(*out))
		*out = NULL;
	if (!*out && need)
		return ct_fail(err, CT_EFORMAT, "%s: \"%s\" is missing", where, key);
	return CT_OK;
}

static int
wrong_kind(const char *where, const char *key, const char *expected, const json_t *v, struct ct_error *err)
{
	return ct_fail(err, CT_EFORMAT, "%s: \"%s\": expected %s, found %s", where, key, expected,
	    kind_name(v));
}

int
ct_json_int(const json_t *obj, const char *where, const char *key, bool need, int min, int max, int *out,
    struct ct_error *err)
{
	const json_t *v;
	int code = look_up(&v, obj, where, key, need, err);

	if (code != CT_OK || !v)
		return code;
	if (!json_is_integer(v))
		return wrong_kind(where, key, "an integer", v, err);
	if (json_integer_value(v) < min || json_integer_value(v) > max)
		return ct_fail(err, CT_EFORMAT, "%s: \"%s\": expected %d to %d, found %lld", where, key, min,
		    max, (long long)json_integer_value(v));
	*out = (int)json_integer_value(v);
	return CT_OK;
}

int
ct_json_double(const json_t *obj, const char *where, const char *key, bool need, double *out,
    struct ct_error *err)
{
	const json_t *v;
	int code = look_up(&v, obj, where, key, need, err);

	if (code != CT_OK || !v)
		return code;
	if (!json_is_number(v))
		return wrong_kind(where, key, "a number", v, err);
	*out = json_number_value(v);
	return CT_OK;
}

int
ct_json_bool(const json_t *obj, const char *where, const char *key, bool need, bool *out,
    struct ct_error *err)
{
	const json_t *v;
	int code = look_up(&v, obj, where, key, need, err);

	if (code != CT_OK || !v)
		return code;
	if (!json_is_boolean(v))
		return wrong_kind(where, key, "true or false", v, err);
	*out = json_is_true(v);
	return CT_OK;
}

int
ct_json_string(const json_t *obj, const char *where, const char *key, bool need, const char **out,
    struct ct_error *err)
{
	const json_t *v;
	int code = look_up(&v, obj, where, key, need, err);

	if (code != CT_OK || !v)
		return code;
	if (!json_is_string(v))
		return wrong_kind(where, key, "a string", v, err);
	*out = json_string_value(v);
	return CT_OK;
}
