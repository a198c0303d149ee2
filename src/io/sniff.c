/*
 * sniff: see sniff.h.
 */
#include "io/sniff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct {
	const char *name, *remedy;
} kinds[CT_SNIFF_KINDS] = {
	[CT_SNIFF_OTHER] = { "", "" },
	[CT_SNIFF_SAFETENSORS] = { "a safetensors file", "name the right file" },
	[CT_SNIFF_EMPTY] = { "an empty file", "download it again" },
	[CT_SNIFF_ZEROS] = { "nothing but zeros, as an unfinished download leaves it", "download it again" },
	[CT_SNIFF_LFS] = { "a Git LFS pointer", "fetch the file that it stands for: git lfs pull" },
	[CT_SNIFF_PAGE] = { "a web page (HTML or XML)", "the download gave a page in place of the file; "
	    "download it again" },
	[CT_SNIFF_TORCH] = { "a PyTorch checkpoint", "save it as safetensors (in Python: "
	    "AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW))" },
	[CT_SNIFF_NPZ] = { "a NumPy archive (.npz)", "name the right file" },
	[CT_SNIFF_ZIP] = { "a zip archive", "unpack it first" },
	[CT_SNIFF_PICKLE] = { "a Python pickle", "save it as safetensors (in Python: "
	    "AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW))" },
	[CT_SNIFF_NPY] = { "a NumPy array (.npy)", "name the right file" },
	[CT_SNIFF_GGUF] = { "a GGUF file", "get the model that it was made from, with its config.json, "
	    "tokenizer.json and safetensors" },
	[CT_SNIFF_GGML] = { "a GGML file", "get the model that it was made from, with its config.json, "
	    "tokenizer.json and safetensors" },
	[CT_SNIFF_SENTENCEPIECE] = { "a SentencePiece model", "write tokenizer.json from it (in Python: "
	    "AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR))" },
	[CT_SNIFF_HDF5] = { "an HDF5 file", "save it as safetensors" },
	[CT_SNIFF_GZIP] = { "compressed with gzip", "unpack it first: gunzip" },
	[CT_SNIFF_PACKED] = { "a compressed file or archive", "unpack it first" },
	[CT_SNIFF_UTF16] = { "text in UTF-16", "save it as UTF-8" },
};

static bool
begins(const unsigned char *s, size_t n, const char *with, size_t len)
{
	return n >= len && memcmp(s, with, len) == 0;
}

#define BEGINS(with) begins(s, n, with, sizeof(with) - 1)

/* "<!doctype html", "<html", "<?xml", in any case, after a byte order mark and blanks. */
static bool
is_page(const unsigned char *s, size_t n)
{
	static const char *const tags[] = { "<!doctype", "<html", "<?xml", "<head", "<!--" };
	size_t at = BEGINS("\xEF\xBB\xBF") ? 3 : 0;

	while (at < n && at < 256 && (s[at] == ' ' || (s[at] >= '\t' && s[at] <= '\r')))
		at++;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (n - at >= strlen(tags[i]) && strncasecmp((const char *)s + at, tags[i],
		    strlen(tags[i])) == 0)
			return true;
	return false;
}

/* Tells zip archives apart by the name of the first entry or of one soon after it. */
static enum ct_sniff
which_zip(const unsigned char *s, size_t n)
{
	size_t name = n >= 30 ? (size_t)(s[26] | s[27] << 8) : 0;

	if (name >= 4 && n >= 30 + name && memcmp(s + 30 + name - 4, ".npy", 4) == 0)
		return CT_SNIFF_NPZ;
	if (ct_text_within((const char *)s, n < 4096 ? n : 4096, "data.pkl"))
		return CT_SNIFF_TORCH;
	return CT_SNIFF_ZIP;
}

/* The header's length has 8 bytes. If the upper four were not 0, the header would be 4 GiB or more. */
static bool
is_safetensors(const unsigned char *s, size_t n)
{
	return n > 8 && s[8] == '{' && !s[4] && !s[5] && !s[6] && !s[7];
}

