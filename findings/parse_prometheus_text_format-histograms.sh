#!/bin/sh
# parse-prometheus-text-format 1.1.1 (npm): of a histogram with labels it gives back one set of buckets without labels, and no
# sum and count. Each bucket is the one of the series that stands last on the page: what belongs to GET is shown as that of all
# methods, or, where the series have different bounds, one set is put together from several. A summary fares the same. Its README
# says "The output aims to be compatible with that of prom2json", which has one entry for each set of labels; the README's
# example has no labels on a histogram, and there the sum and count are given.
#
# Seen: seconds_bucket{method="GET",le="1"} 900 and {method="PUT",le="1"} 2, each with sum and count
#         ->  [{"buckets":{"1":"2","+Inf":"3"}}]
#       the same without the label: buckets, count and sum; a gauge with labels: one entry for each
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund parse-prometheus-text-format@1.1.1 >/dev/null || exit 2
cat >parse.js <<'END_NODE'
const parse = require("parse-prometheus-text-format");
const series = (label, below, all, sum) => {
  const [labels, open] = label ? [`{${label}}`, `${label},`] : ["", ""];
  return `seconds_bucket{${open}le="1"} ${below}\nseconds_bucket{${open}le="+Inf"} ${all}\n` +
    `seconds_sum${labels} ${sum}\nseconds_count${labels} ${all}\n`;
};
const kind = "# TYPE seconds histogram\n";
const pages = {
  labels: kind + series('method="GET"', 900, 1000, 450) + series('method="PUT"', 2, 3, 4),
  plain: kind + series("", 2, 3, 4),
  gauge: '# TYPE depth gauge\ndepth{queue="a"} 1\ndepth{queue="b"} 2\n',
};
const expected = {
  labels: [{ buckets: { 1: "2", "+Inf": "3" } }],
  plain: [{ buckets: { 1: "2", "+Inf": "3" }, count: "3", sum: "4" }],
  gauge: [{ value: "1", labels: { queue: "a" } }, { value: "2", labels: { queue: "b" } }],
};
const sorted = (value) =>
  value && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort().map(([key, part]) => [key, sorted(part)]))
    : Array.isArray(value) ? value.map(sorted) : value;
let changed = false;
for (const [name, page] of Object.entries(pages)) {
  const found = JSON.stringify(sorted(parse(page)[0].metrics));
  console.log(`${name}: ${found}`);
  changed ||= found !== JSON.stringify(sorted(expected[name]));
}
if (changed) console.log("changed: the parser gives back something else");
process.exit(changed ? 1 : 0);
END_NODE
node parse.js
