/*
 * settings: reads a person's settings, $XDG_CONFIG_HOME/ctrace/config.yaml.
 *
 * Each wrong entry is reported with file and line, and is otherwise ignored.
 *
 *   model: capitals          # opened when none is named
 *   theme: dark
 *   ascii: false
 *   mouse: true
 *   readonly: false
 *   edges: share             # or weight
 *   prune: 0.7,0.98          # as the command takes it
 *   mode: free               # frozen, free or direct
 *   through: model           # or replacement
 *   keys:
 *     F5: view map           # any command
 *     x: null                # does nothing
 *     tree:                  # only there
 *       o: enter
 */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "tui/study/study.h"

struct theme;

struct settings {
	char model[4096];			/* "": not set */
	const struct theme *theme;
	bool ascii, mouse, readonly, shares;
	struct study_defaults study;
	char path[4096];			/* "": no file was looked for */
	bool found;
	unsigned given;				/* a bit for each option that it sets */
	int n_keys;				/* how many keys it binds */
	char trouble[600];			/* the first mistake; "": none */
	int more;				/* how many further mistakes */
};

/* Reads settings over the present ones, and binds keys. text NULL: reads the file. */
void settings_read(struct settings *s, const char *path, const char *text, size_t n);
/* Sets the defaults. */
void settings_init(struct settings *s);

#endif
