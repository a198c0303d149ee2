/*
 * tensor: the values of one safetensors tensor as floats; see safetensors.h.
 */
#include "io/safetensors.h"

#include <stdint.h>
#include <string.h>

static float
from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static float
from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 0x1F, fraction = h & 0x3FF;

	if (exponent == 0) {			/* zero or subnormal: fraction * 2^-24 */
		float f = (float)fraction * 0x1p-24f;

		return sign ? -f : f;
	}
	if (exponent == 0x1F)
		return from_bits(sign | 0x7F800000 | fraction << 13);
	return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

size_t
ct_dtype_size(enum ct_dtype dtype)
{
	return dtype == CT_F64 ? 8 : dtype == CT_F32 ? 4 : 2;
}

void
ct_tensor_read(float *dst, const struct ct_tensor *t, size_t first, size_t n)
{
	const unsigned char *src = t->data;

	switch (t->dtype) {
	case CT_F32:
		memcpy(dst, src + 4 * first, 4 * n);
		break;
	case CT_F16:
	case CT_BF16:
		for (size_t i = 0; i < n; i++) {
			uint16_t h;

			memcpy(&h, src + 2 * (first + i), sizeof h);
			dst[i] = t->dtype == CT_F16 ? from_half(h) : from_bits((uint32_t)h << 16);
		}
		break;
	case CT_F64:
		for (size_t i = 0; i < n; i++) {
			double d;

			memcpy(&d, src + 8 * (first + i), sizeof d);
			dst[i] = (float)d;
		}
		break;
	}
}

const float *
ct_tensor_f32(const struct ct_tensor *t)
{
	return t->dtype == CT_F32 && (uintptr_t)t->data % sizeof(float) == 0 ? t->data : NULL;
}

long long
ct_tensor_nonfinite(const struct ct_tensor *t, size_t first, size_t n)
{
	enum { BLOCK = 1024 };
	float x[BLOCK];

	for (size_t at = 0; at < n; at += BLOCK) {
		size_t m = n - at < BLOCK ? n - at : BLOCK;
		uint32_t bad = 0;

		ct_tensor_read(x, t, first + at, m);
		/* No branch in the loop, so that it runs at memory speed. */
		for (size_t i = 0; i < m; i++) {
			uint32_t bits;

			memcpy(&bits, &x[i], sizeof bits);
			bad |= (bits & 0x7F800000) == 0x7F800000;
		}
		for (size_t i = 0; bad && i < m; i++) {
			uint32_t bits;

			memcpy(&bits, &x[i], sizeof bits);
			if ((bits & 0x7F800000) == 0x7F800000)
				return (long long)(first + at + i);
		}
	}
	return -1;
}
