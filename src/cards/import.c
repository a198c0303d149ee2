/* import: feature cards from a folder of JSON files, one for each feature, into a store. See store.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "cards/record.h"
#include "cards/store.h"
#include "io/json.h"
#include "io/json_out.h"
#include "io/sniff.h"

/* A layer while it is made. */
static int
make_layer(struct ct_store_layer *l, int F, struct ct_arena *a, struct ct_error *err)
{
	*l = (struct ct_store_layer){ .F = F, .records =
	    ct_arena_need(a, (size_t)F, sizeof *l->records, "cards", err),
		.sizes = ct_arena_need(a, (size_t)F, sizeof *l->sizes, "cards", err),
		.labels = ct_arena_need(a, (size_t)F, sizeof *l->labels, "cards", err),
		.f1 = ct_arena_need(a, (size_t)F, sizeof *l->f1, "cards", err) };
	if (!l->records || !l->sizes || !l->labels || !l->f1)
		return CT_ENOMEM;
	for (int f = 0; f < F; f++) {
		l->labels[f] = "";
		l->f1[f] = NAN;
	}
	return CT_OK;
}

/* The text of a card without the blanks that an export gave to its tokens. */
static int
without_blanks(char **text, size_t *n, const char *path, struct ct_error *err)
{
	json_t *card;
	char *plain;
	size_t size;
	int code = ct_json_parse(&card, path, *text, *n, err);

	if (code < 0)
		return code;
	code = ct_record_blanks(card, false) < 0 ? ct_fail_memory(err, *n, "a feature card")
	    : ct_json_out_text(&plain, &size, card, false, err);
	json_decref(card);
	if (code < 0)
		return code;
	free(*text);
	*text = plain;
	*n = size;
	return CT_OK;
}

/*
 * A missing file is a feature without a card: other programs write none for features that are never active.
 */
static int
read_one(struct ct_store_layer *l, const char *from, int layer, int feature, bool apart, struct ct_arena *a,
    long *n, struct ct_error *err)
{
	char name[40], *path, *text = NULL;
	struct ct_card *card = NULL;
	size_t size;
	int code;

	ct_store_json_name(name, sizeof name, layer, feature);
	if (!(path = ct_path_join(from, name)))
		return ct_fail_memory(err, strlen(from), "a path");
	if (ct_file_missing(path)) {
		free(path);
		return CT_OK;
	}
	code = ct_file_read(&text, &size, path, CT_RECORD_MAX, err);
	if (code == CT_OK)
		code = ct_sniff_expect(path, text, size, CT_SNIFF_OTHER, "a feature card in JSON", err);
	if (code == CT_OK && apart)
		code = without_blanks(&text, &size, path, err);
	if (code == CT_OK)
		code = ct_record_pack(&l->records[feature], &l->sizes[feature], text, size, err);
	/* Reads the new record, as others will, to check it. */
	if (code == CT_OK)
		code = ct_record_read(&card, l->records[feature], l->sizes[feature], layer, feature, path,
		    err);
	if (code == CT_OK && !(l->labels[feature] = ct_arena_strdup(a, card->label)))
		code = ct_fail_memory(err, strlen(card->label), "a label");
	if (code == CT_OK) {
		l->f1[feature] = card->f1;
		++*n;
	}
	ct_card_free(card);
	free(text);
	free(path);
	return code;
}

int
ct_store_import(const char *to, const char *from, const struct ct_transcoder *tc,
    const char *fingerprint, bool apart, long *n, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena a = { 0 };
	struct ct_store_layer *layers = ct_arena_need(&a, (size_t)tc->L, sizeof *layers, "cards", err);
	long total = 0, done = 0;
	int code = layers ? CT_OK : CT_ENOMEM;

	*n = 0;
	if (code == CT_OK && !ct_dir_exists(from))
		code = ct_fail(err, CT_ENOTFOUND, "%s: no such directory", from);
	for (int l = 0; code == CT_OK && l < tc->L; l++) {
		total += tc->layers[l].F;
		code = make_layer(&layers[l], tc->layers[l].F, &a, err);
		layers[l].weights = ct_store_checksum(tc, l);
		layers[l].made_with = fingerprint;
	}
	for (int l = 0; code == CT_OK && l < tc->L; l++)
		for (int f = 0; code == CT_OK && f < layers[l].F; f++) {
			code = read_one(&layers[l], from, l, f, apart, &a, n, err);
			if (code == CT_OK && ++done % 64 == 0 && !ct_job_go_on(job, "import", done, total))
				code = ct_fail(err, CT_ECANCELLED, "import cancelled");
		}
	if (code == CT_OK && *n == 0)
		code = ct_fail(err, CT_ENOTFOUND, "%s: no card of this transcoder: expected files such as "
		    "0.json, named by (l+f)(l+f+1)/2 + f of feature f in layer l", from);
	if (code == CT_OK)
		code = ct_store_write(to, layers, tc->L, err);
	for (int l = 0; layers && l < tc->L; l++)
		for (int f = 0; layers[l].records && f < layers[l].F; f++)
			free(layers[l].records[f]);
	ct_arena_free(&a);
	return code;
}
