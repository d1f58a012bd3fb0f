#!/bin/sh
# gpsd-py3 0.3.0 (PyPI), a client of gpsd: what gpsd does not know becomes 0. gpsd leaves a field out when it has no value for it
# (gpsd_json(5) has only class and mode always); the client puts 0 there. For an error estimate that is the best value there can
# be: with a receiver that tells of no satellites position_precision() is (0, 0) metres. The client's DOCS.md calls it "the error
# margin in meters", there whenever the mode is 2 or more, and has the number of satellites "always". An alert on a precision
# worse than 10 m says nothing for as long as the precision is not known.
#
# Seen: gpsd 3.22 (Debian 12, 3.22-4.1+deb12u1) with GGA and RMC alone: TPV of mode 3 without epx, epy, epv and track
#         ->  position_precision() (0, 0), track 0, sats 0, where GGA says 8 satellites
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" "${receiver:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download gpsd=3.22-4.1+deb12u1 libgps28=3.22-4.1+deb12u1 libusb-1.0-0 libbluetooth3 libdbus-1-3 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
libraries=$(find "$dir" -name '*.so.*' -exec dirname {} + | sort -u | tr '\n' ':')
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check gpsd-py3==0.3.0 || exit 2
cat >receiver.py <<'END_PYTHON'
import functools
import operator
import socket
import time

listener = socket.create_server(("127.0.0.1", 19328))
daemon, _ = listener.accept()
for _ in range(30):
    now = time.strftime("%H%M%S.00", time.gmtime())
    date = time.strftime("%d%m%y", time.gmtime())
    for text in (
        f"GPGGA,{now},4807.038,N,01131.000,E,1,08,,545.4,M,46.9,M,,",
        f"GPRMC,{now},A,4807.038,N,01131.000,E,,,{date},,,A",
    ):
        daemon.sendall(f"${text}*{functools.reduce(operator.xor, text.encode()):02X}\r\n".encode())
    time.sleep(1)
END_PYTHON
python3 receiver.py &
receiver=$!
sleep 1
LD_LIBRARY_PATH=$libraries usr/sbin/gpsd -N -n -S 19329 tcp://127.0.0.1:19328 2>log &
pid=$!
cat >ask.py <<'END_PYTHON'
import json
import socket
import sys
import time

import gpsd

time.sleep(2)
with socket.create_connection(("127.0.0.1", 19329), 20) as direct:
    direct.sendall(b'?WATCH={"enable":true,"json":true};\n')
    for line in direct.makefile():
        report = json.loads(line)
        if report["class"] == "TPV" and report["mode"] == 3:
            break
    print(line.strip())
    gpsd.connect(host="127.0.0.1", port=19329)
    fix = gpsd.get_current()
print("precision", fix.position_precision(), "track", fix.track, "satellites", fix.sats)
if {"epx", "epy", "epv", "track"} & report.keys():
    sys.exit("changed: gpsd knows more of this receiver")
if fix.mode != 3 or fix.position_precision() != (0, 0) or fix.track != 0 or fix.sats != 0:
    sys.exit("changed: what gpsd leaves out is no longer 0")
END_PYTHON
timeout 60 env/bin/python3 ask.py
