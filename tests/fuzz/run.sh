#!/bin/sh
# Runs each fuzzer for a while, starting from the files that tests/fuzz/corpus names. What it finds stays in ./fuzz-NAME/.
# usage: run.sh TESTS SECONDS FUZZER...
set -eu
tests=$1
seconds=${2:-60}
shift 2
srcdir=${tests%/tests}
export srcdir

for name; do
	mkdir -p "fuzz-$name"
	n=0
	while read -r fuzzer pattern; do
		[ "$fuzzer" = "$name" ] || continue
		for seed in "$tests"/$pattern; do
			n=$((n + 1))
			cp "$seed" "fuzz-$name/seed$n"
		done
	done <"$tests/fuzz/corpus"
	dict=
	[ ! -f "$tests/fuzz/dict/$name" ] || dict=-dict=$tests/fuzz/dict/$name
	echo "$name for $seconds seconds, from $n seeds"
	"./$name" "fuzz-$name" $dict -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -close_fd_mask=1 \
		-print_final_stats=1 -artifact_prefix="fuzz-$name/" >"fuzz-$name.log" 2>&1 || {
		tail -n 40 "fuzz-$name.log"
		exit 1
	}
	grep -E 'DONE|number_of_executed_units' "fuzz-$name.log"
done
