#!/bin/sh
# collectd 5.12.0 (Debian 12, collectd-core 5.12.0-14), plugin statsd: a timer that is sent with a sample rate is as many times longer
# as lines were left out. The plugin divides the value by the rate, as for a counter, and counts the line once. By statsd's
# docs/metric_types.md `glork:320|ms|@0.1` is "The glork took 320ms to complete this time", and the rate is for the count alone.
# Average, percentiles, upper, lower and sum are ten times too large at 0.1, the count ten times too small. collectd.conf(5) has
# nothing of it, and collectd's issue 1935 calls it intended. A client that samples its busiest timers makes just those look ten
# times slower than the others. Send timers to collectd without a rate.
#
# Seen: ten lines a:320|ms        ->  latency-a-average 0.32, gauge-a-count 10
#       ten lines b:320|ms|@0.1   ->  latency-b-average 3.2, gauge-b-count 10
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed, or collectd not run.
set -eu
dir=$(mktemp -d)
trap 'kill "${collectd:-}" 2>/dev/null || true; sleep 1; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download collectd-core=5.12.0-14 libltdl7 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name 'libltdl.so.7')")
export LD_LIBRARY_PATH
cat >collectd.conf <<END_CONF
Hostname "example"
BaseDir "$dir"
PIDFile "$dir/pid"
PluginDir "$dir/usr/lib/collectd"
TypesDB "$dir/usr/share/collectd/types.db"
Interval 2
LoadPlugin csv
LoadPlugin statsd
<Plugin csv>
  DataDir "$dir/csv"
</Plugin>
<Plugin statsd>
  Host "127.0.0.1"
  Port "19340"
  TimerCount true
</Plugin>
END_CONF
usr/sbin/collectd -f -C collectd.conf >log 2>&1 &
collectd=$!
sleep 2
python3 - <<'END_PYTHON'
import socket

sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
lines = ["a:320|ms"] * 10 + ["b:320|ms|@0.1"] * 10
sender.sendto("\n".join(lines).encode(), ("127.0.0.1", 19340))
END_PYTHON
sleep 4
# The first interval that has a value, of those that csv has written with their time.
first() { cat csv/example/statsd/"$1"-* | grep -v -e epoch -e nan -e ',0\.0*$' | head -n 1 | cut -d , -f 2; }
for name in latency-a-average gauge-a-count latency-b-average gauge-b-count; do
	echo "$name $(first $name)"
done >found || exit 2
cat found
cat >expected <<'END_EXPECTED'
latency-a-average 0.320000
gauge-a-count 10.000000
latency-b-average 3.200000
gauge-b-count 10.000000
END_EXPECTED
grep -q '^latency-a-average 0' found || {
	cat log
	exit 2
}
cmp found expected || {
	echo "changed: the rate of a timer is used in another way"
	exit 1
}
