#!/usr/bin/env bash
# Installs what the other steps need, as root on Debian 12 with rustup: nothing that is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive

# A compiler for build scripts, and for libFuzzer; those for the C in the feature tls; the readers of
# deploy/ and docs/; a browser for the status page; the peers.
packages=(
	ca-certificates gcc g++ libc6-dev make binutils
	busybox-static chromium curl dpkg influxdb mandoc
	prometheus prometheus-alertmanager prometheus-node-exporter python3
	gcc-aarch64-linux-gnu gcc-i686-linux-gnu libc6-dev-arm64-cross libc6-dev-i386-cross musl-tools openssl
	python3-venv qemu-user-static
	runit shellcheck strace systemd victoria-metrics
)

# again <command...>: other programs hold apt's locks for a while, mirrors fail for a moment
again() {
	for pause in 5 15 30 60 0; do
		"$@" && return
		sleep "$pause"
	done
	echo "gave up: $*" >&2
	return 1
}

is_there() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

missing=()
for package in "${packages[@]}"; do
	is_there "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	[ "$(id -u)" = 0 ] || { echo "as root: apt-get install ${missing[*]}" >&2; exit 1; }
	echo "installing ${missing[*]}"
	# The services of the packages would take the ports of the tests.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
		trap 'rm -f $policy' EXIT
	fi
	again apt-get -q -o DPkg::Lock::Timeout=60 update
	again apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		install --no-install-recommends "${missing[@]}"
fi

# Real clients of what is pushed.
clients=$PWD/.ci/clients
if ! "$clients/bin/python3" -c 'import datadog, grpc, opentelemetry.proto, prometheus_client, statsd' 2>/dev/null; then
	python3 -m venv "$clients"
	again "$clients/bin/pip" install --quiet --disable-pip-version-check \
		statsd==4.0.1 datadog==0.56.0 prometheus_client==0.22.1 \
		grpcio==1.85.3 opentelemetry-proto==1.45.2
fi

# Receivers newer than Debian 12's.
again .ci/peers.sh

if ! command -v cargo >/dev/null; then
	echo "cargo is missing: install Rust with rustup, https://rustup.rs" >&2
	exit 1
fi
# The components of the compiler. .ci/static.sh says what it does without rust-src and the targets.
cargo fmt --version >/dev/null 2>&1 || again rustup component add rustfmt
cargo clippy --version >/dev/null 2>&1 || again rustup component add clippy
library=$(rustc --print sysroot)/lib/rustlib
[ -d "$library/src/rust/library" ] || rustup component add rust-src || true
for target in {x86_64,i686,aarch64}-unknown-linux-musl; do
	[ -d "$library/$target/lib" ] || rustup target add "$target" || true
done
if ! cargo fuzz --version >/dev/null 2>&1; then
	again cargo install --quiet --locked cargo-fuzz
fi
again cargo fetch --quiet --locked
