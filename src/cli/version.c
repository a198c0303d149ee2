/* version: which ctrace, and which libraries it runs with. */
#include "cli/cli.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <yaml.h>
#include <zlib.h>

#include "config.h"
#include "math/blas.h"

void
cli_version(void)
{
	char pcre2[64] = "?";

	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	cli_line("%s", PACKAGE_STRING);
	cli_line("%s", ct_blas_version());
	cli_line("jansson %s", jansson_version_str());
	cli_line("libyaml %s", yaml_get_version_string());
	cli_line("pcre2 %s", pcre2);
	cli_line("zlib %s", zlibVersion());
}
