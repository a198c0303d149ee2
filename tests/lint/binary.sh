#!/bin/sh
# The programs are hardened: position-independent, read-only relocations bound at start, no executable stack, stack
# protector, fortified functions, control-flow protection. CC, CFLAGS and HARDENING are the build's.
# (Builds with sanitizers are not, and platforms without readelf are not looked at.)
if ! command -v readelf >/dev/null 2>&1 || nm "$CTRACE" 2>/dev/null | grep -q __asan; then
	echo "nothing to look at: no readelf, or a build with sanitizers"
	exit 77
fi
failed=0
say() {
	if [ "$1" -eq 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		failed=1
	fi
}
check() {
	readelf -W "$3" "$2" | grep -qE "$4"
	say $? "$(basename "$2"): $1"
}
# How many files of an archive, or a file, say that they support both halves of control-flow protection.
protected() { readelf -nW "$1" 2>/dev/null | grep -cE 'IBT.*SHSTK'; }

for program in "$CTRACE" "$CTRACE_TUI"; do
	check "position-independent" "$program" -h 'Type: +DYN'
	check "relocations become read-only" "$program" -l 'GNU_RELRO'
	check "bound at start" "$program" -d 'BIND_NOW|FLAGS.* NOW'
	check "stack not executable" "$program" -l 'GNU_STACK.* RW '
	check "stack protector" "$program" -s '__stack_chk_fail'
done

# Level 3 also checks memory whose size is known only when the program runs, such as what memset clears.
case " $CFLAGS" in
*" -O0"* | *" -Og"*)
	echo "fortified functions: nothing to look at without optimization" ;;
*-O*)
	for program in "$CTRACE" "$CTRACE_TUI"; do
		check "fortified functions" "$program" -s ' __v?snprintf_chk'
		check "fortified memory" "$program" -s ' __mem(cpy|set|move)_chk'
	done
	# shellcheck disable=SC2086
	level=$(echo _FORTIFY_SOURCE | $CC $CFLAGS $HARDENING -E -P - 2>/dev/null | tail -n 1)
	[ "$level" = 3 ]
	say $? "fortified at level 3 (found: $level)" ;;
esac

# A program has the mark only if all that it is linked from has: the C library's own start files often do not.
case $HARDENING in
*-fcf-protection*)
	for library in libctrace.a libtui.a; do
		[ "$(protected $library)" -eq "$(ar t $library | wc -l)" ]
		say $? "$library: control-flow protection in each of $(ar t $library | wc -l) files (found: $(protected $library))"
	done
	if [ "$(protected "$($CC -print-file-name=crt1.o)")" -gt 0 ]; then
		for program in "$CTRACE" "$CTRACE_TUI"; do
			check "control-flow protection" "$program" -n 'IBT.*SHSTK'
		done
	else
		echo "the programs are not marked: the C library's crt1.o is not"
	fi ;;
*)
	echo "control-flow protection: nothing to look at, the compiler has none" ;;
esac
exit $failed
