#!/bin/sh
# prometheus_client 0.22.1 (PyPI), the official Python client: the word application/openmetrics-text in Accept is
# enough to get OpenMetrics. Its quality value is not looked at, not even `q=0`, which RFC 9110 section 12.4.2 defines as
# "not acceptable". A scraper that lists text/plain first with q=1 and OpenMetrics second with q=0.1 gets OpenMetrics.
#
# Seen: Accept text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.1  ->  application/openmetrics-text
#       Accept application/openmetrics-text;q=0                                               ->  application/openmetrics-text
#       Accept text/plain                                                                     ->  text/plain
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env" || exit 2
"$dir/env/bin/pip" install --quiet --disable-pip-version-check prometheus_client==0.22.1 || exit 2
"$dir/env/bin/python3" - <<'END'
import sys
import urllib.request

import prometheus_client

registry = prometheus_client.CollectorRegistry()
prometheus_client.Counter("jobs", "Jobs done.", registry=registry).inc()
server, _ = prometheus_client.start_http_server(0, addr="127.0.0.1", registry=registry)
expected = {
    "text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.1": "application/openmetrics-text",
    "application/openmetrics-text;q=0": "application/openmetrics-text",
    "text/plain": "text/plain",
}
changed = 0
for accept, kind in expected.items():
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.server_port}/metrics", headers={"Accept": accept}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = answer.headers["Content-Type"]
    print(f"Accept: {accept}\n  {found}")
    changed += found.split(";")[0] != kind
sys.exit(1 if changed else 0)
END
