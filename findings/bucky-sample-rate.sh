#!/bin/sh
# bucky 2.3.0 (PyPI), a server for statsd and collectd: a sample rate above 0.5 counts as 1, and 0.3 as 1/3. Each line's value over
# its rate is cut to a whole number before it is added. By docs/metric_types.md of statsd `@0.7` means that 7 of 10 events are
# sent, so that 70 lines are 100 events, and bucky counts 70. A value below 1 counts nothing: ten lines of 0.5 are 0, and
# of a timer's lines the rate is not looked at. statsd 0.9.0 (npm) adds fractions. Choose a rate of 0.5, 0.25, 0.2 or 0.1.
#
# Seen: 70 lines a:1|c|@0.7    ->  bucky 70, statsd 100     90 lines b:1|c|@0.3   ->  bucky 270, statsd 300
#       10 lines c:0.5|c       ->  bucky 0, statsd 5        10 lines t:5|ms|@0.1  ->  bucky t.count 10, statsd 100
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${statsd:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund --omit=optional statsd@0.9.0 >/dev/null || exit 2
python3 -m venv env || exit 2
# Without what it asks for: pycrypto, for the packets of collectd, cannot be built with Python 3.11.
env/bin/pip install --quiet --disable-pip-version-check six==1.16.0 setproctitle==1.3.3 || exit 2
env/bin/pip install --quiet --disable-pip-version-check --no-deps bucky==2.3.0 || exit 2
cat >statsd.js <<'END_CONF'
{ port: 19332, address: "127.0.0.1", mgmt_port: 19333, mgmt_address: "127.0.0.1", flushInterval: 2000,
  graphiteHost: "127.0.0.1", graphitePort: 19334, backends: ["./backends/graphite"] }
END_CONF
cat >compare.py <<'END_PYTHON'
import collections
import queue
import socket
import sys
import time

from bucky import cfg, statsd

GROUPS = [["a:1|c|@0.7"] * 70, ["b:1|c|@0.3"] * 90, ["c:0.5|c"] * 10, ["t:5|ms|@0.1"] * 10]
NAMES = ["stats_counts.a", "stats_counts.b", "stats_counts.c", "stats.timers.t.count"]


def check(server, counts, expected):
    found = [round(counts[name], 3) for name in NAMES]
    print(server, found)
    if found != expected:
        sys.exit(f"changed: {server} no longer counts {expected}")


def bucky():
    flushed = queue.Queue()
    cfg.statsd_flush_time = 1.0
    handler = statsd.StatsDHandler(flushed, cfg)
    for group in GROUPS:
        handler.handle("\n".join(group))
    handler.start()
    time.sleep(2.5)
    counts = collections.Counter()
    while not flushed.empty():
        _, name, value, _ = flushed.get()
        counts[name] += value
    return counts


def etsy():
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener = socket.create_server(("127.0.0.1", 19334))
    listener.settimeout(2.5)
    for group in GROUPS:
        sender.sendto("\n".join(group).encode(), ("127.0.0.1", 19332))
    counts = collections.Counter()
    # At each flush statsd opens a connection, writes, and closes it. A flush without new lines has counts of 0.
    for _ in range(2):
        taken, _ = listener.accept()
        for line in taken.makefile():
            name, value, _ = line.split(" ")
            counts[name] += float(value)
    return counts


check("bucky", bucky(), [70, 270, 0, 10])
check("statsd", etsy(), [100, 300, 5, 100])
END_PYTHON
node node_modules/statsd/stats.js statsd.js >log 2>&1 &
statsd=$!
sleep 2
timeout 60 env/bin/python3 -W ignore compare.py || {
	cat log
	exit 1
}
