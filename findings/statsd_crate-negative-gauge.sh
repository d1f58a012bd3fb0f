#!/bin/sh
# statsd 0.16.1 (Rust), a client, and statsd 0.9.0 (npm), the server: a gauge that is set to a negative number sinks further each time it is
# set. gauge(metric, value) takes any f64, and its documentation says "Set a gauge value". For -18 it sends `freezer:-18|g`, and by
# statsd's docs/metric_types.md a sign "will change the value, rather than setting it", so that "you can't explicitly set a gauge to a
# negative number without first setting it to zero". A freezer at -18 degrees that is reported three times is at -54, and after an hour
# of reports every ten seconds at -6480. One that goes from 4 to -2 is at 2, where an alert on frost is silent. The first value of
# zero or more makes it right again, so a sensor that crosses zero has a graph with jumps and no pattern. The client statsd 4.0.1
# (PyPI) sends a zero before each negative value. Send gauge(metric, 0.0) first, both in one Pipeline.
#
# Seen: freezer -18, -18, -18  ->  Rust -54, Python -18
#       yard 4, -2             ->  Rust 2, Python -2
#       room 21.5, 20          ->  20, both
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed, or statsd not run.
set -eu
dir=$(mktemp -d)
trap 'kill "${statsd:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund --omit=optional statsd@0.9.0 >/dev/null || exit 2
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check statsd==4.0.1 || exit 2
mkdir src
cat >Cargo.toml <<'END_TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
statsd = "=0.16.1"
END_TOML
cat >src/main.rs <<'END_RUST'
fn main() {
    let client = statsd::Client::new("127.0.0.1:23050", "rust").expect("the address is known");
    for (name, values) in [("freezer", vec![-18.0, -18.0, -18.0]), ("yard", vec![4.0, -2.0]), ("room", vec![21.5, 20.0])] {
        for value in values {
            client.gauge(name, value);
        }
    }
}
END_RUST
CARGO_TARGET_DIR=$dir/target cargo build --quiet || exit 2
cat >server.js <<'END_CONF'
{ port: 23050, address: "127.0.0.1", mgmt_port: 23051, mgmt_address: "127.0.0.1", flushInterval: 60000, backends: [] }
END_CONF
node node_modules/statsd/stats.js server.js >log 2>&1 &
statsd=$!
cat >gauges.py <<'END_PYTHON'
import re
import socket
import sys
import time

import statsd

EXPECTED = {"rust.freezer": -54, "rust.yard": 2, "rust.room": 20, "python.freezer": -18, "python.yard": -2, "python.room": 20}


def gauges():
    """What the server has, by its management interface."""
    with socket.create_connection(("127.0.0.1", 23051), 5) as connection:
        connection.sendall(b"gauges\n")
        answer = ""
        while not answer.endswith("END\n\n"):
            answer += connection.recv(4096).decode()
    return {name: float(value) for name, value in re.findall(r"'((?:rust|python)\.\w+)': (-?[\d.]+)", answer)}


client = statsd.StatsClient("127.0.0.1", 23050, prefix="python")
for name, values in {"freezer": (-18, -18, -18), "yard": (4, -2), "room": (21.5, 20)}.items():
    for value in values:
        client.gauge(name, value)
time.sleep(1)
found = gauges()
for name, value in found.items():
    print(name, value)
if found.keys() != EXPECTED.keys():
    sys.exit(2)
if found != EXPECTED:
    sys.exit("changed: a negative gauge is sent, or taken, in another way")
END_PYTHON
sleep 2
target/debug/finding
env/bin/python3 gauges.py || {
	status=$?
	cat log
	exit $status
}
