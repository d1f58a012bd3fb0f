#!/bin/sh
# Prometheus 2.42.0 (Debian 12, prometheus 2.42.0+ds-5+deb12u1; 3.5.3 mostly the same): the format says that tokens are separated by
# any number of blanks and tabs, and that leading and trailing whitespace of a line is ignored. Two blanks before the type cost
# the whole page: the target is down. So does a blank before a sample; 3.5.3 takes it as a part of the name and stores the
# series " a", which no query for a finds. Before TYPE, and between name and value, blanks are allowed. promtool of the same
# package, which has another parser, finds no fault in any of these pages. So a page that a shell script aligns with printf
# or column passes that check and is lost.
#
# Seen: "# TYPE a  gauge"             ->  down, invalid metric type " gauge"
#       " a 1"                        ->  down, invalid metric name " a"
#       "  # TYPE a gauge", "a  1"    ->  up
#       promtool check metrics: exit 0 for each
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pages:-}" "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus=2.42.0+ds-5+deb12u1 2>apt.log || exit 2
dpkg -x prometheus_*.deb . || exit 2
mkdir web
page() { # page NAME TEXT
	printf '# HELP a A gauge.\n%b' "$2" >"web/$1"
	usr/bin/promtool check metrics <"web/$1" || exit 1
	printf -- '- {job_name: %s, metrics_path: /%s, static_configs: [{targets: ["127.0.0.1:19322"]}]}\n' "$1" "$1" >>jobs
}
page two '# TYPE a  gauge\na 1\n'
page before '# TYPE a gauge\n a 1\n'
page allowed '  # TYPE a gauge\na  1\n'
{
	printf 'global: {scrape_interval: 1s}\nscrape_configs:\n'
	cat jobs
} >prometheus.yml
python3 -m http.server --bind 127.0.0.1 --directory web 19322 >/dev/null 2>&1 &
pages=$!
usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:19323 2>log &
pid=$!
sleep 8
python3 - <<'END_PYTHON'
import json
import sys
import urllib.request

answer = json.load(urllib.request.urlopen("http://127.0.0.1:19323/api/v1/targets"))
found = {t["labels"]["job"]: t["lastError"] for t in answer["data"]["activeTargets"]}
print(found)
expected = {"two": 'invalid metric type " gauge"', "before": '" a"', "allowed": ""}
if any(word not in found[job] or bool(word) != bool(found[job]) for job, word in expected.items()):
    sys.exit("changed")
END_PYTHON
