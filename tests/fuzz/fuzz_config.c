/*
 * Fuzzes the reader of config.json: what it accepts must be consistent.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "model/config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_error err;
	struct ct_notes notes = { 0 };
	struct ct_config c;

	fuzz_file("config.json", data, n);
	if (ct_config_load(&c, fuzz_dir(), &notes, &err) == CT_OK &&
	    (c.D <= 0 || c.L <= 0 || c.H <= 0 || c.V <= 0 || c.mlp <= 0 || c.head <= 0 || c.H % c.H_kv))
		abort();
	return 0;
}
