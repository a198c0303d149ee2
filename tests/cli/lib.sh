# lib: what the tests of the command line share. $CTRACE is the program; $golden a small random model.
top=${srcdir:-.}
golden=$top/tests/golden/llama-clt
prompt="w19 w10 w9 w7 w39 w16 w31 w17"
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
failed=0
XDG_STATE_HOME=$tmp/state
XDG_CONFIG_HOME=$tmp/config
export XDG_STATE_HOME XDG_CONFIG_HOME
# Under valgrind all is slow, and a limit on memory or on the size of files stops valgrind itself.
valgrind=${CTRACE_VALGRIND:-}
limit=${valgrind:+1800}		# seconds after which a program hangs
limit=${limit:-120}

# ok NAME COMMAND...: the command succeeds.
ok() {
	name=$1
	shift
	if "$@"; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		failed=1
	fi
}

# run ARGUMENT...: runs ctrace; leaves $status, $tmp/out and $tmp/err.
run() {
	"$CTRACE" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# Patterns (extended) that a line of the output must match.
has() {
	grep -qE -- "$1" "$tmp/out" || {
		echo "no line matches '$1' in:"
		cat "$tmp/out" "$tmp/err"
		return 1
	}
}

# The command failed with one line that begins with "ctrace: " and matches, and wrote nothing else.
one_error() {
	[ "$status" = "${2:-2}" ] && [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] &&
	    grep -qE -- "^ctrace: .*$1" "$tmp/err" || {
		echo "status $status, output and message:"
		cat "$tmp/out" "$tmp/err"
		return 1
	}
}

# fails NAME PATTERN ARGUMENT...: an error of exactly one line, exit status 2.
fails() {
	name=$1 pattern=$2
	shift 2
	run "$@"
	ok "$name" one_error "$pattern"
}
