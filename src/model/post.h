/*
 * post: what tokenizer.json's "post_processor" puts before every text.
 */
#ifndef CT_MODEL_POST_H
#define CT_MODEL_POST_H

#include <stdbool.h>

#include "io/json.h"
#include "model/vocab.h"

enum { CT_MAX_PREFIX = 8 };

struct ct_prefix {
	int ids[CT_MAX_PREFIX];
	int n;
	bool has_template;		/* a template says what is put there, perhaps nothing */
};

/* json null: no post-processor. The error names what is not supported. */
int ct_prefix_read(struct ct_prefix *p, const json_t *json, const struct ct_vocab *v, const char *path,
    struct ct_error *err);

#endif
