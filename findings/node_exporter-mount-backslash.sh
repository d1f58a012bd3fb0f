#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6): a mount point with a backslash or a newline in its name
# has no sizes, and counts as broken. The kernel writes blank, tab, newline and backslash of a path as \040, \011, \012 and \134
# (fs/proc_namespace.c); the collector filesystem undoes the first two only, asks for a directory that is not there, and sets
# node_filesystem_device_error. Such names are ordinary: systemd writes a dash within a name as \x2d when it makes a directory
# for a unit. An alert on node_filesystem_device_error == 1 fires for a mount that is well.
#
# Seen: /srv/with blank is asked, device_error 0, a size; /srv/dm\x2d0 is shown as /srv/dm\134x2d0, device_error 1, no size
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
mkdir -p proc/1 'root/srv/with blank' 'root/srv/dm\x2d0'
# As the kernel would write it, for two directories that are there.
printf '%s\n' '/dev/sda1 /srv/with\040blank ext4 rw 0 0' '/dev/sda2 /srv/dm\134x2d0 ext4 rw 0 0' >proc/1/mounts
usr/bin/prometheus-node-exporter --path.procfs=proc --path.rootfs=root --web.listen-address=127.0.0.1:19318 \
	--collector.disable-defaults --collector.filesystem 2>log &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19318/metrics").read().decode())' >page 2>/dev/null && break
	sleep 0.5
done
grep -E '^node_filesystem_(device_error|size_bytes)' page
grep -q '^node_filesystem_device_error{.*mountpoint="/srv/with blank"} 0$' page
grep -q '^node_filesystem_size_bytes{.*mountpoint="/srv/with blank"} ' page
grep -qF '/srv/dm\\134x2d0' page
grep -q '^node_filesystem_device_error{.*mountpoint="/srv/dm.*134x2d0"} 1$' page
! grep -q '^node_filesystem_size_bytes{.*x2d0"}' page
