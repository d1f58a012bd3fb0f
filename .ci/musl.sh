#!/usr/bin/env bash
# Builds the C library for a target that rustup may not have: .ci/musl.sh <target>
# It and its headers end in target/musl/<target>, once. .ci/musl.sh --cflags <target> prints what clang
# needs for that target.
#
# All of these targets are built from one source by one compiler, so that a binary does not depend on
# which of them the toolchain on this machine brings. The source comes from Debian's archive, and where
# there is no apt from its authors; the checksum is the same. It is the release that Rust's own targets
# are made with. Needed: clang, make, and GNU ar.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.2.5
sha256=a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4
suite=trixie

# The same processor and calling convention that Rust's target has. The MIPS binary is linked at a fixed
# address: code that could lie anywhere is 200 KB larger there. Small data near $gp would need all
# objects to agree on it.
flags() {
	case $1 in
	armv7-unknown-linux-musleabihf) echo "--target=armv7-linux-musleabihf -march=armv7-a -mfpu=vfpv3-d16 -mfloat-abi=hard -fno-pie" ;;
	arm-unknown-linux-musleabihf) echo "--target=arm-linux-musleabihf -march=armv6 -mfpu=vfpv2 -mfloat-abi=hard -marm -fno-pie" ;;
	riscv64gc-unknown-linux-musl) echo "--target=riscv64-linux-musl -march=rv64gc -mabi=lp64d -fno-pie" ;;
	mips-unknown-linux-musl | mipsel-unknown-linux-musl) echo "--target=${1%%-*}-linux-musl -march=mips32r2 -msoft-float -mno-abicalls -fno-pie -mno-gpopt" ;;
	*) echo "musl.sh: $1 is none of its targets" >&2 && return 1 ;;
	esac
}

if [ "${1-}" = --cflags ]; then
	flags "${2-}"
	exit
fi
target=${1:?usage: .ci/musl.sh <target>}
cflags=$(flags "$target")
out=${CARGO_TARGET_DIR:-target}/musl/$target
# Another version or other flags are another library.
mark="$version $cflags"
[ "$(cat "$out/built" 2>/dev/null)" != "$mark" ] || exit 0
command -v clang >/dev/null || { echo "musl.sh: $target needs clang (Debian: apt-get install clang)" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The archive of the source in $1, from the mirror that this machine uses, in a suite of its own.
from_debian() {
	command -v apt-get >/dev/null || return 1
	local state=$1/apt mirror
	mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
	[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; exit } }' \
		/etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null)
	[ -n "$mirror" ] || return 1
	mkdir -p "$state"/{lists/partial,cache/archives/partial,none}
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources.list"
	local options=(-q -o "Dir::Etc::SourceList=$state/sources.list" -o "Dir::Etc::SourceParts=$state/none"
		-o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache" -o Acquire::Languages=none
		-o Acquire::Retries=3 -o APT::Sandbox::User=root)
	apt-get "${options[@]}" update >&2 &&
		(cd "$1" && apt-get "${options[@]}" source --download-only musl >&2 && mv "musl_$version.orig.tar.gz" "musl-$version.tar.gz")
}

source=${CARGO_TARGET_DIR:-target}/musl/musl-$version.tar.gz
mkdir -p "${source%/*}"
if ! [ -f "$source" ]; then
	from_debian "$work" || curl -fsSLo "$work/musl-$version.tar.gz" "https://musl.libc.org/releases/musl-$version.tar.gz"
	echo "$sha256  $work/musl-$version.tar.gz" | sha256sum --quiet --check >&2
	mv "$work/musl-$version.tar.gz" "$source"
fi
# Half of the library is for others: a program of ours that comes to need some of it does not link.
unused=()
for part in aio complex crypt ipc legacy mq passwd regex search temp termios 'math/a[cst]*' 'math/*cos*' 'math/*sin*' 'math/*tan*' \
	'math/erf*' 'math/[jy][01n]*' 'math/*gamma*' 'math/__*[234]*' 'math/__rem*'; do
	unused+=(--exclude="musl-$version/src/$part")
done
tar -xzf "$source" -C "$work" "${unused[@]}"
mkdir "$work/build"
# Clang takes longer to start than to compile a file of this library. What is compiled with the same flags is
# handed to one compiler, which lays each object beside its source: beside a copy of it, where make expects
# the object. What this leaves is built by make as ever.
at_once() {
	local flags sources cc1
	make -n lib/libc.a | sed -n 's/^clang \(.*\) -c -o obj\/.* \(.*\.c\)$/\1|\2/p' >plan
	flags=$(cut -d '|' -f 1 plan | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p')
	cp -r "../musl-$version"/{src,compat} obj/
	# shellcheck disable=SC2034 # named in eval
	mapfile -t sources < <(F=$flags awk -F '|' '$1 == ENVIRON["F"] { sub(/^[^\/]*\/[^\/]*/, "obj", $2); print $2 }' plan)
	cc1=$(eval "clang -### $flags -c -o one.o obj/src/env/getenv.c" 2>&1 | sed -n 's/"-main-file-name" "[^"]*"//; s/ "-o" "one.o" "-x" "c" "[^"]*"//; / "-cc1" /p')
	eval "$cc1 \"\${sources[@]}\"" || true
}
build() {
	cd "$work/build"
	local triple=${cflags#--target=}
	"../musl-$version/configure" --target="${triple%% *}" --disable-shared --disable-wrapper \
		CC=clang CFLAGS="$cflags -Os" LIBCC=" " AR=ar RANLIB=true
	make -s obj/include/bits/{alltypes,syscall}.h obj/src/internal/version.h
	at_once
	make -j"$(nproc)" prefix="$work/out" lib/{libc.a,crt1.o,crti.o,crtn.o} install-headers
	# What the compilers put at the ends of a program is nothing here: there is no unwinding, and the C
	# library calls constructors.
	# shellcheck disable=SC2086 # the flags are words
	clang $cflags -c -x c /dev/null -o lib/crtbegin.o
	cp lib/crtbegin.o lib/crtend.o
	printf '!<arch>\n' >lib/libunwind.a
}
trap 'tail -n 30 "$work/log" >&2; rm -rf "$work"' ERR
(build) >"$work/log" 2>&1
trap - ERR
# Cargo does not see that what it linked is another library now.
rm -rf "$out" "${CARGO_TARGET_DIR:-target}/$target/release"
mkdir -p "$out"
cp -r "$work/out/include" "$work"/build/lib/{libc.a,libunwind.a,crt1.o,crti.o,crtn.o,crtbegin.o,crtend.o} "$out"
echo "$mark" >"$out/built"
echo "$out: musl $version" >&2
