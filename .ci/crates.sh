#!/usr/bin/env bash
# How many crates a program compiles that only installs the library's recorder and listener, itself and
# this one among them; fails where there are more than a fifth of the 68 that it has with
# metrics-exporter-prometheus 0.18.3.
set -euo pipefail
cd "$(dirname "$0")/../bench/library/programs/ours"
most=13
crates=$("${CARGO:-cargo}" tree --locked --edges normal,build --prefix none --no-dedupe | sort -u)
count=$(wc -l <<<"$crates")
echo "$count crates, of $most: $(cut -d ' ' -f 1 <<<"$crates" | xargs)"
[ "$count" -le $most ]
