/*
 * store: the feature cards of a transcoder on disk (circuit-tracer's binary form).
 *
 *   DIR/index.json.gz   {"0": {"filename": "layer_0.bin", "offsets": [F+1], ...}, "1": ...}
 *   DIR/layer_0.bin     records (record.h), feature f at bytes offsets[f] .. offsets[f+1)
 *
 * In addition to circuit-tracer's two fields, an index written here has per layer `labels` [F], `label_f1`
 * [F], `weights` (a checksum of the layer the cards were made from) and `made_with` (the fingerprint of
 * model, transcoder and tokenizer), so that all labels are known without reading a record. Owns the index;
 * cards are read on demand and owned by the caller. Labels typed by people: labels.h.
 */
#ifndef CT_CARDS_STORE_H
#define CT_CARDS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/job.h"
#include "cards/card.h"
#include "cards/record.h"
#include "model/transcoder.h"

struct ct_store;

int ct_store_open(struct ct_store **out, const char *dir, struct ct_error *err);
void ct_store_close(struct ct_store *s);
int ct_store_layers(const struct ct_store *s);
int ct_store_features(const struct ct_store *s, int layer);	/* 0 for a layer without cards */

/* Automatic label ("" when there is none), sanitised and lent; its F1, NAN when unknown. Any indices. */
const char *ct_store_label(const struct ct_store *s, int layer, int feature);
double ct_store_label_f1(const struct ct_store *s, int layer, int feature);

/* The checksum of the layer from which the cards were made (0: the index has none), and that of any layer. */
uint32_t ct_store_weights(const struct ct_store *s, int layer);
uint32_t ct_store_checksum(const struct ct_transcoder *tc, int layer);
/*
 * Whether the cards were made with this transcoder and, if fingerprint is known (not NULL or ""), with its
 * model and tokenizer. CT_EFORMAT: the message says what differs. An index by another program has neither,
 * and passes.
 */
int ct_store_fits(const struct ct_store *s, const struct ct_transcoder *tc, const char *fingerprint,
    struct ct_error *err);

/* Reads one record. CT_ENOTFOUND: no such feature. The caller frees the card. */
int ct_store_card(
    struct ct_card **out, const struct ct_store *s, int layer, int feature, struct ct_error *err);

/*
 * Writes each record's JSON to to/{cantor}.json, cantor = (l+f)(l+f+1)/2 + f. apart: tokens do not include
 * blanks, so each is written with one, because viewers join tokens.
 */
int ct_store_export(const struct ct_store *s, const char *to, bool apart, const struct ct_job *job,
    struct ct_error *err);

/* The name of such a file: "585.json". */
void ct_store_json_name(char *dst, size_t size, int layer, int feature);

/*
 * The reverse: replaces the cards in `to` by those in such files, written by circuit-tracer or by the export,
 * as cards of this transcoder. *n: how many there were. A feature without a file has no card. apart: as for
 * the export; removes the blanks again. fingerprint: of the present model, lent.
 */
int ct_store_import(const char *to, const char *from, const struct ct_transcoder *tc,
    const char *fingerprint, bool apart, long *n, const struct ct_job *job, struct ct_error *err);

/* The contents of a layer of a new store; records are made by ct_record_write. */
struct ct_store_layer {
	int F;
	unsigned char **records;	/* (F) */
	size_t *sizes;			/* (F) */
	const char **labels;		/* (F) */
	double *f1;			/* (F) */
	uint32_t weights;
	const char *made_with;		/* NULL: the index does not say */
};

/*
 * Replaces the cards in dir. The index is removed first and written last: after a crash there are no cards,
 * but never wrong ones.
 */
int ct_store_write(const char *dir, const struct ct_store_layer *layers, int L, struct ct_error *err);

#endif
