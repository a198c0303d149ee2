/*
 * fuzz_app: ctrace-tui without a terminal, for the fuzzers that drive it. What takes long, opening the model,
 * is done once, and again only after an input that opened another; all else is as after a start for each
 * input.
 */
#ifndef FUZZ_APP_H
#define FUZZ_APP_H

#include "tui/app.h"

/* The program with a prompt traced; one at a time. */
struct app *fuzz_app_open(void);
void fuzz_app_close(struct app *a);

/* Stops the fuzzer with what it found. */
void fuzz_need(bool ok);

#endif
