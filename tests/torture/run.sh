#!/bin/sh
# Whatever call fails, alone or with all that follow: no crash, no hang, no leak; an error is one line and exit 2; and
# where the program goes on, it says so, or what it puts out is what it should be. See shim.c for what counts.
# usage: run.sh [POINTS]: how many calls of each kind fail in each scenario, spread evenly; "sites": of those with the
# same backtrace the first two and the last; "all": each of them. $TORTURE names the scenarios, if not all.
set -u
. "${srcdir:-.}/tests/cli/lib.sh"
points=${1:-6}
shim=$(pwd)/tests/torture/shim.so
if nm "$CTRACE" 2>/dev/null | grep -qE "__asan|__gcov" || [ ! -f "$shim" ]; then
	echo "not here: builds with sanitizers or coverage allocate for themselves"
	exit 77
fi
CTRACE_TUI=${CTRACE_TUI:-./ctrace-tui}
OPENBLAS_NUM_THREADS=1
TORTURE_REPORT=$tmp/report
TORTURE_SECONDS=100
made=$tmp/made	# what the scenarios write; emptied before each run
XDG_STATE_HOME=$made/state
export OPENBLAS_NUM_THREADS TORTURE_REPORT TORTURE_SECONDS XDG_STATE_HOME
mkdir "$made"
unset CTRACE_MODEL_PATH
runs=0

# A model with cards, labels and a recipe.
model=$tmp/model
cp -r "$golden" "$model" && chmod -R u+w "$model"
printf 'name: llama-clt\ndemo: "w1 w20 w2"\ncorpus:\n  tables:\n    pair: {columns: [name, next], rows: [[w1, w2], [w3, w4], [w5, w6]]}\n  sentences:\n  - {name: step, over: pair, template: "w20 {pair} w22 {pair.next}", answer: pair.next}\n' >"$model/recipe.yaml"
"$CTRACE" features -m "$model" >/dev/null || exit 99
printf 'L0#1: "one"\n' >"$model/labels.yaml"
printf 'clamp L1#3@2=0\nmode free\nview survey\nview features\ngenerate 3\ntake 2\nlabel x y\nlabel\nsweep 0:1:3\nscreen\n' >"$tmp/script"

cp "$model/recipe.yaml" "$tmp/recipe.yaml"
cat >>"$tmp/recipe.yaml" <<'RECIPE'
model: {layers: 1, width: 8, heads: 1, mlp: 16}
train: {seed: 1, steps: 2, batch: 2, rate: 0.003}
transcoder: {features: 8, seed: 1, steps: 2, batch: 4, rate: 0.003, sparsity: 1}
RECIPE

awk 'BEGIN { for (i = 0; i < 400; i++) printf "w%d%s", 4 + i * i % 35, i % 9 ? " " : "\n" }' >"$tmp/own.txt"
cat >"$tmp/own.yaml" <<RECIPE
name: llama-clt
model: {from: $model}
corpus: {text: own.txt, window: 12, block: 2, held out: 0.2, sample: 2}
transcoder-plt: {features: 8, l0: 2, steps: 2, batch: 16, buffer: 64}
RECIPE

printf 'view map\nscreen\n' >"$tmp/graph.script"
printf 'clamp L1#3@2=0\nsave torture\nunclamp all\nload torture\nscreen\n' >"$tmp/saved.script"
printf 'pin output "w10"@3\ngroup "late" L1#3@2, L0#1@2\nnote a word\nclamp L1#3@2=0\nexport %s.html!\nexport %s.json!\nexport %s.svg! pinned\nexport %s.dot!\n' \
    "$made/x" "$made/x" "$made/x" "$made/x" >"$tmp/take.script"
printf 'down\nenter\nclamp L1#3@2=0\nview clamps\n' >"$tmp/linear.script"

trace() { "$CTRACE" trace -m "$model" --json "$made/graph.json" w20 w1 w22; }
steer() { "$CTRACE" steer -m "$model" --clamp 'L1#3@2=0' --clamp 'L0#5@*x0' --generate 3 w20 w1 w22; }
survey() { "$CTRACE" survey -m "$model" --json - w20 w1; }
features() { "$CTRACE" features -m "$model"; }
evaluate() { "$CTRACE" eval -m "$model"; }
export_html() { "$CTRACE" export "$tmp/graph.json" --to html -o "$made/graph.html"; }
export_dot() { "$CTRACE" export "$tmp/graph.json" --to dot; }
models() { CTRACE_MODEL_PATH=$tmp "$CTRACE" models; }
tui() { "$CTRACE_TUI" -m "$model" --headless 100x30 --script "$tmp/script" w20 w1 w22; }
graph() { "$CTRACE_TUI" --graph "$tmp/graph.json" --headless 100x30 --script - <"$tmp/graph.script"; }
saved() { "$CTRACE_TUI" -m "$model" --headless 100x30 --script - w20 w1 <"$tmp/saved.script"; }
take() { "$CTRACE_TUI" -m "$model" --headless 100x30 --script "$tmp/take.script" w20 w1 w22; }
own() { "$CTRACE" train --threads 1 "$tmp/own.yaml" -o "$made/own"; }
train() { "$CTRACE" train "$tmp/recipe.yaml" -o "$made/trained"; }
clamped() { "$CTRACE" trace -m "$model" --clamp 'L1#3@2=2' --groups --json "$made/graph.json" w20 w1 w22; }
compare() { "$CTRACE" compare -m "$model" 'w20 w1 w22' 'w20 w2 w22'; }
linear() { "$CTRACE_TUI" -m "$model" --linear w20 w1 <"$tmp/linear.script"; }

