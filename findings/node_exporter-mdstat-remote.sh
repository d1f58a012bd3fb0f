#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6; the same in 1.11.1): while another node of a cluster
# resyncs one RAID array, no array of this machine has metrics. The kernel then prints `resync=REMOTE` in /proc/mdstat
# (drivers/md/md.c, status_resync). The parser knows DELAYED and PENDING, takes any other word for a position, and
# ends with an error for the whole file. An alert on a failed disk of another array is silent as long as that lasts.
#
# Seen: md0 with a failed disk, md1 with resync=REMOTE  ->  no node_md_*, node_scrape_collector_success 0;
#       the same with resync=PENDING  ->  both arrays, node_md_disks{device="md0",state="failed"} 1
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
mkdir proc
mdstat() { # mdstat WORD: the file while md1 waits so
	printf 'Personalities : [raid1]\nmd1 : active raid1 sdb3[1] sda3[0]\n      1953260544 blocks super 1.2 [2/2] [UU]\n'
	printf '      \tresync=%s\n\nmd0 : active raid1 sdb1[1](F) sda1[0]\n      1046528 blocks super 1.2 [2/1] [U_]\n\n' "$1"
	echo 'unused devices: <none>'
}
mdstat REMOTE >proc/mdstat
usr/bin/prometheus-node-exporter --path.procfs=proc --web.listen-address=127.0.0.1:19319 --collector.disable-defaults \
	--collector.mdadm 2>log &
pid=$!
page() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19319/metrics").read().decode())' 2>/dev/null && return
		sleep 0.5
	done
}
page >remote
mdstat PENDING >proc/mdstat
page >pending
grep -H -E '^(node_md_disks\{device="md0",state="failed"|node_scrape_collector_success)' remote pending
! grep -q '^node_md_' remote && grep -q '^node_scrape_collector_success{collector="mdadm"} 0$' remote &&
	grep -q '^node_md_disks{device="md0",state="failed"} 1$' pending
