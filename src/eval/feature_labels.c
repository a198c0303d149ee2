/* feature_labels: see feature_labels.h. */
#include "eval/feature_labels.h"

#include <stdlib.h>
#include <string.h>

#include "cards/match.h"

static const double least_f1 = 0.5;

static const char about[] = "about ", say[] = "say ", plans[] = "plans ";

int
ct_feature_labels_find(struct ct_feature_labels *out, const struct ct_corpus *c,
    const struct ct_activity *activity, struct ct_error *err)
{
	struct ct_matcher *matcher = NULL;
	struct ct_match match;
	size_t n = 0, k = 0;
	int code;

	*out = (struct ct_feature_labels){ .L = activity->L };
	out->first = calloc((size_t)activity->L + 1, sizeof *out->first);
	for (int l = 0; out->first && l < activity->L; l++)
		out->first[l + 1] = n += (size_t)activity->layers[l].F;
	out->label = calloc(n + 1, sizeof *out->label);
	out->f1 = calloc(n + 1, sizeof *out->f1);
	out->tokens = calloc(n + 1, sizeof *out->tokens);
	if (!out->first || !out->label || !out->f1 || !out->tokens)
		return ct_fail_memory(err, n * (sizeof *out->f1 + sizeof *out->tokens), "labels of features");
	if ((code = ct_matcher_open(&matcher, c, 1, err)) != CT_OK)
		return code;
	for (int l = 0; l < activity->L; l++) {
		const struct ct_activity_layer *a = &activity->layers[l];

		for (int f = 0; f < a->F; f++, k++) {
			int active = (int)(a->start[f + 1] - a->start[f]);

			ct_matcher_best(matcher, 0, a->tokens + a->start[f], active, &match);
			out->tokens[k] = active;
			out->label[k] = match.n > 0 ? match.best[0].label : -1;
			out->f1[k] = match.n > 0 ? match.best[0].f1 : 0;
		}
	}
	ct_matcher_close(matcher);
	return CT_OK;
}

void
ct_feature_labels_free(struct ct_feature_labels *labels)
{
	free(labels->first);
	free(labels->label);
	free(labels->f1);
	free(labels->tokens);
	*labels = (struct ct_feature_labels){ 0 };
}

/* Whether text, up to its first comma, is the value or ends in a blank and the value. */
static bool
ends_in_value(const char *text, const char *value)
{
	const char *comma = strstr(text, ", ");
	size_t n = comma ? (size_t)(comma - text) : strlen(text), m = strlen(value);

	return n >= m && strncmp(text + n - m, value, m) == 0 && (n == m || text[n - m - 1] == ' ');
}

/* The longest value of "about VALUE" that the label ends in: "in West Virginia" is not about Virginia. */
static int
value_of(const struct ct_corpus *c, const char *label)
{
	size_t longest = 0;
	int best = -1;

	if (strncmp(label, say, sizeof say - 1) == 0)
		return -1;
	for (int v = 0; v < c->n_labels; v++) {
		const char *value = c->labels[v] + sizeof about - 1;

		if (strncmp(c->labels[v], about, sizeof about - 1) == 0 && strlen(value) > longest &&
		    ends_in_value(label, value)) {
			longest = strlen(value);
			best = v;
		}
	}
	return best;
}

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

bool
ct_label_plans(const char *label)
{
	return strncmp(label, plans, sizeof plans - 1) == 0 || ends_in(label, " ahead") ||
	    ends_in(label, ", planning");
}

static bool
names_part(const struct ct_corpus *c, int label)
{
	for (int p = 0; p < c->n_parts; p++)
		if (ct_corpus_fits(c, label, c->parts[p].value))
			return true;
	return false;
}

int
ct_feature_label(const struct ct_feature_labels *labels, int layer, int feature)
{
	size_t k = labels->first[layer] + (size_t)feature;

	return labels->f1[k] >= least_f1 ? labels->label[k] : -1;
}

int
ct_hidden_values(int **out, const struct ct_corpus *c, struct ct_error *err)
{
	int *value = calloc((size_t)c->n_labels + 1, sizeof *value);

	*out = value;
	if (!value)
		return ct_fail_memory(err, (size_t)c->n_labels * sizeof *value, "labels");
	for (int l = 0; l < c->n_labels; l++)
		value[l] = ct_label_plans(c->labels[l]) || names_part(c, l) ? l : value_of(c, c->labels[l]);
	return CT_OK;
}

bool
ct_hidden_of_sentence(const struct ct_corpus *c, const struct ct_sentence *s, int value)
{
	int end = s->first + s->answer, from = s->plan_at > 0 ? s->first + s->plan_at : end;

	if (value < 0 || s->answer <= 0)
		return false;
	for (int k = c->label_start[from]; k < c->label_start[end + 1]; k++)
		if (c->label_of[k] == value)
			return true;
	return value == s->about;
}