# untouched KIND SCENARIO: no call fails; leaves status, out, err and what the shim counts.
untouched() {
	find "$made" -mindepth 1 -delete
	rm -f "$tmp/report"
	(
		TORTURE_KIND=$1 TORTURE_AT=0 TORTURE_SITES=$tmp/sites LD_PRELOAD=$shim
		export TORTURE_KIND TORTURE_AT TORTURE_SITES LD_PRELOAD
		$2
	) >"$tmp/out" 2>"$tmp/err"
	status=$?
	calls= leaks= largest=
	[ ! -f "$tmp/report" ] || read -r calls leaks largest peak <"$tmp/report"
}

# each KIND SCENARIO: the calls whose numbers are in points fail in turn. What is not plainly right is judged.
each() {
	rm -rf "$tmp/keep" "$tmp/report" && mkdir "$tmp/keep"
	(
		TORTURE_KIND=$1 TORTURE_POINTS=$tmp/points TORTURE_KEEP=$tmp/keep TORTURE_CLEAN=$made LD_PRELOAD=$shim
		export TORTURE_KIND TORTURE_POINTS TORTURE_KEEP TORTURE_CLEAN LD_PRELOAD
		$2
	)
	tried=
	while read -r at more status leaks largest; do
		[ -n "$more" ] || { tried=$at; break; }
		mv "$tmp/keep/$at.$more.out" "$tmp/out"
		mv "$tmp/keep/$at.$more.err" "$tmp/err"
		judge "$1" "$at" "${more#-}" "$2"
	done <"$tmp/report"
	[ -n "$tried" ] || complain "$1" all "" "$2" "the runs broke off"
	runs=$((runs + ${tried:-0}))
}

# The output without what differs from run to run: times and rates.
steady() {
	sed -E '/^time |"(seconds|rate)"/d; s/ in [0-9.]+ s$//; s/^([a-z-]+ +)[0-9.]+ s /\1/; s/[0-9]{4}-[0-9]{2}-[0-9T: -]*//' "$tmp/out"
}

complain() {
	echo "not ok - $4 with $1 call $2${3:+ and more}: $5 (status $status, leaks ${leaks:-?})"
	head -n 3 "$tmp/err"
	failed=1
}

# What must hold after one run.
judge() {
	lines=0
	while IFS= read -r line; do
		lines=$((lines + 1))
		case $line in
		"ctrace: note: "* | "ctrace-tui: note: "* | *"; going on without feature cards")
			[ "$status" -eq 0 ] || lines=$((lines - 1)) ;;	# the error has a line of its own
		*" of memory in addition to the model, "*" on disk") lines=$((lines - 1)) ;;	# what training will take
		"ctrace: " | "ctrace-tui: ") complain "$@" "a message without words" ;;
		"ctrace: "* | "ctrace-tui: "*) ;;
		*) complain "$@" "a line that is no message" ;;
		esac
	done <"$tmp/err"
	case $status in
	0)
		# What cannot be looked at is not in the list of models: it may be anything.
		[ "$lines" -gt 0 ] || [ "$4" = models ] || [ "$(steady)" = "$good" ] ||
		    grep -qE "memory|Too many open files|Input/output error|not kept|not valid JSON|exact \\?" "$tmp/out" ||
		    complain "$@" "other output without a word"
		;;
	1 | 2) [ "$lines" -eq 1 ] || [ "$4" = models ] || complain "$@" "$lines lines instead of one" ;;
	*) complain "$@" "neither success nor an error" ;;
	esac
	[ "$leaks" = 0 ] || complain "$@" "memory is not freed"
	[ "${largest:-0}" -le $((64 << 20)) ] || complain "$@" "an allocation of $largest bytes"
}

"$CTRACE" trace -m "$model" --json "$tmp/graph.json" w20 w1 w22 >/dev/null || exit 99

# The numbers of the calls to try, of n.
numbers() {
	case $points in
	sites) cat "$tmp/sites" ;;
	all) awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print i }' ;;
	*) awk -v n="$1" -v most="$points" 'BEGIN { for (i = 1; i <= n; i += n > most ? int(n / most) : 1) print i }' ;;
	esac
}

all_scenarios="trace steer survey features evaluate export_html export_dot models tui graph saved take linear train own clamped compare"
for scenario in ${TORTURE:-$all_scenarios}; do
	case " $all_scenarios " in
	*" $scenario "*) ;;
	*)
		echo "not ok - TORTURE: there is no scenario $scenario; expected some of: $all_scenarios"
		exit 1
		;;
	esac
done
for scenario in ${TORTURE:-$all_scenarios}; do
	before=$runs was=$failed failed=0 all=0
	for kind in alloc open read write rename sync map stat thread; do
		untouched $kind $scenario
		[ "$status" -eq 0 ] && [ "$leaks" = 0 ] || complain $kind 0 "" $scenario "it fails untouched"
		good=$(steady)
		all=$((all + calls))
		numbers "$calls" >"$tmp/points"
		each $kind $scenario
	done
	[ "$failed" -ne 0 ] || echo "ok - $scenario: $((runs - before)) runs, $all calls"
	[ "$was" -eq 0 ] || failed=1
done
exit $failed
