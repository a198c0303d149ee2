/* work: see work.h. */
#include "train/work.h"

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

const char ct_work_stream[] = "training.stream", ct_work_layers[] = "training.layers";
static const char work_file[] = "training.work";
static const size_t max_recipe = 4u << 20;

static char *
output_directory(const char *recipe, const struct ct_train_options *opt)
{
	return opt->out_dir ? strdup(opt->out_dir) : ct_path_folder(recipe);
}

/* A training is identified by its recipe, the program that runs it, and the threads that share its sums. */
static int
training_key(struct ct_train_work *w, int threads, struct ct_error *err)
{
	char *text = NULL;
	size_t n;
	int code = ct_file_read(&text, &n, w->recipe, max_recipe, err);

	if (code != CT_OK)
		return code;
	w->key = ct_checkpoint_hash(w->key, text, n);
	w->key = ct_checkpoint_hash(w->key, PACKAGE_VERSION, sizeof PACKAGE_VERSION);
	w->key = ct_checkpoint_hash(w->key, &threads, sizeof threads);
	free(text);
	return CT_OK;
}

void
ct_train_work_note(const struct ct_train_work *w, const char *where, const char *text)
{
	char line[4096];

	if (!w->opt->note)
		return;
	snprintf(line, sizeof line, "%s: %s", where, text);
	w->opt->note(w->opt->ctx, line);
}

int
ct_train_work_open(struct ct_train_work *w, const char *recipe, const struct ct_train_options *opt,
    int threads, uint64_t subject, struct ct_error *err)
{
	char *path;
	bool foreign;
	int code;

	*w = (struct ct_train_work){ .opt = opt, .recipe = recipe, .dir = output_directory(recipe, opt),
		.key = subject };
	path = w->dir ? ct_path_join(w->dir, work_file) : NULL;
	if (!path)
		return ct_fail_memory(err, strlen(recipe), "a path");
	if ((code = ct_dir_make(w->dir, err)) == CT_OK &&
	    (code = training_key(w, threads, err)) == CT_OK)
		code = ct_checkpoint_open(&w->checkpoint, path, w->key, opt->save_every, &foreign, err);
	if (code == CT_OK && foreign)
		ct_train_work_note(w, path,
		    "left by a training with another recipe, version or number of threads; starting anew");
	else if (code == CT_OK && w->checkpoint.n_found > 0)
		ct_train_work_note(w, path, "going on with the training that was interrupted");
	free(path);
	return code;
}

void
ct_train_work_close(struct ct_train_work *w)
{
	ct_checkpoint_close(&w->checkpoint);
	free(w->dir);
	memset(w, 0, sizeof *w);
}

int
ct_train_work_copy_recipe(const struct ct_train_work *w, struct ct_error *err)
{
	char *to, *text = NULL;
	size_t n;
	int code;

	if (!w->opt->out_dir)
		return CT_OK;
	to = ct_path_join(w->dir, "recipe.yaml");
	if (!to)
		return ct_fail_memory(err, strlen(w->dir), "a path");
	code = ct_file_read(&text, &n, w->recipe, max_recipe, err);
	if (code == CT_OK)
		code = ct_file_replace(to, text, n, err);
	free(text);
	free(to);
	return code;
}

/* Whether a name is the file's, or that of a temporary file that a killed training left. */
static bool
belongs(const char *name, const char *file)
{
	size_t n = strlen(file);
	const char *end = strrchr(name, '.');

	return strncmp(name, file, n) == 0 && (!name[n] || (name[n] == '.' && strcmp(end, ".tmp") == 0));
}

/* Removes a training's files from dir; from `inside`, everything. */
static void
sweep(const char *dir, bool inside)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d)) != NULL;)
		if (inside ? *e->d_name != '.' : belongs(e->d_name, work_file) || belongs(e->d_name,
		    ct_work_stream))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

void
ct_train_work_clean(const char *recipe, const struct ct_train_options *opt)
{
	char *dir = output_directory(recipe, opt), *layers = dir ? ct_path_join(dir, ct_work_layers) : NULL;

	if (layers) {
		sweep(dir, false);
		sweep(layers, true);
		rmdir(layers);
	}
	free(layers);
	free(dir);
}
