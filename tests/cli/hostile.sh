#!/bin/sh
# Whatever stands in tokens, labels, names of files and JSON, nothing that a terminal or a browser would obey comes out:
# through text, errors, JSON, pictures, the screen and lines alike.
. "${srcdir:-.}/tests/cli/lib.sh"
CTRACE_TUI=${CTRACE_TUI:-./ctrace-tui}
LC_ALL=C.UTF-8
export LC_ALL
unset CTRACE_MODEL_PATH

# harmless NAME FILE...: UTF-8 without controls (but newlines and the tabs of DOT), bidirectional marks and zero-width characters.
harmless() {
	name=$1
	shift
	bad=$(cat "$@" | LC_ALL=C tr -d '\n\t' | LC_ALL=C grep -aoE "[[:cntrl:]]|$c1|$marks" | head -n 1 | od -An -tx1)
	if [ ! -s "$1" ]; then
		echo "not ok - $name: nothing came out"
		failed=1
	elif [ -n "$bad" ] || ! cat "$@" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1; then
		echo "not ok - $name: the bytes$bad, or no UTF-8"
		failed=1
	else
		echo "ok - $name"
	fi
}
c1=$(printf '\302[\200-\237]')
marks=$(printf '\342\200[\213-\217\252-\256]|\342\201[\246-\251]|\357\273\277')

# Most of the vocabulary is hostile, so that some of it is always in sight.
model=$tmp/$(printf 'm\033[31m\302\233x')
cp -r "$golden" "$model" && chmod -R u+w "$model"
long=$(head -c 1000000 /dev/zero | tr '\0' A)
cat >"$tmp/words.sed" <<WORDS
s/"w20":/"\\\\u001b[2J\\\\u001b]0;owned\\\\u0007":/
s/"w21":/"\\\\u009b31m\\\\u202etxt.exe":/
s/"w22":/"<\\/title><script>alert(1)<\\/script>":/
s/"w23":/"a\\\\nb\\\\tc\\\\rd\\\\be":/
s/"w24":/"\\\\" onload=\\\\"x\\\\\\\\":/
s/"w25":/"\\\\u200b\\\\u200f\\\\u2066\\\\ufeff":/
s/"w26":/"$long":/
s/"w27":/"\\\\u007f\\\\u0085\\\\u2028]]>\\&amp;":/
s/"w28":/"\\\\"]; evil [x=\\\\"":/
s/"w30":/"%s%n%99999d":/
WORDS
sed -f "$tmp/words.sed" "$golden/tokenizer.json" >"$model/tokenizer.json"
printf 'name: llama-clt\ndemo: "w1 \\e[2J w2"\ncorpus:\n  tables:\n    pair: {columns: [name, next], rows: [[w1, w2], [w3, w4]]}\n  sentences:\n  - {name: "s\\e[2J", over: pair, template: "w5 {pair} w6 {pair.next}", answer: pair.next}\n' >"$model/recipe.yaml"
sed -i.old 's|scan: .*|scan: "x\\e[2J\\u202E</script>"|' "$model/transcoder/config.yaml"
printf 'L0#1: "<script>\342\200\256alert"\n' >"$model/labels.yaml"
run trace -m "$model" w1
ok "a label that would mislead is ignored" grep -q 'labels.yaml:1: the label of L0#1 has an invisible.*ignored' "$tmp/err"
harmless "and so it is said" "$tmp/err"
i=0
while [ $i -lt 48 ]; do
	printf 'L0#%d: "<script>\\"]; evil"\nL1#%d: "%%s&quot; %s"\n' $i $i "onload=x"
	i=$((i + 1))
done >"$model/labels.yaml"
prompt="w1 w2 w3 w4"

run features -m "$model"
harmless "features" "$tmp/out"
run trace -m "$model" "$prompt"
ok "it is traced" [ "$status" -eq 0 ]
harmless "a tree" "$tmp/out"
for command in "steer --clamp L1#3@2=0 --generate 8" survey "eval --prompts 1" "trace --target w4"; do
	# shellcheck disable=SC2086
	case $command in
	eval*) run $command -m "$model" ;;
	*) run $command -m "$model" "$prompt" ;;
	esac
	harmless "${command%% *}" "$tmp/out"
done
run trace -m "$model" --json "$tmp/graph.json" "$prompt"
harmless "JSON" "$tmp/graph.json"
ok "JSON is ASCII" [ -z "$(LC_ALL=C tr -d '\000-\177' <"$tmp/graph.json")" ]
for form in svg html dot; do
	run export "$tmp/graph.json" --to $form
	cp "$tmp/out" "$tmp/picture.$form"
	harmless "$form" "$tmp/picture.$form"
