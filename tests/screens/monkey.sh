#!/bin/sh
# A monkey at the keys: whatever is typed, nothing breaks, and the program comes back to the screen of a fresh start.
# Seeds replay: MONKEY_SEEDS="7 8" MONKEY_KEYS=5000 tests/screens/monkey.sh
set -u
top=$(cd "${srcdir:-.}" && pwd)
tui=${CTRACE_TUI:-./ctrace-tui}
model=$top/tests/golden/llama-clt
prompt="w19 w10 w9 w7 w39 w16 w31 w17"
LC_ALL=C.UTF-8
export LC_ALL
unset NO_COLOR CTRACE_MODEL_PATH
failed=0
out=monkey.$$
trap 'rm -f "$out".*' EXIT

play() {
	"$tui" -m "$model" --readonly --headless 80x24 --script "$1" 2>&1
}

# One command per line, from a seed. Left out are q, which would end it, 0, which leads to other models, and M, whose
# notes are kept.
monkey() {
	awk -v seed="$1" -v n="$2" -v prompt="$prompt" '
	BEGIN {
		srand(seed)
		named = split("Enter Tab Esc Up Down Left Right PageUp PageDown Home End Space Backspace Delete F1 " \
		    "Ctrl-r Ctrl-a Ctrl-k Ctrl-w Ctrl-c Ctrl-l Shift-Tab Alt-b", key, " ")
		typed = split("w1 w2 w3|=3|x2|+1|w9|L1#43@8x2|L1#43@*=4|foo|L2|mode free|prune .3|w2-w9|edges share|" \
		    "view map|at 3|expand all|attribute L1#3@5|.5", text, "|")
		print "prompt " prompt
		for (i = 0; i < n; i++) {
			r = rand()
			if (r < .45) {
				c = 33 + int(rand() * 94)
				print "key " (c == 113 || c == 48 || c == 77 ? "j" : sprintf("%c", c))
			} else if (r < .8)
				print "key " key[1 + int(rand() * named)]
			else if (r < .93)
				print "type " text[1 + int(rand() * typed)]
			else if (r < .97)
				print "screen"
			else
				print "resize " 1 + int(rand() * 500) "x" 1 + int(rand() * 200)
		}
	}'
}

again() {
	printf '%s\n' "prompt $prompt" "pane even" "unclamp all" "prune 0.8,0.98" "edges weight" "by node" "sort size" \
	    "mode frozen" "through model" "prompt $prompt" "view clamps" "view tree" "back" "screen"
}

again >"$out.script"
play "$out.script" >"$out.fresh"
for seed in ${MONKEY_SEEDS:-1 2 3 4 5}; do
	{
		monkey "$seed" "${MONKEY_KEYS:-400}"
		printf '%s\n' "key Esc Esc Esc" "resize 80x24"
		again
	} >"$out.script"
	play "$out.script" >"$out.got"
	status=$?
	tail -n 24 "$out.got" >"$out.last"
	if [ "$status" -eq 0 ] && cmp -s "$out.fresh" "$out.last"; then
		echo "ok - seed $seed"
	else
		echo "not ok - seed $seed, exit $status"
		diff -u "$out.fresh" "$out.last"
		failed=1
	fi
done
exit $failed
