#!/bin/sh
# ctrace judge on a small random model: what steer shows for the same features is what is lost without them.
. "${srcdir:-.}/tests/cli/lib.sh"

# The lead of the answer over the runner-up ("next") in the JSON of steer.
lead_after() {
	awk -v a="$1" -v b="$2" '/^ "after"/ { on = 1 } /^ "before"/ { on = 0 }
	    on && /"id":/ { id = $2 + 0 } on && /"logit":/ { logit[id] = $2 + 0 } END { print logit[a] - logit[b] }' "$tmp/out"
}
number() {
	sed -n "s/^ *\"$1\": *\\([-0-9.e+]*\\),*$/\\1/p" "$tmp/out" | head -1
}
close_to() {
	awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit a == "" || b == "" || d > 1e-4 || d < -1e-4 }'
}

# The answer, w10, leads over w2 by 0.45 logits, but over the second, w26, by only 0.05.
run judge -m "$golden" --target w10-w2 "$prompt"
ok "the pruned graph is judged" [ "$status" = 0 ]
ok "what is judged is said" has '^judge  [0-9]+ features of the pruned graph, of [0-9]+ active: does "w10" lead over "w2"'
ok "what is lost without it" has '^without these features .*% of the lead is lost$'
ok "without as many random ones" has '^  without [0-9]+ random others .*% is lost$'
ok "what is left with it alone" has '^with these features alone .*% of the lead is left$'
ok "with as many random ones alone" has '^  with [0-9]+ random others alone .*% is left$'
ok "and part by part" has '^without one part of it$'
ok "no corpus, no other sentences" has "^not compared with other sentences: this prompt is not a sentence of the model's corpus, or the corpus has none like it\$"
ok "and no share is missing" sh -c "! grep -q '–\|too small' '$tmp/out'"
run judge -m "$golden" --target w10-w2 --json - "$prompt"
ok "nor in its JSON" sh -c "grep -q '\"lost\"' '$tmp/out' && ! grep -qE '(necessity|sufficiency|lost)\": null' '$tmp/out'"
run judge -m "$golden" "$prompt"
ok "of a lead that is too small there are no shares" sh -c "! grep -q '% [oi][fs]' '$tmp/out'"
ok "but a dash in place of each" [ "$(grep -cE '^(with(out)?|  with(out)?) .* –$' "$tmp/out")" = 4 ]
ok "and for each part" has '^L1#45@8 .* –$'
ok "and that is said once" [ "$(grep -c '^the lead is below 0.1 logits: too small for shares of it$' "$tmp/out")" = 1 ]
run judge -m "$golden" --json - "$prompt"
ok "its JSON has null" sh -c "[ \$(grep -cE '\"(necessity|sufficiency)\": null' '$tmp/out') = 4 ] &&
    grep -q '\"lost\": null' '$tmp/out' && ! grep -qE '\"lost\": [-0-9]' '$tmp/out'"
run judge -m "$golden" --target w26-w10 "$prompt"
ok "an answer that does not lead has nothing to lose" has '^the answer does not lead: there is nothing to lose$'
cp -R "$golden" "$tmp/broken"
echo 'corpus: {generator: nonsense}' >"$tmp/broken/recipe.yaml"
fails "a corpus that cannot be read is not one that is not there" 'recipe.yaml:1: no generator is called "nonsense"' \
    judge -m "$tmp/broken" "$prompt"
run judge -m "$golden" --features L1#43@8 --json - "$prompt"
for field in ctrace_version format prompt prompt_ids position of answer against features others absent whole without \
    alone necessity sufficiency random parts stability; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
# The likeliest token and the one after it; steer shows their logits with the feature at 0.
answer=$(sed -n 's/^ "answer": "w\([0-9]*\)",$/\1/p' "$tmp/out")
against=$(sed -n 's/^ "against": "w\([0-9]*\)",$/\1/p' "$tmp/out")
lead=$(sed -n '/^ "without"/,/}/s/.*"lead": *\([-0-9.e]*\).*/\1/p' "$tmp/out")
run steer -m "$golden" --clamp L1#43@8x0 --mode free --top 40 --json - "$prompt"
ok "the lead left without a feature ($lead) is that of steer" close_to "$lead" "$(lead_after "$answer" "$against")"
run trace -m "$golden" --target w10-w2 --json "$tmp/graph.json" "$prompt"
run judge -m "$golden" --target w10-w2 --json - "$prompt"
whole=$(number necessity)
run judge -m "$golden" --target w10-w2 --graph "$tmp/graph.json" --json - "$prompt"
ok "a saved graph without pins is judged by its features" close_to "$whole" "$(number necessity)"
run judge -m "$golden" --features L1#43@8,L2#10@8 --top 1 "$prompt"
ok "a list of features" has '^judge  2 features that were chosen, of '
ok "--top says how many parts" has '^\.\.\. 1 more$'
fails "both a list and a graph" 'expected only one of them' judge -m "$golden" --features L1#43@8 --graph x "$prompt"
fails "a feature everywhere" 'expected features at one place each' judge -m "$golden" --features 'L1#43@*' "$prompt"
fails "a graph of a feature" 'only the explanation of a token can be judged' judge -m "$golden" --target L1#43@8 "$prompt"
fails "no such file" 'no-such-file' judge -m "$golden" --graph no-such-file "$prompt"
exit $failed
