#!/bin/sh
# cppcheck and clang-tidy over all of src/ and tui/, each skipped with a message where it is missing.
# usage: static.sh SOURCE_DIR BUILD_DIR CPPFLAGS... (of the build); $FILES: these only
set -u
build=$(cd "$2" && pwd)
cd "$1" || exit 1
shift 2
failed=0
files=${FILES:-$(find src tui -name '*.c' | LC_ALL=C sort)}

if command -v cppcheck >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	cppcheck --enable=warning,portability,performance --std=c11 -q -j2 -I src -I . -D_GNU_SOURCE --error-exitcode=1 \
	    --suppress=missingIncludeSystem --suppressions-list=tests/lint/cppcheck.supp \
	    --template='{file}:{line}: {message} [{id}]' $files || failed=1
else
	echo "cppcheck is not installed: skipped"
fi

# Left out of clang-analyzer: wishes for Annex K's functions, va_list, which this checker does not follow, and the order
# of members, which says what belongs together.
# Left out of bugprone: parameters that could be mixed up, narrowing (the compilers' -Wconversion has it), equal branches
# of tables, sizeof of pointers (sizeof *p on lists of pointers), assignments in conditions (the idiom for error codes),
# widening after the product (sizes are checked first), memcpy of text whose NUL comes later, strcmp as a truth value.
# What else is looked at and is not a mistake is in clang-tidy.supp.
checks="-*,clang-analyzer-*,bugprone-*,cert-msc*,cert-str*,cert-mem*,cert-fio*,cert-env*"
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-valist.Uninitialized"
checks="$checks,-bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions,-bugprone-branch-clone"
checks="$checks,-bugprone-sizeof-expression,-bugprone-assignment-in-if-condition,-bugprone-misplaced-widening-cast"
checks="$checks,-bugprone-implicit-widening-of-multiplication-result,-bugprone-not-null-terminated-result"
checks="$checks,-bugprone-suspicious-string-compare,-clang-analyzer-optin.performance.Padding"
if command -v clang-tidy >/dev/null 2>&1; then
	echo "$files" | tr ' ' '\n' | xargs -P 2 -I '{}' \
	    clang-tidy --quiet --checks="$checks" '{}' -- -std=gnu11 -I. "-I$build" "$@" 2>/dev/null |
	    grep -E 'warning:|error:' | sed "s|^$(pwd)/||" | sort -u |
	    awk -F: 'FILENAME != "-" { if (!/^\/\//) known[$0]; next }
		{ check = $0; sub(/.*\[/, "", check); sub(/].*/, "", check); if (!(check ":" $1 in known)) print }' \
	    tests/lint/clang-tidy.supp - >"$build/clang-tidy.out"
	cat "$build/clang-tidy.out"
	[ ! -s "$build/clang-tidy.out" ] || failed=1
else
	echo "clang-tidy is not installed: skipped"
fi
[ $failed -eq 0 ] && echo "nothing found"
exit $failed
