#!/bin/sh
# jc 1.26.1 (PyPI), which makes JSON of the output of commands: of `zpool iostat` and `ntpq -p` a number loses its unit. The units of
# capacity and bandwidth are kept, each as a key of its own, but operations are an integer, and 2.28K of them are 2. zpool prints
# them so from 1024 a second up, which is just when one looks. `when` of ntpq is "sec/min/hr since last received packet"
# (ntpq's description of the peers billboard): 34m, silent for more than half an hour, is 34, and looks fresher than 64 s. A poll
# interval of 4096 s, which ntpq shows as 68m, is 68. Let zpool print exact numbers with -p, which has no units at all, and
# read ntpq's variables (-c rv) instead of its table.
#
# Seen: operations 999, 2.28K  ->  ops_read 999, ops_write 2     bandwidth 288M  ->  bw_read 288.0, bw_read_unit "M"
#       when 64, poll 64  ->  64, 64     when 34m, poll 68m  ->  34, 68     when 5h  ->  5
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check jc==1.26.1 || exit 2
cat >iostat <<'END_TEXT'
              capacity     operations     bandwidth 
pool        alloc   free   read  write   read  write
----------  -----  -----  -----  -----  -----  -----
tank         201G   171G    999  2.28K   288M   287M
END_TEXT
cat >peers <<'END_TEXT'
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
*192.0.2.1       .GPS.            1 u   64   64  377    0.250   -0.010   0.003
+192.0.2.2       192.0.2.1        2 u  34m  68m  377    0.250   -0.010   0.003
-192.0.2.3       192.0.2.1        2 u   5h   64    0    0.250   -0.010   0.003
END_TEXT
env/bin/jc --zpool-iostat <iostat >iostat.json
env/bin/jc --ntpq <peers >peers.json
cat iostat.json peers.json
python3 - <<'END_PYTHON'
import json
import sys

(pool,) = json.load(open("iostat.json"))
peers = json.load(open("peers.json"))
found = [pool[key] for key in ("ops_read", "ops_write", "bw_read", "bw_read_unit")]
found += [(peer["when"], peer["poll"]) for peer in peers]
if found != [999, 2, 288.0, "M", (64, 64), (34, 68), (5, 64)]:
    sys.exit(f"changed: {found}")
END_PYTHON
