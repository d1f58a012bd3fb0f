#!/usr/bin/env bash
# The sizes of the static binary, in KB of 1000 bytes, as a table; fails where one is over its
# budget: .ci/size.sh <target...>
#
# A build that had to do without rust-src or without the musl target (.ci/static.sh says so) links
# a library of other size. It gets what that library adds on top of the budget, so that it fails
# when, and only when, our own code has grown; such a binary is none to release.
set -euo pipefail
cd "$(dirname "$0")/.."
first=${1:?usage: .ci/size.sh <target...>}

# Budget and what cargo builds, for the first target: what features add is much the same everywhere.
# The default comes last: its binary is what stays.
features=(
	"888 --no-default-features --features exporter"
	"2551 --features tls"
	"2719 --features tls,grpc"
)

# The default build of a target. MIPS has no short instructions.
budget() {
	case $1 in
	x86_64-*) echo 1706 ;;
	i686-*) echo 1742 ;;
	aarch64-*) echo 1629 ;;
	armv7-*) echo 1782 ;;
	arm-*) echo 1809 ;;
	riscv64gc-*) echo 1494 ;;
	mips-* | mipsel-*) echo 2337 ;;
	esac
}

# What the stock parts add, measured with Rust 1.95: 355 (x86_64), 364 (i686), 313 (aarch64) KB the
# standard library; 993 KB glibc, 1284 KB both.
allowance() {
	case $1,$2 in
	musl*,yes) echo 0 ;;
	musl*,no) echo 365 ;;
	*,yes) echo 1000 ;;
	*,no) echo 1290 ;;
	esac
}

over=0
printf '| %-41s | %-30s | %8s | %8s |\n' build target KB budget
printf '|-------------------------------------------|--------------------------------|---------:|---------:|\n'
for target; do
	builds=("$(budget "$target") ")
	[ "$target" != "$first" ] || builds=("${features[@]}" "${builds[@]}")
	for build in "${builds[@]}"; do
		read -r budget arguments <<<"$build"
		# shellcheck disable=SC2086 # the arguments are words
		path=$(.ci/static.sh "$target" $arguments)
		built=${path%/release/*}
		built=${built##*/}
		ours=no
		[ ! -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] || ours=yes
		more=$(allowance "${built##*-}" $ours)
		bytes=$(stat -c %s "$path")
		budget=$((budget + more))
		printf '| %-41s | %-30s | %4d.%03d | %8s |' "${arguments:-default}" "$built" $((bytes / 1000)) $((bytes % 1000)) "$budget"
		if [ "$bytes" -gt $((budget * 1000)) ]; then
			printf ' over budget'
			over=$((over + 1))
		fi
		[ "$more" = 0 ] || printf ' stock library: %d KB more allowed, not to be released' "$more"
		echo
	done
done
[ $over = 0 ] || { echo "$over of the builds are over their budget" >&2; exit 1; }
