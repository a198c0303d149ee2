#!/bin/sh
# The manual pages are free of mandoc's complaints.
if ! command -v mandoc >/dev/null 2>&1; then
	echo "mandoc is missing: the manual pages are not checked"
	exit 77
fi
failed=0
for page in "${srcdir:-.}"/man/*.[1-9] man/*.[1-9]; do
	[ -f "$page" ] || continue
	# The other page may not be installed yet; the lines of a generated page may be long.
	complaints=$(mandoc -T lint "$page" | grep -vE 'referenced manual not found|longer than 80 bytes')
	if [ -z "$complaints" ]; then
		echo "ok - $page"
	else
		echo "not ok - $page"
		echo "$complaints"
		failed=1
	fi
done
exit $failed
