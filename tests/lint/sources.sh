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
    "$(all | calls 'gets|strcpy|stpcpy|strcat|strncat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|alloca|system|tmpnam|tempnam|mktemp')"
report "nothing that glibc or Linux alone has, but where configure chooses (base/system.c, memory.c, file.c)" "$(
	all | grep -v '^tests/torture/' | grep -v '^src/base/system\.c$' |
	    calls 'qsort_r|strcasestr|memmem|mempcpy|memrchr|rawmemchr|strchrnul|v?asprintf|canonicalize_file_name|sched_[gs]etaffinity|get_nprocs|memfd_create|mremap|getrandom|fopencookie|secure_getenv|pthread_[a-z_]*_np|pipe2|dup3|accept4|eventfd|signalfd|epoll_[a-z0-9_]*|renameat2|fallocate|sysinfo|gettid|strverscmp'
	all | grep -vE '^(tests|src/base/memory\.c)' | xargs grep -nE '"/(proc|sys|dev/shm)/|program_invocation|TEMP_FAILURE_RETRY|st_mtim\.|%m\\b' /dev/null | grep -v strftime)"
report "the programs run no others and open no connections, as SECURITY.md says" "$(
	all | grep -v '^tests/' | calls 'popen|v?fork|posix_spawnp?|exec[lv]p?e?|execlp|fexecve|dlopen|socket|getaddrinfo')"
report "what sscanf reads fits" "$(all | grep -v '^tests/' | xargs grep -nE 'sscanf[[:space:]]*\(.*%(l*[diux]|s|\[)' /dev/null)"
# Ways to write to the standard streams, and to end the program.
writing='printf|vprintf|puts|putchar|perror|exit|_exit|quick_exit|abort'
streams='\((.*[^A-Za-z0-9_])?(stdout|stderr)[,)]'

report "the engine neither prints nor exits (but blas.c, before OpenBLAS could hang)" "$(
	all | grep '^src/' | grep -v '^src/cli/' | grep -v '^src/math/blas\.c$' | calls "$writing"
	all | grep '^src/' | grep -v '^src/cli/' | xargs grep -nE "[a-z]$streams" /dev/null)"
report "only output.c, progress.c and main.c of the command line write" "$(
	all | grep '^src/cli/' | grep -vE '/(output|progress|main)\.c$' | calls "$writing"
	all | grep '^src/cli/' | grep -vE '/(output|progress|main)\.c$' |
	    xargs grep -nE "[a-z]$streams" /dev/null)"
# One sink for each way out: the command line's output.c and progress.c; on the interactive side app.c for lines, draw.c
# and term.c for screens. main.c says how it is used, and cmd.c, keys.c, mdoc.c and view.c print their own tables for the manual.
sinks='printf|vprintf|fprintf|vfprintf|dprintf|puts|fputs|putc|fputc|putchar|fwrite|write|writev|fputws|wprintf|fwprintf|tputs|putp|perror|psignal'
sinks="$sinks|addstr|addwstr|addch|add_wch|printw|mvadd[a-z_]*|waddn?w?str|mvprintw|vw_printw"
report "only app.c, draw.c, term.c, term_send.c and main.c of the screens write; cmd.c, keys.c, mdoc.c and view.c write the manual" "$(
	all | grep '^tui/' | grep -vE '^tui/(app|main|terminal/(draw|term|term_send)|language/(cmd|keys|mdoc)|view/view)\.c$' | calls "$sinks")"
report "curses is written to by term.c and term_send.c alone" "$(
	all | grep '^tui/' | grep -vE '^tui/terminal/term(_send)?\.c$' | calls 'addstr|addwstr|addch|add_wch|printw|mvadd[a-z_]*|refresh|doupdate')"
report "the command line and the engine write by output.c, progress.c and base/file.c alone; blas.c before all; batch.c adds lines of JSON" "$(
	all | grep '^src/' | grep -vE '^src/(cli/(output|progress|batch)|base/file|math/blas)\.c$' | calls "$sinks" | grep -v ' write (')"
