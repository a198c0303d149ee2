/*
 * normalize: what tokenizer.json's "normalizer" does to text before it is split.
 *
 * NFC, Prepend and Replace, in any sequence. Owns its patterns.
 */
#ifndef CT_MODEL_NORMALIZE_H
#define CT_MODEL_NORMALIZE_H

#include <stdbool.h>

#include "io/json.h"
#include "model/piece.h"
#include "model/regex.h"

enum { CT_MAX_NORMALIZERS = 16 };

enum ct_normalizer_kind { CT_NORMALIZE_NFC, CT_NORMALIZE_PREPEND, CT_NORMALIZE_REPLACE };

struct ct_normalizer_step {
	enum ct_normalizer_kind kind;
	struct ct_regex *find;		/* to be replaced */
	char *text;			/* by this; or what is prepended */
	bool blank;			/* `find` is a single blank */
};

struct ct_normalizer {
	struct ct_normalizer_step steps[CT_MAX_NORMALIZERS];
	int n;
};

/* json null: no normalizer. The error names what is not supported. */
int ct_normalizer_read(struct ct_normalizer *z, const json_t *json, const char *path, struct ct_error *err);
void ct_normalizer_free(struct ct_normalizer *z);

bool ct_normalizer_needs_tables(const struct ct_normalizer *z);		/* see regex.h */
const char *ct_normalizer_blank(const struct ct_normalizer *z);		/* what stands for a blank, or NULL */

/* *out is `in` itself, or is stored in *own, which the caller frees. */
int ct_normalizer_run(const struct ct_normalizer *z, const struct ct_piece *in, struct ct_piece *out,
    struct ct_changed_text *own, struct ct_error *err);

#endif
