#!/usr/bin/env bash
# Checks that the library compiles where the system is not Linux: a registry, a recorder, their pages,
# and two examples that use them; and that features which need Linux say so there. The targets come
# from rustup; without them the standard library is compiled along, which needs the component rust-src
# (and for Windows the tool dlltool of mingw). A target that cannot be had either way is said loudly,
# and fails where CI is set.
set -euo pipefail
cd "$(dirname "$0")/.."
library=$(rustc --print sysroot)/lib/rustlib
missing=0

check() {
	"${CARGO:-cargo}" check --quiet --no-default-features --target "$target" "${std[@]}" "$@"
}

for target in x86_64-apple-darwin x86_64-pc-windows-gnu; do
	std=()
	if ! [ -d "$library/$target/lib" ] && ! rustup target add "$target" >&2; then
		if ! [ -d "$library/src/rust/library" ]; then
			echo "!!! No $target (rustup target add $target) and no rust-src: NOT CHECKED" >&2
			missing=1
			continue
		fi
		export RUSTC_BOOTSTRAP=1
		std=(-Z "build-std=std,panic_abort")
	fi
	check --features recorder
	check --features recorder --example metrics_struct --example http_middleware
	refusal=$(check --features recorder,gzip 2>&1 || true)
	if ! grep -q 'need Linux' <<<"$refusal"; then
		echo "$target: the feature gzip should say that it needs Linux, found: $refusal" >&2
		exit 1
	fi
	echo "$target: the library compiles"
done
[ "$missing" = 0 ] || [ -z "${CI:-}" ]