report "formats are literal" "$(
	all | grep -v '^tests/' | xargs grep -nE '(^|[^a-z_])(f|s|sn)?printf[[:space:]]*\((stdout, |stderr, |[a-z]+, sizeof [a-z]+, )?[a-z_]+\)' /dev/null)"
report "no file-scope variable that changes in the engine" "$(
	all | grep -E '^src/' | grep -v '^src/cli/' |
	    xargs grep -nE '^(static )?(_Thread_local )?(struct [a-z_]+|int|long|char|bool|float|double|unsigned|size_t)( \**| \*const )[a-z_]+( = .*|\[.*)?;' /dev/null |
	    grep -v const)"
report "a first comment says what each file of src/ and tui/ owns" "$(
	all | grep -v '^tests/' | while read -r f; do
		head -n 1 "$f" | grep -q '^/\*' || echo "$f"
	done)"
report "what a function returns when it fails is called code" "$(
	all | grep -v '^tests/' | xargs grep -nE '(^|[^a-z_.>])rc( = |[;,]|\))|(int |, |\()r = [a-z_]+\(.*err\)')"
report "an operator ends a line and begins none" "$(
	all | xargs grep -nE '^[[:space:]]+(&&|[|][|]|[+]|-|==|!=|<=|>=) ' /dev/null)"
report "texts are compared as strcmp(a, b) == 0, not as !strcmp(a, b)" \
    "$(all | xargs grep -nE '!(str(n|case|ncase)?cmp|memcmp)\(' /dev/null)"
report "a code is compared with CT_OK or 0" "$(
	all | grep -v '^tests/' | xargs grep -nE '(if|while) \(code( &&|\))|!code([^a-z_]|$)|(return|=) code \?' /dev/null)"
report "includes are in order: the file's own header, the system's, the project's" \
    "$(all | LC_ALL=C xargs awk -f tests/lint/includes.awk)"
# A file that includes both would not compile, and a reader cannot tell which is meant.
report "no two headers give one name to two types" "$(
	all | grep -v '^tests/' | grep '\.h$' | xargs grep -HE '^(struct|enum|union) [a-z_0-9]+ \{' | sed 's/:/ /' |
	    awk '$3 in file { print $3 ": " file[$3] " and " $1 } { file[$3] = $1 }')"
# Sizes: what tests/lint/exceptions names may be as large as it says, and no larger.
sizes=$({ all; find Makefile.am configure.ac src tui tests -name '*.am' -o -name '*.ac' -o -name '*.mk' 2>/dev/null; } |
    LC_ALL=C xargs awk -f tests/lint/sizes.awk | LC_ALL=C sort)
report "functions within 60 lines and 8 parameters, files within 600 lines, lines within 110 columns; no banners" "$(
	echo "$sizes" | awk '
		NR == FNR { if (!/^#/) may[$1, $2, $3] = $4; next }
		NF {
			what = $1 SUBSEP $2 SUBSEP $3
			excused = what in may ? may[what] : 0
			if ($4 <= excused) next
			if ($1 == "wide") text = "lines above 110 columns"
			else if ($1 == "banner") text = "banners"
			else if ($1 == "parameters") text = "parameters of " $3
			else text = $1 == "file" ? "lines" : "lines in " $3
			print $2 ": " $4 " " text (excused ? ", " excused " are excused" : "")
		}' tests/lint/exceptions -)"
report "each exception is needed, as large as it is, and has a reason" "$(
	echo "$sizes" | awk '
		NR == FNR { size[$1, $2, $3] = $4; next }
		/^(#|$)/ { next }
		!(($1, $2, $3) in size) { print "tests/lint/exceptions: no longer needed: " $0; next }
		size[$1, $2, $3] < $4 { print "tests/lint/exceptions: it is " size[$1, $2, $3] " now: " $0 }
		NF < 5 { print "tests/lint/exceptions: no reason: " $0 }' - tests/lint/exceptions)"
exit $failed
