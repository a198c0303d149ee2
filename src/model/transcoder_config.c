/*
 * transcoder_config: config.yaml of a transcoder: circuit-tracer's keys, and others that such files may have.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/name.h"
#include "model/transcoder_load.h"

/* Keys that change what the numbers mean; all are read here. */
static const char *const known[] = {
	"model_name", "model_kind", "feature_input_hook", "feature_output_hook", "scan", "transcoders",
	"activation", "k", "n_layers", "d_model", "d_transcoder",
};

/* Keys that only describe. */
static const char *const idle[] = {
	"author", "authors", "base_model", "citation", "dataset", "datasets", "description", "language",
	"library_name", "license", "notes", "repo_id", "revision", "subfolder", "tags", "url", "version",
};

static const struct {
	const char *name;
	enum ct_tc_act act;
} acts[] = {
	{ "relu", CT_TC_RELU },
	{ "jump_relu", CT_TC_JUMPRELU },
	{ "jumprelu", CT_TC_JUMPRELU },
	{ "topk", CT_TC_TOPK },
};

static bool
in_list(const char *key, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(key, list[i]) == 0)
			return true;
	return false;
}

static int
check_keys(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc)
{
	const struct ct_yaml *root = ct_yaml_root(doc);

	for (int i = 0; i < root->n; i++) {
		const char *key = root->items[i].key, *near = NULL;
		int best = 4;
		char shown[80], hint[80] = "";

		if (in_list(key, known, sizeof known / sizeof *known) ||
		    in_list(key, idle, sizeof idle / sizeof *idle))
			continue;
		for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
			int distance = ct_text_distance(key, known[k], 3);

			if (distance < best) {
				best = distance;
				near = known[k];
			}
		}
		if (near)
			snprintf(hint, sizeof hint, "; did you mean \"%s\"?", near);
		ct_text_clean(shown, sizeof shown, key, strlen(key));
		return ct_yaml_fail(doc, &root->items[i], CT_EUNSUPPORTED, ld->err,
		    "the key \"%s\" is unknown, and might change the numbers%s", shown, hint);
	}
	return CT_OK;
}

/* A hook's name without a leading "blocks.{layer}.". */
static const char *
hook_name(const char *text)
{
	static const char block[] = "blocks.{layer}.";

	return strncmp(text, block, sizeof block - 1) == 0 ? text + sizeof block - 1 : text;
}

/* Both hooks decide what the numbers mean: neither has a default. */
static int
read_hooks(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc)
{
	static const char *const inputs[] = {
		[CT_READ_MID] = "hook_resid_mid", [CT_READ_NORM2] = "mlp.hook_in",
		[CT_READ_NORM2_BARE] = "ln2.hook_normalized",
	};
	static const char *const outputs[] = {
		[CT_WRITE_STREAM] = "hook_mlp_out", [CT_WRITE_MLP] = "mlp.hook_out",
	};
	const struct ct_yaml *root = ct_yaml_root(doc);
	const char *in = NULL, *out = NULL;
	size_t i = 0, o = 0, n_in = sizeof inputs / sizeof *inputs, n_out = sizeof outputs / sizeof *outputs;
	int code = ct_yaml_string(doc, root, "feature_input_hook", false, &in, ld->err);

	if (code == CT_OK)
		code = ct_yaml_string(doc, root, "feature_output_hook", false, &out, ld->err);
	if (code != CT_OK)
		return code;
	if (!in)
		return ct_yaml_fail(doc, root, CT_EFORMAT, ld->err, "\"feature_input_hook\" is missing: what "
		    "the features read, hook_resid_mid, mlp.hook_in or ln2.hook_normalized, as its maker "
		    "says");
	if (!out)
		return ct_yaml_fail(doc, root, CT_EFORMAT, ld->err, "\"feature_output_hook\" is missing: "
		    "what the features replace, hook_mlp_out or mlp.hook_out, as its maker says");
	while (i < n_in && strcmp(hook_name(in), inputs[i]) != 0)
		i++;
	while (o < n_out && strcmp(hook_name(out), outputs[o]) != 0)
		o++;
	if (i == n_in)
		return ct_yaml_fail(doc, ct_yaml_get(root, "feature_input_hook"), CT_EUNSUPPORTED, ld->err,
		    "feature_input_hook is \"%.60s\", expected hook_resid_mid, mlp.hook_in or "
		    "ln2.hook_normalized", in);
	if (o == n_out)
		return ct_yaml_fail(doc, ct_yaml_get(root, "feature_output_hook"), CT_EUNSUPPORTED, ld->err,
		    "feature_output_hook is \"%.60s\", expected hook_mlp_out or mlp.hook_out", out);
	ld->tc->read = (enum ct_read_point)i;
	ld->tc->write = (enum ct_write_point)o;
	return CT_OK;
}

static bool
find_act(const char *name, enum ct_tc_act *out)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(name, acts[i].name) == 0) {
			*out = acts[i].act;
			return true;
		}
	return false;
}

