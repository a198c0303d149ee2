/*
 * fingerprint: identifies the weights, transcoder and tokenizer with which something was saved.
 *
 * Clamps, pins, labels and cards refer to features by number, and after another training the same number
 * means another feature. So sessions, batches and labels contain this line, and are not applied to a model
 * with another one.
 *
 *   1a2b3c4d-5e6f7a8b-9c0d1e2f     weights and config.json, transcoder, tokenizer.json
 */
#ifndef CT_MODEL_FINGERPRINT_H
#define CT_MODEL_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "model/transcoder.h"

enum { CT_FINGERPRINT = 27 };		/* bytes of the text, with its end */

/* Of the files as they were when they were read, even if they have changed since. */
void ct_fingerprint_text(char dst[CT_FINGERPRINT], const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_tokenizer *t);

/* Whether text has exactly the form of a fingerprint. */
bool ct_fingerprint_valid(const char *text);

/*
 * What differs between two fingerprints, in words: "the model's weights", "the transcoder", "the tokenizer",
 * with commas between; "" when nothing does. Returns buf.
 */
const char *ct_fingerprint_differs(const char *a, const char *b, char *buf, size_t size);

#endif
