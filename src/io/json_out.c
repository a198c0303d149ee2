/* json_out: see json_out.h. */
#include "io/json_out.h"

#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "io/json_writer.h"

json_t *
ct_json_out_string(const char *s)
{
	json_t *j = json_string(s);
	size_t n = strlen(s), used = 0;
	char *valid;

	if (j)
		return j;
	valid = malloc(3 * n + 4);		/* U+FFFD takes 3 bytes; the encoder may ask for 4 */
	if (!valid)
		return NULL;
	for (size_t i = 0; i < n;) {
		uint32_t cp;

		i += (size_t)ct_utf8_decode(s + i, n - i, &cp);
		used += (size_t)ct_utf8_encode(cp, valid + used);
	}
	j = json_stringn(valid, used);
	free(valid);
	return j;
}

json_t *
ct_json_out_shown(const char *s)
{
	enum { MOST = 1024 };
	json_t *j = json_string(s);
	char clean[MOST];

	if (j)
		return j;
	ct_text_clean(clean, sizeof clean, s, strlen(s));
	return json_string(clean);
}

json_t *
ct_json_out_number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

json_t *
ct_json_out_document(int format, json_t *body)
{
	json_t *all = body ? json_pack("{s:s, s:i}", "ctrace_version", PACKAGE_VERSION, "format", format) :
	    NULL;

	if (all && json_object_update(all, body) != 0) {
		json_decref(all);
		all = NULL;
	}
	json_decref(body);
	return all;
}

int
ct_json_out_text(char **text, size_t *n, const json_t *root, bool indent, struct ct_error *err)
{
	struct ct_buffer b = { 0 };
	struct ct_writer w;

	ct_writer_init(&w, &b, indent);
	ct_writer_tree(&w, NULL, root);
	*text = ct_buffer_take(&b, n);
	if (!root || !*text) {
		free(*text);
		*text = NULL;
		return ct_fail(err, CT_ENOMEM, "out of memory for JSON text");
	}
	return CT_OK;
}
