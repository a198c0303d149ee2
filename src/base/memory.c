/* memory: see memory.h. */
#include "base/memory.h"

#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifdef PROC_MEMORY
/* The number after `name` in /proc/meminfo, 0 when it is not there. */
static unsigned long long
from_meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kb = 0;
	size_t n = strlen(name);
	char line[128];

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, name, n) == 0 && sscanf(line + n, "%19llu kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024;
}

/* Address space in use, 0 when unknown. */
static unsigned long long
address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (f && fscanf(f, "%19llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}
#else
static unsigned long long
from_meminfo(const char *name)
{
	(void)name;
	return 0;
}

static unsigned long long
address_space(void)
{
	return 0;
}
#endif

/*
 * MemAvailable includes caches that can be dropped. If it is missing, the free pages count; if they are
 * unknown, all pages.
 */
static unsigned long long
system_available(void)
{
	unsigned long long bytes = from_meminfo("MemAvailable:");
	long pages = -1;

	if (bytes)
		return bytes;
#if HAVE_DECL__SC_AVPHYS_PAGES
	pages = sysconf(_SC_AVPHYS_PAGES);
#elif defined(_SC_PHYS_PAGES)
	pages = sysconf(_SC_PHYS_PAGES);
#endif
	return pages > 0 ? (unsigned long long)pages * (unsigned long long)sysconf(_SC_PAGESIZE) : ULLONG_MAX;
}

unsigned long long
ct_memory_available(void)
{
	unsigned long long available = system_available();
#ifdef RLIMIT_AS
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
		unsigned long long used = address_space();

		if (limit.rlim_cur <= used)
			return 0;
		if (limit.rlim_cur - used < available)
			available = limit.rlim_cur - used;
	}
#endif
	return available;
}

int
ct_memory_check(unsigned long long bytes, const char *what, const char *remedy, struct ct_error *err)
{
	/* For small requests, asking the system would cost more than the work itself. */
	const unsigned long long worth_asking = 64ull << 20;
	unsigned long long available;

	if (bytes < worth_asking || bytes <= (available = ct_memory_available()))
		return CT_OK;
	return ct_fail(err, CT_ENOMEM, "%s needs %llu bytes, %llu are available%s%s", what, bytes, available,
	    *remedy ? "; " : "", remedy);
}

unsigned long long
ct_disk_available(const char *dir)
{
	struct statvfs s;

	return statvfs(dir, &s) == 0 ? (unsigned long long)s.f_bavail * s.f_frsize : ULLONG_MAX;
}
