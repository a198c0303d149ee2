#!/bin/sh
# ctrace compare on a small random model: what is shared, what is not, and patches that are clamps.
. "${srcdir:-.}/tests/cli/lib.sh"
other="w19 w10 w9 w7 w39 w16 w30 w17"
longer="w19 w10 w9 w2 w7 w39 w16 w31 w17"

run compare -m "$golden" "$prompt" "$other"
ok "two prompts are compared" [ "$status" = 0 ]
ok "the alignment is said" has '^aligned: 8 of 9 tokens are equal; @7 w31 \| w30$'
ok "what is shared, here and there" [ "$(grep -cE '^(shared|only here|only there): [0-9]+ nodes? +here  there' "$tmp/out")" = 3 ]
ok "edges too" has '^edges: [0-9]+ shared, [0-9]+ only here, [0-9]+ only there'
ok "a patch beside a difference" has '^  .*@[0-9]+ w[0-9]+ +-?[0-9.]+ +-?[0-9.]+ +[0-9.]+%? +[0-9.]+%? +[+-][0-9.]+$'
ok "and of a whole position" has '^  @7 w31 \| w30 +[0-9]+ features? +[+-][0-9.]+   w[0-9]+'
ok "nothing differs before the first differing token" sh -c "! grep -qE '^  @[1-6] w[0-9]+ .*features?' '$tmp/out'"
run compare -m "$golden" "$prompt" "$prompt"
ok "a prompt beside itself: everything is shared" sh -c "grep -q '^only here: 0 nodes' '$tmp/out' && grep -q '^only there: 0 nodes' '$tmp/out'"
ok "and no patch does anything" sh -c "! grep -q 'features  ' '$tmp/out'"
run compare -m "$golden" "$prompt" "$longer"
ok "a longer prompt is aligned by what both have" has '^aligned: 9 of 9 tokens are equal; - \| w2 @4$'
run compare -m "$golden" --top 100 "$prompt" "$longer"
ok "what has no place here has no activation here" has '^  .*@4 w2 +- +[0-9.]+ '

fails "a column that no label has" "no feature 'nonsense'" compare -m "$golden" --feature nonsense "$prompt" "$other"
run compare -m "$golden" --json - "$prompt" "$other"
for field in ctrace_version format prompts aligned nodes edges patches; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
cp "$tmp/out" "$tmp/pair.json"
if command -v python3 >/dev/null 2>&1; then
	# The patch of one feature is what steer makes of the same clamp: both move the same two logits.
	python3 - "$tmp/pair.json" >"$tmp/one" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
n = next(n for n in d["nodes"] if n["patch"] and n["patch"]["moved"] and n["side"] == "here")
answers = [p["answer"] for p in d["prompts"]]
there = n["there"]["activation"] if n["there"] else 0
print(n["node"], repr(there), n["patch"]["moved"], *answers)
END
	read -r node there moved here_answer there_answer <"$tmp/one"
	run steer -m "$golden" --clamp "$node=$there" --top 50 --json "$tmp/steer.json" "$prompt"
	ok "a patch is the clamp that steer makes ($node)" python3 - "$tmp/steer.json" "$moved" "$here_answer" "$there_answer" <<'END'
import json, sys
d, moved, here, there = json.load(open(sys.argv[1])), float(sys.argv[2]), sys.argv[3], sys.argv[4]
logit = [{t["token"]: t["logit"] for t in d[k]} for k in ("before", "after")]
change = [l[there] - (l[here] if here != there else 0) for l in logit]
mean = [sum(l.values()) / len(l) if here == there else 0 for l in logit]
assert abs(change[1] - mean[1] - (change[0] - mean[0]) - moved) < 1e-3, (change, mean, moved)
END
fi

run compare -m "$golden" --top 3 "$prompt" "$other" "$longer"
ok "three prompts are a table" [ "$(grep -cE '^w[0-9]+ +[0-9.]+% ' "$tmp/out")" = 3 ]
ok "of the features with most influence" [ "$(grep -cE '^[ABC]  .*L[0-9]+#[0-9]+' "$tmp/out")" = 3 ]
run compare -m "$golden" --feature L0#3 --json - "$prompt" "$other"
ok "two prompts with --feature as well" sh -c "tr -d '\n ' <'$tmp/out' | grep -q '\"cells\":\[{\"activation\":'"
fails "one prompt" "expected 2 to 64 prompts, each in quotes, found 1" compare -m "$golden" "$prompt"
fails "no such feature" "no feature L9#3 in this transcoder" compare -m "$golden" --feature L9#3 "$prompt" "$other"
exit $failed
