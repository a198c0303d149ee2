/*
 * record: one feature card as the bytes of a layer file, in circuit-tracer's form.
 *
 * A record is a length (u32, little endian) and that many bytes of compressed JSON: zlib when written here,
 * zlib or gzip when read. Owns the JSON's field names; store.h has files and offsets.
 */
#ifndef CT_CARDS_RECORD_H
#define CT_CARDS_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cards/card.h"

enum { CT_RECORD_MAX = 4 << 20 };	/* bytes of JSON */

/* *out is to be freed by the caller. */
int ct_record_write(unsigned char **out, size_t *n, const struct ct_card *card, struct ct_error *err);

/* Its JSON, to be released by the caller; NULL: out of memory. */
struct json_t;
struct json_t *ct_record_json(const struct ct_card *card);

/* Makes a record of JSON text, unchanged. */
int ct_record_pack(unsigned char **out, size_t *n, const char *text, size_t n_text, struct ct_error *err);

/*
 * p[0..n) is one record; `where` ("FILE: feature 3 at byte 120") is for messages. All text of the card is
 * sanitised, so it can be shown. Fields that other programs leave out are empty (numbers: NAN).
 */
int ct_record_read(struct ct_card **out, const unsigned char *p, size_t n, int layer, int feature,
    const char *where, struct ct_error *err);

/* The record's JSON text unchanged, to be freed by the caller. */
int ct_record_text(char **out, size_t *n, const unsigned char *p, size_t n_in, const char *where,
    struct ct_error *err);

/*
 * Adds a blank to each token but the first of each example, or removes it, in the JSON of a card from
 * ct_record_text. Returns 0 or CT_ENOMEM.
 */
int ct_record_blanks(struct json_t *card, bool give);

/* An empty card with its own arena (card->memory), to be filled in. NULL: out of memory. */
struct ct_card *ct_card_new(int layer, int feature);
void ct_card_free(struct ct_card *card);

#endif