const char *
ct_tc_act_name(enum ct_tc_act act)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (acts[i].act == act)
			return acts[i].name;
	return "another one";
}

static int
read_act(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc)
{
	const struct ct_yaml *root = ct_yaml_root(doc), *at = ct_yaml_get(root, "activation");
	const char *name = NULL;
	int k = 0, given = ld->opt->k, code = ct_yaml_string(doc, root, "activation", false, &name, ld->err);

	if (code == CT_OK)
		code = ct_yaml_int(doc, root, "k", false, 1, 1 << 24, &k, ld->err);
	if (code != CT_OK)
		return code;
	ld->says_act = name;
	if (name && !find_act(name, &ld->act))
		return ct_yaml_fail(doc, at, CT_EUNSUPPORTED, ld->err,
		    "activation is \"%.60s\", expected relu, jump_relu or topk", name);
	if (!name || ld->act != CT_TC_TOPK) {
		if (k)
			return ct_yaml_fail(doc, ct_yaml_get(root, "k"), CT_EFORMAT, ld->err,
			    "k is %d, but activation is %s; k belongs to \"activation: topk\"", k,
			    name ? name : "missing");
		if (given)
			return ct_yaml_fail(doc, at ? at : root, CT_EINVAL, ld->err,
			    "--k %d belongs to \"activation: topk\", but activation is %s", given,
			    name ? name : "missing");
		return CT_OK;
	}
	if (!k && !given)
		return ct_yaml_fail(doc, at, CT_EFORMAT, ld->err, "activation is topk, but k, the number of "
		    "features that stay active, is missing; give it as --k N");
	if (k && given && k != given)
		return ct_yaml_fail(doc, ct_yaml_get(root, "k"), CT_EINVAL, ld->err,
		    "k is %d, but --k %d is given", k, given);
	ld->tc->k = k ? k : given;
	return CT_OK;
}

/* One file for several layers is probably a mistake. */
static void
note_doubles(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc, const struct ct_yaml *list)
{
	int doubles = 0, first = 0, second = 0;

	for (int i = 1; i < list->n; i++) {
		int j = 0;

		while (strcmp(list->items[j].text, list->items[i].text) != 0)
			j++;
		if (j < i && !doubles++) {
			first = j;
			second = i;
		}
	}
	if (doubles)
		ct_note(&ld->tc->notes, "%s:%d: %d of %d layers have the file of an earlier one; layers %d "
		    "and %d have %.160s", ct_yaml_path(doc), list->items[second].line, doubles, list->n,
		    first, second, list->items[second].text);
}

static int
read_paths(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc)
{
	const struct ct_yaml *list = ct_yaml_get(ct_yaml_root(doc), "transcoders");

	if (!list)
		return CT_OK;
	if (list->kind != CT_YAML_LIST || list->n != ld->tc->L)
		return ct_yaml_fail(doc, list, CT_EFORMAT, ld->err, "transcoders: expected a list of %d "
		    "paths, one per layer of the model, found %d", ld->tc->L,
		    list->kind == CT_YAML_LIST ? list->n : 0);
	for (int i = 0; i < list->n; i++) {
		const struct ct_yaml *at = &list->items[i];

		if (at->kind != CT_YAML_SCALAR || !*at->text)
			return ct_yaml_fail(doc, at, CT_EFORMAT, ld->err, "transcoders: expected a path");
	}
	note_doubles(ld, doc, list);
	ld->paths = list;
	return CT_OK;
}

static int
read_sizes(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc)
{
	const struct ct_yaml *root = ct_yaml_root(doc);
	int L = ld->tc->L, D = ld->tc->D, code = ct_yaml_int(doc, root, "n_layers", false, 1, 1 << 20, &L,
	    ld->err);

	if (code == CT_OK)
		code = ct_yaml_int(doc, root, "d_model", false, 1, 1 << 20, &D, ld->err);
	if (code == CT_OK)
		code = ct_yaml_int(doc, root, "d_transcoder", false, 1, 1 << 26, &ld->width, ld->err);
	if (code == CT_OK && (L != ld->tc->L || D != ld->tc->D))
		code = ct_yaml_fail(doc, ct_yaml_get(root, L != ld->tc->L ? "n_layers" : "d_model"),
		    CT_EFORMAT, ld->err, "a transcoder of %d layers and width %d; the model has %d layers "
		    "and width %d", L, D, ld->tc->L, ld->tc->D);
	return code;
}

/* Families by words that names of their models contain; a longer word before a shorter one in it. */
static const struct {
	const char *word, *model_type;		/* how its model_type begins */
} families[] = {
	{ "gemma-2-", "gemma2" }, { "gemma2", "gemma2" }, { "gemma-3", "gemma3" }, { "gemma3", "gemma3" },
	{ "gpt2", "gpt2" }, { "gpt-2", "gpt2" }, { "gpt-oss", "gpt_oss" }, { "gpt-neo", "gpt_neo" },
	{ "mistral", "mistral" }, { "olmo", "olmo" }, { "pythia", "gpt_neox" }, { "qwen2", "qwen2" },
	{ "qwen3", "qwen3" }, { "smollm3", "smollm3" }, { "smollm", "llama" }, { "llama", "llama" },
};

