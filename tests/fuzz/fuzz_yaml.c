/*
 * Fuzzes the YAML reader: every node of what opens is visited.
 */
#include <string.h>

#include "fuzz.h"
#include "io/yaml.h"

static size_t
visit(const struct ct_yaml *v)
{
	size_t sum = v->kind == CT_YAML_SCALAR ? strlen(v->text) : 0;

	for (int i = 0; i < v->n; i++)
		sum += visit(&v->items[i]) + (v->items[i].key ? strlen(v->items[i].key) : 0);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_yaml_doc *d;
	struct ct_error err;

	if (ct_yaml_open(&d, "f.yaml", n ? (const char *)data : "", n, &err) != CT_OK)
		return 0;
	visit(ct_yaml_root(d));
	ct_yaml_close(d);
	return 0;
}
