#!/bin/sh
# ctrace qk on a small random model: pairs, kinds and each side's terms add up to the score of a head.
. "${srcdir:-.}/tests/cli/lib.sh"

# near A B: the same but for rounding of what is printed.
near() {
	awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN { d = a - b; exit d > .0006 * n || d < -.0006 * n }'
}
# The first column of the lines between the pairs' heading and their sum.
pairs_add_up() {
	sum=$(awk '/^ *adds / { on = 1; next } /together, the score/ { exit } on { s += $1 } END { print s + 0 }' "$tmp/out")
	near "$sum" "$score" 40
}
# Each row of the table ends with its sum, and so does each column.
table_adds_up() {
	awk 'function off(a, b) { d = a - b; return d > .004 || d < -.004 }
	    /^query .* key / { on = 1; next }
	    on && NF == 6 { n++
		if (off($2 + $3 + $4 + $5, $6)) bad = 1
		for (i = 2; i <= 6; i++)
			if ($1 == "together") { if (off(sum[i], $i)) bad = 1 } else sum[i] += $i
		if ($1 == "together") exit }
	    END { exit bad || n != 5 }' "$tmp/out"
}

run qk -m "$golden" --head L2H1 --query @8 --key @3 "$prompt"
ok "a head's score is split" [ "$status" = 0 ]
ok "what is asked is said" has '^qk     why L2H1 looks from w17@8 at w9@3: score [+-][0-9.]+, [0-9.]+% of its attention$'
score=$(sed -n 's/^qk .*score \([+-][0-9.]*\),.*/\1/p' "$tmp/out")
ok "its pairs and the rest add up to it ($score)" pairs_add_up
ok "and so do kinds of terms" table_adds_up
ok "the last of the table is the score" has "^together .* $(printf %s "$score" | sed 's/[+.]/\\&/g')$"
ok "the token with the highest score besides is named" has '^       the highest score of another token is [+-][0-9.]+, of .*@[0-9]$'
ok "how exact it is is said" has '^check  terms, marginals and kinds .* within [0-9.]*e-(0[6-9]|1[0-9])$'
ok "and that it gives the pattern" has '^check  the softmax .* within [0-9.]*e-(0[6-9]|1[0-9])$'
run qk -m "$golden" --head L2H1 --query @8 --key @3 --top 3 "$prompt"
ok "--top says how many" has '^ *[+-][0-9.]+  [0-9]+ weaker pairs of these terms$'
ok "they add up then too" pairs_add_up
run qk -m "$golden" --head L2H1 "$prompt"
ok "without tokens: from the last to what it sees most" has '^qk     why L2H1 looks from w17@8 at '
run qk -m "$golden" "$prompt"
ok "without a head: what carries most in the graph" has '^qk     why L[0-9]H[0-9] looks from '
run heads -m "$golden" --top 1 "$prompt"
most=$(awk '/^L[0-9]H/ { print $1; exit }' "$tmp/out")
run qk -m "$golden" "$prompt"
ok "it is the first that heads shows ($most)" has "^qk     why $most looks "
run qk -m "$golden" --head L2H1 --key @3 --json - "$prompt"
for field in ctrace_version format prompt prompt_ids head query key score softcap capped pattern rival rival_score \
    parts query_terms key_terms pairs n_pairs rest max_residual max_pattern_error; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
fails "a head that is none" 'no head L9H0: the model has layers 0 to 2, heads 0 to 3$' qk -m "$golden" --head L9H0 "$prompt"
fails "what is no head" 'expected a head, such as L1H2; found "here"' qk -m "$golden" --head here "$prompt"
fails "a head below 0" 'expected a head, such as L1H2; found "L0H-1"' qk -m "$golden" --head L0H-1 "$prompt"
fails "no head's name" 'expected a head, such as L1H2; found ""' qk -m "$golden" --head "" "$prompt"
fails "a token without a head" 'needs its head: name one, such as L1H2' qk -m "$golden" --key @3 "$prompt"
fails "a key behind the query" '@2 cannot look at @3' qk -m "$golden" --head L1H0 --query @2 --key @3 "$prompt"
fails "several places" 'expected one position' qk -m "$golden" --head L1H0 --key @3.. "$prompt"
# In graph JSON: the score of the head that carries most into the answer is that of ctrace qk.
run trace -m "$golden" --target w10 --qk --json "$tmp/graph.json" "$prompt"
ok "trace --qk writes a graph" [ "$status" = 0 ]
cp "$tmp/graph.json" "$tmp/out"
for key in qk_tracing_results pair_wise_contributors top_q_marginal_contributors top_k_marginal_contributors \
    qk_only_nodes; do
	ok "with $key" has "\"$key\""
done
run trace -m "$golden" --target w10 --json "$tmp/out.json" "$prompt"
ok "and without --qk none of it" sh -c "! grep -q qk_ '$tmp/out.json'"
fails "trace --qk without JSON" '--qk adds to the graph.s JSON: add --json' trace -m "$golden" --qk "$prompt"
exit $failed
