#!/bin/sh
# munin-plugins-core 2.0.73 (Debian 12, 2.0.73-1), sensors_power: when a sensor falls below one watt the readings of all sensors behind
# it move one place up. The plugin takes what `sensors` prints with "W", and numbers what it has found. lm-sensors 3.6.0 prints
# 0.85 W as "850.00 mW", which is not found. munin keeps a series for each number, so the history of a graphics card that
# goes to sleep goes on with the power of the CPU, its warning is of the wrong sensor, and the last number has no value. It is so
# too for a sensor that says N/A for a while, in sensors_temp and sensors_fan as well. Ask for the label (munin-run sensors_power
# config) along with each value, or read the files below /sys/class/hwmon.
#
# Seen: a card at 1.20 W, a CPU at 15 W  ->  power1.value 1.20, power2.value 15.00
#       the card at 0.85 W               ->  power1.value 15.00
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/class.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download munin-plugins-core=2.0.73-1 libsensors5=1:3.6.0-7.1 lm-sensors=1:3.6.0-7.1 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name libsensors.so.5)")
export LD_LIBRARY_PATH
# munin tells a plugin what is asked for by the name of a link to it.
ln -s usr/share/munin/plugins/sensors_ sensors_power
card=class/hwmon/hwmon0
cpu=class/hwmon/hwmon1
mkdir -p $card $cpu
echo amdgpu >$card/name
echo 15000000 >$cpu/power1_input
echo zenpower >$cpu/name
: >none.conf
cat >inside.sh <<'END_INSIDE'
mount --bind class /sys/class || exit 2
usr/bin/sensors -c none.conf
sensors='usr/bin/sensors -c none.conf' perl sensors_power
END_INSIDE
for power in 1200000 850000; do
	echo $power >$card/power1_average
	unshare --user --map-root-user --mount sh inside.sh >$power || exit $?
	cat $power
done
if [ "$(grep value 1200000 | tr '\n' ' ')" != 'power1.value 1.20 power2.value 15.00 ' ] || ! grep -q '^power1: *850\.00 mW' 850000 ||
	[ "$(grep value 850000)" != 'power1.value 15.00' ]; then
	echo "changed: the place of a sensor no longer depends on the reading of another"
	exit 1
fi
