#!/bin/sh
# Completion in bash offers the commands and the options that the programs have.
. "${srcdir:-.}/tests/cli/lib.sh"
if ! command -v bash >/dev/null 2>&1; then
	echo "bash is missing: its completion is not tried"
	exit 77
fi
PATH=$(dirname "$CTRACE"):$PATH
export PATH

# offers PATTERN WORD...: completing the last word gives a line that matches.
offers() {
	pattern=$1
	shift
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ctrace "$1"; printf "%s\n" "${COMPREPLY[@]}"' \
	    - "$top/packaging/ctrace.bash" "$@" | grep -qxE -- "$pattern"
}
ok "commands are offered" offers steer ctrace st
ok "options are offered" offers --target ctrace trace --t
ok "options of the screen program are offered" offers --theme ctrace-tui --
not_offered() {
	! offers "$@"
}
ok "options of other commands are not" not_offered --target ctrace models --t
exit $failed
