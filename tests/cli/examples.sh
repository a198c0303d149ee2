#!/bin/sh
# The examples of the manual pages run: every line that begins with "$ ", each page in a folder of its own, in the
# order of the page. ctrace-tui has no terminal here and prints its screen.
. "${srcdir:-.}/tests/cli/lib.sh"

mkdir "$tmp/bin" "$tmp/home"
ln -s "$CTRACE" "$tmp/bin/ctrace"
cat >"$tmp/bin/ctrace-tui" <<END
#!/bin/sh
case " \$* " in
*" --headless "* | *" --check "* | *" --linear "*) exec "$CTRACE_TUI" "\$@" ;;
*) exec "$CTRACE_TUI" --headless 80x24 "\$@" ;;
esac
END
chmod +x "$tmp/bin/ctrace-tui"
PATH=$tmp/bin:$PATH HOME=$tmp/home CTRACE_MODEL_PATH=$(cd "$top/models" && pwd)
export PATH HOME CTRACE_MODEL_PATH
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME

# The commands of a page, as a person would type them.
examples() {
	sed -n -e 's/^\.Dl //' -e '/^\$ /{
		:more
		/\(\\e\||\)$/{
			N
			s/\\e\n */ /
			s/\n */ /
			b more
		}
		s/\\(dq/"/g
		s/\\(aq/'"'"'/g
		s/\\&//g
		s/\\-/-/g
		s/\\e/\\/g
		s/^\$ //p
	}' "$1"
}

total=0
for page in "$top"/man/*.[1-9] "$top"/man/*.in man/*.[1-9]; do
	manual=$(basename "$page" .in)
	[ -f "$page" ] && [ ! -d "$tmp/$manual" ] || continue
	mkdir "$tmp/$manual"
	examples "$page" >"$tmp/commands"
	while IFS= read -r command; do
		total=$((total + 1))
		for tool in jq parallel sbatch; do
			case " $command " in
			*" $tool "*) command -v $tool >/dev/null || continue 2 ;;
			esac
		done
		(cd "$tmp/$manual" && sh -c "$command" <"/dev/null" >"$tmp/out" 2>"$tmp/err")
		status=$?
		ok "$manual: $command" [ "$status" -eq 0 ]
		[ "$status" -eq 0 ] || cat "$tmp/err"
	done <"$tmp/commands"
done
ok "there are examples" [ "$total" -gt 10 ]
exit $failed
