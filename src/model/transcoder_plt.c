/*
 * transcoder_plt: circuit-tracer's layout of per-layer transcoders, layer_{l}.safetensors.
 *
 * W_enc, W_dec (F,D), b_enc (F), b_dec (D), optionally activation_function.threshold (F) and W_skip (D,D),
 * which adds x W_skip'. Source: circuit_tracer 0.5.0, transcoder/single_layer_transcoder.py.
 */
#include "model/transcoder_load.h"

static bool
fits(const struct ct_tc_loader *ld)
{
	return ld->has_config && ld->tc->kind == CT_PLT;
}

static int
bind(struct ct_tc_loader *ld, int l)
{
	static const char threshold[] = "activation_function.threshold";
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	const struct ct_tc_file *f;
	int D = ld->tc->D, code;

	if ((code = ct_tc_open_layer(ld, l, &f)) < 0 ||
	    (code = ct_tc_encoder(ld, f, "W_enc", false, l)) < 0 ||
	    (code = ct_tc_decoder(ld, f, "W_dec", l)) < 0 ||
	    (code = ct_tc_vector(ld, f, "b_enc", ly->F, &ly->b_enc)) < 0 ||
	    (code = ct_tc_vector(ld, f, "b_dec", D, &ly->b_dec)) < 0)
		return code;
	if (ct_tc_has(f, threshold) && (code = ct_tc_vector(ld, f, threshold, ly->F, &ly->threshold)) < 0)
		return code;
	if (ct_tc_has(f, "W_skip") && (code = ct_tc_skip(ld, f, "W_skip", false, l)) < 0)
		return code;
	return ct_tc_end_file(ld, f);
}

const struct ct_tc_layout ct_tc_plt = {
	.name = "a transcoder per layer",
	.tensors = "W_enc, W_dec, b_enc, b_dec, and perhaps activation_function.threshold and W_skip",
	.stem = "layer_",
	.suffix = ".safetensors",
	.fits = fits,
	.bind = bind,
};
