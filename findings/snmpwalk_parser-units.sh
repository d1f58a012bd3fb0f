#!/bin/sh
# snmpwalk-parser 1.0.1 (PyPI), which reads what snmpwalk prints: a number with a unit behind it is 0. snmpwalk of Net-SNMP prints the unit
# that an object has in its MIB (RFC 2578, section 7.2, the UNITS clause), unless it is told not to (snmpcmd(1), -OU: "Do not print the
# UNITS suffix at the end of the value"). int() does not take "16316184 kB", and the parser puts 0 in place of the error. All of
# memory and swap in UCD-SNMP-MIB has kB for a unit, hrStorageAllocationUnits and hrMemorySize of HOST-RESOURCES-MIB have Bytes and
# KBytes: a machine has no memory, and storage of any size is 0 bytes. raw_value of the entry has the text as it was. The README has
# "Parse output from snmpwalk, snmpget, and snmpbulkwalk" and no word of options. Give -OU to snmpwalk.
#
# Seen: snmpwalk        INTEGER: 16316184 kB  ->  value 0, raw_value "16316184 kB"
#       snmpwalk -OU    INTEGER: 16316184     ->  value 16316184
#
# An snmpd 5.9.3 (Debian 12, 5.9.3+dfsg-2+deb12u1) on the loopback interface, whose memory is the one written in its configuration.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed, or snmpd not run.
set -eu
dir=$(mktemp -d)
trap 'kill "${snmpd:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
version=5.9.3+dfsg-2+deb12u1
apt-get -qq download snmp=$version snmpd=$version libsnmp40=$version libpci3 libsensors5=1:3.6.0-7.1 libwrap0 libnsl2 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check snmpwalk-parser==1.0.1 || exit 2
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name 'libsnmp.so.40')")
export LD_LIBRARY_PATH SNMP_PERSISTENT_DIR="$dir/state" SNMPCONFPATH="$dir/none"
# The one object of UCD-SNMP-MIB, without what the whole MIB needs and Debian does not have.
mkdir mibs
cat >mibs/MEMORY-MIB.txt <<'END_MIB'
MEMORY-MIB DEFINITIONS ::= BEGIN
memory OBJECT IDENTIFIER ::= { iso 3 6 1 4 1 2021 4 }
memTotalReal OBJECT-TYPE
    SYNTAX Integer32
    UNITS "kB"
    MAX-ACCESS read-only
    STATUS current
    DESCRIPTION "The total amount of memory."
    ::= { memory 5 }
END
END_MIB
printf '%s\n' 'agentaddress udp:127.0.0.1:23030' 'rocommunity public 127.0.0.1' \
	'override .1.3.6.1.4.1.2021.4.5.0 integer 16316184' >snmpd.conf
usr/sbin/snmpd -f -C -c snmpd.conf -M mibs -m '' -Lf log -I override,vacm_conf,vacm_context,vacm_vars,snmpEngine -p pid 2>errors &
snmpd=$!
walk() { usr/bin/snmpwalk "$@" -M mibs -m ALL -v 2c -c public 127.0.0.1:23030 .1.3.6.1.4.1.2021.4; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
	walk >default 2>>walk.log && break
	sleep 0.5
done
walk -OU >without 2>>walk.log || {
	cat log errors walk.log
	exit 2
}
cat default without
cat >read.py <<'END_PYTHON'
from snmpwalk_parser.core import SNMPParser

for name in ("default", "without"):
    for entry in SNMPParser().parse_file(name):
        print(f"{name} {entry.key} {entry.value!r} {entry.raw_value!r}")
END_PYTHON
env/bin/python3 read.py >found
cat found
cat >expected <<'END_EXPECTED'
default memTotalReal 0 '16316184 kB'
without memTotalReal 16316184 '16316184'
END_EXPECTED
cmp found expected || {
	echo "changed: a number with a unit is printed, or read, in another way"
	exit 1
}
