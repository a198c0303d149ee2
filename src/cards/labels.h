/*
 * labels: feature labels typed by people, in a YAML file that people can edit too.
 *
 *   fingerprint: 1a2b3c4d-5e6f7a8b-9c0d1e2f
 *   L1#249: "Texas"
 *
 * Owns the file's contents in memory and its atomic replacement. Which label is shown is decided by the
 * caller: these take precedence over automatic ones.
 */
#ifndef CT_CARDS_LABELS_H
#define CT_CARDS_LABELS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/notes.h"
#include "cards/card.h"


struct ct_labels;

/*
 * A missing file is an empty set. An invalid line is ignored with a note that names file and line, and kept
 * in the file. fingerprint: that of the model (model/fingerprint.h); NULL or "": unknown. Labels with another
 * fingerprint are not used, and a note says so; then none can be set.
 */
int ct_labels_open(struct ct_labels **out, const char *path, const char *fingerprint, struct ct_notes *notes,
    struct ct_error *err);
/* Sets the fingerprint if it became known later: the file has it from the next write on. */
void ct_labels_made_with(struct ct_labels *l, const char *fingerprint);
void ct_labels_close(struct ct_labels *l);

/* "L1#249", in exactly that spelling. */
bool ct_label_feature(const char *name, int *layer, int *feature);

int ct_labels_count(const struct ct_labels *l);
/* The feature of the i-th label, in ascending order. */
void ct_labels_at(const struct ct_labels *l, int i, int *layer, int *feature);

/* NULL if the feature has none. Lent until the next ct_labels_set. */
const char *ct_labels_find(const struct ct_labels *l, int layer, int feature);

/*
 * Sets a label ("" or NULL removes it) and replaces the file. Labels that other programs have written since,
 * or write at the same time, are read first and kept; on failure file and set stay as they were. The label is
 * printable text of at most CT_LABEL_MAX bytes.
 */
int ct_labels_set(struct ct_labels *l, int layer, int feature, const char *text, struct ct_error *err);

#endif
