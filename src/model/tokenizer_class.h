/*
 * tokenizer_class: what transformers' classes of tokenizers do beside reading their files, and the files.
 *
 * tokenizer_config.c reads the files and adds their tokens; this chooses the class, and does what it does to
 * the steps before the model and to the template.
 */
#ifndef CT_MODEL_TOKENIZER_CLASS_H
#define CT_MODEL_TOKENIZER_CLASS_H

#include <stdbool.h>

#include "base/notes.h"
#include "io/json.h"

struct ct_tokenizer_class {
	const char *name;		/* without the "Fast" at its end */
	bool own_template;		/* replaces the template of tokenizer.json with one of its own */
	bool bos_on_demand;		/* which has a BOS only if add_bos_token is true */
	bool from_model;		/* is made anew from tokenizer.model if add_prefix_space is given */
	/* Tokens that it takes for special if the files do not say which; NULL: none. */
	const char *bos, *eos, *unk, *pad;
	const char *const *more;	/* always special; NULL ends */
};

/* The files of a tokenizer: root is changed as the others say. */
struct ct_tokenizer_files {
	json_t *root;			/* tokenizer.json */
	const char *dir;
	char *path, *map_path, *added_path, *model_path;	/* of the files below */
	json_t *config;			/* tokenizer_config.json, or {} */
	json_t *map;			/* special_tokens_map.json, or NULL */
	json_t *extra;			/* added_tokens.json, or NULL */
	json_t *model;			/* config.json, or NULL */
	const struct ct_tokenizer_class *class;		/* or NULL */
	const char *class_path;		/* of the file that says which */
	json_t *added;			/* {text: one of root's added tokens, ...} */
	struct ct_notes *notes;
	bool changed;
	bool full;			/* a change failed: out of memory */
};

/* Puts a value into an object of root, and takes it over. NULL, as without memory, sets m->full. */
void ct_tokenizer_files_set(struct ct_tokenizer_files *m, json_t *object, const char *key, json_t *value);

/*
 * What the files say about a special token; NULL: nothing. The map counts if it is there: then *in_map is
 * true.
 */
json_t *ct_tokenizer_files_special(const struct ct_tokenizer_files *m, const char *key, bool *in_map);

/* Whether the model's embedding has a row for a token; true if config.json does not say how many it has. */
bool ct_tokenizer_files_row(const struct ct_tokenizer_files *m, long long id);

/*
 * Notes a value that transformers refuses. It is passed over, since tokenizer.json is usable without it.
 */
void ct_tokenizer_files_refused(const struct ct_tokenizer_files *m, const char *path, const char *key,
    const char *expected);

/*
 * Sets the class: the one that is named, or else the one that belongs to the model. Without config.json
 * nobody has said that the files are for transformers, and tokenizer.json counts.
 */
void ct_tokenizer_class_choose(struct ct_tokenizer_files *m);

/* Changes normalizer and pre_tokenizer; and, when tokens have been added, the template. */
void ct_tokenizer_class_steps(struct ct_tokenizer_files *m);
void ct_tokenizer_class_template(struct ct_tokenizer_files *m);

#endif
