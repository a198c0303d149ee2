/* version: names the libraries that ctrace runs with, and their versions. */
#include "ctrace.h"

#include <jansson.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <yaml.h>
#include <zlib.h>

#include "math/blas.h"

const char *
ct_libraries(char *dst, size_t size)
{
	char pcre2[64] = "?";

	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	snprintf(dst, size, "%s\njansson %s\nlibyaml %s\npcre2 %s\nzlib %s", ct_blas_version(),
	    jansson_version_str(), yaml_get_version_string(), pcre2, zlibVersion());
	return dst;
}
