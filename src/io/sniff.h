/*
 * sniff: what a file really is, by its first bytes.
 *
 * Users pass Git LFS pointers, error pages that were saved under a model's name, and checkpoints in other
 * formats. Every reader calls this before it parses, so that the error says what such a file is and what to
 * do. Owns the table of signatures; does not say whether a file of the right kind is valid.
 */
#ifndef CT_IO_SNIFF_H
#define CT_IO_SNIFF_H

#include <stddef.h>

#include "base/error.h"

enum ct_sniff {
	CT_SNIFF_OTHER,			/* none of these, for example text in JSON or YAML */
	CT_SNIFF_SAFETENSORS,
	CT_SNIFF_EMPTY,
	CT_SNIFF_ZEROS,			/* space that a download reserved and never filled */
	CT_SNIFF_LFS,
	CT_SNIFF_PAGE,			/* HTML or XML */
	CT_SNIFF_TORCH,			/* PyTorch's zip archive */
	CT_SNIFF_NPZ,			/* NumPy's */
	CT_SNIFF_ZIP,
	CT_SNIFF_PICKLE,
	CT_SNIFF_NPY,
	CT_SNIFF_GGUF,
	CT_SNIFF_GGML,
	CT_SNIFF_SENTENCEPIECE,
	CT_SNIFF_HDF5,
	CT_SNIFF_GZIP,
	CT_SNIFF_PACKED,		/* zstd, xz, bzip2, 7z, tar */
	CT_SNIFF_UTF16,
	CT_SNIFF_KINDS
};

enum ct_sniff ct_sniff(const void *data, size_t n);

/*
 * Fails unless the n bytes at data, the beginning of a file or the whole file, may be of the kind that is
 * wanted (CT_SNIFF_OTHER for text). `noun` is the name of that kind in the message ("a safetensors file").
 */
int ct_sniff_expect(const char *path, const void *data, size_t n, enum ct_sniff wanted, const char *noun,
    struct ct_error *err);

#endif
