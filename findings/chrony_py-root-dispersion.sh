#!/bin/sh
# prometheus-node-exporter-collectors (Debian 12, 0.0~git20230203.6f710f8-1+deb12u2), chrony.py: the value of
# chrony_tracking_root_dispersion_seconds is not the root dispersion but the last offset, which the metric above it shows too. HELP
# says "The absolute bound on the computer’s clock accuracy", and the value may be negative. When the source is lost the last offset
# stands still while the root dispersion grows, so an alert on this metric does not fire when it should.
#
# Seen: chronyc -c tracking: last offset (field 6) -0.000000944, root dispersion (field 12) 0.000004112
#         ->  chrony_tracking_last_offset_seconds -9.44e-07, chrony_tracking_root_dispersion_seconds -9.44e-07
#
# Two chronyd 4.3 on the loopback interface, which leave the clock alone (-x).
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed, or chronyd not run.
set -eu
dir=$(mktemp -d)
trap 'kill "${server:-}" "${client:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter-collectors=0.0~git20230203.6f710f8-1+deb12u2 chrony=4.3-2+deb12u3 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check prometheus_client==0.22.1 || exit 2
printf '%s\n' 'local stratum 5' 'allow 127.0.0.1' 'port 19326' 'cmdport 0' 'bindcmdaddress /' "pidfile $dir/server.pid" >server.conf
printf '%s\n' 'server 127.0.0.1 port 19326 iburst minpoll 0 maxpoll 0' 'port 0' 'cmdport 19327' 'bindcmdaddress /' \
	'bindcmdaddress 127.0.0.1' "pidfile $dir/client.pid" >client.conf
daemon() { exec usr/sbin/chronyd -x -d -U -u "$(id -un)" -f "$dir/$1.conf" >"$1.log" 2>&1; }
daemon server &
server=$!
daemon client &
client=$!
# chrony.py calls `chronyc`, this one: it asks the client above once and answers the same from then on.
mkdir bin
cat >bin/chronyc <<END_CHRONYC
#!/bin/sh
[ -s "$dir/tracking" ] || "$dir/usr/bin/chronyc" -h 127.0.0.1 -p 19327 "\$@" >"$dir/tracking"
cat "$dir/tracking"
END_CHRONYC
chmod +x bin/chronyc
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 2
	: >tracking
	bin/chronyc -c tracking | grep -q '^7F000001,.*,Normal$' && break
done
cat tracking
grep -q '^7F000001,' tracking || exit 2
offset=$(cut -d , -f 6 tracking)
dispersion=$(cut -d , -f 12 tracking)
PATH=$dir/bin:$PATH env/bin/python3 usr/share/prometheus-node-exporter-collectors/chrony.py >page
grep -E '^chrony_tracking_(last_offset|root_dispersion)_seconds' page
shown=$(sed -n 's/^chrony_tracking_root_dispersion_seconds //p' page)
python3 - "$offset" "$dispersion" "$shown" <<'END_PYTHON'
import sys

offset, dispersion, shown = map(float, sys.argv[1:])
if offset == dispersion or shown != offset:
    sys.exit("changed: the metric of the root dispersion no longer has the value of the last offset")
END_PYTHON
