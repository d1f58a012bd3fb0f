#!/bin/sh
# Checks deploy/grafana: tests/dashboards.sh target/release/sysmetrics
# Debian: apt-get install nodejs npm prometheus prometheus-node-exporter python3; .ci/peers.sh for the newer ones.
set -u
case ${1-} in /*) binary=$1 ;; *) binary=$PWD/${1-} ;; esac
cd "$(dirname "$0")/.." || exit 2
if [ $# != 1 ] || [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
	echo "usage: $0 <the sysmetrics binary>" >&2
	exit 2
fi
bad=0
python3 -B tests/dashboards/lint.py || bad=1
python3 -B tests/dashboards/schema.py || bad=1
python3 -B tests/dashboards/queries.py "$binary" || bad=1
exit $bad
