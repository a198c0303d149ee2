#!/bin/sh
# What no source file may do: banned functions, output, exit or changing globals in the engine.
set -u
cd "${srcdir:-.}" || exit 1
failed=0

report() {
	if [ -z "$2" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$2"
		failed=1
	fi
}

all() {
	find src tui tests -name '*.[ch]' 2>/dev/null | LC_ALL=C sort
}

# Calls of the named functions (a pattern) in the files on stdin.
calls() {
	xargs grep -nE "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*\\(" /dev/null
}

report "no banned function" \
    "$(all | calls 'gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|alloca|system|tmpnam|mktemp')"
# Ways to write to the standard streams, and to end the program.
writing='printf|vprintf|puts|putchar|perror|exit|_exit|quick_exit|abort'
streams='\((.*[^A-Za-z0-9_])?(stdout|stderr)[,)]'

report "the engine neither prints nor exits" "$(
	all | grep '^src/' | grep -v '^src/cli/' | calls "$writing"
	all | grep '^src/' | grep -v '^src/cli/' | xargs grep -nE "[a-z]$streams" /dev/null)"
report "only output.c, progress.c and main.c of the command line write" "$(
	all | grep '^src/cli/' | grep -vE '/(output|progress|main)\.c$' | calls "$writing"
	all | grep '^src/cli/' | grep -vE '/(output|progress|main)\.c$' |
	    xargs grep -nE "[a-z]$streams" /dev/null)"
report "no file-scope variable that changes in the engine" "$(
	all | grep -E '^src/' | grep -v '^src/cli/' |
	    xargs grep -nE '^(static )?(_Thread_local )?(struct [a-z_]+|int|long|char|bool|float|double|unsigned|size_t)( \**| \*const )[a-z_]+( = .*|\[.*)?;' /dev/null |
	    grep -v const)"
report "a first comment says what each file of src/ and tui/ owns" "$(
	all | grep -v '^tests/' | while read -r f; do
		head -n 1 "$f" | grep -q '^/\*' || echo "$f"
	done)"
exit $failed
