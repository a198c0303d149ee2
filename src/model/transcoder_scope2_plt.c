/*
 * transcoder_scope2_plt: Gemma Scope 2 per layer, a params.safetensors for each, which config.yaml lists.
 *
 * w_enc (D,F), w_dec (F,D), b_enc, b_dec, threshold, and perhaps affine_skip_connection (D,D). Sources: the
 * tutorial of Gemma Scope 2; circuit_tracer 0.5.0, load_gemma_scope_2_transcoder.
 */
#include "model/transcoder_load.h"

static bool
fits(const struct ct_tc_loader *ld)
{
	return ld->first && ct_tc_has(ld->first, "w_enc");
}

static int
bind(struct ct_tc_loader *ld, int l)
{
	const struct ct_tc_file *f;
	int code = ct_tc_scope_encoder(ld, l, "w_enc", &f);

	if (code == CT_OK)
		code = ct_tc_decoder(ld, f, "w_dec", l);
	if (code == CT_OK)
		code = ct_tc_scope_end(ld, f, l);
	return code == CT_OK ? ct_tc_scope_check(ld, f, l) : code;
}

const struct ct_tc_layout ct_tc_scope2_plt = {
	.name = "Gemma Scope 2",
	.tensors = "w_enc, w_dec, b_enc, b_dec, threshold, and perhaps affine_skip_connection",
	.stem = "layer_",
	.suffix = ".safetensors",
	.fits = fits,
	.bind = bind,
};
