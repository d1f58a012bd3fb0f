#!/bin/sh
# prometheus-node-exporter-collectors (Debian 12, 0.0~git20230203.6f710f8-1+deb12u2), ipmitool: node_ipmi_status has the digits of a
# hexadecimal number as if they were decimal, and 0 where it begins with a letter. `ipmitool sensor` prints the reading of a discrete
# sensor as 0x…, on many boards one bit for each state (IPMI 2.0, table 42-3; for a power supply bit 0 is presence, bit 1 failure,
# bit 3 lost input). A supply that has failed with its input lost is 0xb, and shows as 0; the presence of a processor, 0x80, shows
# as 80, in which bit 4 and bit 6 are set. A rule that looks at bits, or fires at more than 1, says nothing of the failed supply.
# Read the output of ipmitool without the script, or take the states from ipmi-sensors of FreeIPMI.
#
# Seen: PS1 Status 0x1, PS2 Status 0xb, CPU1 Status 0x80, Slot 0x1a  ->  1, 0, 80, 1
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter-collectors=0.0~git20230203.6f710f8-1+deb12u2 2>apt.log || exit 2
dpkg -x prometheus-node-exporter-collectors_*.deb . || exit 2
# In the form of `ipmitool sensor`.
cat >sensors <<'END_SENSORS'
CPU1 Temp        | 41.000     | degrees C  | ok    | 5.000     | 5.000     | 10.000    | 95.000    | 100.000   | 100.000   
PS1 Status       | 0x1        | discrete   | 0x0100| na        | na        | na        | na        | na        | na        
PS2 Status       | 0xb        | discrete   | 0x0b00| na        | na        | na        | na        | na        | na        
CPU1 Status      | 0x80       | discrete   | 0x8000| na        | na        | na        | na        | na        | na        
Slot             | 0x1a       | discrete   | 0x1a00| na        | na        | na        | na        | na        | na        
END_SENSORS
awk -f usr/share/prometheus-node-exporter-collectors/ipmitool <sensors | sort >page
cat page
cat >expected <<'END_EXPECTED'
node_ipmi_status{sensor="CPU1 Status"} 80.000000
node_ipmi_status{sensor="PS1 Status"} 1.000000
node_ipmi_status{sensor="PS2 Status"} 0.000000
node_ipmi_status{sensor="Slot"} 1.000000
END_EXPECTED
grep '^node_ipmi_status' page | cmp - expected || {
	echo "changed: the states are shown in another way"
	exit 1
}
