#!/usr/bin/env bash
# Every example configuration is one that the program takes, in every build of it.
set -euo pipefail
cd "$(dirname "$0")/.."
# What comes in is the hub's.
hub=" alerts export logs metrics-server push sample-service scrape statsd "
for features in "" "--no-default-features --features exporter"; do
	for file in examples/*.toml; do
		name=$(basename "$file" .toml)
		[[ -n $features && $hub == *" $name "* ]] && continue
		echo "$file ${features:-default}"
		# shellcheck disable=SC2086 # none or some words
		"${CARGO:-cargo}" run --quiet $features -- --config "$file" --check-config >/dev/null
	done
done
