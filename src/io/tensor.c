/*
 * tensor: the values of one safetensors tensor as floats; see safetensors.h.
 */
#include "io/safetensors.h"

#include <stdint.h>
#include <string.h>

#include "base/vector.h"

static float
from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

static uint32_t
to_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof bits);
	return bits;
}

/*
 * Has no branch, so that a loop over it becomes vector code: the results for normal and for subnormal numbers
 * are both computed. For normal numbers, infinities and NaN the exponent is moved to its place and rebased by
 * a product that saturates; for subnormal numbers the fraction is put below a power of two, which is then
 * subtracted.
 */
static float
from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7FFF) << 13;
	float normal = from_bits(rest + (0xE0u << 23)) * 0x1p-112f;
	float small = from_bits(rest >> 13 | 126u << 23) - 0.5f;

	return from_bits(sign | to_bits(rest < 1u << 23 ? small : normal));
}

size_t
ct_dtype_size(enum ct_dtype type)
{
	return type == CT_F64 ? 8 : type == CT_F32 ? 4 : 2;
}

MULTIVERSION static void
widen_half(float *restrict dst, const unsigned char *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t h;

		memcpy(&h, src + 2 * i, sizeof h);
		dst[i] = from_half(h);
	}
}

MULTIVERSION static void
widen_bfloat(float *restrict dst, const unsigned char *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t h;

		memcpy(&h, src + 2 * i, sizeof h);
		dst[i] = from_bits((uint32_t)h << 16);
	}
}

void
ct_widen(float *restrict dst, enum ct_dtype type, const void *src, size_t n)
{
	switch (type) {
	case CT_F32:
		memcpy(dst, src, 4 * n);
		break;
	case CT_F16:
		widen_half(dst, src, n);
		break;
	case CT_BF16:
		widen_bfloat(dst, src, n);
		break;
	case CT_F64:
		for (size_t i = 0; i < n; i++) {
			double d;

			memcpy(&d, (const unsigned char *)src + 8 * i, sizeof d);
			dst[i] = (float)d;
		}
		break;
	}
}

void
ct_tensor_read(float *dst, const struct ct_tensor *t, size_t first, size_t n)
{
	ct_widen(dst, t->dtype, (const unsigned char *)t->data + first * ct_dtype_size(t->dtype), n);
}

const float *
ct_tensor_f32(const struct ct_tensor *t)
{
	return t->dtype == CT_F32 && (uintptr_t)t->data % sizeof(float) == 0 ? t->data : NULL;
}

long long
ct_nonfinite(enum ct_dtype type, const void *src, size_t n)
{
	enum { BLOCK = 1024 };
	float x[BLOCK];

	for (size_t at = 0; at < n; at += BLOCK) {
		size_t m = n - at < BLOCK ? n - at : BLOCK;
		uint32_t bad = 0;

		ct_widen(x, type, (const unsigned char *)src + at * ct_dtype_size(type), m);
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
				return (long long)(at + i);
		}
	}
	return -1;
}

long long
ct_tensor_nonfinite(const struct ct_tensor *t)
{
	return ct_nonfinite(t->dtype, t->data, t->count);
}
