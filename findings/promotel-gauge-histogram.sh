#!/bin/sh
# @platformatic/promotel 0.2.2 (npm), which makes OTLP of a page of Prometheus: a gauge whose name ends in _count, _sum or _bucket arrives
# as a histogram by another name, and it has no value any more. The parser takes the ending off each sample and looks for the type of
# what is left. pg_locks_count and pg_stat_activity_count of the exporter for PostgreSQL are such gauges: 7 locks become a histogram
# pg_locks with the count of 7, and a value of 7.5 loses its fraction. OpenTelemetry's specification, "Prometheus and OpenMetrics
# Compatibility": "A Prometheus Gauge MUST be converted to an OTLP Gauge". A real histogram arrives with its last bucket alone and no
# bounds, so that no quantile can be had; the same page says "Each Prometheus line produces one bucket count". A gauge that is +Inf or
# NaN, both values of the text format, is left out. The README says "Complete Metric Support: Counters, gauges, histograms, and
# summaries". Rename such gauges before, or let a collector of OpenTelemetry scrape the page.
#
# Seen: gauge pg_locks_count 7, 7.5                    ->  histogram pg_locks: count 7, 7, sum 0, no bounds; no gauge
#       gauge pg_locks 7                               ->  gauge pg_locks 7
#       histogram seconds 0.1: 90, 1: 99, +Inf: 100    ->  histogram seconds: buckets 100, no bounds, count 100
#       gauges limit +Inf, ratio NaN                   ->  nothing
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund @platformatic/promotel@0.2.2 >/dev/null || exit 2
cat >convert.mjs <<'END_NODE'
import { convert, encode, opentelemetry, parse } from "@platformatic/promotel";

const Request = opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
const pages = {
  locks: '# TYPE pg_locks_count gauge\npg_locks_count{mode="a"} 7\npg_locks_count{mode="b"} 7.5\n',
  plain: '# TYPE pg_locks gauge\npg_locks{mode="a"} 7\n',
  histogram:
    '# TYPE seconds histogram\nseconds_bucket{le="0.1"} 90\nseconds_bucket{le="1"} 99\nseconds_bucket{le="+Inf"} 100\n' +
    "seconds_sum 12\nseconds_count 100\n",
  special: "# TYPE limit gauge\nlimit +Inf\n# TYPE ratio gauge\nratio NaN\n",
};
const expected = {
  locks: "histogram pg_locks: count 7, sum 0, bounds [], buckets [] count 7, sum 0, bounds [], buckets []",
  plain: "gauge pg_locks: 7",
  histogram: "histogram seconds: count 100, sum 12, bounds [], buckets [100]",
  special: "",
};
const shown = (point) =>
  point.as_double !== undefined && point.explicit_bounds === undefined
    ? `${point.as_double}`
    : `count ${point.count}, sum ${point.sum}, bounds [${point.explicit_bounds}], buckets [${point.bucket_counts}]`;
let changed = false;
for (const [name, page] of Object.entries(pages)) {
  // As it goes over the wire: what is written is read again.
  const [resource] = Request.decode(encode(convert(parse(page)))).resource_metrics;
  const found = resource.scope_metrics[0].metrics
    .map((metric) => {
      const kind = ["gauge", "sum", "histogram", "summary"].find((key) => metric[key]);
      return `${kind} ${metric.name}: ${metric[kind].data_points.map(shown).join(" ")}`;
    })
    .join("; ");
  console.log(`${name}: ${found || "nothing"}`);
  changed ||= found !== expected[name];
}
if (changed) console.log("changed: the page is converted in another way");
process.exit(changed ? 1 : 0);
END_NODE
node convert.mjs
