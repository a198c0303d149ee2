/*
 * transcoder_scope1: Gemma Scope 1, a params.npz for each layer, which config.yaml lists.
 *
 * W_enc (D,F), W_dec (F,D), b_enc, b_dec, threshold. Sources: the tutorial of Gemma Scope; circuit_tracer
 * 0.5.0, load_gemma_scope_transcoder.
 */
#include "model/transcoder_load.h"

static bool
fits(const struct ct_tc_loader *ld)
{
	return ld->first && ld->first->npz;
}

static int
bind(struct ct_tc_loader *ld, int l)
{
	const struct ct_tc_file *f;
	int code = ct_tc_scope_encoder(ld, l, "W_enc", &f);

	if (code == CT_OK)
		code = ct_tc_decoder(ld, f, "W_dec", l);
	return code == CT_OK ? ct_tc_end_file(ld, f) : code;
}

const struct ct_tc_layout ct_tc_scope1 = {
	.name = "Gemma Scope 1",
	.tensors = "W_enc, W_dec, b_enc, b_dec and threshold",
	.stem = "layer_",
	.suffix = ".safetensors",
	.fits = fits,
	.bind = bind,
};
