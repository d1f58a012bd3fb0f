#!/usr/bin/env bash
# Runs the comparison and records it: record.sh PROGRAM DIRECTORY
set -euo pipefail
program=$(realpath "${1:?usage: record.sh PROGRAM DIRECTORY}")
directory=$(realpath "${2:?usage: record.sh PROGRAM DIRECTORY}")
cd "$(dirname "$0")"
commit=$(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
file=$directory/$(date -u +%F)-$commit-library.txt
{
	echo "commit     $commit"
	echo "date       $(date -u +%F)"
	echo "command    make bench-library"
	echo "machine    $(nproc) CPUs, $(awk '/^MemTotal/ { print $2, $3 }' /proc/meminfo) memory"
	echo "CPU        $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	echo "kernel     $(uname -r)"
	echo "load       $(cat /proc/loadavg)"
	echo "rustc      $(rustc --version)"
	echo "peer       metrics-exporter-prometheus 0.18.3, feature http-listener"
	echo
	echo "Targets: share of the peer's that is allowed, and measured"
	for part in calls series memory "programs programs"; do
		# shellcheck disable=SC2086 # a word, or two
		"$program" $part
	done
} | tee "$file"
echo "recorded in $file" >&2
