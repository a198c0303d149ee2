#!/bin/sh
# A disk that is full: what was saved stays as it was, to the byte, nothing half is left, it is said once, and the program
# goes on. Under a limit on the size of files, and on a small file system of its own where one can be mounted.
if [ "${CTRACE_FULL:-}" = "" ]; then
	[ -n "${CTRACE_VALGRIND:-}" ] || CTRACE_FULL=limit sh "$0" || exit
	for namespace in "unshare -Urm" "unshare -m"; do
		if $namespace sh -c 'mount -t tmpfs -o size=4m none /mnt' 2>/dev/null; then
			CTRACE_FULL=mount exec $namespace sh "$0"
		fi
	done
	echo "no file system can be mounted here"
	exit 0
fi
. "${srcdir:-.}/tests/cli/lib.sh"
disk=$tmp/disk
mkdir "$disk"
if [ "$CTRACE_FULL" = mount ]; then
	mount -t tmpfs -o size=4m none "$disk" || exit 99
	trap 'umount "$disk"; rm -rf "$tmp"' EXIT
fi
XDG_STATE_HOME=$disk/state
model=$disk/model
mkdir "$model" && cp -R "$golden/." "$model" && chmod -R u+w "$model"
printf 'L0#1: "one"\n' >"$model/labels.yaml"
cat >"$tmp/recipe.yaml" <<'Y'
name: llama-clt
demo: "w1 w20 w2"
corpus:
  tables:
    pair: {columns: [name, next], rows: [[w1, w2], [w3, w4], [w5, w6]]}
  sentences:
  - {name: step, over: pair, template: "w20 {pair} w22 {pair.next}", answer: pair.next}
model: {layers: 1, width: 8, heads: 1, mlp: 16}
train: {seed: 1, steps: 2, batch: 2, rate: 0.003}
transcoder: {features: 8, seed: 1, steps: 2, batch: 4, rate: 0.003, sparsity: 1}
Y
echo "# $CTRACE_FULL"

# play COMMAND...: as a person would type them, where work is kept as it is done.
limits=:
play() {
	printf '%s\n' "$@" | (eval "$limits" && exec timeout "$limit" "$CTRACE_TUI" -m "$model" --linear 2>&1) | cat >"$tmp/out"
}
play 'prompt w1 w2 w3' 'save kept' 'export '"$disk/graph.svg" >/dev/null
"$CTRACE" train "$tmp/recipe.yaml" -o "$disk/trained" >/dev/null 2>&1 || exit 99
printf 'w1 w2\nw3 w4\n' >"$tmp/prompts"
"$CTRACE" trace -m "$model" --json "$disk/graph.json" w1 w2 >/dev/null
cp "$tmp/recipe.yaml" "$model/recipe.yaml"
"$CTRACE" features -m "$model" >/dev/null || exit 99

# Now it is full. What there is, by name and sum:
[ "$CTRACE_FULL" != mount ] || cat /dev/zero >"$disk/zeros" 2>/dev/null
content() {
	(cd "$disk" && find . -type f ! -name '*.lock' -exec cksum {} + | sort)
}
content >"$tmp/before"
[ "$CTRACE_FULL" = mount ] || limits='ulimit -f 0'
# kept NAME: all is as it was.
kept() {
	content >"$tmp/after"
	ok "$1: what was saved is as it was, and nothing else is there" cmp "$tmp/before" "$tmp/after"
}
# written NAME COMMAND...: ctrace says in one line what cannot be written.
written() {
	what=$1
	shift
	(eval "$limits" && exec "$@" 2>&1) | cat >"$tmp/out"
	ok "$what: one line says so" sh -c "grep -v 'going on without feature cards' '$tmp/out' | grep -c '^ctrace: ' |
	    grep -qx 1 && grep -qE '^ctrace: .*(No space left on device|File too large)' '$tmp/out' || { cat '$tmp/out'; false; }"
	[ "$what" = "a batch" ] || kept "$what"
}
play 'load kept' 'clamp L1#43@2x2' 'prompt w1 w2' 'clamp L1#43@2x3' 'clamp L1#43@2x4'
ok "autosave: one warning" [ "$(grep -c 'are not kept from now on' "$tmp/out")" = 1 ]
ok "autosave: the program goes on" has 'L1#43.*x4'
kept autosave
play 'prompt w1 w2' 'save other' 'save kept!' "save $disk/copy.session" 'select L1#43@2' 'label two' \
    "export $disk/graph.svg!" "export $disk/other.html" 'clamp L1#43@2x3'
ok "what is asked for: a message each" [ "$(grep -cE 'No space left on device|File too large' "$tmp/out")" -ge 5 ]
ok "what is asked for: the program goes on" has 'L1#43.*x3'
kept "sessions, labels, pictures"
written "a graph" "$CTRACE" trace -m "$model" --json "$disk/graph.json" w1 w2 w3
written "an export" "$CTRACE" export "$disk/graph.json" --to html -o "$disk/graph.svg"
written "a training" "$CTRACE" train "$tmp/recipe.yaml" -o "$disk/trained"
# A batch has written what there was room for, and goes on from there.
written "a batch" "$CTRACE" trace -m "$model" --batch "$tmp/prompts" --json "$disk/new.jsonl"
rm -f "$disk/zeros"
"$CTRACE" trace -m "$model" --batch "$tmp/prompts" --json "$disk/new.jsonl" >"$tmp/out" 2>&1
"$CTRACE" trace -m "$model" --batch "$tmp/prompts" --json "$tmp/whole.jsonl" >"$tmp/out" 2>&1
ok "a batch: goes on when there is room" cmp "$disk/new.jsonl" "$tmp/whole.jsonl"
exit $failed
