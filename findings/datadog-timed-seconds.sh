#!/bin/sh
# datadog 0.56.0 (PyPI), Datadog's official Python client: timed() sends seconds under the type `ms`. By `ms` statsd's
# docs/metric_types.md means milliseconds, and timer() of the client statsd 4.0.1 sends milliseconds. A receiver that makes seconds of what comes as `ms` shows a request of 50 ms as one of 50 us. Only use_ms=True,
# in the call or in the constructor, makes timed() send what its type says; timing() takes any number as it is.
#
# Seen: with timed("a"): 50 ms                ->  a:0.050…|ms
#       with timed("b", use_ms=True): 50 ms   ->  b:50|ms
#       with statsd's timer("c"): 50 ms       ->  c:50.1…|ms
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env" || exit 2
"$dir/env/bin/pip" install --quiet --disable-pip-version-check datadog==0.56.0 statsd==4.0.1 || exit 2
"$dir/env/bin/python3" - <<'END'
import socket
import sys
import time

import statsd
from datadog.dogstatsd import DogStatsd

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
receiver.settimeout(5)
port = receiver.getsockname()[1]
client = DogStatsd("127.0.0.1", port, disable_telemetry=True)
with client.timed("a"):
    time.sleep(0.05)
with client.timed("b", use_ms=True):
    time.sleep(0.05)
client.flush()
with statsd.StatsClient("127.0.0.1", port).timer("c"):
    time.sleep(0.05)
found = {}
while len(found) < 3:
    for line in receiver.recv(4096).decode().splitlines():
        print(line)
        name, rest = line.split(":")
        value, kind = rest.split("|")[:2]
        found[name] = (float(value), kind)
is_so = found["a"][0] < 1 and found["b"][0] >= 50 and found["c"][0] >= 50
sys.exit(0 if is_so and {kind for _, kind in found.values()} == {"ms"} else 1)
END
