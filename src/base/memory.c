/* memory: see memory.h. */
#include "base/memory.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* /proc/meminfo's MemAvailable counts caches that can be dropped; without it, all free pages. */
static unsigned long long
system_available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %19llu kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	if (kb)
		return kb * 1024;
	return (unsigned long long)sysconf(_SC_AVPHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* Address space in use, 0 when unknown. */
static unsigned long long
address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (f && fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

unsigned long long
ct_memory_available(void)
{
	unsigned long long available = system_available(), used;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
		used = address_space();
		if (limit.rlim_cur <= used)
			return 0;
		if (limit.rlim_cur - used < available)
			available = limit.rlim_cur - used;
	}
	return available;
}

int
ct_memory_check(unsigned long long bytes, const char *what, const char *remedy, struct ct_error *err)
{
	/* Asking the system costs more than small requests do. */
	const unsigned long long worth_asking = 64ull << 20;
	unsigned long long available;

	if (bytes < worth_asking || bytes <= (available = ct_memory_available()))
		return CT_OK;
	return ct_fail(err, CT_ENOMEM, "%s needs %llu bytes, %llu are available%s%s", what, bytes, available,
	    *remedy ? "; " : "", remedy);
}
