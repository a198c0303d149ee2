/* cards: see cards.h. */
#include "cards/cards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "cards/labels.h"
#include "cards/store.h"

struct kept {
	struct ct_card *card;
	unsigned long used;	/* when it was last asked for */
};

struct ct_cards {
	char *dir;
	struct ct_store *store;		/* NULL: there are no cards, or they cannot be used */
	bool neurons;			/* the features are the model's own neurons */
	char *trouble;			/* why existing cards are not shown; or NULL */
	struct ct_labels *labels;
	struct kept kept[CT_CARDS_KEPT];
	unsigned long clock;
};

static int
open_store(struct ct_cards *c, const struct ct_transcoder *tc, const char *fingerprint, struct ct_error *err)
{
	char *index = ct_path_join(c->dir, "index.json.gz");
	struct ct_error why = { 0 };
	int code = CT_OK;

	if (!index)
		return ct_fail_memory(err, strlen(c->dir), "a path");
	if (!ct_file_missing(index))
		code = ct_store_open(&c->store, c->dir, &why);
	free(index);
	if (c->store && code == CT_OK)
		code = ct_store_fits(c->store, tc, fingerprint, &why);
	if (code == CT_OK)
		return CT_OK;
	ct_store_close(c->store);
	c->store = NULL;
	if (code == CT_ENOMEM)
		return ct_fail(err, code, "%s", why.msg);
	c->trouble = strdup(why.msg);
	return c->trouble ? CT_OK : ct_fail_memory(err, strlen(why.msg), "feature cards");
}

/* Notes labels of features that the transcoder does not have. */
static void
note_strays(const struct ct_labels *labels, const char *path, const struct ct_transcoder *tc,
    struct ct_notes *notes)
{
	int layer = 0, feature = 0, n = 0;

	for (int i = ct_labels_count(labels) - 1; i >= 0; i--) {
		int l, f;

		ct_labels_at(labels, i, &l, &f);
		if (l < tc->L && f < tc->layers[l].F)
			continue;
		layer = l;
		feature = f;
		n++;
	}
	if (n > 0)
		ct_note(notes, "%s: %d label%s of features that the transcoder does not have, such as "
		    "L%d#%d; not shown anywhere", path, n, n > 1 ? "s" : "", layer, feature);
}

int
ct_cards_open(struct ct_cards **out, const char *features_dir, const char *labels_path,
    const struct ct_transcoder *tc, const char *fingerprint, struct ct_notes *notes, struct ct_error *err)
{
	struct ct_cards *c = calloc(1, sizeof *c);
	int code;

	*out = NULL;
	if (c)
		c->dir = strdup(features_dir);
	if (!c || !c->dir) {
		ct_cards_close(c);
		return ct_fail_memory(err, sizeof *c, "feature cards");
	}
	c->neurons = tc->neurons;
	code = open_store(c, tc, fingerprint, err);
	if (code == CT_OK)
		code = ct_labels_open(&c->labels, labels_path, fingerprint, notes, err);
	if (code != CT_OK) {
		ct_cards_close(c);
		return code;
	}
	note_strays(c->labels, labels_path, tc, notes);
	*out = c;
	return CT_OK;
}

void
ct_cards_close(struct ct_cards *c)
{
	int i;

	if (!c)
		return;
	for (i = 0; i < CT_CARDS_KEPT; i++)
		ct_card_free(c->kept[i].card);
	ct_labels_close(c->labels);
	ct_store_close(c->store);
	free(c->trouble);
	free(c->dir);
	free(c);
}

void
ct_cards_made_with(struct ct_cards *c, const char *fingerprint)
{
	ct_labels_made_with(c->labels, fingerprint);
}

bool
ct_cards_present(const struct ct_cards *c)
{
	return c->store;
}

const char *
ct_cards_trouble(const struct ct_cards *c)
{
	return c->trouble ? c->trouble : "";
}

static const char *
automatic(const struct ct_cards *c, int layer, int feature)
{
	return c->store ? ct_store_label(c->store, layer, feature) : "";
}

const char *
ct_cards_label_typed(const struct ct_cards *c, int layer, int feature)
{
	const char *typed = ct_labels_find(c->labels, layer, feature);

	return typed ? typed : "";
}

const char *
ct_cards_label(const struct ct_cards *c, int layer, int feature)
{
	const char *typed = ct_labels_find(c->labels, layer, feature);

	return typed ? typed : automatic(c, layer, feature);
}

double
ct_cards_label_f1(const struct ct_cards *c, int layer, int feature)
{
	if (!c->store || ct_labels_find(c->labels, layer, feature))
		return NAN;
	return ct_store_label_f1(c->store, layer, feature);
}

/* The card gets a copy, since a typed label may be replaced while the card is lent. */
static int
apply_label(const struct ct_cards *c, struct ct_card *card, struct ct_error *err)
{
	const char *typed = ct_labels_find(c->labels, card->layer, card->feature);
	const char *label = typed ? typed : automatic(c, card->layer, card->feature);

	if (!typed && !card->edited)
		return CT_OK;	/* as it was read */
	label = ct_arena_strdup(card->memory, label);
	if (!label)
		return ct_fail_memory(err, CT_LABEL_MAX, "a label");
	card->label = label;
	card->edited = typed;
	return CT_OK;
}

static bool
holds(const struct kept *k, int layer, int feature)
{
	return k->card && k->card->layer == layer && k->card->feature == feature;
}

/* The slot that has the card, or else the slot whose card was asked for longest ago. */
static struct kept *
slot(struct ct_cards *c, int layer, int feature)
{
	struct kept *oldest = &c->kept[0];
	int i;

	for (i = 0; i < CT_CARDS_KEPT; i++) {
		if (holds(&c->kept[i], layer, feature))
			return &c->kept[i];
		if (c->kept[i].used < oldest->used)
			oldest = &c->kept[i];
	}
	return oldest;
}

const struct ct_card *
ct_cards_get(struct ct_cards *c, int layer, int feature, struct ct_error *err)
{
	struct kept *k = slot(c, layer, feature);
	struct ct_card *card;

	if (c->trouble) {
		ct_fail(err, CT_ENOTFOUND, "%s", c->trouble);
		return NULL;
	}
	if (!c->store && c->neurons) {
		ct_fail(err, CT_ENOTFOUND, "neurons have no cards, since they are active at every token; "
		    "\"ctrace trace\" shows the tokens that each writes, and a transcoder has features with "
		    "cards: name one with --transcoder, or train one (\"ctrace train\")");
		return NULL;
	}
	if (!c->store) {
		ct_fail(err, CT_ENOTFOUND, "no feature cards in %s; \"ctrace features\" makes them", c->dir);
		return NULL;
	}
	if (!holds(k, layer, feature)) {
		if (ct_store_card(&card, c->store, layer, feature, err) != CT_OK)
			return NULL;
		if (apply_label(c, card, err) != CT_OK) {
			ct_card_free(card);
			return NULL;
		}
		ct_card_free(k->card);
		k->card = card;
	}
	k->used = ++c->clock;
	return k->card;
}

int
ct_cards_set_label(struct ct_cards *c, int layer, int feature, const char *text, struct ct_error *err)
{
	struct kept *k = slot(c, layer, feature);
	int code = ct_labels_set(c->labels, layer, feature, text, err);

	if (code == CT_OK && holds(k, layer, feature))
		code = apply_label(c, k->card, err);
	return code;
}