static bool
is_zeros(const unsigned char *s, size_t n)
{
	size_t i = 0, look = n < 4096 ? n : 4096;

	while (i < look && !s[i])
		i++;
	return n >= 16 && i == look;
}

/* A protobuf whose first message is the piece <unk> or <pad>. */
static bool
is_sentencepiece(const unsigned char *s, size_t n)
{
	return n > 9 && s[0] == 0x0A && s[2] == 0x0A && (memcmp(s + 4, "<unk>", 5) == 0 ||
	    memcmp(s + 4, "<pad>", 5) == 0);
}

enum ct_sniff
ct_sniff(const void *data, size_t n)
{
	const unsigned char *s = data;

	if (n == 0)
		return CT_SNIFF_EMPTY;
	if (is_safetensors(s, n))
		return CT_SNIFF_SAFETENSORS;
	if (BEGINS("version https://git-lfs"))
		return CT_SNIFF_LFS;
	if (BEGINS("PK\3\4") || BEGINS("PK\5\6"))
		return which_zip(s, n);
	if (BEGINS("GGUF"))
		return CT_SNIFF_GGUF;
	if (BEGINS("lmgg") || BEGINS("fmgg") || BEGINS("tjgg"))
		return CT_SNIFF_GGML;
	if (n > 2 && s[0] == 0x80 && s[1] >= 2 && s[1] <= 5)
		return CT_SNIFF_PICKLE;
	if (BEGINS("\x93NUMPY"))
		return CT_SNIFF_NPY;
	if (BEGINS("\x89HDF\r\n\x1A\n"))
		return CT_SNIFF_HDF5;
	if (BEGINS("\x1F\x8B"))
		return CT_SNIFF_GZIP;
	if (BEGINS("\x28\xB5\x2F\xFD") || BEGINS("\xFD" "7zXZ") || BEGINS("BZh") || BEGINS("7z\xBC\xAF") ||
	    (n > 262 && memcmp(s + 257, "ustar", 5) == 0))
		return CT_SNIFF_PACKED;
	if (BEGINS("\xFF\xFE") || BEGINS("\xFE\xFF"))
		return CT_SNIFF_UTF16;
	if (is_sentencepiece(s, n))
		return CT_SNIFF_SENTENCEPIECE;
	if (is_page(s, n))
		return CT_SNIFF_PAGE;
	return is_zeros(s, n) ? CT_SNIFF_ZEROS : CT_SNIFF_OTHER;
}

/* The size that a Git LFS pointer promises, as " to a file of N bytes". */
static void
lfs_size(char *out, size_t size, const unsigned char *s, size_t n)
{
	char text[512];
	const char *line;
	size_t len = n < sizeof text - 1 ? n : sizeof text - 1;
	unsigned long long bytes;

	*out = '\0';
	memcpy(text, s, len);
	text[len] = '\0';
	line = strstr(text, "\nsize ");
	if (line && sscanf(line, "\nsize %20llu", &bytes) == 1)
		snprintf(out, size, " to a file of %llu bytes", bytes);
}

int
ct_sniff_expect(const char *path, const void *data, size_t n, enum ct_sniff wanted, const char *noun,
    struct ct_error *err)
{
	enum ct_sniff found = ct_sniff(data, n);
	char more[64] = "";

	if (found == wanted || found == CT_SNIFF_OTHER)
		return CT_OK;
	if (found == CT_SNIFF_LFS)
		lfs_size(more, sizeof more, data, n);
	if (found == CT_SNIFF_EMPTY)
		return ct_fail(err, CT_EFORMAT, "%s: the file is empty; expected %s", path, noun);
	return ct_fail(err, CT_EFORMAT, "%s: this is %s%s, not %s; %s", path, kinds[found].name, more, noun,
	    kinds[found].remedy);
}
