#!/bin/sh
# VictoriaMetrics (Debian 12, victoria-metrics 1.79.5+ds1-2+b5): a float with 15 significant digits comes back with 12,
# although a float has room for all fifteen, and a whole number of as many digits comes back whole. Who compares what was stored
# with what was sent has to allow for 1e-12 of it.
#
# Seen: 503941.616065354  ->  503941.616065
#       503941616065354   ->  503941616065354
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download "victoria-metrics=1.79.5+ds1-2+b5" 2>apt.log || exit 2
dpkg -x victoria-metrics_*.deb . || exit 2
usr/bin/victoria-metrics -storageDataPath=data -httpListenAddr=127.0.0.1:19318 -loggerLevel=ERROR 2>log &
pid=$!
ask() { python3 -c 'import sys, urllib.request as r; print(r.urlopen("http://127.0.0.1:19318" + sys.argv[1], *[a.encode() for a in sys.argv[2:]]).read().decode())' "$@"; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
	ask /health >/dev/null 2>&1 && break
	sleep 0.5
done
ask /api/v1/import/prometheus 'fraction 503941.616065354
whole 503941616065354
'
ask /internal/force_flush >/dev/null
sleep 1
ask '/api/v1/export?match[]=fraction' | tee fraction
ask '/api/v1/export?match[]=whole' | tee whole
grep -q '"values":\[503941.616065\]' fraction && grep -q '"values":\[503941616065354\]' whole
