/* folder: see folder.h. */
#include "io/folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/sniff.h"

#define SAVE "in Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(DIR)"
#define SAVE_TOKENIZER "in Python: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)"
#define ORIGINAL "get the same model in Hugging Face's layout (config.json, tokenizer.json, safetensors)"

#define CONVERT "convert each layer to layer_{l}.safetensors, and write a config.yaml; " \
	"ctrace-models(5) has the tensors and keys"
#define SCOPE "put a config.yaml that lists the files, as mwhanna/gemma-scope-transcoders has it, above them"
#define WRITE "download its config.yaml too, or write one; ctrace-models(5) has the keys"

/* Files by name: the first one that exists tells what the folder holds. */
static const struct {
	enum ct_folder_part part;
	const char *file, *is, *remedy;
} signs[] = {
	{ CT_FOLDER_CONFIG, "adapter_config.json", "an adapter (LoRA), which is not a model by itself",
	  "merge it into its base model (in Python: PeftModel.from_pretrained(...).merge_and_unload()"
	  ".save_pretrained(DIR)) and name that" },
	{ CT_FOLDER_CONFIG, "params.json", "a model in its maker's own layout", ORIGINAL },
	{ CT_FOLDER_WEIGHTS, "pytorch_model.bin", "a PyTorch checkpoint", "save it as safetensors (" SAVE
	    ")" },
	{ CT_FOLDER_WEIGHTS, "pytorch_model.bin.index.json", "a PyTorch checkpoint in parts",
	  "save it as safetensors (" SAVE ")" },
	{ CT_FOLDER_WEIGHTS, "consolidated.safetensors", "weights in their maker's own layout", ORIGINAL },
	{ CT_FOLDER_WEIGHTS, "consolidated.00.pth", "weights in their maker's own layout", ORIGINAL },
	{ CT_FOLDER_WEIGHTS, "adapter_model.safetensors", "an adapter (LoRA)",
	  "merge it into its base model and save that" },
	{ CT_FOLDER_WEIGHTS, "tf_model.h5", "TensorFlow weights", "save them as safetensors "
	    "(from_tf=True; " SAVE ")" },
	{ CT_FOLDER_WEIGHTS, "flax_model.msgpack", "Flax weights", "save them as safetensors "
	    "(from_flax=True; " SAVE ")" },
	{ CT_FOLDER_TOKENIZER, "tokenizer.model", "a SentencePiece tokenizer",
	    "write tokenizer.json (" SAVE_TOKENIZER ")" },
	{ CT_FOLDER_TOKENIZER, "tekken.json", "a tokenizer in its maker's own format",
	  "write tokenizer.json (" SAVE_TOKENIZER ")" },
	{ CT_FOLDER_TOKENIZER, "vocab.json", "an older tokenizer (vocab.json and merges.txt)",
	  "write tokenizer.json (" SAVE_TOKENIZER ")" },
	{ CT_FOLDER_TRANSCODER, "cfg.json", "of SAELens, whose layout is not supported", CONVERT },
	{ CT_FOLDER_TRANSCODER, "hyperparams.json", "of Language-Model-SAEs, whose layout is not supported",
	  CONVERT },
	{ CT_FOLDER_TRANSCODER, "params.npz", "one layer of Gemma Scope", SCOPE },
	{ CT_FOLDER_TRANSCODER, "layer_0", "a layer of Gemma Scope", SCOPE },
	{ CT_FOLDER_TRANSCODER, "transcoder", "a folder for a model's transcoder", "name that" },
	{ CT_FOLDER_TRANSCODER, "layer_0.safetensors", "a layer of a transcoder per layer", WRITE },
	{ CT_FOLDER_TRANSCODER, "W_enc_0.safetensors", "a layer of a cross-layer transcoder", WRITE },
};

