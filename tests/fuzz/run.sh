#!/bin/sh
# Runs each fuzzer for a while, starting from the files of the tests. What it finds stays in ./fuzz-NAME/.
# usage: run.sh TESTS SECONDS FUZZER...
set -eu
tests=$1
seconds=${2:-60}
shift 2

seeds() {
	case $1 in
	fuzz_cards) ls "$tests"/fuzz/seeds/card_* ;;
	fuzz_config) ls "$tests"/golden/*/config.json ;;
	fuzz_lesson) ls "$tests"/lessons/*.yaml "$tests"/../models/lessons/*.yaml "$tests"/../models/*/lesson.yaml ;;
	fuzz_safetensors) ls "$tests"/golden/*/transcoder/layer_0.safetensors ;;
	fuzz_text) ls "$tests"/tokenizers/*/cases.json ;;
	fuzz_tokenizer) ls "$tests"/golden/*/tokenizer.json "$tests"/tokenizers/*/tokenizer.json ;;
	fuzz_yaml) ls "$tests"/golden/*/transcoder/config.yaml "$tests"/../models/*/recipe.yaml ;;
	esac
}

for name; do
	mkdir -p "fuzz-$name"
	n=0
	for seed in $(seeds "$name"); do
		n=$((n + 1))
		cp "$seed" "fuzz-$name/seed$n"
	done
	echo "$name for $seconds seconds"
	"./$name" "fuzz-$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="fuzz-$name/" >"fuzz-$name.log" 2>&1 || {
		tail -n 40 "fuzz-$name.log"
		exit 1
	}
	tail -n 1 "fuzz-$name.log"
done
