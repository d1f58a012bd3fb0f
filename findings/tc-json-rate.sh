#!/bin/sh
# tc of iproute2 6.1.0 (Debian 12, iproute2 6.1.0-3): a rate in the output of -json is bytes a second, where the text has bits, and
# where tc(8) means bits by a bare number ("bit or a bare number: Bits per second"). A link that was shaped to 1 Mbit/s is
# shown as 125000, and 125000 given to tc again is 125 kbit/s. tc(8) says of -json no more than "Display results in JSON format".
# An exporter that takes `rate` for bits shows each shaped link as eight times slower than it is.
#
# Seen: tc qdisc add … rate 1mbit    ->  text: rate 1Mbit     JSON: "rate":125000
#       tc qdisc add … rate 125000   ->  text: rate 125Kbit   JSON: "rate":15625
#
# Works in a network namespace of its own.
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download iproute2=6.1.0-3 libbpf1 libelf1 libmnl0 libbsd0 libcap2 libxtables12 libmd0 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(find "$dir" -name '*.so.*' -exec dirname {} + | sort -u | tr '\n' ':')
export LD_LIBRARY_PATH
tc=$(find "$dir" -name tc -path '*sbin*' -type f)
cat >inside.sh <<'END_INSIDE'
for rate in 1mbit 125000; do
	"$1" qdisc replace dev lo root tbf rate $rate burst 10kb latency 50ms || exit 2
	"$1" qdisc show dev lo >$rate.text
	"$1" -json qdisc show dev lo >$rate.json
done
END_INSIDE
unshare --user --map-root-user --net sh inside.sh "$tc" || exit 2
cat 1mbit.text 1mbit.json 125000.text 125000.json
if ! grep -q ' rate 1Mbit ' 1mbit.text || ! grep -q '"rate":125000,' 1mbit.json ||
	! grep -q ' rate 125Kbit ' 125000.text || ! grep -q '"rate":15625,' 125000.json; then
	echo "changed: the rates in JSON are no longer bytes a second"
	exit 1
fi
