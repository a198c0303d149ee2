/*
 * keys: the tables by which config.json is read.
 *
 * A family lists every key that Hugging Face's configuration and modeling code for its model_type reads, each
 * with its rule. Keys that all model_types share (training, generation, bookkeeping) are in keys.c. A key in
 * neither table is not read by Hugging Face: it is ignored, and a note says so.
 */
#ifndef CT_MODEL_KEYS_H
#define CT_MODEL_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/json.h"
#include "model/config.h"

enum ct_key_rule {
	CT_KEY_SIZE,		/* a whole number from 1 to max, into an int of the config */
	CT_KEY_NUMBER,		/* into a double */
	CT_KEY_FLAG,		/* true or false, into a bool */
	CT_KEY_ACT,		/* the name of an activation function, into an enum ct_act */
	CT_KEY_ONLY,		/* one value is supported, and is what holds when the key is missing */
	CT_KEY_FAMILY,		/* read by the family's config() */
	CT_KEY_IDLE		/* changes nothing in a forward pass */
};

struct ct_key {
	const char *name;
	enum ct_key_rule rule;
	size_t at;		/* of the field in struct ct_config */
	int max;
	bool need;
	const char *alias;	/* Hugging Face's other name for it, or NULL */
	const char *only;	/* CT_KEY_ONLY: the value as JSON */
};

/* How rows of a table begin. */
#define CT_KEY_INTO(field, how, key) .name = key, .rule = how, .at = offsetof(struct ct_config, field)
#define CT_KEY(how, key) .name = key, .rule = how

/*
 * Reads the table's keys from an object into *c, whose fields hold what Hugging Face's class assumes for
 * missing keys; then notes the keys that no table has. The table ends with a row without a name. path: for
 * messages.
 */
int ct_keys_read(struct ct_config *c, const json_t *json, const struct ct_key *table, const char *model_type,
    const char *path, struct ct_notes *notes, struct ct_error *err);

/*
 * Reads rope_theta and rope_scaling, or transformers 5's rope_parameters, which has both. Kinds: default,
 * linear, llama3, and dynamic, which equals the default within the model's context.
 */
int ct_keys_rope(struct ct_config *c, const json_t *json, const char *path, struct ct_notes *notes,
    struct ct_error *err);

/*
 * Reads bos_token_id, a number or null; without the key, bos stays as it is. An id outside the vocabulary
 * means none (V must be set).
 */
int ct_keys_bos(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err);

#endif
