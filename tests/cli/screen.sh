#!/bin/sh
# The screen as a picture: export screen.svg has each row's text as it is on the screen, in the theme's colours.
. "${srcdir:-.}/tests/cli/lib.sh"

draw() {
	printf '%s\n' "prompt $prompt" "$@" |
	    "$CTRACE_TUI" -m "$golden" --headless 80x24 --script - $options >"$tmp/out" 2>"$tmp/err"
	status=$?
}
options=
draw 'select L1#43@8' screen "export $tmp/screen.svg"
ok "the screen is written" [ "$status" = 0 ]
ok "as SVG" grep -q '^<svg xmlns="http://www.w3.org/2000/svg" width="736" height="472"' "$tmp/screen.svg"
ok "a row of text each" [ "$(grep -c '^<text ' "$tmp/screen.svg")" = 24 ]
ok "monospaced" grep -q 'font-family="ui-monospace' "$tmp/screen.svg"
if command -v python3 >/dev/null 2>&1; then
	ok "with the same text, row by row" python3 - "$tmp/screen.svg" "$tmp/out" <<'END'
import sys, xml.etree.ElementTree as E
rows = ["".join(t.itertext()).rstrip() for t in E.parse(sys.argv[1]).getroot().iter("{http://www.w3.org/2000/svg}text")]
want = [line.rstrip() for line in open(sys.argv[2], encoding="utf-8").read().split("\n")][:24]
assert rows == want, [(a, b) for a, b in zip(rows, want) if a != b]
END
fi
colour() {
	sed -n 's/^<rect width.*fill="\(#[0-9a-f]*\)".*/\1/p' "$tmp/$1"
}
options="--theme light"
draw "export $tmp/my-screen.svg"
ok "any name that ends so" [ -s "$tmp/my-screen.svg" ]
ok "on the theme's background" [ "$(colour my-screen.svg)" = '#ffffff' ]
options="--theme dark"
draw "export $tmp/dark-screen.svg" "export $tmp/dark-screen.svg"
ok "that of another theme" [ "$(colour dark-screen.svg)" = '#1c1c1c' ]
ok "a file that is there stays" grep -q 'this file exists' "$tmp/err"
options="--ascii"
draw 'note on here: <b> & "x"' "export $tmp/plain-screen.svg"
ok "only ASCII where the screen is" sh -c "! LC_ALL=C grep -q '[^ -~]' '$tmp/plain-screen.svg'"
options="--readonly"
draw "export $tmp/no-screen.svg"
ok "not with --readonly" [ ! -e "$tmp/no-screen.svg" ]
exit $failed
