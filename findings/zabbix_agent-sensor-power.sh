#!/bin/sh
# zabbix-agent 6.0.14 (Debian 12, 1:6.0.14+dfsg-1+b1): the item sensor[…] gives power in milliwatts and energy in millijoules. Whatever
# is in /sys/class/hwmon it divides by 1000, but for fans. That makes volts, degrees, amperes and percent of humidity, which
# the kernel has in thousandths. Power and energy it has in millionths (Documentation/hwmon/sysfs-interface: "Unit: microWatt",
# "Unit: microJoule"), so 15 W are 15000. Zabbix's page on sensors tells of voltage, temperature and fans, has no unit, and sends one to
# lm-sensors for the names of sensors; `sensors` prints 15.00 W. An item with the unit W shows kilowatts, and a trigger for a supply at
# 500 W fires for one at rest. Give items of power and energy a multiplier of 0.001 in their preprocessing, and no others.
#
# Seen: power1_input 15000000 (15 W)    ->  sensor[ina226-virtual-0,power1] 15000     `sensors`: 15.00 W
#       energy1_input 36000000 (36 J)   ->  36000                                     `sensors`: 36.00 J
#       temp1_input -7500, in1_input 12000, curr1_input 2500, humidity1_input 45000, fan1_input 1200  ->  -7.5, 12, 2.5, 45, 1200
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/class.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download zabbix-agent=1:6.0.14+dfsg-1+b1 lm-sensors=1:3.6.0-7.1 libsensors5=1:3.6.0-7.1 libmodbus5 libldap-2.5-0 \
	libcurl3-gnutls librtmp1 libssh2-1 libnghttp2-14 libpsl5 libsasl2-2 libbrotli1 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name libsensors.so.5)")
export LD_LIBRARY_PATH
chip=class/hwmon/hwmon0
mkdir -p $chip
echo ina226 >$chip/name
while read -r sensor value; do
	echo "$value" >$chip/"${sensor}"_input
done <<'END_SENSORS'
power1 15000000
energy1 36000000
temp1 -7500
in1 12000
curr1 2500
humidity1 45000
fan1 1200
END_SENSORS
: >none.conf
cat >inside.sh <<'END_INSIDE'
mount --bind class /sys/class || exit 2
usr/bin/sensors -c none.conf >text || exit 1
for sensor in power1 energy1 temp1 in1 curr1 humidity1 fan1; do
	usr/sbin/zabbix_agentd -c none.conf -t "sensor[ina226-virtual-0,$sensor]"
done
END_INSIDE
unshare --user --map-root-user --mount sh inside.sh >found || exit $?
cat text found
sed 's/.*,\(.*\)\] *\[.|\(.*\)\]/\1 \2/' found >values
printf '%s %s\n' power1 15000 energy1 36000 temp1 -7.5 in1 12 curr1 2.5 humidity1 45 fan1 1200 >expected
if ! cmp values expected || ! grep -q '^power1: *15\.00 W' text || ! grep -q '^energy1: *36\.00 J' text; then
	echo "changed: power and energy are no longer divided by 1000"
	exit 1
fi
