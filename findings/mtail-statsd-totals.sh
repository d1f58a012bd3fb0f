#!/bin/sh
# mtail 3.0.0-rc50 (Debian 12, mtail 3.0.0~rc50-1+b6): to statsd it pushes a counter's total under the type `c`, again at each
# interval. By `c` statsd means an increment (statsd's docs/metric_types.md: "At each flush the current count is sent and
# reset to 0"), so the receiver adds the totals up: a counter that stands at 3 and never moves again counts 3 events more every
# minute, the default interval. mtail's docs/Deploying.md names statsd as a receiver and says nothing of it.
#
# Seen: three lines of a log, then silence  ->  p.mtail.lines:3|c, and again p.mtail.lines:3|c at each push
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download mtail=3.0.0~rc50-1+b6 2>apt.log || exit 2
dpkg -x mtail_*.deb . || exit 2
mkdir programs
printf 'counter lines\n/^job / {\n  lines++\n}\n' >programs/p.mtail
: >jobs.log
cat >receive.py <<'END_PYTHON'
import socket
import sys

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 19322))
receiver.settimeout(20)
lines = []
while lines.count("p.mtail.lines:3|c") < 3:
    lines += receiver.recv(4096).decode().split("\n")
print("received", lines)
total = sum(int(line[len("p.mtail.lines:") : -len("|c")]) for line in lines if line.startswith("p.mtail.lines:"))
print("3 lines were logged, a statsd counts", total)
sys.exit(0 if total >= 9 else 1)
END_PYTHON
timeout 30 python3 receive.py >received 2>&1 &
receiver=$!
usr/bin/mtail --progs programs --logs "$dir/jobs.log" --address 127.0.0.1 --port 19323 \
	--statsd_hostport 127.0.0.1:19322 --metric_push_interval 1s --logtostderr 2>log &
pid=$!
sleep 2
printf 'job %s\n' 1 2 3 >>jobs.log
status=0
wait $receiver || status=1
cat received
[ $status = 0 ] || {
	echo "changed: mtail no longer repeats the total of a counter as a statsd increment"
	exit 1
}
