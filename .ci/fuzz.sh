#!/usr/bin/env bash
# Fuzzes every target, FUZZ_SECONDS (60) in total: .ci/fuzz.sh [target...]
# .ci/fuzz.sh --build only builds them.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/target/clients/bin:$PATH
cargo fuzz --version >/dev/null 2>&1 || { echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
# Sanitizers are unstable: a nightly compiler has them, a stable one if told that we know.
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
	fuzz=(cargo +nightly fuzz)
else
	export RUSTC_BOOTSTRAP=1
	fuzz=(cargo fuzz)
fi
host=$(rustc -vV | sed -n 's/^host: //p')
if [ $# = 0 ]; then
	mapfile -t all < <(sed -n 's/^    ("\([a-z_0-9]*\)", .*/\1/p' fuzz/bodies/mod.rs)
	set -- "${all[@]}"
fi
[ $# -gt 0 ] || { echo "there are no fuzz targets" >&2; exit 1; }
seconds=$((${FUZZ_SECONDS:-60} / $# + 1))
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# quietly <what> <command...>: the output only if it fails
quietly() {
	local what=$1
	shift
	"$@" >"$log" 2>&1 && return
	tail -n 60 "$log" >&2
	# What broke stands before libFuzzer's own report.
	grep -m 1 -A 8 'panicked at' "$log" | cut -c 1-400 >&2 || true
	echo "$what" >&2
	exit 1
}

quietly "the fuzz targets do not build" "${fuzz[@]}" build --target "$host" one
[ "$1" != --build ] || exit 0
for target; do
	mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
	quietly "fuzzing $target failed; the input is in fuzz/artifacts/$target" \
		"${fuzz[@]}" run --target "$host" one "fuzz/corpus/$target" -- "--target=$target" \
		"-artifact_prefix=fuzz/artifacts/$target/" -max_total_time=$seconds -print_final_stats=1
	echo "$target: $seconds s, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
done
