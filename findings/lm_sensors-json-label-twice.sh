#!/bin/sh
# lm-sensors 3.6.0 (Debian 12, lm-sensors 1:3.6.0-7.1): in the output of `sensors -j` a reading is lost when two sensors of a chip have
# one label. The label is the key of the reading, and of two keys of one name a reader of JSON keeps the last (RFC 8259 section 4:
# "Many implementations report the last name/value pair only"). Such chips are ordinary: Linux's driver dell-smm-hwmon labels each
# sensor with what the BIOS says it is, so that a box has SODIMM three times, or two fans called "Other Fan". The kernel's
# Documentation/hwmon/sysfs-interface does not ask that labels differ. As text all of them are there. Who makes metrics of the JSON has
# one SODIMM, the last, and no word of the hot one before it. Read the files in /sys/class/hwmon, or the text of `sensors -u`.
#
# Seen: SODIMM 81 °C, 35 °C, 34 °C, Other Fan 0 and 603 RPM, as text  ->  five lines
#       the same with -j, read by python3 and by node                  ->  SODIMM 34, Other Fan 603
#       the same with -u or with -j, as lines of text                  ->  temp2_input, temp3_input and temp4_input
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/class.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download lm-sensors=1:3.6.0-7.1 libsensors5=1:3.6.0-7.1 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name libsensors.so.5)")
export LD_LIBRARY_PATH
chip=class/hwmon/hwmon0
mkdir -p $chip
echo dell_smm >$chip/name
# put <kind and number> <value> <label>
put() {
	echo "$2" >"$chip/$1_input"
	echo "$3" >"$chip/$1_label"
}
put fan1 0 'Other Fan'
put fan2 603 'Other Fan'
put temp1 41000 CPU
put temp2 81000 SODIMM
put temp3 35000 SODIMM
put temp4 34000 SODIMM
: >none.conf
cat >inside.sh <<'END_INSIDE'
mount --bind class /sys/class || exit 2
for option in -A -j -u; do usr/bin/sensors -c none.conf $option >out$option || exit 1; done
END_INSIDE
unshare --user --map-root-user --mount sh inside.sh || exit $?
cat ./out-A ./out-j
cat >readers.txt <<'END_READERS'
Other Fan {"fan2_input": 603.0}
CPU {"temp1_input": 41.0}
SODIMM {"temp4_input": 34.0}
END_READERS
python3 - >python.txt <<'END_PYTHON'
import json

((_, features),) = json.load(open("out-j")).items()
for label, readings in features.items():
    if label != "Adapter":
        print(label, json.dumps(readings))
END_PYTHON
cat python.txt
node - >node.txt <<'END_NODE'
const [features] = Object.values(JSON.parse(require("fs").readFileSync("out-j", "utf8")));
for (const [label, readings] of Object.entries(features)) {
  const [[name, value]] = Object.entries(readings);
  if (label !== "Adapter") console.log(`${label} {"${name}": ${value.toFixed(1)}}`);
}
END_NODE
# count <file> <pattern>
count() { grep -c "$2" "$1" || true; }
if ! cmp python.txt readers.txt || ! cmp node.txt readers.txt || [ "$(count ./out-A SODIMM)" -ne 3 ] ||
	[ "$(count ./out-A 'Other Fan')" -ne 2 ] || [ "$(count ./out-j '"temp[234]_input": ')" -ne 3 ] || [ "$(count ./out-u 'temp[234]_input: ')" -ne 3 ]; then
	echo "changed: sensors with one label are no longer one key of the JSON"
	exit 1
fi
