#!/bin/sh
# ctrace export: a graph in each form, what hostile text becomes in it, and graphs that are none.
. "${srcdir:-.}/tests/cli/lib.sh"

"$CTRACE" trace -m "$golden" --json "$tmp/graph.json" "$prompt"
run export "$tmp/graph.json" --to json
ok "a graph is written as JSON" [ "$status" = 0 ]
cp "$tmp/out" "$tmp/again.json"
run export "$tmp/again.json" --to json
ok "reading and writing it changes nothing more" cmp -s "$tmp/out" "$tmp/again.json"
run export "$tmp/graph.json" --to dot
ok "DOT has each edge" [ "$(grep -c ' -> ' "$tmp/out")" = 883 ]
ok "DOT has each node" [ "$(grep -c 'shape=' "$tmp/out")" = 62 ]
if command -v dot >/dev/null 2>&1; then
	ok "Graphviz reads it" dot -Tsvg -o /dev/null "$tmp/out"
fi
for form in svg html; do
	run export "$tmp/graph.json" --to $form -o "$tmp/picture"
	ok "$form has each edge" [ "$(grep -c '<path ' "$tmp/picture")" = 883 ]
	ok "$form has each node" [ "$(grep -c '<rect x=' "$tmp/picture")" = 62 ]
done

# One node whose label tries everything, and one that it leads to.
cat >"$tmp/hostile.json" <<'EOF'
{"metadata": {"slug": "s", "scan": "s", "prompt": "</title><script>p()</script>", "prompt_tokens": ["<b>", "\"x\\"]},
"qParams": {}, "nodes": [
{"node_id": "0_1_1", "feature": 1, "layer": "0", "ctx_idx": 1, "feature_type": "cross layer transcoder", "jsNodeId": "a",
 "clerp": "\"];}\\ \u001b[31m <script>&'\u202e"},
{"node_id": "3_2_1", "feature": 2, "layer": 3, "ctx_idx": 1, "feature_type": "logit", "jsNodeId": "b", "clerp": ""}],
"links": [{"source": "0_1_1", "target": "3_2_1", "weight": -0}]}
EOF
for form in dot svg html; do
	run export "$tmp/hostile.json" --to $form
	ok "hostile text as $form" [ "$status" = 0 ]
	ok "no escape reaches $form" sh -c "! LC_ALL=C grep -q '$(printf '[\033\342]\200\256')' '$tmp/out' &&
	    ! LC_ALL=C grep -q '$(printf '\033')' '$tmp/out'"
	[ $form = dot ] || ok "no script reaches $form" sh -c "! grep -q '<script' '$tmp/out'"
done
ok "quotes and backslashes are escaped in DOT" sh -c "'$CTRACE' export '$tmp/hostile.json' --to dot |
    grep -qF 'label=\"\\\"];}\\\\'"

fails "no form" "--to: expected dot, svg, html or json, found nothing" export "$tmp/graph.json"
fails "a form that does not exist" "found png" export "$tmp/graph.json" --to png
sed 's/"ctx_idx": 1/"ctx_idx": -5/' "$tmp/hostile.json" >"$tmp/bad.json"
fails "a position that makes no sense" "expected a position from 0, found -5" export "$tmp/bad.json" --to svg
echo '{"nodes": []}' >"$tmp/bad.json"
fails "a graph that is none" "bad.json.*missing" export "$tmp/bad.json" --to json
fails "a graph that is missing" "nothere" export "$tmp/nothere" --to json
exit $failed
