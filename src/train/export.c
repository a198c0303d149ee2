/* export: see export.h. */
#include "train/export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/json_out.h"
#include "io/safetensors.h"

/* The names of parameters in ctrace's own files; NULL: the usual name. */
static struct ct_tensor
tensor_of(const struct ct_params *p, const struct ct_param *q, const char *name)
{
	struct ct_tensor t = { .name = name ? name : q->name, .dtype = CT_F32, .rank = q->rank, .count = q->n,
		.data = p->w + q->at };

	for (int i = 0; i < q->rank; i++)
		t.dim[i] = q->dim[i];
	return t;
}

static int
write_in(const char *dir, const char *file, const struct ct_tensor *list, int n, struct ct_error *err)
{
	char *path = ct_path_join(dir, file);
	int code;

	if (!path)
		return ct_fail_memory(err, strlen(dir) + strlen(file) + 2, "a path");
	code = ct_tensors_write(path, list, n, err);
	free(path);
	return code;
}

static int
replace_in(const char *dir, const char *file, const char *text, size_t n, struct ct_error *err)
{
	char *path = ct_path_join(dir, file);
	int code;

	if (!path)
		return ct_fail_memory(err, strlen(dir) + strlen(file) + 2, "a path");
	code = ct_file_replace(path, text, n, err);
	free(path);
	return code;
}

static int
write_config(const char *dir, const struct ct_net_shape *s, int bos, struct ct_error *err)
{
	json_t *root = json_pack("{s:[s], s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:n, s:b, s:i, s:i, "
	    "s:s, s:i, s:i, s:b, s:b, s:s}",
	    "architectures", "LlamaForCausalLM", "model_type", "llama", "hidden_size", s->D,
	    "intermediate_size", s->mlp, "num_hidden_layers", s->L, "num_attention_heads", s->H,
	    "num_key_value_heads", s->H_kv, "head_dim", s->head, "rms_norm_eps", s->eps, "rope_theta",
	    s->theta,
	    "rope_scaling", "tie_word_embeddings", 0, "vocab_size", s->V, "max_position_embeddings",
	    s->context,
	    "hidden_act", "silu", "bos_token_id", bos, "eos_token_id", bos, "attention_bias", 0, "mlp_bias",
	    0,
	    "torch_dtype", "float32");
	char *text = NULL;
	size_t n;
	int code = ct_json_out_text(&text, &n, root, true, err);

	if (code == CT_OK)
		code = replace_in(dir, "config.json", text, n, err);
	free(text);
	json_decref(root);
	return code;
}

int
ct_export_model(const char *dir, const struct ct_net *net, int bos, struct ct_error *err)
{
	const struct ct_params *p = &net->params;
	struct ct_tensor *list = calloc((size_t)p->n, sizeof *list);
	int code;

	if (!list)
		return ct_fail_memory(err, (size_t)p->n * sizeof *list, "a list of tensors");
	for (int k = 0; k < p->n; k++)
		list[k] = tensor_of(p, &p->list[k], NULL);
	code = write_in(dir, "model.safetensors", list, p->n, err);
	free(list);
	return code == CT_OK ? write_config(dir, &net->s, bos, err) : code;
}

/* The parameters of layer l in the order of ct_train_transcoder_open. */
enum { ENC, B_ENC, B_DEC, THRESHOLD, DEC, N_PARAMS };

int
ct_export_layer(const char *dir, const struct ct_train_transcoder *c, int l, int number, struct ct_error *err)
{
	static const char *const plt_names[N_PARAMS] = {
		"W_enc", "b_enc", "b_dec", "activation_function.threshold", "W_dec",
	};
	const struct ct_params *p = &c->params;
	const struct ct_param *q = &p->list[l * N_PARAMS];
	struct ct_tensor list[N_PARAMS];
	size_t F = (size_t)c->s.F;
	float *theta = malloc(F * sizeof *theta);
	char file[64];
	int code;

	if (!theta)
		return ct_fail_memory(err, F * sizeof *theta, "thresholds");
	for (size_t f = 0; f < F; f++)
		theta[f] = expf(p->w[q[THRESHOLD].at + f]);
	for (int k = 0; k < N_PARAMS; k++)
		list[k] = tensor_of(p, &q[k], c->s.per_layer ? plt_names[k] : NULL);
	list[THRESHOLD].data = theta;
	if (c->s.per_layer) {
		list[DEC].rank = 2;		/* (F,1,D) as (F,D) */
		list[DEC].dim[1] = list[DEC].dim[2];
		snprintf(file, sizeof file, "layer_%d.safetensors", number);
		code = write_in(dir, file, list, N_PARAMS, err);
	} else {
		snprintf(file, sizeof file, "W_enc_%d.safetensors", l);
		code = write_in(dir, file, list, DEC, err);
		snprintf(file, sizeof file, "W_dec_%d.safetensors", l);
		if (code == CT_OK)
			code = write_in(dir, file, list + DEC, 1, err);
	}
	free(theta);
	return code;
}

/*
 * Removes files of layers that an earlier model had and this one lacks. One that cannot be removed does no
 * harm.
 */
static void
remove_above(const char *dir, const char *stem, int l)
{
	bool more = true;

	for (; more; l++) {
		char file[64];
		char *path;

		snprintf(file, sizeof file, "%s_%d.safetensors", stem, l);
		path = ct_path_join(dir, file);
		more = path && remove(path) == 0;
		free(path);
	}
}

int
ct_export_config(const char *dir, bool per_layer, int L, const struct ct_export_names *names,
    struct ct_error *err)
{
	char text[512];
	int n = snprintf(text, sizeof text, "model_name: \"%.64s\"\nmodel_kind: \"%s\"\n"
	    "feature_input_hook: \"%s\"\nfeature_output_hook: \"%s\"\nscan: \"%.64s%s\"\n", names->model,
	    per_layer ? "transcoder_set" : "cross_layer_transcoder", names->read, names->write, names->scan,
	    per_layer ? "-plt" : "");
	int code = replace_in(dir, "config.yaml", text, (size_t)n, err);

	if (code != CT_OK)
		return code;
	remove_above(dir, "W_enc", per_layer ? 0 : L);
	remove_above(dir, "W_dec", per_layer ? 0 : L);
	remove_above(dir, "layer", per_layer ? L : 0);
	return CT_OK;
}

const char *
ct_export_folder(bool per_layer)
{
	return per_layer ? "transcoder-plt" : "transcoder";
}

int
ct_export_transcoder(const char *dir, const struct ct_train_transcoder *transcoder, const char *name,
    struct ct_error *err)
{
	const struct ct_export_names names = { name, name, "hook_resid_mid", "hook_mlp_out" };
	bool per_layer = transcoder->s.per_layer;
	char *sub = ct_path_join(dir, ct_export_folder(per_layer));
	int code;

	if (!sub)
		return ct_fail_memory(err, strlen(dir) + 16, "a path");
	code = ct_dir_make(sub, err);
	for (int l = 0; l < transcoder->s.L && code == CT_OK; l++)
		code = ct_export_layer(sub, transcoder, l, l, err);
	if (code == CT_OK)
		code = ct_export_config(sub, per_layer, transcoder->s.L, &names, err);
	free(sub);
	return code;
}
