/*
 * transcoder_clt: circuit-tracer's layout of a cross-layer transcoder, W_enc_{l}.safetensors and
 * W_dec_{l}.safetensors.
 *
 * The first has W_enc_{l} (F,D), b_enc_{l} (F), b_dec_{l} (D) and optionally threshold_{l} (F), the second
 * W_dec_{l} (F,L-l,D). circuit-tracer's loader does not read a skip path, and its class applies the transpose
 * of what it applies in per-layer transcoders. So a skip path in such a file has no agreed meaning, and is an
 * error. Source: circuit_tracer 0.5.0, transcoder/cross_layer_transcoder.py.
 */
#include <stdio.h>

#include "model/transcoder_load.h"

static bool
fits(const struct ct_tc_loader *ld)
{
	return ld->has_config && ld->tc->kind == CT_CLT && !ld->paths &&
	    ct_tc_exists(ld, "W_enc_0.safetensors");
}

/* "W_enc_3" for layer 3. */
struct names {
	char enc[32], b_enc[32], b_dec[32], threshold[32], dec[32], dec_file[48];
};

static int
bind_decoders(struct ct_tc_loader *ld, const struct names *n, int l)
{
	const struct ct_tc_file *f;
	int code = ct_tc_open_file(ld, n->dec_file, &f);

	if (code == CT_OK)
		code = ct_tc_decoders(ld, f, n->dec, l, l);
	return code == CT_OK ? ct_tc_end_file(ld, f) : code;
}

static int
bind(struct ct_tc_loader *ld, int l)
{
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	const struct ct_tc_file *f;
	struct names n;
	int D = ld->tc->D, code;

	snprintf(n.enc, sizeof n.enc, "W_enc_%d", l);
	snprintf(n.b_enc, sizeof n.b_enc, "b_enc_%d", l);
	snprintf(n.b_dec, sizeof n.b_dec, "b_dec_%d", l);
	snprintf(n.threshold, sizeof n.threshold, "threshold_%d", l);
	snprintf(n.dec, sizeof n.dec, "W_dec_%d", l);
	snprintf(n.dec_file, sizeof n.dec_file, "W_dec_%d.safetensors", l);
	if ((code = ct_tc_open_layer(ld, l, &f)) < 0 ||
	    (code = ct_tc_encoder(ld, f, n.enc, false, l)) < 0 ||
	    (code = ct_tc_vector(ld, f, n.b_enc, ly->F, &ly->b_enc)) < 0 ||
	    (code = ct_tc_vector(ld, f, n.b_dec, D, &ly->b_dec)) < 0)
		return code;
	if (ct_tc_has(f, n.threshold) && (code = ct_tc_vector(ld, f, n.threshold, ly->F,
	    &ly->threshold)) < 0)
		return code;
	if ((code = ct_tc_end_file(ld, f)) < 0)
		return code;
	return bind_decoders(ld, &n, l);
}

const struct ct_tc_layout ct_tc_clt = {
	.name = "a cross-layer transcoder",
	.tensors = "W_enc_{l}, b_enc_{l}, b_dec_{l}, perhaps threshold_{l}, and in another file W_dec_{l}",
	.stem = "W_enc_",
	.suffix = ".safetensors",
	.fits = fits,
	.bind = bind,
};
