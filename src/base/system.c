/* system: see system.h. */
#include "base/system.h"

#include "config.h"

#include <string.h>
#include <unistd.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#ifdef HAVE__NSGETEXECUTABLEPATH
#include <mach-o/dyld.h>
#endif

int
ct_system_processors(void)
{
	long n = 0;

#ifdef HAVE_SCHED_GETAFFINITY
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return CPU_COUNT(&set);
#endif
#ifdef _SC_NPROCESSORS_ONLN
	n = sysconf(_SC_NPROCESSORS_ONLN);
#endif
	return n > 0 ? (int)n : 1;
}

const char *
ct_system_program(char *buf, size_t size)
{
	buf[0] = '\0';
#ifdef PROGRAM_LINK
	ssize_t n = readlink(PROGRAM_LINK, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
#elif defined(HAVE__NSGETEXECUTABLEPATH)
	uint32_t room = (uint32_t)size;

	if (_NSGetExecutablePath(buf, &room) != 0)
		buf[0] = '\0';
#else
	(void)size;
#endif
	return buf;
}
