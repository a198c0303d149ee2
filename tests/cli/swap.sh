#!/bin/sh
# ctrace swap on a random model and a two-hop world: the table, its controls, JSON, and what cannot be swapped.
. "${srcdir:-.}/tests/cli/lib.sh"

model=$tmp/model
cp -r "$golden" "$model" && chmod -R u+w "$model"
cat >"$model/recipe.yaml" <<'RECIPE'
name: llama-clt
corpus:
  tables:
    land:
      columns: [name, w1, w2]
      rows:
      - [w3, w4, w5]
      - [w6, w7, w8]
      - [w18, w20, w21]
    town:
      columns: [name, land]
      rows: [[w9, w3], [w10, w3], [w11, w3], [w12, w6], [w13, w6], [w14, w6], [w22, w18], [w23, w18]]
  sentences:
  - name: two hops
    over: town
    relations: [w1, w2]
    template: "w15 {relation} w16 {town} w17 {land.relation}"
    answer: land.relation
    about: [land]
  hold_out: {sentences: [two hops], pairs: [town, relation], share: 0.2, seed: 1, always: [[w9, w1]]}
RECIPE
asked="w15 w1 w16 w9 w17"
run swap -m "$model" --at @w9 --from w3 --to all "$asked"
ok "a random model follows no swap, or some" [ "$status" -le 1 ]
ok "the place is marked" has '^[^ ]+ w15 w1 w16 \[w9\] w17$'
ok "what is done is said" has '^swap +w3 for another value at w9, 1 times the difference; mode free, through the model$'
ok "each value has a row" [ "$(grep -cE '^(w3|w6|w18) +w[0-9]+ +(w[0-9]+|<bos>) ' "$tmp/out")" = 3 ]
ok "the first is the same value by another sentence" has '^w3 +w4 .* same value: w15 w1 w16 w1[01] w17$'
ok "the share is at the bottom" has "^swaps that give the value's answer +[0-2] of 2, "
ok "and the controls" has '^control: as many random features +[0-2] of 2 give it, [0-2] change the answer$'
ok "with what the second means" has '^ +in the same layers, moved as far: where they change the answer, any push would$'
holds() {
	changes=$(sed -n 's/^control: .*it, \([0-9]*\) change.*/\1/p' "$tmp/out")
	if [ "$changes" = 0 ] && grep -q '^control: the same value  *changes nothing' "$tmp/out"; then
		! grep -q '^the controls change answers too' "$tmp/out"
	else
		grep -q '^the controls change answers too' "$tmp/out"
	fi
}
ok "controls that change answers are pointed out" holds
run swap -m "$model" --at @w9 --from w3 --to all --strength 40 "$asked"
ok "and at any strength" holds
run swap -m "$model" --to w6 --strength 0 "$asked"
ok "nothing moved changes nothing" holds
ok "nothing moved gives nothing" [ "$status" = 1 ]
ok "one row for one value" [ "$(grep -cE '^(w6|w18) +w' "$tmp/out")" = 1 ]
run swap -m "$model" --to W6 --at 4.. --json - "$asked"
ok "as JSON" sh -c "tr -d '\\n ' <'$tmp/out' | grep -qE '^\\{\"ctrace_version\":.*\"format\":1,\"prompt\":.*\"prompt_ids\":\\[0,15,1,16,9,17\\],\"from\":\"w3\",.*\"position\":4,\"positions\":2,.*\"swaps\":\\[\\{\"value\":\"w6\",.*\"expected\":\"w7\",\"expected_id\":7,.*\"controls\":\\{\"same_value\":\\{\"sentence\":\"w15w1w16w1'"
fails "no value" "--to is missing" swap -m "$model" "$asked"
fails "a value that is none" 'no sentence like this one is about "w99"; one is about "w3"' swap -m "$model" --to w99 "$asked"
fails "the value itself" 'swapping w3 for w3 changes nothing' swap -m "$model" --to w3 "$asked"
fails "another value than the prompt's" "this prompt is about w3, not about w6" swap -m "$model" --from w6 --to w18 "$asked"
fails "a place that knows nothing yet" "position 2 does not know the value: positions 4 to 5 do" \
    swap -m "$model" --to w6 --at 2 "$asked"
fails "no such place" "@w30: the prompt has no such token" swap -m "$model" --to w6 --at @w30 "$asked"
fails "a prompt of no sentence" "not the beginning of a sentence of the model's corpus.*; instead, compare PROMPT sets features" swap -m "$model" --to w6 "w15 w1"
fails "a model without a corpus" "has no recipe.yaml.*; instead, compare PROMPT sets features" swap -m "$golden" --to w6 "$asked"

# Two dishes of a land: a value may have several answers.
cat >"$model/recipe.yaml" <<'RECIPE'
name: llama-clt
corpus:
  tables:
    land: {columns: [name], rows: [[w3], [w6], [w18]]}
    dish:
      columns: [name, land]
      rows: [[w4, w3], [w5, w3], [w7, w6], [w8, w6], [w20, w18]]
    town:
      columns: [name, land]
      rows: [[w9, w3], [w10, w3], [w11, w3], [w12, w6], [w13, w6], [w14, w6], [w22, w18], [w23, w18]]
  sentences:
  - name: dishes
    over: {town: town, dish: dish}
    where: [town.land = dish.land]
    template: "w15 w1 w16 {town} w17 {dish}"
    answer: dish
    about: [town.land]
  hold_out: {sentences: [dishes], pairs: [town, dish], share: 0.2, seed: 1}
RECIPE
run swap -m "$model" --to all "$asked"
ok "a value may have several answers" has '^w6 +one of 2 +[^ ]+ +[0-9.]+% +[✓✗]'
ok "or the prompt's own value" has '^w3 +one of 2 +[^ ]+ +[0-9.]+% +[=≠]'
ok "or one" has '^w18 +w20 +[^ ]+ +[0-9.]+% +[✓✗]'
ok "all are counted" has "^swaps that give the value's answer +[0-2] of 2, "
run swap -m "$model" --to w6 --json - "$asked"
ok "JSON says how many there are" sh -c "tr -d '\\n ' <'$tmp/out' | grep -qE '\"answers\":2,\"expected\":null,\"expected_id\":null,\"prob_expected\":[0-9.e-]+,.*\"random_changed\":(true|false)'"
exit $failed
