#!/bin/sh
# pyilpp 0.1.0 (PyPI), a parser of InfluxDB's line protocol: from the first line on that it does not understand all lines are gone, and
# nothing is raised. It does not understand a tag's value that begins with an underscore. InfluxDB's line protocol reference has for the
# underscore ("Naming restrictions") "Measurement names, tag keys, and field keys cannot begin with an underscore"; a tag's value may,
# and influxd takes it. Of a batch of a thousand points, the second with such a value, parse() gives the first, as if the batch were
# one point long. The same happens at a tag's value that begins with an escaped sign, and at a float with no digit before the point.
# A text loses the blanks that it begins with, and a tab in it becomes blanks. Parse line by line, and take an empty list as an error.
#
# Seen: cpu,host=a v=1, disk,path=_data v=2, mem,host=a v=3  ->  pyilpp: cpu                influxd 1.6.7: cpu, disk, mem
#       the same with path=data_                             ->  pyilpp: cpu, disk, mem     influxd: the same
#       disk v=.5                                            ->  pyilpp: nothing            influxd: 0.5
#       log v="  two blanks"                                 ->  pyilpp: "two blanks"       influxd: "  two blanks"
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed, or influxd not run.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download influxdb=1.6.7~rc0-1+b13 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check pyilpp==0.1.0 pyparsing==3.2.3 || exit 2
cat >influxd.conf <<'END_CONF'
reporting-disabled = true
bind-address = "127.0.0.1:23021"
[meta]
  dir = "meta"
[data]
  dir = "data"
  wal-dir = "wal"
[http]
  bind-address = "127.0.0.1:23020"
END_CONF
usr/bin/influxd -config influxd.conf 2>log &
pid=$!
cat >compare.py <<'END_PYTHON'
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pyilpp

SERVER = "http://127.0.0.1:23020"
BATCHES = {
    "underscore": "cpu,host=a v=1 1000\ndisk,path=_data v=2 2000\nmem,host=a v=3 3000\n",
    "behind": "cpu,host=a v=1 1000\ndisk,path=data_ v=2 2000\nmem,host=a v=3 3000\n",
    "point": "disk v=.5 1000\n",
    "text": 'log v="  two blanks" 1000\n',
}
ALL = [("cpu", 1), ("disk", 2), ("mem", 3)]
EXPECTED = {
    "underscore": (ALL[:1], ALL),
    "behind": (ALL, ALL),
    "point": ([], [("disk", 0.5)]),
    "text": ([("log", "two blanks")], [("log", "  two blanks")]),
}


def ask(path, body=None, **query):
    with urllib.request.urlopen(f"{SERVER}{path}?{urllib.parse.urlencode(query)}", body) as answer:
        return answer.read()


def stored(database, batch):
    """What influxd has after it was sent the batch."""
    ask("/query", b"", q=f"CREATE DATABASE {database}")
    ask("/write", batch.encode(), db=database)
    (result,) = json.loads(ask("/query", q="SELECT v FROM /.*/", db=database))["results"]
    return sorted((series["name"], series["values"][0][1]) for series in result["series"])


for _ in range(20):
    try:
        ask("/ping")
        break
    except urllib.error.URLError:
        time.sleep(0.5)
else:
    sys.exit(2)
changed = False
for name, batch in BATCHES.items():
    parsed = [(point["measurement"], point["fields"]["v"]) for point in pyilpp.parse(batch)]
    kept = stored(name, batch)
    print(f"{name}\n  pyilpp: {parsed}\n  influxd: {kept}")
    changed = changed or (parsed, kept) != EXPECTED[name]
if changed:
    sys.exit("changed: pyilpp reads, or influxd takes, these lines in another way")
END_PYTHON
env/bin/python3 compare.py
