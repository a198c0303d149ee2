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
	const char *stem;			/* of the names of layers' files: "layer_" */
	bool has_config;			/* there is a config.yaml */
	const struct ct_tc_file *first;		/* of a transcoder_set: layer 0's, while a layout is chosen */
	/* From config.yaml. */
	const struct ct_yaml *paths;		/* transcoders: one file per layer, or NULL */
	enum ct_tc_act act;			/* what activation says, if it is there */
	bool says_act;
	int width;				/* d_transcoder: features per layer; 0: not said */
	/* Of the file at hand: the names that were asked for. */
	const char *used[CT_TC_MAX_USED];
	int n_used;
};

struct ct_tc_layout {
	const char *name;			/* for messages: "Gemma Scope 1" */
	const char *tensors;			/* what a file holds, for messages */
	const char *stem, *suffix;		/* of files that no list names, around the layer's number */
	bool has_act;				/* bind knows the activation; else thresholds tell */
	bool (*fits)(const struct ct_tc_loader *ld);	/* whether the directory has it */
	/*
	 * Opens and binds layer l: fills its ct_tc_layer but for what all layouts have in common
	 * (transcoder_open.c). Files are opened by ct_tc_open_file or ct_tc_open_layer, and end with
	 * ct_tc_end_file.
	 */
	int (*bind)(struct ct_tc_loader *ld, int l);
};

extern const struct ct_tc_layout ct_tc_plt, ct_tc_clt, ct_tc_scope1, ct_tc_scope2_plt, ct_tc_scope2_clt,
    ct_tc_sparsify;

/* config.yaml of the directory: kind, hooks, activation, files. The document lends strings to the loader. */
int ct_tc_read_config(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc);
/* "relu", "jump_relu", "topk", as config.yaml has it. */
const char *ct_tc_act_name(enum ct_tc_act act);

/*
 * A file of weights of the directory; it belongs to the transcoder. name may be a path below it, or
 * absolute.
 */
int ct_tc_open_file(struct ct_tc_loader *ld, const char *name, const struct ct_tc_file **out);
/* The file of layer l: as `transcoders:` has it, else by the layout's stem and suffix. */
void ct_tc_layer_name(char *buf, size_t size, const struct ct_tc_loader *ld, int l);
int ct_tc_open_layer(struct ct_tc_loader *ld, int l, const struct ct_tc_file **out);
bool ct_tc_exists(const struct ct_tc_loader *ld, const char *name);

/* Whether a file has a tensor of that name, of whatever type. */
bool ct_tc_has(const struct ct_tc_file *f, const char *name);

/* A vector of n as floats, checked to be finite. */
int ct_tc_vector(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int n,
    const float **out);
/*
 * The matrices of layer l, by the name of their tensor: encoders (F,D), which set the number of features, or
 * (D,F) when transposed; decoders (F,D) to the own layer, or (F,L-first,D) to the layers from `first` on; the
 * skip path (D,D), with (input, output) when transposed, checked to be finite.
 */
int ct_tc_encoder(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, bool transposed,
    int l);
int ct_tc_decoder(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int l);
int ct_tc_decoders(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int first, int l);
int ct_tc_skip(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, bool transposed, int l);

/*
 * What the layouts of Gemma Scope share: the file of layer l with an encoder of that name; what the
 * config.json beside it says; and its end.
 */
int ct_tc_scope_encoder(struct ct_tc_loader *ld, int l, const char *name, const struct ct_tc_file **f);
int ct_tc_scope_check(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l);
int ct_tc_scope_end(struct ct_tc_loader *ld, const struct ct_tc_file *f, int l);

/* Refuses tensors that nobody asked for. */
int ct_tc_end_file(struct ct_tc_loader *ld, const struct ct_tc_file *f);

#endif
