#!/usr/bin/env bash
# Installs what is missing on Debian 12 with rustup, as root or through sudo: .ci/install.sh [tests|ready]
#
# `tests` is what `make test` needs, `ready` what the steps of .ci/run need besides and comes ready to run;
# without them also what has to be compiled. What is there already is left alone. What cannot be had is
# named at the end, all of it at once.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive

# The peers, a browser for the status page, compilers for build scripts and for the C in the feature tls.
packages=(
	ca-certificates chromium curl dbus-daemon fish gcc influxdb libc6-dev logrotate make openssl
	prometheus prometheus-alertmanager prometheus-node-exporter
	python3 python3-dbus python3-gi python3-venv strace supervisor victoria-metrics zsh
)
# Other targets, libFuzzer, the readers of deploy/, docs/ and packages.
[ "${1-}" = tests ] || packages+=(
	binutils busybox-static clang dpkg g++ gcc-aarch64-linux-gnu gcc-i686-linux-gnu
	libc6-dev-arm64-cross libc6-dev-i386-cross mandoc musl-tools qemu-user-static runit shellcheck systemd
	# Packages, and a small Debian to install them in.
	debian-archive-keyring lintian mmdebstrap rpm
	# A container engine, and what reads compose files.
	aardvark-dns crun docker-compose iproute2 iptables netavark podman python3-yaml
)
# A newer Node.js brings its own npm, beside which Debian's cannot be installed.
[ "${1-}" = tests ] || command -v npm >/dev/null || packages+=(nodejs npm)
# What .ci/dist.sh packs with.
packers=(cargo-deb@3.8.0 cargo-generate-rpm@0.21.1 cargo-cyclonedx@0.5.9)
# Real clients of what is pushed, and the other end of what is sent.
clients=(
	statsd==4.0.1 datadog==0.56.0 prometheus_client==0.22.1
	grpcio==1.85.3 opentelemetry-proto==1.45.2
)
imports="datadog, grpc, opentelemetry.proto, prometheus_client, statsd"
python=target/clients/bin/python3

# Checkers of files, cargo-deny and cargo-fuzz; the list has those that come as one program.
checkers=(check-jsonschema==0.39.0)

absent=()

# again <command...>: other programs hold apt's locks for a while, mirrors fail for a moment
again() {
	local pauses=(2 0)
	[ -z "${CI-}" ] || pauses=(5 15 30 60 0)
	for pause in "${pauses[@]}"; do
		"$@" && return
		sleep "$pause"
	done
	return 1
}

is_there() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

missing_packages() {
	for package in "${packages[@]}"; do
		is_there "$package" || echo "$package"
	done
}

# as_root <command...>
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env=DEBIAN_FRONTEND "$@"; fi
}

debian_packages() {
	command -v dpkg-query >/dev/null || return 0 # not Debian: the tests that miss a peer name it
	local missing
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || return 1
		echo "with sudo: apt-get install ${missing[*]}"
	else
		echo "installing ${missing[*]}"
	fi
	# The services of the packages would take the ports of the tests.
	local policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
		trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	again as_root apt-get -q -o DPkg::Lock::Timeout=60 update &&
		again as_root apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
			install --no-install-recommends "${missing[@]}"
}

have_clients() { "$python" -c "import $imports" 2>/dev/null; }

python_clients() {
	have_clients && return
	echo "installing ${clients[*]} into target/clients"
	python3 -m venv target/clients &&
		again "$python" -m pip install --quiet --disable-pip-version-check "${clients[@]}" &&
		have_clients
}

# Not for `make test`. Where the list has no wheel for this processor, the scripts say what they do.
python_checkers() {
	[ "${1-}" != tests ] || return 0
	local bin=target/clients/bin
	[ -x $bin/check-jsonschema ] ||
		again $bin/python3 -m pip install --quiet --disable-pip-version-check "${checkers[@]}" || return
	[ -x $bin/zizmor ] || [ "$(uname -m)" != x86_64 ] ||
		again $bin/python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .ci/tools.txt
}

# unoptimised <command...>: programs that run for seconds are not worth minutes of the compiler
unoptimised() {
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 "$@"
}

# The components of the compiler. .ci/static.sh says what it does without rust-src and the targets.
compiler() {
	command -v cargo >/dev/null || return 1
	[ "${1-}" != tests ] || return 0
	cargo fmt --version >/dev/null 2>&1 || again rustup component add rustfmt || return
	cargo clippy --version >/dev/null 2>&1 || again rustup component add clippy || return
	local library target
	library=$(rustc --print sysroot)/lib/rustlib
	[ -d "$library/src/rust/library" ] || rustup component add rust-src || true
	for target in {x86_64,i686,aarch64}-unknown-linux-musl; do
		[ -d "$library/$target/lib" ] || rustup target add "$target" || true
	done
	[ "${1-}" != ready ] || return 0
	PATH=$PWD/target/clients/bin:$PATH
	cargo fuzz --version >/dev/null 2>&1 || again unoptimised cargo install --quiet --locked cargo-fuzz || return
	local packer
	for packer in "${packers[@]}"; do
		command -v "${packer%@*}" >/dev/null || again unoptimised cargo install --quiet --locked "$packer" || return
	done
}

debian_packages || absent+=("Debian packages: $(missing_packages | xargs)")
python_clients || absent+=("Python packages in target/clients: ${clients[*]}")
python_checkers "${1-}" || absent+=("Python packages in target/clients: ${checkers[*]}, and those of .ci/tools.txt")
# Receivers newer than Debian 12's.
again .ci/peers.sh || absent+=("newer releases of Prometheus, VictoriaMetrics and node_exporter in target/peers (.ci/peers.sh)")
compiler "${1-}" || absent+=("Rust with rustfmt, clippy, cargo-fuzz and ${packers[*]}: https://rustup.rs")
if command -v cargo >/dev/null; then
	again cargo fetch --quiet --locked || absent+=("the crates of Cargo.lock (cargo fetch)")
fi
if [ ${#absent[@]} -gt 0 ]; then
	printf 'missing, and could not be installed here:\n' >&2
	printf '  %s\n' "${absent[@]}" >&2
	exit 1
fi
