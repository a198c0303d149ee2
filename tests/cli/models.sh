#!/bin/sh
# ctrace models: what is found on the search path, in text and JSON, what cannot be opened, and nothing.
. "${srcdir:-.}/tests/cli/lib.sh"
mkdir "$tmp/path" "$tmp/empty"
cp -r "$golden" "$tmp/path/one" && cp -r "$top/tests/golden/gpt2-plt" "$tmp/path/two" && chmod -R u+w "$tmp/path"
cp "$golden/tokenizer.json" "$tmp/empty"
HOME=$tmp/nobody XDG_DATA_HOME=$tmp/nothing
export HOME XDG_DATA_HOME
CTRACE_MODEL_PATH=$tmp/path
export CTRACE_MODEL_PATH

run models
ok "models succeeds" [ "$status" -eq 0 ]
ok "a model has its family, sizes and transcoder" has '^one +llama +3L D16 +V40 +CLT 3x48 .*/path/one$'
ok "and so has another" has '^two +gpt2 +3L .* PLT 3x.*/path/two$'
run models --json -
ok "JSON has both" [ "$(grep -c '"family"' "$tmp/out")" -ge 1 ]
ok "by name" has '"(name|model)": *"one"'
ok "and begins with its version and format" sh -c "sed -n '2,3p' '$tmp/out' | tr -d '\n' |
    grep -q '^ \"ctrace_version\": \".*\", \"format\": [0-9]*,\$'"
fails "a misspelt model" 'no model named "onne" in .*; did you mean "one"\? Or name a directory' trace -m onne w1
fails "a name like none" 'no model named "something" in [^;]*; name a directory' trace -m something w1
rm -r "$tmp/path/two"
run models nonsense
ok "an operand is refused" one_error "takes no operand, found 'nonsense'"

printf '{' >"$tmp/path/one/config.json"
cp -r "$golden" "$tmp/path/whole"
run models
ok "one that is damaged is said, the others are listed" [ "$status" -eq 2 ]
ok "by its file" grep -q '^ctrace: .*path/one/config.json: ends in the middle' "$tmp/err"
ok "the others are listed" has '^whole +llama'
exit $failed
