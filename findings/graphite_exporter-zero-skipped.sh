#!/bin/sh
# graphite-exporter 1.2.2 (PyPI): a value that has fallen to 0 keeps its last other value. Of the points that Graphite answers with,
# the exporter shows the newest that is not "empty", and for it 0 is empty as well as null. Graphite's render API (format=json)
# has null where there is no point, and 0 is a point. A service whose `up` went from 1 to 0, or a queue that ran empty, stays
# as it was for as long as the window of `from` reaches back, and only then becomes 0: with `from: -1d` the alert comes a day late.
# The README says nothing of it. Let Graphite add something, as in offset(*.up,1), and take it off in the query.
#
# Seen: datapoints 1, 0, 0, null  ->  graphite_up{host="a"} 1.0     all of them 0  ->  graphite_up{host="b"} 0.0
#       datapoints 7, 3, 2, null  ->  graphite_up{host="c"} 2.0
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${graphite:-}" "${exporter:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check prometheus_client==0.22.1 requests==2.32.3 PyYAML==6.0.2 \
	APScheduler==3.10.4 typing_extensions==4.12.2 || exit 2
# Without what it asks for: its PyYAML 5.4 cannot be built with Python 3.11.
env/bin/pip install --quiet --disable-pip-version-check --no-deps graphite_exporter==1.2.2 || exit 2
cat >graphite.py <<'END_PYTHON'
import http.server
import json
import time
import urllib.parse

SERIES = {"a": (1, 0, 0, None), "b": (0, 0, 0, 0), "c": (7, 3, 2, None)}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as Graphite's render API does with format=json: each point is its value, or null, and its time."""

    def do_GET(self):
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("target", [])
        now = int(time.time()) // 60 * 60
        answer = [
            {"target": f"{host}.up", "datapoints": [[value, now - 60 * age] for age, value in zip((3, 2, 1, 0), points)]}
            for host, points in SERIES.items()
            if "*.up" in asked
        ]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", 19330), Handler).serve_forever()
END_PYTHON
cat >exporter.yaml <<'END_YAML'
global: { prefix: graphite, interval: 1m, from: -5min, until: now, timeout: 10 }
metrics:
  - { metric: '*.up', name: up, doc: Whether the service runs., labels: { host: '${0}' } }
END_YAML
python3 graphite.py &
graphite=$!
sleep 1
env/bin/python3 -m graphite_exporter -p 19330 -P 19331 -s '' -c exporter.yaml 2>log &
exporter=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19331/metrics").read().decode())' >page 2>/dev/null && break
	sleep 1
done
grep '^graphite_up{' page || {
	cat log
	exit 2
}
if ! grep -q '^graphite_up{host="a"} 1.0$' page || ! grep -q '^graphite_up{host="b"} 0.0$' page ||
	! grep -q '^graphite_up{host="c"} 2.0$' page; then
	echo "changed: the newest point is shown, or the points are chosen in another way"
	exit 1
fi
