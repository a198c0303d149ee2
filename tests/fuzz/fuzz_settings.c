/*
 * Fuzzes config.yaml: whatever is in it, what is set can be used, keys run commands, and a mistake has its
 * line.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/language/settings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct settings s;
	const struct key_entry *k;

	settings_init(&s);
	settings_read(&s, "f", (const char *)data, n);
	if (!s.theme || s.study.node_threshold < 0 || s.study.node_threshold > 1 ||
	    s.study.how.mode == CT_RANGE)
		abort();
	if (*s.trouble && strncmp(s.trouble, "f:", 2) != 0)
		abort();
	for (int i = 0; (k = key_at(i)); i++) {
		const struct cmd_entry *c = cmd_find(k->command, strcspn(k->command, " "));

		if (!c || (c->flags & CMD_SCRIPT) || key_parse(k->key) < 0 || (key_is_first(i) && !k->note))
			abort();
	}
	key_reset();
	return 0;
}
