/* config_load: see config.h. Each family's table says what keys mean. */
#include "model/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/json.h"
#include "model/keys.h"
#include "model/model.h"

enum { MAX_CONFIG = 1 << 20 };

/* Checks what must hold for every family. */
static int
check(const struct ct_config *c, const char *path, struct ct_error *err)
{
	if (c->H % c->H_kv != 0)
		return ct_fail(err, CT_EFORMAT, "%s: %d heads cannot share %d key/value heads evenly", path,
		    c->H, c->H_kv);
	if (c->position == CT_ROPE && c->head % 2 != 0)
		return ct_fail(err, CT_EFORMAT, "%s: rotary positions need an even head width, found %d",
		    path, c->head);
	if (!(c->eps >= 0 && c->eps < 1))
		return ct_fail(err, CT_EFORMAT, "%s: the norm's epsilon: expected 0 to 1, found %g", path,
		    c->eps);
	return CT_OK;
}

static int
refuse_quantized(const json_t *root, const char *path, struct ct_error *err)
{
	static const char *const names[] = { "quantization_config", "compression_config", "quantization" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const json_t *q = json_object_get(root, names[i]);
		const char *method = json_string_value(json_object_get(q, "quant_method"));
		char shown[48] = "quantized";

		if (!q || json_is_null(q))
			continue;
		if (method)
			ct_text_clean(shown, sizeof shown, method, strlen(method));
		return ct_fail(err, CT_EUNSUPPORTED, "%s: \"%s\": %s weights are not supported; use the F32, "
		    "F16 or BF16 model", path, names[i], shown);
	}
	return CT_OK;
}

int
ct_config_load(struct ct_config *out, const char *dir, struct ct_notes *notes, struct ct_error *err)
{
	char *path = ct_path_join(dir, "config.json");
	const struct ct_family *family;
	const char *type = NULL, *name;
	struct ct_notes unseen = { .n = 0 };
	json_t *root = NULL;
	uint32_t digest = 0;
	int code;

	*out = (struct ct_config){ .bos = -1 };
	if (!path)
		return ct_fail_memory(err, strlen(dir), "a path");
	if (!ct_dir_exists(dir)) {
		code = ct_fail(err, CT_ENOTFOUND, "%s: there is no such model directory", dir);
		goto done;
	}
	code = ct_json_load_mended(&root, path, MAX_CONFIG, notes ? notes : &unseen, &digest, err);
	if (code != CT_OK)
		goto done;
	if (!json_is_object(root)) {
		code = ct_fail(err, CT_EFORMAT, "%s: expected an object {...}", path);
		goto done;
	}
	code = ct_json_string(root, path, "model_type", true, &type, err);
	if (code != CT_OK)
		goto done;
	code = refuse_quantized(root, path, err);
	if (code != CT_OK)
		goto done;
	family = ct_family_find(type);
	if (!family) {
		char shown[80], supported[200];

		ct_family_list(supported, sizeof supported);
		ct_text_clean(shown, sizeof shown, type, strlen(type));
		code = ct_fail(err, CT_EUNSUPPORTED, "%s: model_type \"%s\" is not supported (supported: "
		    "%s)", path, shown, supported);
		goto done;
	}
	*out = *family->defaults;
	out->family = family;
	out->digest = digest;
	name = json_string_value(json_object_get(root, "_name_or_path"));
	snprintf(out->name, sizeof out->name, "%s", name ? name : "");
	code = ct_keys_read(out, root, family->keys, type, path, notes, err);
	if (code == CT_OK)
		code = family->config(out, root, path, notes, err);
	if (code == CT_OK)
		code = check(out, path, err);
done:
	json_decref(root);
	free(path);
	return code;
}
