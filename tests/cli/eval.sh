#!/bin/sh
# ctrace eval: all figures, as a table and as JSON, for both transcoders of a model and a two-hop world.
. "${srcdir:-.}/tests/cli/lib.sh"

model=$tmp/model
cp -r "$golden" "$model" && chmod -R u+w "$model"
cp -r "$top/tests/golden/llama-skip/transcoder" "$model/transcoder-plt"
sed 's/llama-skip/llama-clt/' "$top/tests/golden/llama-skip/transcoder/config.yaml" >"$model/transcoder-plt/config.yaml"
cat >"$model/recipe.yaml" <<'RECIPE'
name: llama-clt
corpus:
  tables:
    land:
      columns: [name, w1, w2]
      rows:
      - [w3, w4, w5]
      - [w6, w7, w8]
    town:
      columns: [name, land]
      rows: [[w9, w3], [w10, w3], [w11, w3], [w12, w6], [w13, w6], [w14, w6]]
  sentences:
  - name: two hops
    over: town
    relations: [w1, w2]
    template: "w15 {relation} w16 {town} w17 {land.relation}"
    answer: land.relation
    about: [land]
  hold_out: {sentences: [two hops], pairs: [town, relation], share: 0.2, seed: 1, always: [[w9, w1]]}
RECIPE
run eval -m "$model" --swaps 1
ok "eval succeeds" [ "$status" -eq 0 ]
ok "the table names the transcoders" has '^CLT  .*model/transcoder$'
ok "and the twin" has '^PLT  .*model/transcoder-plt$'
ok "figures of held-out answers" has '^  accuracy of the model +[01]\.[0-9]{3}$'
ok "figures per layer and over all" has '^  never active( +[01]\.[0-9]{3}){4}$'
ok "graphs are exact" has '^  worst self-check +[0-9.]+e-0[67] \(edges\)  [0-9.]+e-0[67] \(logits\)$'
ok "prompts with shares of a lead are counted" has '^  prompts that lead by 0\.1 or more +[0-9]+$'
ok "swaps at three strengths" has '^  bridge swap at the answer, 1\.5x +[01]\.[0-9]{3}$'
ok "labels" has '^  never active [0-9]+   F1 >= .9 [0-9]+'
ok "the hidden variable has two values" has 'of 2 values have a bridge feature'

run eval -m "$model" --neurons --swaps 1 --json -
ok "eval --json succeeds" [ "$status" -eq 0 ]
if command -v python3 >/dev/null 2>&1; then
	ok "the JSON has every field" python3 - "$tmp/out" <<'PYTHON'
import json, sys

e = json.load(open(sys.argv[1]))
assert set(e) >= {"clt", "plt", "neurons"}
n = e["neurons"]
assert n["scores"]["n"] == e["clt"]["scores"]["n"] and n["scores"]["replacement"] == n["scores"]["completeness"] == 1
assert n["self_check"]["max_edge_residual"] < 1e-5 and n["direct"]["absolute"]["errors"] == 0
assert -1 <= n["faithfulness"]["spearman"] <= 1 and n["left_out"] == 0
assert 0 < n["circuit"]["features"] and 1 <= n["circuit"]["nodes"]
for k in "clt", "plt":
    x = e[k]
    assert 1 <= x["circuit"]["nodes"] and 0 <= x["circuit"]["features"]
    assert set(x["heldout"]) >= {"accuracy", "top1_agreement", "kl", "kl_all"}, x["heldout"]
    assert len(x["layers"]) == 3 and set(x["layers"][0]) == {"explained_variance", "l0", "dead", "dense"}
    assert abs(x["l0_mean"] - sum(l["l0"] for l in x["layers"]) / 3) < 1e-6
    assert 0 < x["scores"]["replacement"] < 1 and 0 < x["scores"]["completeness"] < 1
    assert -1 <= x["faithfulness"]["spearman"] <= 1
    assert 0 < x["faithfulness"]["n"] <= x["scores"]["n"]
    assert [c["n"] for c in x["causal"][:9]] == [x["causal"][0]["n"]] * 9 and x["causal"][0]["n"] > 0
    controls = [c for c in x["causal"] if c["name"].startswith("control, ")]
    assert len(controls) == 4 and all(0 <= c["share"] <= 1 for c in controls)
    assert abs(sum(x["direct"]["absolute"].values()) - 1) < 1e-6 and set(x["direct"]["net"]) == {"words", "features", "errors"}
    assert 0 <= x["hidden"]["left"] <= 1 and x["hidden"]["n"] > 0
    assert x["groups"]["n"] > 0 and 0 <= x["groups"]["found"] <= 1 and x["groups"]["swaps"] <= x["groups"]["n"]
    assert x["circuit"]["first_named"] <= x["circuit"]["first_rows"] <= 10
    assert x["labels"]["bridge_values"] == 2
PYTHON
fi

mv "$model/transcoder" "$model/transcoder-plt" "$tmp"
run eval -m "$model" --neurons --prompts 2
ok "a model without a transcoder is measured by its neurons" [ "$status" -eq 0 ]
ok "where the answer comes from is shown: words, features, errors" \
    has '^  answer from words, features, errors +-?[0-9.]+ +-?[0-9.]+ +-?[0-9.]+$'
ok "by size, the three make 1" sh -c "awk '/^    the same by/ { s = \$(NF-2) + \$(NF-1) + \$NF; n++; bad += s < .998 || s > 1.002 }
    END { exit n == 0 || bad }' '$tmp/out'"
ok "without labels none of the first ten features is named" has '^  first ten features: label F1 >= .8 +-$'
ok "of how many" has '^    of how many a graph has, up to ten +[0-9.]+$'
ok "and by nothing else" sh -c '[ "$(grep -c "^ graphs of 2 held-out prompts" "$1")" = 1 ]' - "$tmp/out"
run eval -m "$model" --prompts 2
ok "without --neurons it is refused" one_error 'has neither transcoder/ nor transcoder-plt/'
mv "$tmp/transcoder" "$tmp/transcoder-plt" "$model"

run eval -m "$model" --prompts 0
ok "no prompts" one_error '--prompts: expected a whole number from 1 on'
run eval -m "$model" one two
ok "an operand too many" one_error "eval takes no operand, found 'one'"
exit $failed
