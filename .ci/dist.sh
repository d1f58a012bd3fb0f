#!/usr/bin/env bash
# Puts what a release consists of into dist/: the static binaries and their checksums.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] || rustup component add rust-src
rm -rf dist
mkdir dist
for target; do
	path=$(.ci/static.sh "$target")
	case $path in */"$target"/*) ;; *) echo "not for release: $path" >&2; exit 1 ;; esac
	cp "$path" "dist/sysmetrics-$version-${target%%-*}"
done
cd dist && sha256sum sysmetrics-* >SHA256SUMS
