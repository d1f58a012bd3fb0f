#!/bin/sh
# prometheus_client 0.22.1 (PyPI), the official Python client: its parser of the text format gives a counter's sample a name
# that is not on the page. Where a counter is called without `_total`, which the text format allows, `_total` is added to the
# sample, so code that looks for `jobs` in the samples of a page with `jobs 7` finds nothing. Of the same page a gauge keeps its
# name, and so does an untyped metric. A counter `x` beside a gauge `x_total` becomes two samples of one name and two values.
#
# Seen: # TYPE jobs counter, jobs 7                          ->  jobs_total 7
#       # TYPE jobs gauge, jobs 7                            ->  jobs 7
#       counter jobs 7 beside gauge jobs_total 9             ->  jobs_total 7, jobs_total 9
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env" || exit 2
"$dir/env/bin/pip" install --quiet --disable-pip-version-check prometheus_client==0.22.1 || exit 2
"$dir/env/bin/python3" - <<'END'
import sys

from prometheus_client.parser import text_string_to_metric_families as families

expected = {
    "# TYPE jobs counter\njobs 7\n": [("jobs_total", 7.0)],
    "# TYPE jobs gauge\njobs 7\n": [("jobs", 7.0)],
    "jobs 7\n": [("jobs", 7.0)],
    "# TYPE jobs counter\njobs 7\n# TYPE jobs_total gauge\njobs_total 9\n": [
        ("jobs_total", 7.0),
        ("jobs_total", 9.0),
    ],
}
changed = 0
for page, samples in expected.items():
    found = [(s.name, s.value) for family in families(page) for s in family.samples]
    print(f"{page!r}\n  {found}")
    changed += found != samples
sys.exit(1 if changed else 0)
END