done
# Scripts are as many as in the page of a graph that is not hostile.
tags() {
	grep -oiE '<script|<[a-z]+[^>]* on[a-z]+=' "$1" | sort
}
run trace -m "$golden" --json "$tmp/tame.json" "w1 w2 w3"
for form in svg html; do
	run export "$tmp/tame.json" --to $form
	tags "$tmp/out" >"$tmp/own"
	tags "$tmp/picture.$form" >"$tmp/found"
	ok "no tags of others in $form" cmp "$tmp/own" "$tmp/found"
done
if command -v xmllint >/dev/null 2>&1; then
	ok "the SVG is well-formed" xmllint --noout "$tmp/picture.svg"
fi
# Quotes within strings of DOT are escaped: outside of strings there is none of our words.
ok "no DOT of others" [ "$(sed -E 's/"([^"\\]|\\.)*"//g' "$tmp/picture.dot" | grep -c 'evil\|"')" -eq 0 ]
sed 's/"w1"/"\\u001b[2J\\u202e<script>"/g; s/"prompt": *"[^"]*"/"prompt":"\\u009b<script>"/' "$tmp/graph.json" >"$tmp/theirs.json"
for form in svg html dot; do
	run export "$tmp/theirs.json" --to $form
	harmless "$form of a graph by others" "$tmp/out"
done

run trace -m "$model" "$(printf 'w1 \033]0;x\007\302\233\377 w2')"
ok "bytes that are no text are an error" one_error "not UTF-8"
harmless "an error about a word" "$tmp/err"
run trace -m "$(printf '%s/no\033[2J\n\302\233such' "$tmp")" x
harmless "an error about a path" "$tmp/err"
run "$(printf 'tr\033[2Jace')"
harmless "an error about a command" "$tmp/err"
run trace "$(printf -- '--a\033[2J')"
harmless "an error about an option" "$tmp/err"
printf '{"a\\u001b[2J": }' >"$tmp/bad.json"
run export "$tmp/bad.json" --to dot
harmless "an error about JSON" "$tmp/err"
printf '{"metadata": {"prompt_tokens": ["\\u001b[2J"]}, "nodes": 1}' >"$tmp/bad.json"
run export "$tmp/bad.json" --to dot
harmless "an error about a graph" "$tmp/err"

# What others may have named: files, lists of prompts, models, terminals.
evil=$(printf '\033[2J\302\233\342\200\256\342\200\213\001x')
printf '%s\n' "w1 w2" "$evil" "$(printf 'w\377\376')" "w3 w4" >"$tmp/prompts$evil"
run trace -m "$model" --batch "$tmp/prompts$evil" --json "$tmp/lines$evil"
harmless "a batch whose prompts fail" "$tmp/err"
harmless "its lines" "$tmp/lines$evil"
ok "they are ASCII" [ -z "$(LC_ALL=C tr -d '\000-\177' <"$tmp/lines$evil")" ]
sed 's/"model": *"/&\\u001b[2J\\u202e/; s/"transcoder": *"/&\\u001b[2J/; s/"token": *"/&\\u009b/g' "$tmp/lines$evil" >"$tmp/others"
for form in "--top 1000" "--json -"; do
	# shellcheck disable=SC2086
	run aggregate --min 1 $form "$tmp/others"
	harmless "what recurs ($form)" "$tmp/out"
done
run aggregate "$tmp/others" "$tmp/lines$evil"
ok "lines of two models are told apart" one_error 'another model'
harmless "and so it is said" "$tmp/err"
sed 's/"kind": *"error"/"kind":"\\u001b[2J"/' "$tmp/lines$evil" >"$tmp/others"
run aggregate "$tmp/others$evil" "$tmp/others"
harmless "an error about a file of lines" "$tmp/err"
for list in "" "--json -"; do
	# shellcheck disable=SC2086
	CTRACE_MODEL_PATH=$tmp run models $list
	harmless "the list of models ${list:-in text}" "$tmp/out"
done
CTRACE_MODEL_PATH=$tmp/none$evil run trace -m none w1
harmless "an error about the search path" "$tmp/err"
for option in --at --target --prune --depth --transcoder --batch --shard; do
	run trace -m "$model" $option "$evil" w1
	harmless "an error about trace $option" "$tmp/err"
done
for option in --clamp --group --mode --through --sweep --temperature; do
	run steer -m "$model" --clamp L1#3@2=0 $option "$evil" w1 w2
	harmless "an error about steer $option" "$tmp/err"
done
printf 'name: "t\\e[2J"\ncorpus:\n  tables:\n    "p\\e[2J": {columns: ["n\\e[2J", next], rows: [["a\\e[2J", w2]]}\n  sentences:\n  - {name: "s\\e[2J", over: "p\\e[2J", template: "w5 {p}", answer: next}\n' >"$tmp/r$evil.yaml"
run train "$tmp/r$evil.yaml" -o "$tmp/trained$evil"
harmless "an error about a recipe" "$tmp/err"

{
	for view in tree map logits clamps survey features help card; do
		printf 'view %s\nscreen\n' "$view"
	done
	printf 'clamp L1#3@2=0\ngenerate 8\nscreen\nsweep 0:1:2\nscreen\necho \033[2J\302\233\n'
} >"$tmp/script"
"$CTRACE_TUI" -m "$model" --readonly --headless 200x60 --script "$tmp/script" "$prompt" >"$tmp/out" 2>"$tmp/err"
ok "all views are drawn" [ $? -eq 0 ]
harmless "the screen" "$tmp/out"
printf 'view logits\nread\nview features\nread\nsearch \033[2J\nno\033such\nclamp "\033[2J"@2=0\n' |
    "$CTRACE_TUI" -m "$model" --readonly --linear "$prompt" >"$tmp/out" 2>"$tmp/err"
harmless "lines" "$tmp/out"
printf 'name: "x\\e[2J"\nsteps:\n- title: "a\\e[2Jb"\n  text: "c\\u202Ed"\n  prompt: w1 w2\n' >"$tmp/lesson.yaml"
"$CTRACE_TUI" -m "$model" --lesson "$tmp/lesson.yaml" --check >"$tmp/out" 2>"$tmp/err"
cat "$tmp/err" >>"$tmp/out"
harmless "a lesson" "$tmp/out"
"$CTRACE_TUI" -m "$(printf 'no\033[2J')" --headless 80x24 x >"$tmp/out" 2>"$tmp/err"
harmless "an error on the interactive side" "$tmp/err"

# tui NAME ARGUMENT...: the screens that the lines of $tmp/script leave, and what is said of them.
tui() {
	name=$1
	shift
	"$CTRACE_TUI" --headless 150x40 --script "$tmp/script" "$@" >"$tmp/out" 2>"$tmp/err"
	cat "$tmp/err" >>"$tmp/out"
	harmless "$name" "$tmp/out"
}
XDG_STATE_HOME=$tmp/state$evil
{
	printf 'select L1#3@4\npin L1#3@4\ngroup g%s\nnote n%s\nnote session: s%s\nkeep k = L1#3@2=0\nview subgraph\nscreen\n' "$evil" "$evil" "$evil"
	printf 'view clamps\nscreen\nsave mine\nexport %s\nexport %s\n' "$tmp/e$evil.svg" "$tmp/e$evil.json"
} >"$tmp/script"
tui "notes, groups, exports and a session" -m "$model" "$prompt"
kept=$(find "$XDG_STATE_HOME" -name 'mine.session')
ok "the session is kept" [ -s "$kept" ]
grep -v '^model ' "$kept" >"$tmp/kept"	# but for the path, which must be what it is
harmless "in a file that can be looked at" "$tmp/kept"
cp "$kept" "$(dirname "$kept")/h$evil.session"
printf 'prompt w1\n\033[2J\302\233\n' >"$(dirname "$kept")/bad.session"
printf 'load h%s\nscreen\n' "$evil" >"$tmp/script"
tui "a session of an evil name" -m "$model" "$prompt"
printf 'key :\ntype load\nkey Space Tab\nscreen\nkey Esc\nview sessions\nscreen\nload bad\n' >"$tmp/script"
tui "the list of sessions, and one that cannot be read" -m "$model" "$prompt"
printf 'theme: "\\e[2J"\nmodel: "\\e[2J"\nkeys:\n  F5: "echo \\e[2J\\u202E"\n  "\\e[2J": help\n' >"$tmp/c$evil.yaml"
printf 'help\npage-down\nscreen\nkey F5\nscreen\nset\nscreen\n' >"$tmp/script"
tui "settings" --config "$tmp/c$evil.yaml" -m "$model" "$prompt"
for view in tree map logits card features; do
	printf 'view %s\nscreen\n' "$view"
done >"$tmp/script"
tui "a graph by others" --graph "$tmp/theirs.json"
tui "a graph that is not there" --graph "$tmp/none$evil"
for line in "at $evil" "clamp \"$evil\"@2x0" "patch $evil" "recall $evil" "target $evil" "filter $evil" "theme $evil" \
    "model $evil" "lesson $evil" "load $evil" "view $evil" "key $evil" "type $evil" "$evil" "label $(printf 'w\377\376')"; do
	printf 'select L1#3@4\n%s\nscreen\n' "$line" >"$tmp/script"
	tui "the command ${line%% *}" -m "$model" --readonly "$prompt" | sed 's/[^ -~]//g'
done
TERM=$evil "$CTRACE_TUI" -m "$golden" w1 >"$tmp/out" 2>"$tmp/err" </dev/null
harmless "an error about a terminal" "$tmp/err"
exit $failed
