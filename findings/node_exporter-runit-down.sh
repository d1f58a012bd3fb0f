#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6): node_service_normal_state of runit is 1 for a service that
# is not to run. runsv(8) has the file `down` beside `run` in the service's directory: with it the normal state is down. The
# exporter looks for `supervise/down`, which runsv never makes, so that the normal state is always up, and an alert on
# "desired differs from normal" fires for each service that was switched off properly.
#
# Seen: a service with `down`, as runsv leaves it (want down, state down)  ->  node_service_normal_state 1
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" "${runsv:-}" 2>/dev/null || true; sleep 1; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 runit=2.1.2-54 2>apt.log || exit 2
for deb in *.deb; do dpkg -x "$deb" . || exit 2; done
mkdir -p service/job
printf '#!/bin/sh\nexec sleep 1000\n' >service/job/run
chmod 755 service/job/run
touch service/job/down
"$(find . -name runsv -type f | head -n 1)" service/job &
runsv=$!
sleep 1
usr/bin/prometheus-node-exporter --collector.runit.servicedir="$dir/service" --web.listen-address=127.0.0.1:19319 \
	--collector.disable-defaults --collector.runit 2>log &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19319/metrics").read().decode())' >page 2>/dev/null && break
	sleep 0.5
done
ls service/job/down
grep '^node_service' page
grep -q '^node_service_desired_state{service="job",.*} 0$' page && grep -q '^node_service_normal_state{service="job",.*} 1$' page
