/*
 * Fuzzes the reader of NumPy's archives: what opens must be readable to its last element.
 */
#include "fuzz.h"
#include "io/npz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_error err;
	struct ct_npz *z;

	if (ct_npz_open(&z, fuzz_file("params.npz", data, n), &err) != CT_OK)
		return 0;
	for (int i = 0; i < ct_npz_count(z); i++) {
		const struct ct_npz_array *a = ct_npz_at(z, i);
		float last;

		if (a->unread)
			continue;
		ct_tensor_nonfinite(&a->t);
		if (a->t.count)
			ct_tensor_read(&last, &a->t, a->t.count - 1, 1);
	}
	ct_npz_digest(z, 0);
	ct_npz_close(z);
	return 0;
}
