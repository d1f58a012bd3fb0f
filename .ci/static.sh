#!/usr/bin/env bash
# Builds the small static binary: .ci/static.sh <target> [arguments for cargo build]
# The only line on stdout is its path. .ci/static.sh --std prints the arguments that build the
# standard library along, if that can be done.
#
# The standard library is compiled along, without its backtrace printer, which a stripped binary has
# no use for: half the size and memory of one that links the stock library. That needs the component
# rust-src, and the compiler told that we know -Z build-std is unstable. What is missing is fetched;
# what cannot be fetched is done without, and said loudly: without rust-src the stock library is
# linked, without the musl target the C library of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:?usage: .ci/static.sh <target> [arguments for cargo build]}
shift
library=$(rustc --print sysroot)/lib/rustlib

loud() { printf '!!! %s\n' "$@" >&2; }
fetch() { command -v rustup >/dev/null && rustup "$@" >&2; }
has() { [ -d "$library/$1" ]; }

has src/rust/library || fetch component add rust-src || true
std=()
if has src/rust/library; then
	export RUSTC_BOOTSTRAP=1
	std=(-Z "build-std=std,panic_abort" -Z build-std-features=optimize_for_size)
else
	loud "No rust-src (rustup component add rust-src): linking the stock standard library." \
		"The binary is some 350 KB larger than it should be and takes more memory."
fi
if [ "$target" = --std ]; then
	echo "${std[@]}"
	exit
fi
has "$target/lib" || fetch target add "$target" || true
if ! has "$target/lib"; then
	host=$(rustc -vV | sed -n 's/^host: //p')
	if [ "${host%%-*}" != "${target%%-*}" ]; then
		loud "No $target (rustup target add $target), and this machine is none."
		exit 1
	fi
	loud "No $target (rustup target add $target): building for $host." \
		"The binary is static all the same, and some 1000 KB larger than it should be."
	export RUSTFLAGS="-C target-feature=+crt-static -C force-unwind-tables=no"
	target=$host
fi
# The feature tls has parts in C, which need no library: any compiler for that processor will do.
# Where in the sources a panic happened is left out: 21 KB of file names and places. What happened is said.
places=()
[ ${#std[@]} = 0 ] || places=(--config "target.$target.rustflags=[\"-Zlocation-detail=none\"]")
c_compiler() {
	local tool=$2
	command -v "$tool" >/dev/null || tool=$3
	command -v "$tool" >/dev/null || return 0
	export "CC_$1=${!4:-$tool}"
}
c_compiler x86_64_unknown_linux_musl musl-gcc gcc CC_x86_64_unknown_linux_musl
c_compiler i686_unknown_linux_musl i686-linux-gnu-gcc i686-linux-musl-gcc CC_i686_unknown_linux_musl
c_compiler aarch64_unknown_linux_musl aarch64-linux-gnu-gcc aarch64-linux-musl-gcc CC_aarch64_unknown_linux_musl
"${CARGO:-cargo}" build --release "${std[@]}" "${places[@]}" --target "$target" "$@" >&2
echo "${CARGO_TARGET_DIR:-target}/$target/release/sysmetrics"
