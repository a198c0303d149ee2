#!/bin/sh
# The graph JSON validates against the schema of Neuronpedia, where Python has jsonschema.
. "${srcdir:-.}/tests/cli/lib.sh"
if ! python3 -c 'import jsonschema' 2>/dev/null; then
	echo "python3 with jsonschema is missing: the schema is not checked"
	exit 77
fi
run trace -m "$golden" --json "$tmp/graph.json" "$prompt"
ok "the graph validates against the schema" python3 - "$top/tests/schemas/neuronpedia-graph.schema.json" \
    "$tmp/graph.json" <<'EOF'
import json, sys, jsonschema
schema, graph = (json.load(open(p)) for p in sys.argv[1:])
jsonschema.Draft7Validator(schema).validate(graph)
EOF
exit $failed
