#!/bin/sh
# From a recipe to a traced prompt: the recipe of models/README.md is trained and traced.
. "${srcdir:-.}/tests/cli/lib.sh"

recipe=$tmp/kitchens/recipe.yaml
mkdir "$tmp/kitchens"
sed -n '/^```yaml/,/^```$/p' "$top/models/README.md" | sed '/^```$/q' | grep -v '^```' >"$recipe"

run train "$recipe"
ok "a recipe is trained" [ "$status" = 0 ]
ok "the report names the model" has '^model .*3L D32 F48'
ok "the report names the transcoder" has '^transcoder .*agrees with the model'
ok "and the scores of its graphs" has '^CLT graphs of [0-9]+ held-out prompts: replacement score [01]\.[0-9]+, completeness [01]\.[0-9]+$'
ok "it ends in a verdict" has '^CLT verdict: '
# Rounded otherwise, as on other processors, it is like another seed: hence some room.
ok "a hidden value has features of its own" has '^  ok [34] of 4 hidden values have a feature of their own .* at the answer'
ok "the answer needs them" has '^  ok without the features named after its hidden value an answer of '
ok "the answer does not come directly from words" has '^  ok [0-9]+ % of what raises or lowers an answer comes directly'
ok "a swap where the value is written works" has '^  ok a swap of the value where it is written gives the other answer in (100|9[0-9])\.[0-9] %$'
ok "and one at the answer alone" has '^  (ok|--) a swap at the answer alone .* gives the other answer in (100|[789][0-9])\.[0-9] %$'
ok "its feature cards are built" [ -s "$tmp/kitchens/features/index.json.gz" ]
ok "progress is for terminals only" [ ! -s "$tmp/err" ]
cp "$tmp/kitchens/model.safetensors" "$tmp/first"
"$CTRACE" train -o "$tmp/again" "$recipe" >"$tmp/out" 2>"$tmp/err"
ok "the same recipe gives the same bytes" cmp -s "$tmp/first" "$tmp/again/model.safetensors"

awk '/^```yaml/ { n++; next } /^```$/ { n += n == 2 } n == 2' "$top/models/README.md" >"$tmp/kitchens/lesson.yaml"
"$CTRACE_TUI" --lesson "$tmp/kitchens/lesson.yaml" --check >"$tmp/out" 2>"$tmp/err"
ok "a lesson on it holds" sh -c "[ $? = 0 ] && [ \$(grep -c '^ok' '$tmp/out') = 3 ] || { cat '$tmp/out' '$tmp/err'; false; }"
CTRACE_MODEL_PATH=$tmp
export CTRACE_MODEL_PATH
sed 's/, lookups: .*,$/}/;/^  dictionary:/d' "$recipe" >"$tmp/plain.yaml"
run train -o "$tmp/plain" "$tmp/plain.yaml"
ok "without lookups and a dictionary, the answer needs no named features" \
    has '^  -- without the features named after its hidden value an answer of '
ok "what falls short comes with advice" sh -c "grep -A 1 '^  -- ' '$tmp/out' | grep -q '^       try: '"
run models
ok "it is listed" has '^kitchens +llama +3L D32 .*CLT 3x48'
run trace -m kitchens the dish of the land of Ay is
ok "its demo prompt can be traced, and is answered" has '^next  soup '
ok "by way of the land, which is known at the town and at the answer" sh -c \
    "grep -qE '^  +in Up  L0#[0-9]+@7 Ay ' '$tmp/out' && grep -qE '^  +(bridge Up|Up, answering|dish of Up)  L[12]#[0-9]+@8 is ' '$tmp/out'"
run swap -m kitchens --to all the dish of the land of Ay is
ok "a swap there gives the dish of each other land" has "^swaps that give the value's answer +3 of 3, 100.0%\$"
run trace -m kitchens the dish of the land of Ay is
ok "the graph adds up" [ "$status" = 0 ]
run bench -m kitchens --json -
for field in name gflop seconds sgemm_gflops copy_gbs fraction phases; do
	ok "its bench has '$field'" has "\"$field\":"
done

# What an interruption leaves is gone on from, wherever it came, and to the same bytes.
sed -e 's/steps: 200/steps: 400/' "$recipe" >"$tmp/longer.yaml"
echo "transcoder-plt: {features: 48, steps: 300, batch: 64}" >>"$tmp/longer.yaml"
mkdir "$tmp/whole" "$tmp/killed"
"$CTRACE" train -o "$tmp/whole" "$tmp/longer.yaml" >/dev/null 2>&1
ok "an undisturbed training removes its work file" [ ! -e "$tmp/whole/training.work" ]

