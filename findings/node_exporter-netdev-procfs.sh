#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6): the collector netdev does not follow --path.procfs. It asks
# the kernel by netlink, which tells of the network namespace that the process runs in. With the host's /proc mounted at
# another place, as in a container, the page has the interfaces of the container under the name of the host, and
# no word of it in the log. --no-collector.netdev.netlink makes it read net/dev below --path.procfs.
#
# Seen: proc/net/dev of --path.procfs has one interface, wan7. By default the page has lo and not wan7; with
#       --no-collector.netdev.netlink it has wan7 and not lo.
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
mkdir -p proc/net
printf 'Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n' >proc/net/dev
printf '  wan7: 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116\n' >>proc/net/dev

interfaces() {
	usr/bin/prometheus-node-exporter --path.procfs=proc --web.listen-address=127.0.0.1:19318 \
		--collector.disable-defaults --collector.netdev --collector.netdev.device-exclude='^none$' "$@" 2>log &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19318/metrics").read().decode())' >page 2>/dev/null && break
		sleep 0.5
	done
	kill $pid
	wait $pid || true
	sed -n 's/^node_network_receive_bytes_total{device="\([^"]*\)"}.*/\1/p' page | tr '\n' ' '
}

live=$(interfaces)
file=$(interfaces --no-collector.netdev.netlink)
echo "by default: $live"
echo "--no-collector.netdev.netlink: $file"
case " $live" in *" wan7 "*) exit 1 ;; *" lo "*) ;; *) exit 1 ;; esac
[ "$file" = "wan7 " ]
