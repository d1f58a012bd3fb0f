#!/bin/sh
# prometheus-node-exporter-collectors (Debian 12, 0.0~git20230203.6f710f8-1+deb12u2), nvme_metrics.sh:
# nvme_controller_busy_time_seconds counts minutes. NVM Express Base Specification, SMART / Health Information, Controller Busy Time:
# "This value is reported in minutes", and nvme-cli gives it on as it is. rate() of it is 60 times too small: a drive that is
# busy all the time shows 0.017 instead of 1. Temperature, which comes in kelvin, the same script converts.
#
# Seen: controller_busy_time 1440 (one day), temperature 315
#         ->  nvme_controller_busy_time_seconds{device="nvme0n1"} 1440, nvme_temperature_celsius{device="nvme0n1"} 42
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter-collectors=0.0~git20230203.6f710f8-1+deb12u2 jq libjq1 libonig5 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/usr/lib" -name 'libjq.so.1')")
export LD_LIBRARY_PATH
# A drive that answers in the form of nvme-cli 2.3.
cat >usr/bin/nvme <<'END_NVME'
#!/bin/sh
case "$*" in
version) echo 'nvme version 2.3 (git 2.3)' ;;
'list -o json') echo '{"Devices":[{"NameSpace":1,"DevicePath":"/dev/nvme0n1","ModelNumber":"Example","SectorSize":512}]}' ;;
'smart-log -o json /dev/nvme0n1')
	echo '{"critical_warning":0,"temperature":315,"avail_spare":100,"spare_thresh":10,"percent_used":3,
	"data_units_read":1000,"data_units_written":2000,"host_read_commands":3000,"host_write_commands":4000,
	"controller_busy_time":1440,"power_cycles":50,"power_on_hours":6000,"media_errors":0,"num_err_log_entries":0}'
	;;
*) exit 1 ;;
esac
END_NVME
chmod +x usr/bin/nvme
# The script asks to be root, and does nothing that needs it.
[ "$(id -u)" = 0 ] && root='' || root='unshare --user --map-root-user'
# shellcheck disable=SC2086 # two words, or none
PATH=$dir/usr/bin:$PATH $root bash usr/share/prometheus-node-exporter-collectors/nvme_metrics.sh >page || exit 2
grep -E '^nvme_(controller_busy_time|temperature)' page
if ! grep -q '^nvme_controller_busy_time_seconds{device="nvme0n1"} 1440$' page ||
	! grep -q '^nvme_temperature_celsius{device="nvme0n1"} 42$' page; then
	echo "changed: 1440 minutes are no longer shown as 1440 seconds, or 315 kelvin as 42 degrees"
	exit 1
fi
