/*
 * Fuzzes the reader of lessons: what it accepts has texts that fit, expectations that can be said, and
 * commands that exist.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tui/language/cmd.h"
#include "tui/lesson/flow.h"
#include "tui/lesson/lesson.h"

static void
check_commands(const char *const *command)
{
	for (int i = 0; i < LESSON_COMMANDS && command[i]; i++) {
		const struct cmd_entry *c = cmd_find(command[i], strcspn(command[i], " "));

		if (!c || (c->flags & (CMD_SCRIPT | CMD_PERSON)))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *path = fuzz_file("lesson.yaml", data, n);
	struct ct_error err;
	struct lesson *l;
	char words[64];

	if (lesson_open(&l, path, &err) != CT_OK)
		return 0;
	if (l->n < 1 || !l->step[0].prompt)
		abort();
	for (int i = 0; i < l->n; i++) {
		const struct step *s = &l->step[i];

		if (flow_lines(s->text, LESSON_COLS) > LESSON_LINES || (s->ask && !s->answer[0]))
			abort();
		for (int k = 0; k < s->n_checks; k++)
			lesson_check_words(&s->checks[k], words, sizeof words);
		check_commands(s->command);
		check_commands(s->answer);
	}
	lesson_close(l);
	return 0;
}
