#!/bin/sh
# The table of models/README.md has the figures of the models that are shipped: those that are quick to measure.
. "${srcdir:-.}/tests/cli/lib.sh"

quick='accuracy of the model|replacement model: top-1 agreement|KL at answers|active features per token|never active'
column=2
for world in capitals rhymes sums; do
	column=$((column + 1))
	model=$top/models/$world
	run eval -m "$model" --transcoder "$model/transcoder" --prompts 1 --swaps 1
	grep -E "^  ($quick)" "$tmp/out" | grep -v 'F1' | awk '{ print $NF }' >"$tmp/measured"
	grep -E "^\| ($quick)" "$top/models/README.md" | awk -F'|' -v c=$column '{ gsub(/[ *]/, "", $c); print $c }' \
	    >"$tmp/printed"
	ok "$world: five figures" sh -c "[ \$(wc -l <'$tmp/measured') = 5 ] && [ \$(wc -l <'$tmp/printed') = 5 ]"
	ok "$world: as measured" sh -c "paste '$tmp/measured' '$tmp/printed' | tee '$tmp/both' |
	    awk '(\$1 - \$2) ^ 2 > .005 ^ 2 { bad = 1 } END { exit bad }' || { cat '$tmp/both'; false; }"
done
exit $failed
