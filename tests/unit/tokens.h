/* tokens: tokenizers from JSON text, and the ids that they must give. */
#ifndef TEST_TOKENS_H
#define TEST_TOKENS_H

#include "model/tokenizer.h"

/* A tokenizer from such files, in a directory of its own that is gone afterwards. */
struct tokens_file {
	const char *name, *text;
};
int tokens_open_files(struct ct_tokenizer **t, const struct tokens_file *files, int n, struct ct_error *err);

/* A tokenizer from JSON text, in a directory of its own that is gone afterwards. */
int tokens_open(struct ct_tokenizer **t, const char *json, struct ct_error *err);
/* The same with a tokenizer_config.json. */
int tokens_open_with(struct ct_tokenizer **t, const char *json, const char *config, struct ct_error *err);
struct ct_tokenizer *tokens_must_open(const char *json);

void tokens_expect(const struct ct_tokenizer *t, const char *text, const int *ids, int n);

#define IDS(t, text, ...) \
	tokens_expect(t, text, (const int[]){ __VA_ARGS__ }, (int)(sizeof((const int[]){ __VA_ARGS__ }) / 4))

#endif
