#!/bin/sh
# pymdstat 0.5.1 (PyPI), a reader of /proc/mdstat: where a line of an array has two flags in brackets, all disks between them are gone.
# To be rid of "(F)" it cuts from the first opening bracket to the last closing one. The kernel (drivers/md/md.c, md_seq_show) puts a
# flag behind each disk that is not ordinary: (W) write-mostly, (J) journal, (F) failed, (S) spare, (R) replacement. So an array with a
# failed disk and a spare, which is what one looks at, has one disk of six. The flag "(auto-read-only)" or "(read-only)" before the
# level costs the level as well, and is not in the status. available(), used() and config() are right, and say that three of
# four disks are in use while components() names one. It also prints a line of the file on standard output for an array that lacks a
# disk. Read the directories /sys/block/mdN/md/dev-* instead.
#
# Seen: sdf1[6](S) sde1[5] sdd1[4] sdc1[2] sdb1[1] sda1[0](F)     ->  sdf1
#       sde1[5] sdd1[4] sdc1[2] sdb1[1] sda1[0](F)                ->  sda1, sdb1, sdc1, sdd1, sde1
#       active (auto-read-only) raid1 sdc1[2] sdb1[1](W) sda1[0]  ->  status active, no level, sda1
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check pymdstat==0.5.1 || exit 2
cat >read.py <<'END_PYTHON'
import sys

from pymdstat import MdStat

RAID5 = "7813246464 blocks super 1.2 level 5, 512k chunk, algorithm 2 [4/3] [_UUU]"
RECOVERY = "[=>...................]  recovery =  8.5% (221374976/2604415488) finish=198.4min speed=200158K/sec"
RAID1 = "976630464 blocks super 1.2 [3/3] [UUU]"
ALL = ["sda1", "sdb1", "sdc1", "sdd1", "sde1"]
CASES = [
    ("active raid5 sdf1[6](S) sde1[5] sdd1[4] sdc1[2] sdb1[1] sda1[0](F)", (RAID5, RECOVERY), ("active", "raid5", ["sdf1"], 4, 3)),
    ("active raid5 sde1[5] sdd1[4] sdc1[2] sdb1[1] sda1[0](F)", (RAID5, RECOVERY), ("active", "raid5", ALL, 4, 3)),
    ("active (auto-read-only) raid1 sdc1[2] sdb1[1](W) sda1[0]", (RAID1,), ("active", None, ["sda1"], 3, 3)),
]
changed = False
for line, state, expected in CASES:
    rest = "".join(f"      {part}\n" for part in state)
    with open("mdstat", "w") as file:
        file.write(f"Personalities : [raid1] [raid6] [raid5] [raid4] \nmd0 : {line}\n{rest}      \nunused devices: <none>\n")
    mdstat = MdStat("mdstat")
    components = sorted(mdstat.components("md0"))
    found = (mdstat.status("md0"), mdstat.type("md0"), components, mdstat.available("md0"), mdstat.used("md0"))
    print(f"{line}\n  {found}")
    changed = changed or found != expected
if changed:
    sys.exit("changed: the disks of an array are read in another way")
END_PYTHON
env/bin/python3 -W ignore read.py
