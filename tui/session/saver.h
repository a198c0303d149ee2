/*
 * saver: writes files in the background, so that no key waits for a slow disk.
 *
 * If several texts are given for one file, only the last is written. At any moment the old file or the new
 * one exists.
 */
#ifndef TUI_SAVER_H
#define TUI_SAVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct saver;

int saver_open(struct saver **out, struct ct_error *err);
/* Waits until everything is written. */
void saver_close(struct saver *s);

/* Takes over path and text (from malloc). */
void saver_put(struct saver *s, char *path, char *text, size_t n);
/* Waits until everything is written, at most for ms. Returns false if it is not. */
bool saver_wait(struct saver *s, int ms);
/*
 * Whether anything failed since the last call, with the reason in err; *busy: whether something is still to
 * be written.
 */
bool saver_failed(struct saver *s, bool *busy, struct ct_error *err);

#endif
