/*
 * transcoder_scope2_clt: Gemma Scope 2 across layers, params_layer_{l}.safetensors, or files that
 * config.yaml lists.
 *
 * As per layer, except for w_dec (F,L,D), whose rows for earlier layers are not used. Source: circuit_tracer
 * 0.5.0, load_gemma_scope_2_clt.
 */
#include "model/transcoder_load.h"

static bool
fits(const struct ct_tc_loader *ld)
{
	return ld->has_config && ld->tc->kind == CT_CLT &&
	    (ld->paths || ct_tc_exists(ld, "params_layer_0.safetensors"));
}

static int
bind(struct ct_tc_loader *ld, int l)
{
	const struct ct_tc_file *f;
	int code = ct_tc_scope_encoder(ld, l, "w_enc", &f);

	if (code == CT_OK)
		code = ct_tc_decoders(ld, f, "w_dec", 0, l);
	return code == CT_OK ? ct_tc_scope_end(ld, f, l) : code;
}

const struct ct_tc_layout ct_tc_scope2_clt = {
	.name = "Gemma Scope 2 across layers",
	.tensors = "w_enc, w_dec, b_enc, b_dec, threshold, and perhaps affine_skip_connection",
	.stem = "params_layer_",
	.suffix = ".safetensors",
	.fits = fits,
	.bind = bind,
};
