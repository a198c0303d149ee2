/*
 * study_model: opens another model, graph or transcoder in place of the one that is open. Owns no state; see
 * study.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tui/study/study.h"

/* Opens a model in place of what is open, with a prompt ("": none). On failure nothing changes. */
static int
reopen(struct study *s, const char *model, const struct ct_engine_options *opt, const char *text,
    struct ct_error *err)
{
	struct study other = { .job = s->job, .defaults = s->defaults };
	int code = study_open(&other, model, opt, err);

	if (code != CT_OK)
		return code;
	if (!text)
		text = other.info->demo;
	if (*text && (code = study_prompt(&other, text, err))) {
		study_close(&other);
		return code;
	}
	study_close(s);
	*s = other;
	return CT_OK;
}

int
study_graph(struct study *s, const char *path, struct ct_error *err)
{
	struct study other = {
		.options = s->options, .defaults = s->defaults, .job = s->job
	};
	int code = study_open_graph(&other, path, err);

	if (code != CT_OK)
		return code;
	study_close(s);
	*s = other;
	return CT_OK;
}

int
study_other_transcoder(struct study *s, struct ct_error *err)
{
	struct ct_engine_options opt = s->options;

	if (!s->info->has_transcoder)
		return ct_fail(err, CT_ENOTFOUND, "%s has no transcoder; transcoder DIR opens one",
		    s->info->name);
	if (!s->info->neurons && !s->info->has_other_transcoder)
		return ct_fail(err, CT_ENOTFOUND, "%s has only one transcoder, its %s", s->info->name,
		    s->info->transcoder);
	opt.per_layer = strcmp(s->info->transcoder, "CLT") == 0;
	opt.neurons = false;
	return reopen(s, s->info->dir, &opt, ct_session_text(s->session), err);
}

int
study_neurons(struct study *s, const char *model, struct ct_error *err)
{
	struct ct_engine_options opt = s->options;

	/* the --k of a TopK transcoder is not a number of neurons */
	if (!s->info->neurons)
		opt.k = 0;
	opt.neurons = true;
	return reopen(s, model ? model : s->info->dir, &opt, model ? NULL : ct_session_text(s->session),
	    err);
}

int
study_transcoder(struct study *s, const char *dir, struct ct_error *err)
{
	struct ct_engine_options opt = s->options;

	opt.transcoder_dir = dir;
	opt.neurons = false;
	return reopen(s, s->info->dir, &opt, ct_session_text(s->session), err);
}

bool
study_transcoder_is_own(const struct study *s)
{
	size_t n = strlen(s->info->dir);

	return strncmp(s->info->transcoder_dir, s->info->dir, n) == 0 &&
	    (strcmp(s->info->transcoder_dir + n, "/transcoder") == 0 ||
		strcmp(s->info->transcoder_dir + n, "/transcoder-plt") == 0);
}

/* Begins the study again with what is open, as if it had just been opened. */
static int
begin_anew(struct study *s, struct ct_error *err)
{
	struct ct_trace_options trace = s->trace;
	int code;

	s->trace.node_threshold = s->defaults.node_threshold;
	s->trace.edge_threshold = s->defaults.edge_threshold;
	code = study_prompt(s, s->info->demo, err);
	if (code != CT_OK) {
		s->trace = trace;
		return code;
	}
	s->n_kept = 0;
	s->how = s->defaults.how;
	return CT_OK;
}

int
study_model(struct study *s, const char *model, struct ct_error *err)
{
	struct ct_engine_options opt = s->options;
	char *dir;
	int code = ct_model_find(&dir, model, err);

	if (code != CT_OK)
		return code;
	if (strcmp(dir, s->info->dir) == 0 && !opt.per_layer && study_transcoder_is_own(s) &&
	    *s->info->demo) {
		code = begin_anew(s, err);
	} else {
		opt.per_layer = opt.neurons = false;
		code = reopen(s, dir, &opt, NULL, err);
	}
	free(dir);
	return code;
}
