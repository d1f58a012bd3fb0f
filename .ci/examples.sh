#!/usr/bin/env bash
# Every example configuration is one that the program takes, in every build of it.
set -euo pipefail
cd "$(dirname "$0")/.."
for features in "" --no-default-features; do
	for file in examples/*.toml; do
		# What is pushed is the hub's.
		[[ $features$file == --no-default-featuresexamples/push.toml ]] && continue
		echo "$file ${features:-default}"
		# shellcheck disable=SC2086 # none or one word
		"${CARGO:-cargo}" run --quiet $features -- --config "$file" --check-config >/dev/null
	done
done
