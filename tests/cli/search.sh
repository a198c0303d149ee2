#!/bin/sh
# Search: rows by text, and features by the words and the F1 of their labels.
. "${srcdir:-.}/tests/cli/lib.sh"

[ -f "$top/models/capitals/model.safetensors" ] || exit 77

# selected COMMAND: searches the tree of a prompt; the selected row and the messages are in $tmp/out.
selected() {
	printf '%s\n' 'prompt the capital of the state containing Dallas is' 'select output "Austin"' "$1" screen |
		CTRACE_MODEL_PATH=$top/models "$CTRACE_TUI" -m capitals --headless 80x24 --script - 2>&1 |
		grep -E '^›|ctrace-tui:' >"$tmp/out"
}

selected 'search answering'
ok "a text" has '^› .*Texas, answering'
selected 'search "answering texas"'
ok "words of a label, in any order" has '^› .*Texas, answering'
selected 'search "capital"'
ok "words of a label" has '^› .*capital of Texas'
selected 'search "capital">.9'
ok "words of a label that fits well enough" has '^› .*capital \(input\)'
selected 'search "=in Texas">.7'
ok "exactly this label" has '^› .*in Texas '
selected 'search "=Texas">.7'
ok "not one that only has this word" has '"=Texas">.7 is not found here'
selected 'search "capital of Texas">.96'
ok "none fits as well as that" has '"capital of Texas">.96 is not found here'
selected 'search "Texas">F1'
ok "what is no F1" has 'after > expected an F1 from 0 to 1'
exit $failed
