/* folder: see folder.h. */
#include "io/folder.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/sniff.h"

#define SAVE "in Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(DIR)"
#define SAVE_TOKENIZER "in Python: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)"
#define ORIGINAL "get the same model in Hugging Face's layout (config.json, tokenizer.json, safetensors)"

/* The first file that is there says what the folder holds. */
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
};

static const char *const needed[] = { "config.json", "model.safetensors", "tokenizer.json" };

int
ct_folder_explain(const char *dir, enum ct_folder_part part, struct ct_error *err)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		char *path = signs[i].part == part ? ct_path_join(dir, signs[i].file) : NULL;
		bool there = path && ct_file_exists(path);

		free(path);
		if (there)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: no %s; %s is %s: %s", dir, needed[part],
			    signs[i].file, signs[i].is, signs[i].remedy);
	}
	return CT_OK;
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
ct_folder_explain_name(const char *model, struct ct_error *err)
{
	char head[64] = "";
	const char *slash = strrchr(model, '/');
	FILE *f;
	size_t n = 0;

	if (!ct_file_exists(model)) {
		if (!is_hub_name(model))
			return CT_OK;
		return ct_fail(err, CT_ENOTFOUND, "%s: no such model directory; if that is a model's name on "
		    "the Hugging Face Hub, download it first: hf download %s --local-dir %s", model, model,
		    slash + 1);
	}
	f = fopen(model, "rb");
	if (f) {
		n = fread(head, 1, sizeof head, f);
		fclose(f);
	}
	/* A file that is named itself may be part of a good directory. */
	if (ct_sniff(head, n) == CT_SNIFF_SAFETENSORS || ct_sniff(head, n) == CT_SNIFF_OTHER)
		return ct_fail(err, CT_ENOTFOUND, "%s: this is a file; name the model's directory", model);
	return ct_sniff_expect(model, head, n, CT_SNIFF_OTHER, "a model directory", err);
}
