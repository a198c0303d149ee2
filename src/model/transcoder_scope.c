/*
 * transcoder_scope: what the three layouts of Google DeepMind's Gemma Scope have in common; see
 * transcoder_load.h.
 *
 * Encoders are (D,F). The publisher's code has acts = (pre > threshold) * relu(pre), so a threshold below 0
 * counts as 0; and adds x affine_skip_connection, whose first index is the input's. Sources: the tutorials
 * of Gemma Scope 1 and 2.
 */
#include "model/transcoder_load.h"

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
	    (code = ct_tc_matrix_of(ld, *f, name, D, -1, &ly->enc)) < 0 ||
	    (code = ct_tc_features(ld, ly->enc.t, 1, l)) < 0 ||
	    (code = ct_tc_vector(ld, *f, "b_enc", ly->F, &ly->b_enc)) < 0 ||
	    (code = ct_tc_vector(ld, *f, "b_dec", D, &ly->b_dec)) < 0)
		return code;
	ly->enc.flipped = !ly->enc.flipped;
	ly->dec_rows = 1;
	ly->dec_first = l;
	return bind_thresholds(ld, *f, ly);
}

int
ct_tc_scope_end(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l)
{
	static const char skip[] = "affine_skip_connection";
	int code = ct_tc_has(f, skip) ? ct_tc_skip_of(ld, f, skip, true, l) : CT_OK;

	return code == CT_OK ? ct_tc_end_file(ld, f) : code;
}