static bool
is_inside(const char *dir, const char *outer)
{
	size_t n = outer ? strlen(outer) : 0;

	return n > 0 && strncmp(dir, outer, n) == 0 && (dir[n] == '/' || outer[n - 1] == '/');
}

/* Compares model_name with the family and the name of the model, as far as they are known. */
static int
check_model(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc, const char *name)
{
	const struct ct_yaml *at = ct_yaml_get(ct_yaml_root(doc), "model_name");
	const char *type = ld->model->cfg.family ? ld->model->cfg.family->model_type : NULL;
	const char *ours = ld->opt->model_name;
	char lower[128];
	size_t n = 0;

	for (const char *p = ct_name_last(name); *p && n + 1 < sizeof lower; p++)
		lower[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	lower[n] = '\0';
	if (*name && ours && *ours && strcmp(ours, name) != 0 && strcmp(ours, ct_name_last(name)) != 0)
		return ct_yaml_fail(doc, at, CT_EFORMAT, ld->err, "a transcoder of the model \"%.60s\", but "
		    "this model is \"%.60s\"", name, ours);
	for (size_t i = 0; type && i < sizeof families / sizeof *families; i++) {
		if (!strstr(lower, families[i].word))
			continue;
		if (strncmp(type, families[i].model_type, strlen(families[i].model_type)) == 0)
			break;
		return ct_yaml_fail(doc, at, CT_EFORMAT, ld->err, "a transcoder of the model \"%.60s\", "
		    "whose model_type is %s; this model's is %s", name, families[i].model_type, type);
	}
	/* A transcoder in the model's own directory was put there on purpose. */
	if (*name && !(ours && *ours) && !is_inside(ld->dir, ld->model->dir) &&
	    !ct_name_known(ld->model, name))
		ct_note(&ld->tc->notes, "%s:%d: a transcoder of the model \"%.60s\"; neither the path of "
		    "this model nor its config.json has that name", ct_yaml_path(doc), at->line, name);
	return CT_OK;
}

/*
 * Whether its prompts begin with a turn, <bos><start_of_turn>user and a line break, whose tokens have no
 * features. As in the reference, these are the transcoders of Gemma 3's instruction models.
 */
static bool
opens_turn(const char *model)
{
	size_t n = strlen(model);

	return strstr(model, "gemma-3") && n >= 3 && strcmp(model + n - 3, "-it") == 0;
}

/* "scan" may be a list. */
static const char *
scan_of(const struct ct_yaml *root)
{
	const struct ct_yaml *at = ct_yaml_get(root, "scan");

	if (at && at->kind == CT_YAML_LIST && at->n)
		at = &at->items[0];
	return at && at->kind == CT_YAML_SCALAR && *at->text ? at->text : NULL;
}

int
ct_tc_read_config(struct ct_tc_loader *ld, const struct ct_yaml_doc *doc)
{
	const struct ct_yaml *root = ct_yaml_root(doc);
	const char *kind = NULL, *model = "", *scan;
	int code;

	if (root->kind != CT_YAML_MAP)
		return ct_yaml_fail(doc, root, CT_EFORMAT, ld->err, "expected a map with model_kind, "
		    "feature_input_hook, ...");
	if ((code = check_keys(ld, doc)) < 0 ||
	    (code = ct_yaml_string(doc, root, "model_kind", true, &kind, ld->err)) < 0 ||
	    (code = ct_yaml_string(doc, root, "model_name", false, &model, ld->err)) < 0)
		return code;
	if (strcmp(kind, "cross_layer_transcoder") == 0)
		ld->tc->kind = CT_CLT;
	else if (strcmp(kind, "transcoder_set") == 0)
		ld->tc->kind = CT_PLT;
	else
		return ct_yaml_fail(doc, ct_yaml_get(root, "model_kind"), CT_EUNSUPPORTED, ld->err,
		    "model_kind is \"%.60s\", expected cross_layer_transcoder or transcoder_set", kind);
	if ((code = read_hooks(ld, doc)) < 0 || (code = read_act(ld, doc)) < 0 ||
	    (code = read_sizes(ld, doc)) < 0 || (code = check_model(ld, doc, model)) < 0 ||
	    (code = read_paths(ld, doc)) < 0)
		return code;
	ld->tc->turn = opens_turn(model) ? 4 : 0;
	scan = scan_of(root);
	ld->tc->scan = ct_arena_strdup(&ld->tc->arena, scan ? scan : model);
	return ld->tc->scan ? CT_OK : ct_fail_memory(ld->err, 64, "the scan name");
}