/* The same for files of any name, by what the name ends with. */
static const struct {
	const char *pattern, *message;
} weights[] = {
	{ "model-*-of-*.safetensors", "is one of several parts, and model.safetensors.index.json, which "
	    "lists them, is missing: download the whole model again" },
	{ "*.gguf", "is GGUF: " ORIGINAL },
	{ "*.safetensors", "has weights under another name: rename it to model.safetensors if it is the "
	    "whole model" },
	{ "*.bin", "may be a PyTorch checkpoint: save it as safetensors (" SAVE ")" },
	{ "*.pt", "may be a PyTorch checkpoint: save it as safetensors (" SAVE ")" },
	{ "*.pth", "may be a PyTorch checkpoint: save it as safetensors (" SAVE ")" },
	{ "*.onnx", "is ONNX: " ORIGINAL },
	{ "onnx", "is a folder of ONNX: " ORIGINAL },
};

static const char *const needed[] = { "config.json", "model.safetensors", "tokenizer.json", "config.yaml" };

/*
 * Puts the first entry of the directory, in order of names, that fits into out. Returns whether there is one,
 * or CT_EIO if the directory cannot be listed.
 */
static int
find_entry(const char *dir, const char *pattern, char *out, size_t size, struct ct_error *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool found = false;

	if (!d)
		return ct_fail(err, CT_EIO, "%s: no model.safetensors is found, and the directory cannot be "
		    "listed to see what it has: %s", dir, strerror(errno));
	while ((entry = readdir(d))) {
		if (fnmatch(pattern, entry->d_name, 0) != 0 || (found && strcmp(entry->d_name, out) > 0))
			continue;
		snprintf(out, size, "%s", entry->d_name);
		found = true;
	}
	closedir(d);
	return found;
}

static int
explain_weights(const char *dir, struct ct_error *err)
{
	char name[256], shown[256];

	for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
		int found = find_entry(dir, weights[i].pattern, name, sizeof name, err);

		if (found < 0)
			return found;
		if (!found)
			continue;
		ct_text_clean(shown, sizeof shown, name, strlen(name));
		return ct_fail(err, CT_EUNSUPPORTED, "%s: no model.safetensors; %s %s", dir, shown,
		    weights[i].message);
	}
	return ct_fail(err, CT_ENOTFOUND, "%s: no model.safetensors, nor weights in another format: if the "
	    "model is from the Hugging Face Hub, download all of it: hf download OWNER/NAME --local-dir %s",
	    dir, dir);
}

int
ct_folder_explain(const char *dir, enum ct_folder_part part, struct ct_error *err)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		char *path = signs[i].part == part ? ct_path_join(dir, signs[i].file) : NULL;
		bool there = path && (ct_file_exists(path) || (part == CT_FOLDER_TRANSCODER &&
		    ct_dir_exists(path)));

		free(path);
		if (there)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: no %s; %s is %s: %s", dir, needed[part],
			    signs[i].file, signs[i].is, signs[i].remedy);
	}
	return part == CT_FOLDER_WEIGHTS ? explain_weights(dir, err) : CT_OK;
}

/* "owner/name", as hubs have it. */
static bool
is_hub_name(const char *s)
{
	const char *slash = strchr(s, '/');

	if (!slash || slash == s || !slash[1] || strchr(slash + 1, '/') || *s == '.' || *s == '~')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_./", *s))
			return false;
	return true;
}

int
ct_folder_explain_name(const char *name, const char *kind, struct ct_error *err)
{
	const char *hub = strncmp(name, "hf://", 5) == 0 ? name + 5 : name;
	bool model = strcmp(kind, "model") == 0;
	char head[64] = "";
	FILE *f;
	size_t n = 0;

	if (!ct_file_exists(name)) {
		if (!is_hub_name(hub))
			return CT_OK;
		return ct_fail(err, CT_ENOTFOUND, "%s: no such %s directory; if that is a %s's name on the "
		    "Hugging Face Hub, download it first: hf download %s --local-dir %s", name, kind, kind,
		    hub, strrchr(hub, '/') + 1);
	}
	f = fopen(name, "rb");
	if (f) {
		n = fread(head, 1, sizeof head, f);
		fclose(f);
	}
	/* A user may name a file inside a good directory. */
	if (!model || ct_sniff(head, n) == CT_SNIFF_SAFETENSORS || ct_sniff(head, n) == CT_SNIFF_OTHER)
		return ct_fail(err, CT_ENOTFOUND, "%s: this is a file; name the %s's directory", name, kind);
	return ct_sniff_expect(name, head, n, CT_SNIFF_OTHER, "a model directory", err);
}
