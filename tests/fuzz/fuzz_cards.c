/*
 * Fuzzes feature cards and labels. The first byte says what the others are: 'r' the JSON of a record, 'b' a
 * record's bytes, 'i' the JSON of an index (whose layer file is that JSON, too), 'l' a file of labels.
 */
#include <stdlib.h>
#include <string.h>

#include "cards/labels.h"
#include "cards/plot.h"
#include "cards/store.h"
#include "fuzz.h"
#include "io/deflate.h"

static void
use_card(const struct ct_card *c)
{
	size_t sum = strlen(c->label);

	for (int i = 0; i < c->n_top; i++)
		sum += strlen(c->top[i].token);
	for (int q = 0; q < c->n_quantiles; q++)
		for (int e = 0; e < c->quantiles[q].n; e++) {
			const struct ct_card_example *x = &c->quantiles[q].examples[e];

			for (int i = 0; i < x->n; i++)
				sum += strlen(x->tokens[i]) + (x->acts[i] > x->acts[x->peak]);
		}
	for (int i = 0; i < c->operands.n; i++) {
		const struct ct_operands *o = &c->operands.pictures[i];
		struct ct_plot_cell cells[CT_PLOT_COLS];
		struct ct_plot p;

		sum += strlen(c->operands.tokens[o->pos]);
		for (int form = 0; form < 2; form++)
			if (ct_plot_fit(&p, form, o, CT_PLOT_COLS, CT_PLOT_COLS, i % 2))
				for (int y = 0; y < p.h; y++)
					ct_plot_row(&p, y, cells);
	}
	if (sum == (size_t)-1)
		abort();
}

/* A record round: what was read is written and read again. */
static void
record(const uint8_t *data, size_t n)
{
	struct ct_card *c, *again;
	struct ct_error err;
	unsigned char *bytes;
	size_t size;

	if (ct_record_read(&c, data, n, 0, 0, "record", &err) != CT_OK)
		return;
	use_card(c);
	if (ct_record_write(&bytes, &size, c, &err) == CT_OK) {
		if (ct_record_read(&again, bytes, size, 0, 0, "again", &err) == CT_OK)
			ct_card_free(again);
		free(bytes);
	}
	ct_card_free(c);
}

static void
record_json(const uint8_t *data, size_t n)
{
	struct ct_error err;
	unsigned char *packed, *bytes;
	size_t size;

	if (ct_deflate(&packed, &size, data, n, CT_ZLIB, &err) != CT_OK)
		return;
	bytes = malloc(size + 4);
	if (!bytes)
		abort();
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(size >> (8 * i));
	memcpy(bytes + 4, packed, size);
	record(bytes, size + 4);
	free(bytes);
	free(packed);
}

static void
index_json(const uint8_t *data, size_t n)
{
	struct ct_store *s;
	struct ct_card *c;
	struct ct_error err;
	unsigned char *packed;
	size_t size;

	if (ct_deflate(&packed, &size, data, n, CT_GZIP, &err) != CT_OK)
		return;
	fuzz_file("index.json.gz", packed, size);
	free(packed);
	fuzz_file("layer_0.bin", data, n);
	if (ct_store_open(&s, fuzz_dir(), &err) != CT_OK)
		return;
	for (int f = 0; f < ct_store_features(s, 0) && f < 8; f++) {
		if (ct_store_label_f1(s, 0, f) > 1 && !*ct_store_label(s, 0, f))
			continue;
		if (ct_store_card(&c, s, 0, f, &err) == CT_OK)
			ct_card_free(c);
	}
	ct_store_close(s);
}

static void
labels(const uint8_t *data, size_t n)
{
	const char *path = fuzz_file("labels.yaml", data, n);
	struct ct_labels *l, *again;
	struct ct_error err;
	int count;

	if (ct_labels_open(&l, path, NULL, NULL, &err) != CT_OK)
		return;
	count = ct_labels_count(l) - (ct_labels_find(l, 3, 7) != NULL);
	if (ct_labels_set(l, 3, 7, "mine", &err) != CT_OK || ct_labels_open(&again, path, NULL, NULL,
	    &err) != CT_OK)
		abort();	/* what could be read can be written, and read again */
	if (ct_labels_count(again) != count + 1)
		abort();
	ct_labels_close(again);
	ct_labels_close(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	switch (data[0]) {
	case 'r': record_json(data + 1, n - 1); break;
	case 'b': record(data + 1, n - 1); break;
	case 'i': index_json(data + 1, n - 1); break;
	case 'l': labels(data + 1, n - 1); break;
	}
	return 0;
}
