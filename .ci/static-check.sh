#!/usr/bin/env bash
# Runs the static binary of every target on the machine of fixtures/box: each must tell the same.
# .ci/static-check.sh <target...>; foreign ones run in Debian's qemu-user-static.
set -euo pipefail
cd "$(dirname "$0")/.."
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
for target; do
	path=$(.ci/static.sh "$target")
	run=()
	case $target,$(uname -m) in
	x86_64*,x86_64 | i686*,x86_64 | aarch64*,aarch64) ;;
	*)
		run=("qemu-${target%%-*}-static")
		[ "${run[0]}" != qemu-i686-static ] || run=(qemu-i386-static)
		command -v "${run[0]}" >/dev/null || { echo "${run[0]} is missing: apt-get install qemu-user-static" >&2; exit 1; }
		;;
	esac
	if readelf -l "$path" | grep -q INTERP; then
		echo "$path is not static" >&2
		exit 1
	fi
	"${run[@]}" "$path" --print-metrics --path.procfs=fixtures/box/proc --path.sysfs=fixtures/box/sys \
		--path.udev.data=fixtures/box/udev/data | grep -vE '^(# .*)?(process_|sysmetrics_(build_info|scrape_duration))' >"$T/$target"
	[ -s "$T/$target" ] || { echo "$path prints no metrics" >&2; exit 1; }
	diff -u "$T/$1" "$T/$target"
	echo "$target runs, $(grep -vc '^#' "$T/$target") samples"
done
