#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6): node_hwmon_humidity is ten times smaller than its
# HELP line promises. The kernel counts `humidityN_input` in thousandths of a percent (Documentation/hwmon/sysfs-interface,
# "milli-percent"), so 45000 is 45 %. HELP says "as a ratio (multiply with 100.0 to get the humidity as a percentage)", which
# would be 0.45. The value is divided by a million instead of a hundred thousand.
#
# Seen: humidity1_input 45000  ->  node_hwmon_humidity 0.045, which times 100 is 4.5 %
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
chip=sys/class/hwmon/hwmon0
mkdir -p $chip proc
echo sht3x >$chip/name
echo 45000 >$chip/humidity1_input
usr/bin/prometheus-node-exporter --path.procfs=proc --path.sysfs=sys --web.listen-address=127.0.0.1:19317 \
	--collector.disable-defaults --collector.hwmon 2>log &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19317/metrics").read().decode())' >page 2>/dev/null && break
	sleep 0.5
done
grep humidity page
grep -q 'as a ratio (multiply with 100.0' page && grep -q '^node_hwmon_humidity{.*} 0\.045$' page
