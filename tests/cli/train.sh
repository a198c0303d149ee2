#!/bin/sh
# From a recipe to a traced prompt: the recipe of models/README.md, made small, is trained, traced and steered.
. "${srcdir:-.}/tests/cli/lib.sh"

recipe=$tmp/kitchens/recipe.yaml
mkdir "$tmp/kitchens"
sed -n '/^```yaml/,/^```$/p' "$top/models/README.md" | sed '/^```$/q' | grep -v '^```' >"$recipe"
cat >>"$recipe" <<'EOF'
model: {layers: 2, width: 16, heads: 2, mlp: 32}
train: {seed: 1, steps: 150, batch: 16, rate: 0.01}
transcoder: {features: 24, seed: 1, steps: 60, batch: 64, rate: 0.01}
EOF

run train "$recipe"
ok "a recipe is trained" [ "$status" = 0 ]
ok "the report names the model" has '^model .*2L D16 F24'
ok "the report names the transcoder" has '^transcoder .*agrees with the model'
ok "its feature cards are built" [ -s "$tmp/kitchens/features/index.json.gz" ]
ok "progress is for terminals only" [ ! -s "$tmp/err" ]
cp "$tmp/kitchens/model.safetensors" "$tmp/first"
"$CTRACE" train -o "$tmp/again" "$recipe" >"$tmp/out" 2>"$tmp/err"
ok "the same recipe gives the same bytes" cmp -s "$tmp/first" "$tmp/again/model.safetensors"

CTRACE_MODEL_PATH=$tmp
export CTRACE_MODEL_PATH
run models
ok "it is listed" has '^kitchens +llama +2L D16 .*CLT 2x24'
run trace -m kitchens the dish of the land of Ay is
ok "its demo prompt can be traced" has '^next  '
ok "the graph adds up" [ "$status" = 0 ]
run bench -m kitchens --json -
for field in name gflop seconds sgemm_gflops copy_gbs fraction phases; do
	ok "its bench has '$field'" has "\"$field\":"
done

sed 's/steps: 150/steps: 9999999/' "$recipe" >"$tmp/long.yaml"
"$CTRACE" train -o "$tmp/long" "$tmp/long.yaml" >"$tmp/out" 2>"$tmp/err" &
sleep 1
kill -INT $!
wait $!
status=$?
ok "an interruption ends it with 130" one_error "interrupted" 130
ok "and leaves no model behind" [ ! -e "$tmp/long/model.safetensors" ]

run train "$tmp/nothere.yaml"
ok "a recipe that is missing" one_error "nothere.yaml"
sed 's/^train: {/train: {speed: 3, /' "$recipe" >"$tmp/bad.yaml"
run train -o "$tmp/bad" "$tmp/bad.yaml"
ok "an unknown key is named with its line" one_error "bad.yaml:[0-9]+: .*speed"
run train
ok "no recipe" one_error "a recipe is missing"
exit $failed
