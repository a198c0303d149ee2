#!/bin/sh
# The graph JSON validates against the schema of Neuronpedia, where Python has jsonschema.
. "${srcdir:-.}/tests/cli/lib.sh"
if ! python3 -c 'import jsonschema' 2>/dev/null; then
	echo "python3 with jsonschema is missing: the schema is not checked"
	exit 77
fi
# valid SCHEMA FILE...
valid() {
	python3 - "$@" <<'EOF'
import json, sys, jsonschema
schema, *files = (json.load(open(p)) for p in sys.argv[1:])
for f in files:
    jsonschema.Draft7Validator(schema).validate(f)
EOF
}

schema=$top/tests/schemas/neuronpedia-graph.schema.json
run trace -m "$golden" --json "$tmp/graph.json" "$prompt"
ok "the graph validates against the schema" valid "$schema" "$tmp/graph.json"
for graph in reference ours hostile llamascopium neuronpedia-supernode-prefix; do
	run export "$top/tests/graphs/$graph.json" --to json
	ok "so does $graph.json, read and written" valid "$schema" "$tmp/out"
done
exit $failed
