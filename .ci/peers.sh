#!/usr/bin/env bash
# Unpacks newer releases of the peers than this Debian has, from the newer suites of the mirror it
# uses, without installing anything, into target/peers/usr/bin. Prometheus and VictoriaMetrics take OTLP
# and remote write 2.0, which those of Debian 12 do not; node_exporter has the names that we follow.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target
cd target
packages=(prometheus victoria-metrics prometheus-node-exporter)
suite=sid

binary() { echo "peers/usr/bin/$1"; }

missing=()
for package in "${packages[@]}"; do
	[ -x "$(binary "$package")" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; exit } }' \
	/etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null)
[ -n "$mirror" ] || { echo "peers.sh: no Debian mirror in /etc/apt" >&2; exit 1; }

state=$PWD/peers/.apt
mkdir -p "$state"/{lists/partial,cache/archives/partial,none}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources.list"
options=(-q -o "Dir::Etc::SourceList=$state/sources.list" -o "Dir::Etc::SourceParts=$state/none"
	-o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache" -o Acquire::Languages=none
	-o Acquire::Retries=3 -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
cd "$state/cache"
apt-get "${options[@]}" download "${missing[@]}"
for package in "${missing[@]}"; do
	dpkg -x "$package"_*.deb ../..
	echo "peers: $(basename "$package"_*.deb)"
done
rm -rf "$state"
