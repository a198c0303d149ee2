/*
 * Fuzzes the safetensors reader: what opens must be readable to its last element. Input that begins as JSON
 * is an index of shards, beside two good ones.
 */
#include "fuzz.h"
#include "io/safetensors.h"

static void
read_all(struct ct_tensors *t)
{
	for (int i = 0; i < ct_tensors_count(t); i++) {
		const struct ct_tensor *x = ct_tensors_at(t, i);
		float last;

		ct_tensor_nonfinite(x);
		if (x->count)
			ct_tensor_read(&last, x, x->count - 1, 1);
	}
	ct_tensors_close(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool linked;
	struct ct_error err;
	struct ct_tensors *t;

	if (n && data[0] == '{') {
		if (!linked) {
			fuzz_link("1", "golden/gpt2-plt/transcoder/layer_0.safetensors");
			fuzz_link("2", "golden/llama-clt/transcoder/W_dec_0.safetensors");
			linked = true;
		}
		fuzz_file("model.safetensors.index.json", data, n);
		if (ct_tensors_open_model(&t, fuzz_dir(), &err) == CT_OK)
			read_all(t);
	} else if (ct_tensors_open(&t, fuzz_file("weights", data, n), &err) == CT_OK) {
		read_all(t);
	}
	return 0;
}
