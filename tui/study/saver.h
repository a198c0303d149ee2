/*
 * saver: writes files in the background, so that a slow disk never keeps a key waiting.
 *
 * Of several texts for one file only the last is written. The old file or the new one is there at any moment.
 */
#ifndef TUI_SAVER_H
#define TUI_SAVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct saver;

int saver_open(struct saver **out, struct ct_error *err);
/* Waits for what is being written. */
void saver_close(struct saver *s);

/* Takes over path and text (from malloc). */
void saver_put(struct saver *s, char *path, char *text, size_t n);
/* Waits until all is written, at most so long. False: it is not. */
bool saver_wait(struct saver *s, int ms);
/* Has anything failed since the last call? err says what; *busy: is there anything left to write? */
bool saver_failed(struct saver *s, bool *busy, struct ct_error *err);

#endif
