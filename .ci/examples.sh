#!/usr/bin/env bash
# Every example configuration is one that the program takes, in every build of it.
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")/.."
for features in "" --no-default-features; do
	for file in examples/*.toml; do
		# What comes in is the hub's.
		case $features$file in
		--no-default-features*/@(alerts|logs|push|sample-service|scrape|statsd).toml) continue ;;
		esac
		echo "$file ${features:-default}"
		# shellcheck disable=SC2086 # none or one word
		"${CARGO:-cargo}" run --quiet $features -- --config "$file" --check-config >/dev/null
	done
done
