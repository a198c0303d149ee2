#!/bin/sh
# The programs are hardened: position-independent, read-only relocations bound at start, no executable stack,
# stack protector. (Builds with sanitizers are not, and platforms without readelf are not looked at.)
if ! command -v readelf >/dev/null 2>&1 || nm "$CTRACE" 2>/dev/null | grep -q __asan; then
	echo "nothing to look at: no readelf, or a build with sanitizers"
	exit 77
fi
failed=0
check() {
	if readelf -W "$3" "$2" | grep -qE "$4"; then
		echo "ok - $(basename "$2"): $1"
	else
		echo "not ok - $(basename "$2"): $1"
		failed=1
	fi
}
for program in "$CTRACE" "$CTRACE_TUI"; do
	check "position-independent" "$program" -h 'Type: +DYN'
	check "relocations become read-only" "$program" -l 'GNU_RELRO'
	check "bound at start" "$program" -d 'BIND_NOW|FLAGS.* NOW'
	check "stack not executable" "$program" -l 'GNU_STACK.* RW '
	check "stack protector" "$program" -s '__stack_chk_fail'
done
exit $failed
