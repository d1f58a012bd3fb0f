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
case $target in
# Built with a C library that is built along, too (.ci/musl.sh), whatever the toolchain brings: some of these
# targets are in no release of Rust.
arm-* | armv7-* | mips-* | mipsel-* | riscv64gc-*) is_own=yes ;;
*) is_own=no ;;
esac
[ $is_own = yes ] || has "$target/lib" || fetch target add "$target" || true
if [ $is_own = yes ]; then
	[ ${#std[@]} != 0 ] || { loud "$target needs rust-src."; exit 1; }
	.ci/musl.sh "$target" >&2
elif ! has "$target/lib"; then
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
# A panic is a trap: its sentences, file names and places are 54 KB. The program then says at which address it
# was (src/base/sys/fault.rs); `addr2line` finds the place in a build with symbols, which is the same build with
# CARGO_PROFILE_RELEASE_STRIP=false. The linker may turn calls through the table of addresses into direct ones, and
# no blocks are copied for the sake of fewer jumps: 3 KB.
flags=()
[ ${#std[@]} = 0 ] || flags=(-Zlocation-detail=none -Zfmt-debug=none -Zunstable-options -Cpanic=immediate-abort
	-Zrelax-elf-relocations=yes -Zmir-enable-passes=-JumpThreading)
# The feature tls has parts in C, which need no library: any compiler for that processor will do.
# c_compiler <target> <command...>: the first that is there
c_compiler() {
	local name=${1//-/_} tool
	name=CC_$name
	[ -z "${!name-}" ] || return 0
	for tool in "${@:2}"; do
		! command -v "$tool" >/dev/null || { export "$name=$tool"; return 0; }
	done
}
c_compiler x86_64-unknown-linux-musl musl-gcc gcc
c_compiler i686-unknown-linux-musl i686-linux-gnu-gcc i686-linux-musl-gcc
c_compiler aarch64-unknown-linux-musl aarch64-linux-gnu-gcc aarch64-linux-musl-gcc
if [ $is_own = yes ]; then
	own=${CARGO_TARGET_DIR:-target}/musl/$target
	c_compiler "$target" clang
	export "AR_${target//-/_}=ar" "CFLAGS_${target//-/_}=$(.ci/musl.sh --cflags "$target") -isystem $(realpath "$own")/include"
	flags+=(-Ctarget-feature=+crt-static "-Lnative=$own")
	# As the C library is: at a fixed address, which is 200 KB less.
	case $target in mips*) flags+=(-Ctarget-feature=+noabicalls -Crelocation-model=static) ;; esac
fi
arguments=()
if [ ${#flags[@]} != 0 ]; then
	printf -v list '"%s",' "${flags[@]}"
	arguments=(--config "target.$target.rustflags=[${list%,}]")
fi
# In a directory of its own, so that several targets can be built at once.
out=${CARGO_TARGET_DIR:-target}
"${CARGO:-cargo}" build --release "${std[@]}" "${arguments[@]}" --target "$target" \
	--target-dir "$out/static/$target" "$@" >&2
install -D "$out/static/$target/$target/release/sysmetrics" "$out/$target/release/sysmetrics"
echo "$out/$target/release/sysmetrics"