# part_of DIR: the part of the training that the work file in DIR has come to.
part_of() {
	grep -aoE 'transcoder-plt|transcoder|transformer' "$1/training.work" | tail -n 1
}

parts= kills=0
until [ "$kills" -eq 100 ]; do
	"$CTRACE" train --save-every .03 -o "$tmp/killed" "$tmp/longer.yaml" >"$tmp/out" 2>"$tmp/err" &
	sleep "$(printf '%d.%02d' $((kills * 4 / 100)) $((kills * 4 % 100)))"	# longer each time: no speed is assumed
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null && break
	kills=$((kills + 1))
	[ -e "$tmp/killed/training.work" ] && parts="$parts $(part_of "$tmp/killed")"
done
ok "it was killed at least once" [ "$kills" -gt 0 ]
ok "a killed training goes on to its end" [ ! -e "$tmp/killed/training.work" ]
rm -f "$tmp"/killed/*.tmp "$tmp"/killed/*/*.tmp
ok "and ends with the same bytes" diff -r "$tmp/whole" "$tmp/killed"
echo "# killed $kills times, in:" $(printf '%s\n' $parts | sort | uniq -c)

sed 's/steps: 300/steps: 9999999/' "$recipe" >"$tmp/long.yaml"
"$CTRACE" train -o "$tmp/long" "$tmp/long.yaml" >"$tmp/out" 2>"$tmp/err" &
sleep 1
kill -INT $!
wait $!
status=$?
ok "an interruption ends it with 130" one_error "interrupted: .* at step [0-9]+ of 9999999; the same command goes on" 130
ok "and leaves no model behind" [ ! -e "$tmp/long/model.safetensors" ]
ok "but the work file" [ -s "$tmp/long/training.work" ]
"$CTRACE" train -o "$tmp/long" "$recipe" >"$tmp/out" 2>"$tmp/err"
ok "the work file of another recipe is named and not used" \
    grep -qE "^ctrace: .*training.work: left by .*another recipe.*starting anew" "$tmp/err"
ok "the result is that of its own recipe" cmp -s "$tmp/first" "$tmp/long/model.safetensors"

for option in --estimate --json=-; do
	run train $option -o "$tmp/none" "$recipe"
	ok "${option%=-} is refused, and says why" one_error "recipe.yaml: ${option%=-} is for .*this one trains a model: leave ${option%=-} out"
	ok "nothing is trained then" [ ! -e "$tmp/none" ]
done
run train "$tmp/nothere.yaml"
ok "a recipe that is missing" one_error "nothere.yaml"
sed 's/^train: {/train: {speed: 3, /' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "an unknown key is named with its line" one_error "bad.yaml:[0-9]+: .*speed"
sed 's/dictionary: \[[^]]*\]/dictionary: [5, 5, 5, 5, 5, 5, 5]/' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "a dictionary for more layers than there are" one_error 'bad.yaml:[0-9]+: "dictionary" has atoms for 7 layers.*only [0-9]+ layers'
sed 's/^transcoder:/transcodr:/' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "so is an unknown section" one_error 'bad.yaml:39: unknown key "transcodr"; did you mean "transcoder"'
sed 's/^demo: .*Ay/demo: "the dish of the land of Zed/' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "a demo with a word that the model will not know" one_error 'bad.yaml:2: .*"Zed"'
sed 's/^train: {/train: {bottleneck: 0.5, /' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "a bottleneck needs a place" one_error "bad.yaml:[0-9]+: .*bottleneck.*plan at"
sed 's/^model: {/model: {number codes: true, /' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "number codes need numbers" one_error "bad.yaml:[0-9]+: .*number codes need numbers in the corpus"
cat >"$tmp/bad.yaml" <<'END'
name: narrow
corpus: {generator: sums, max: 9}
model: {width: 16, heads: 2, number codes: true}
END
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "and heads that are wide enough" one_error "bad.yaml:3: number codes need at least 2 heads, at least 12 wide"
{ cat "$tmp/kitchens/recipe.yaml"; echo 'parts: {all: "*", say: "say *"}'; } >"$tmp/bad.yaml"
run train "$tmp/bad.yaml"
ok "parts with too many values" one_error 'bad.yaml:[0-9]+: the parts have [0-9]+ values together, at most 64'
run train
ok "no recipe" one_error "a recipe is missing"
exit $failed
