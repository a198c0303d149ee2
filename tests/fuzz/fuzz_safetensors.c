/*
 * Fuzzes the safetensors reader: what opens must be readable to its last element.
 */
#include "fuzz.h"
#include "io/safetensors.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_error err;
	struct ct_tensors *t;

	if (ct_tensors_open(&t, fuzz_file("model.safetensors", data, n), &err) != CT_OK)
		return 0;
	for (int i = 0; i < ct_tensors_count(t); i++) {
		const struct ct_tensor *x = ct_tensors_at(t, i);
		float last;

		ct_tensor_nonfinite(x, 0, x->count);
		if (x->count)
			ct_tensor_read(&last, x, x->count - 1, 1);
	}
	ct_tensors_close(t);
	return 0;
}
