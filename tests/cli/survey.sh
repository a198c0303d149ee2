#!/bin/sh
# ctrace survey on a small random model: each kept feature ablated, as steer does it; its JSON.
. "${srcdir:-.}/tests/cli/lib.sh"

run survey -m "$golden" "$prompt"
ok "a survey succeeds" [ "$status" = 0 ]
ok "strength, mode and what carries the effect are named" has '^each feature x0; mode frozen, through the model'
ok "the strongest comes first" sh -c "sed -n '/^ablated/,/^\$/p' '$tmp/out' |
    awk '/^L/ { if (n++ && \$3 > last) exit 1; last = \$3 } END { exit n != 20 }'"
ok "the agreement with influence is shown" has '^spearman  influence and KL -?[01]\.[0-9]{3} .* n [0-9]+$'
run survey -m "$golden" --basis neurons --k 4 "w19 w10 w9"
ok "but not of so few features that it could be chance" has '^spearman  too few to rank \(n [0-4]\)$'
run survey -m "$golden" "$prompt"
ok "the rate is shown" has '^time .* clamps per second$'
effect=$(sed -n 's/^L1#43@8 .* \([+-][0-9.]*\)$/\1/p' "$tmp/out")
run steer -m "$golden" --clamp L1#43@8x0 "$prompt"
ok "steer finds the same effect" sh -c "sed -n 's/^output \"w10\" .* \\([+-][0-9.]*\\) *[+-].*\$/\\1/p' '$tmp/out' |
    awk 'END { exit !NR }'; grep -q -- '^output \"w10\".*$effect' '$tmp/out'"
run survey -m "$golden" --top 3 "$prompt"
ok "--top says how many" has '^\.\.\. [0-9]+ more$'
run survey -m "$golden" --at 4 --target w3 "$prompt"
ok "--at and --target choose what the effect is on" has 'effect on output "w3"$'
run survey -m "$golden" --json - "$prompt"
for field in ctrace_version format prompt prompt_ids position target strength mode through nodes spearman; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
ok "and no times" sh -c "! grep -qE '\"(seconds|rate)\"' '$tmp/out'"
cp "$tmp/out" "$tmp/before"
run survey -m "$golden" --json - "$prompt"
ok "so that it is the same each time" cmp -s "$tmp/before" "$tmp/out"
run survey -m "$golden" --json - --times "$prompt"
for field in seconds rate; do
	ok "--times: its JSON has '$field'" has "^ \"$field\":"
done

fails "a target that does not exist" "nonsense" survey -m "$golden" --target nonsense "$prompt"
fails "a position that does not exist" "no position 99" survey -m "$golden" --at 99 "$prompt"
exit $failed
