/*
 * transcoder_load: what the layouts of transcoders share while a directory is opened. Code above src/model
 * does not include this.
 *
 * Files are read closed-world: a layout asks for each tensor by name and shape. Any other tensor is an error
 * that names it, because it might change the numbers.
 */
#ifndef CT_MODEL_TRANSCODER_LOAD_H
#define CT_MODEL_TRANSCODER_LOAD_H

#include "io/npz.h"
#include "io/yaml.h"
#include "model/model.h"
#include "model/transcoder.h"

struct ct_tc_layout;

/* One file of weights: safetensors or NumPy's archive. */
struct ct_tc_file {
	struct ct_tensors *tensors;
	struct ct_npz *npz;
	char *path;
};

enum { CT_TC_MAX_USED = 16 };

struct ct_tc_loader {
	struct ct_transcoder *tc;
	const struct ct_model *model;
	const char *dir;
	const struct ct_transcoder_options *opt;
	const struct ct_tc_layout *layout;
	struct ct_error *err;
	const char *stem;			/* how names of layers' files begin: "layer_" */
	bool has_config;			/* there is a config.yaml */
	/* of a transcoder_set: layer 0's, until the layout is known */
	const struct ct_tc_file *first;
	/* What config.yaml says. */
	const struct ct_yaml *paths;		/* transcoders: one file per layer, or NULL */
	enum ct_tc_act act;			/* `activation`, if the key exists */
	bool says_act;
	int width;				/* d_transcoder: features per layer; 0: not said */
	/* The names that were asked for in the present file. */
	const char *used[CT_TC_MAX_USED];
	int n_used;
};

struct ct_tc_layout {
	const char *name;			/* for messages: "Gemma Scope 1" */
	const char *tensors;			/* what a file holds, for messages */
	const char *stem, *suffix;		/* of unlisted files, around the layer's number */
	bool has_act;				/* bind sets act; else thresholds mean JumpReLU */
	bool (*fits)(const struct ct_tc_loader *ld);	/* whether the directory has this layout */
	/*
	 * Opens and binds layer l: fills its ct_tc_layer except what all layouts have in common
	 * (transcoder_open.c). Opens a file with ct_tc_open_file or ct_tc_open_layer, and ends it with
	 * ct_tc_end_file.
	 */
	int (*bind)(struct ct_tc_loader *ld, int l);
};

extern const struct ct_tc_layout ct_tc_plt, ct_tc_clt, ct_tc_scope1, ct_tc_scope2_plt, ct_tc_scope2_clt,
    ct_tc_sparsify;

/*
 * Reads the directory's config.yaml: kind, hooks, activation, files. The document lends strings to the
 * loader.
 */
int ct_tc_read_config(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc);
/* Reads "relu", "jump_relu", "topk", ... as config.yaml has them. */
const char *ct_tc_act_name(enum ct_tc_act act);

/*
 * Opens a file of weights, which then belongs to the transcoder. name is a path below the directory, or
 * absolute.
 */
int ct_tc_open_file(struct ct_tc_loader *ld, const char *name, const struct ct_tc_file **out);
/* Opens the file of layer l: the one that `transcoders:` lists, else by the layout's stem and suffix. */
void ct_tc_layer_name(char *buf, size_t size, const struct ct_tc_loader *ld, int l);
int ct_tc_open_layer(struct ct_tc_loader *ld, int l, const struct ct_tc_file **out);
bool ct_tc_exists(const struct ct_tc_loader *ld, const char *name);

/* Whether a file has a tensor of that name, of any type. */
bool ct_tc_has(const struct ct_tc_file *f, const char *name);

/* A vector of n numbers as floats, checked to be finite. */
int ct_tc_vector(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int n,
    const float **out);
/*
 * Bind the matrices of layer l, by the names of their tensors: encoders (F,D), or (D,F) if transposed, which
 * set the number of features; decoders (F,D) to the layer itself, or (F,L-first,D) to the layers from `first`
 * on; the skip path (D,D), as (input, output) if transposed, checked to be finite.
 */
int ct_tc_encoder(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, bool transposed,
    int l);
int ct_tc_decoder(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int l);
int ct_tc_decoders(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int first, int l);
int ct_tc_skip(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, bool transposed, int l);

/*
 * What the layouts of Gemma Scope share: opening the file of layer l, whose encoder has that name; reading
 * the config.json next to it; and ending it.
 */
int ct_tc_scope_encoder(struct ct_tc_loader *ld, int l, const char *name, const struct ct_tc_file **f);
int ct_tc_scope_check(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l);
int ct_tc_scope_end(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l);

/* Ends a file: refuses tensors that were not asked for. */
int ct_tc_end_file(struct ct_tc_loader *ld, const struct ct_tc_file *f);

#endif
