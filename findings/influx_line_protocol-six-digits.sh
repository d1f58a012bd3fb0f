#!/bin/sh
# influx-line-protocol 0.1.5 (PyPI): of a float six significant digits are written, whatever it holds. The line protocol takes a float
# as it is, in 64 bits (InfluxDB's reference, "Data types and format"), and the README says nothing of rounding. A counter of
# bytes that is a float stands still, and then jumps: at 123 456 789 by a thousand each time, at 100 GB by a million.
# A rate of it is 0 most of the time. An int is written with all its digits, as an integer. Pass an int where the value is whole
# (which makes it a field of another type), or write the line without the library.
#
# Seen: add_value("bytes", 123456789.0)  ->  bytes=1.23457e+08     add_value("bytes", 123456789)  ->  bytes=123456789i
#       add_value("time", 1700000000.5)  ->  time=1.7e+09
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env" || exit 2
"$dir/env/bin/pip" install --quiet --disable-pip-version-check influx_line_protocol==0.1.5 || exit 2
"$dir/env/bin/python3" - <<'END_PYTHON'
import sys

from influx_line_protocol import Metric

expected = {
    ("bytes", 123456789.0): "disk bytes=1.23457e+08",
    ("whole", 123456789): "disk whole=123456789i",
    ("time", 1700000000.5): "disk time=1.7e+09",
    ("part", 0.25): "disk part=0.25",
}
changed = 0
for (name, value), line in expected.items():
    metric = Metric("disk")
    metric.add_value(name, value)
    print(f"{value!r}\n  {metric}")
    changed += str(metric) != line
sys.exit(1 if changed else 0)
END_PYTHON
