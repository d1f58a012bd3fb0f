#!/bin/sh
# PySensors 0.0.4 (PyPI) on libsensors 3.6.0 (Debian 12, libsensors5 1:3.6.0-7.1): a limit is shown as a reading. Feature.get_value(),
# the "main" value in its README, is the first thing that the chip has of a feature, and where there is no reading that is the
# limit. Intel's graphics driver has such a feature (the kernel's Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon):
# power1_max, the power limit, and no power1_input, as the use is told by energy1_input. So an idle card seems to draw 190 W, at
# any time. `sensors` says N/A. Iterate over a feature, and take the part whose name ends in _input or _average.
#
# Seen: power1_max 190000000, no power1_input, energy1_input  ->  power1 190.0, and `sensors` "power1: N/A (max = 190.00 W)"
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/class.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download libsensors5=1:3.6.0-7.1 libsensors-config=1:3.6.0-7.1 lm-sensors=1:3.6.0-7.1 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check PySensors==0.0.4 || exit 2
card=class/hwmon/hwmon0
mkdir -p $card
put() { echo "$2" >$card/"$1"; }
put name i915
put in0_input 700
put power1_max 190000000
put power1_rated_max 190000000
put energy1_input 123456789
cat >values.py <<'END_PYTHON'
import sensors

sensors.init(b"etc/sensors3.conf")
for chip in sensors.iter_detected_chips():
    for feature in chip:
        print(feature.label, feature.get_value())
END_PYTHON
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name libsensors.so.5)")
SENSORS_LIB=libsensors.so.5
export LD_LIBRARY_PATH SENSORS_LIB
cat >inside.sh <<'END_INSIDE'
mount --bind class /sys/class || exit 2
env/bin/python3 values.py >values && usr/bin/sensors -c etc/sensors3.conf >text
END_INSIDE
unshare --user --map-root-user --mount sh inside.sh || exit $?
cat values text
if ! grep -q '^power1 190\.0$' values || ! grep -q '^in0 0\.7$' values || ! grep -q '^power1: *N/A *(max = 190\.00 W)' text; then
	echo "changed: the limit is no longer the value of a feature without a reading"
	exit 1
fi
