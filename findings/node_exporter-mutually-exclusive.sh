#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6): --help calls --collector.arp.device-include "mutually
# exclusive to device-exclude", and for netdev such a pair ends the start with an error. For arp it does not: it starts without a
# word, and shows what the one matches and the other does not. In 1.11.1 diskstats, filesystem, netdev and qdisc refuse the pair,
# and arp, ethtool, hwmon, interrupts and slabinfo take it. A drop-in that believes the help refuses flags that work.
#
# Seen: --collector.arp.device-include=^eth --collector.arp.device-exclude=eth1 on eth0, eth1, wlan0  ->  eth0 alone;
#       the same pair for netdev  ->  "device-exclude & device-include are mutually exclusive", exit 2
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
program="usr/bin/prometheus-node-exporter --path.procfs=proc --web.listen-address=127.0.0.1:19319 --collector.disable-defaults"
$program --help 2>&1 | tr -s ' \n' ' ' | grep -o 'arp devices to include (mutually exclusive to device-exclude)'
mkdir -p proc/net
{
	echo 'IP address       HW type     Flags       HW address            Mask     Device'
	for device in eth0 eth1 wlan0; do
		echo "192.0.2.1        0x1         0x2         02:00:00:00:00:01     *        $device"
	done
} >proc/net/arp
status=0
# shellcheck disable=SC2086 # some words
timeout 5 $program --collector.netdev --collector.netdev.device-include=^eth --collector.netdev.device-exclude=eth1 \
	>log 2>&1 || status=$?
echo "netdev: exit $status, $(grep -o 'device-exclude & device-include are mutually exclusive' log)"
$program --collector.arp --collector.arp.device-include=^eth --collector.arp.device-exclude=eth1 2>log &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19319/metrics").read().decode())' >page 2>/dev/null && break
	sleep 0.5
done
grep '^node_arp_entries' page
[ "$status" = 2 ] && [ "$(grep -c '^node_arp_entries' page)" = 1 ] && grep -q '^node_arp_entries{device="eth0"} 1$' page
