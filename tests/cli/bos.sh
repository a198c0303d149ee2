#!/bin/sh
# What stands at position 0: BOS, an ordinary token that a configuration takes for BOS, another special token, a word.
. "${srcdir:-.}/tests/cli/lib.sh"
bare=$tmp/bare
cp -r "$golden" "$bare" && chmod -R u+w "$bare"
# Without a template, and with an id that is some class's default.
sed -i 's/"post_processor": *{.*}, *"decoder"/"post_processor": null, "decoder"/' "$bare/tokenizer.json"
sed -i 's/"bos_token_id": *[0-9]*/"bos_token_id": 5/' "$bare/config.json"
ok "the tokenizer has no template now" grep -q '"post_processor": null' "$bare/tokenizer.json"
ok "BOS is an ordinary token" grep -q '"bos_token_id": 5' "$bare/config.json"

run trace -m "$bare" "w19 w10 w9"
ok "a prompt without BOS is traced" [ "$status" -eq 0 ]
ok "and begins with its first word" has '^w19 w10 \[w9\]$'
ok "a note says why" grep -q "^ctrace: note: config.json's bos_token_id 5 is the ordinary token \"w[0-9]*\", so no BOS" "$tmp/err"
ok "the self-check is small" has '^self-check .*e-0[6-9].*e-0[6-9]$'
run trace -m "$bare" --prune 1,1 --json - "w19 w10 w9"
ok "the first word has features" grep -q '"node_id":"[0-9]*_[0-9]*_0"' "$tmp/out"
ok "and an error at each layer" [ "$(grep -o '"node_id":"[0-9]_-1_0"' "$tmp/out" | wc -l)" -gt 0 ]
first=$(grep -o '"node_id":"[0-9]*_[0-9]*_0"' "$tmp/out" | head -n 1 | sed 's/.*"\([0-9]*\)_\([0-9]*\)_0"/L\1#\2/')
run steer -m "$bare" "w19 w10 w9" --clamp "$first@0x0"
ok "and can be clamped there" [ "$status" -eq 0 ]
run steer -m "$bare" "w19 w10 w9" --clamp "$first@*x0"
ok "everywhere begins there" [ "$status" -eq 0 ]

run trace -m "$bare" "<bos> w10 w9"
ok "a special token at position 0 is BOS" has '^<bos> w10 \[w9\]$'
run trace -m "$bare" --prune 1,1 --json - "<bos> w10 w9"
ok "it has no features" [ "$(grep -c '"node_id":"[0-9]*_[0-9]*_0"' "$tmp/out")" -eq 0 ]
run steer -m "$bare" "<bos> w10 w9" --clamp "$first@0x0"
ok "nor can it be clamped" [ "$status" -eq 2 ]
ok "which is said" grep -q "position 0 is BOS" "$tmp/err"

run trace -m "$golden" "<bos>"
ok "BOS alone has no scores" has '^scores +none: no position'
run trace -m "$golden" --json - "<bos>"
ok "in JSON they are null" grep -q '"replacement": *null' "$tmp/out"
exit $failed
