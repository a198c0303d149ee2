/*
 * safetensors_write: a file of float tensors; see safetensors.h.
 */
#include "io/safetensors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/json.h"

int
ct_tensors_write(const char *path, const struct ct_tensor *list, int n, struct ct_error *err)
{
	struct ct_part *parts = calloc((size_t)n + 2, sizeof *parts);
	json_t *header = json_object();
	char *text = NULL, *padded = NULL;
	uint64_t len;
	size_t at = 0;
	int code = CT_ENOMEM;

	if (!parts || !header)
		goto fail;
	for (int i = 0; i < n; i++) {
		const struct ct_tensor *t = &list[i];
		json_t *shape = json_array(), *v;
		size_t bytes = sizeof(float);

		for (int d = 0; d < t->rank; d++) {
			bytes *= t->dim[d];
			json_array_append_new(shape, json_integer((json_int_t)t->dim[d]));
		}
		v = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
		    (json_int_t)at, (json_int_t)(at + bytes));
		if (json_object_set_new(header, t->name, v) != 0)
			goto fail;
		parts[i + 2] = (struct ct_part){ .data = t->data, .size = bytes };
		at += bytes;
	}
	text = json_dumps(header, JSON_COMPACT);
	if (!text)
		goto fail;
	/* Spaces up to a multiple of 8, so that the data is aligned in a mapping. */
	len = (strlen(text) + 7) / 8 * 8;
	padded = malloc(len);
	if (!padded)
		goto fail;
	memset(padded, ' ', len);
	memcpy(padded, text, strlen(text));
	parts[0] = (struct ct_part){ .data = &len, .size = sizeof len };
	parts[1] = (struct ct_part){ .data = padded, .size = len };
	code = ct_file_replace_parts(path, parts, n + 2, err);
fail:
	if (code == CT_ENOMEM)
		ct_fail(err, code, "out of memory while writing %s", path);
	json_decref(header);
	free(padded);
	free(text);
	free(parts);
	return code;
}
