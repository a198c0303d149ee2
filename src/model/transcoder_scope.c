/*
 * transcoder_scope: what the three layouts of Google DeepMind's Gemma Scope have in common; see
 * transcoder_load.h.
 *
 * Encoders are (D,F). In the publisher's code, acts = (pre > threshold) * relu(pre), so a threshold below 0
 * counts as 0; and the skip path adds x affine_skip_connection, whose first index is the input's. Sources:
 * the tutorials of Gemma Scope 1 and 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/json.h"
#include "model/transcoder_load.h"

enum { MAX_CONFIG = 1 << 20 };

static int
bind_thresholds(struct ct_tc_loader *ld, const struct ct_tc_file *f, struct ct_tc_layer *ly)
{
	int negative = 0, code = ct_tc_vector(ld, f, "threshold", ly->F, &ly->threshold);
	float *copy;

	if (code != CT_OK)
		return code;
	for (int i = 0; i < ly->F; i++)
		negative += ly->threshold[i] < 0;
	if (!negative)
		return CT_OK;
	ct_note(&ld->tc->notes, "%s: %d of %d thresholds are below 0 and count as 0, as in Gemma Scope's own "
	    "code", f->path, negative, ly->F);
	copy = ct_arena_need(&ld->tc->arena, (size_t)ly->F, sizeof *copy, "thresholds", ld->err);
	if (!copy)
		return CT_ENOMEM;
	for (int i = 0; i < ly->F; i++)
		copy[i] = ly->threshold[i] < 0 ? 0 : ly->threshold[i];
	ly->threshold = copy;
	return CT_OK;
}

int
ct_tc_scope_encoder(struct ct_tc_loader *ld, int l, const char *name, const struct ct_tc_file **f)
{
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	int D = ld->tc->D, code;

	if ((code = ct_tc_open_layer(ld, l, f)) < 0 ||
	    (code = ct_tc_encoder(ld, *f, name, true, l)) < 0 ||
	    (code = ct_tc_vector(ld, *f, "b_enc", ly->F, &ly->b_enc)) < 0 ||
	    (code = ct_tc_vector(ld, *f, "b_dec", D, &ly->b_dec)) < 0)
		return code;
	return bind_thresholds(ld, *f, ly);
}

/* Whether a hook, named as the publisher does, is the output of this module of layer l. */
static int
check_hook(struct ct_tc_loader *ld, const json_t *root, const char *path, const char *key, const char *module,
    int l)
{
	const char *found = NULL;
	char want[96], shown[96];
	int code = ct_json_string(root, path, key, false, &found, ld->err);

	snprintf(want, sizeof want, "model.layers.%d.%s.output", l, module);
	if (code != CT_OK || !found || strcmp(found, want) == 0)
		return code;
	ct_text_clean(shown, sizeof shown, found, strlen(found));
	return ct_fail(ld->err, CT_EUNSUPPORTED, "%s: %s is \"%s\", expected \"%s\" of a transcoder of layer "
	    "%d", path, key, shown, want, l);
}

static int
check_figures(struct ct_tc_loader *ld, const json_t *root, const char *path, const struct ct_tc_file *f,
    int l)
{
	bool skip = ct_tc_has(f, "affine_skip_connection"), says_skip = skip;
	int F = ld->tc->layers[l].F, width = F, code;
	const char *kind = NULL;
	char shown[41];

	if ((code = ct_json_int(root, path, "width", false, 1, 1 << 26, &width, ld->err)) < 0 ||
	    (code = ct_json_bool(root, path, "affine_connection", false, &says_skip, ld->err)) < 0 ||
	    (code = ct_json_string(root, path, "architecture", false, &kind, ld->err)) < 0)
		return code;
	if (width != F)
		return ct_fail(ld->err, CT_EFORMAT, "%s: \"width\" is %d, but the file has %d features", path,
		    width, F);
	if (skip != says_skip)
		return ct_fail(ld->err, CT_EFORMAT, "%s: \"affine_connection\" is %s, but the file has %s "
		    "affine_skip_connection", path, says_skip ? "true" : "false", skip ? "an" : "no");
	if (!kind || strcmp(kind, "jump_relu") == 0)
		return CT_OK;
	ct_text_clean(shown, sizeof shown, kind, strlen(kind));
	return ct_fail(ld->err, CT_EUNSUPPORTED, "%s: \"architecture\" is \"%s\", expected jump_relu", path,
	    shown);
}

/* Gemma Scope 2 has a config.json next to each layer's file, which must not contradict the rest. */
int
ct_tc_scope_check(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l)
{
	const char *slash = strrchr(f->path, '/');
	char *dir = strndup(f->path, slash ? (size_t)(slash + 1 - f->path) : 0);
	char *path = dir ? ct_path_join(dir, "config.json") : NULL;
	json_t *root = NULL;
	int code;

	free(dir);
	if (!path)
		return ct_fail_memory(ld->err, strlen(f->path), "a path");
	if (ct_file_missing(path)) {
		free(path);
		return CT_OK;
	}
	code = ct_json_load(&root, path, MAX_CONFIG, ld->err);
	if (code == CT_OK && !json_is_object(root))
		code = ct_fail(ld->err, CT_EFORMAT, "%s: expected an object {...}", path);
	if (code == CT_OK)
		code = check_hook(ld, root, path, "hf_hook_point_in", "pre_feedforward_layernorm", l);
	if (code == CT_OK)
		code = check_hook(ld, root, path, "hf_hook_point_out", "post_feedforward_layernorm", l);
	if (code == CT_OK)
		code = check_figures(ld, root, path, f, l);
	json_decref(root);
	free(path);
	return code;
}

int
ct_tc_scope_end(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l)
{
	static const char skip[] = "affine_skip_connection";
	int code = ct_tc_has(f, skip) ? ct_tc_skip(ld, f, skip, true, l) : CT_OK;

	return code == CT_OK ? ct_tc_end_file(ld, f) : code;
}
