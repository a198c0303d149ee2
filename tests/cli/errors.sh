#!/bin/sh
# ctrace errors on a small random model: an error's edge is split over neurons, and adds up to what trace has.
. "${srcdir:-.}/tests/cli/lib.sh"

# Neurons, features and biases of the text sum up to the edge on the first line.
adds_up() {
	awk '/^error/ { edge = $NF } /^  (neurons of|less its|biases)/ { sum += $NF }
	    END { d = sum - edge; exit !(edge != "" && d < .003 && d > -.003) }' "$tmp/out"
}

run errors -m "$golden" --open 1 --top 5 "$prompt"
ok "the strongest error opens" [ "$status" = 0 ]
ok "into the likeliest token" has '^error L[0-9]@[0-9] \(w[0-9]+\) into output "w[0-9]+"  [-+]'
ok "its parts add up" adds_up
ok "and how closely is said" has '^  self-check  parts = edge within [0-9.]*e-0[6-9]$'
ok "neurons are listed" [ "$(grep -c '^    L[0-9] neuron ' "$tmp/out")" = 5 ]
ok "the rest is summed" has '^    \.\.\. [0-9]+ more: \+[0-9.]+ -[0-9.]+$'
node=$(sed -n 's/^\(error L[0-9]@[0-9]*\) .*/\1/p' "$tmp/out" | head -n 1)
edge=$(sed -n '1s/.* //p' "$tmp/out")
run errors -m "$golden" --from "$node" "$prompt"
ok "the same by its name ($node)" [ "$(sed -n '1s/.* //p' "$tmp/out")" = "$edge" ]
run errors -m "$golden" --json - "$prompt"
for field in ctrace_version format prompt prompt_ids target errors; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
run heads -m "$golden" --from "$node" "$prompt"
ok "it is the edge that other commands show" has ": $(printf %s "$edge" | sed 's/[+.]/\\&/g') in all"
first=$("$CTRACE" trace -m "$golden" --prune 1,1 --top 100 "$prompt" | grep -oE 'L0#[0-9]+@8' | head -n 1)
run errors -m "$golden" --to "$first" "$prompt"
ok "below the first layer there are no errors, which is said" sh -c "[ '$status' = 1 ] && grep -q '^no error has an edge into .*$first' '$tmp/out'"
run errors -m "$golden" --to "$first" --json - "$prompt"
ok "as JSON too" sh -c "[ '$status' = 1 ] && grep -q '\"errors\": \[\]' '$tmp/out'"
fails "a word" 'only error nodes can be split into neurons' errors -m "$golden" --from 'input "w10"@2' "$prompt"
fails "into a word" 'words and errors have no edges into them' errors -m "$golden" --to 'input "w10"@2' "$prompt"
fails "neurons" '--basis neurons leaves nothing out,' errors -m "$golden" --basis neurons "$prompt"
exit $failed
