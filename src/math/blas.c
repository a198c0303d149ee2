/* blas: see blas.h. */
#include "math/blas.h"

#include "config.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/system.h"

/*
 * If the address space is limited (ulimit -v), OpenBLAS tries for ever to get its buffers, even while it is
 * loaded. So this runs before it, and ends the program with one line. What a thread needs was measured: its
 * stack, its part of the heap, and a buffer. On systems where nothing can run before a library is loaded,
 * there is no such check.
 */
#if defined(PREINIT_ARRAY) && defined(RLIMIT_AS)
enum { BASE_MB = 256, THREAD_MB = 96 };

static void
check_address_space(int argc, char **argv, char **env)
{
	static const char variable[] = "OPENBLAS_NUM_THREADS=";
	unsigned long ours = (unsigned long)ct_system_processors(), theirs = ours, needed, allowed;
	struct rlimit limit;
	char text[200];
	int n;

	(void)argc;
	(void)argv;
	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return;
	for (; env && *env; env++)
		if (strncmp(*env, variable, sizeof variable - 1) == 0 && (*env)[sizeof variable - 1] == '1')
			theirs = 1;
	needed = BASE_MB + THREAD_MB * (ours + theirs);
	allowed = (unsigned long)(limit.rlim_cur >> 20);
	if (allowed >= needed)
		return;
	n = snprintf(text, sizeof text, "ctrace: %lu processors need %lu MB of address space, and ulimit -v "
	    "allows %lu; raise it, or use fewer processors (taskset)\n", ours, needed, allowed);
	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(3);
	_exit(2);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(int, char **,
    char **) =
    check_address_space;
#endif

/* A constructor, so that OpenBLAS never runs threads of its own in addition to our pool's. */
__attribute__((constructor)) static void
single_threaded(void)
{
	ct_blas_threads(1);
}

void
ct_blas_threads(int n)
{
	openblas_set_num_threads(n > 0 ? n : 1);
}

const char *
ct_blas_version(void)
{
	return openblas_get_config();
}

void
ct_sgemm(bool ta, bool tb, int M, int N, int K, float alpha, const float *A, int lda, const float *B, int ldb,
    float beta, float *restrict C, int ldc)
{
	if (M <= 0 || N <= 0)
		return;
	cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, M, N, K,
	    alpha, A, lda > 0 ? lda : 1, B, ldb > 0 ? ldb : 1, beta, C, ldc > 0 ? ldc : 1);
}

float
ct_sdot(int n, const float *x, const float *y)
{
	return cblas_sdot(n, x, 1, y, 1);
}

void
ct_saxpy(int n, float a, const float *x, float *restrict y)
{
	cblas_saxpy(n, a, x, 1, y, 1);
}
