#!/bin/sh
# cpu-stat 2.0.1 (npm): the use of the first core cannot be had. usagePercent({ coreIndex: 0 }), which is the README's own example ("get
# the cpu usage percent for core 0"), gives the mean of all cores: 0 is taken for "not given". Every other index is right, so
# the cores look as if the first one did a part of what the others do. A process bound to core 0 that keeps it busy shows as
# 50 % on two cores, and as 6 % on sixteen. The index "0" as a text is refused. Subtract the other cores from the mean times the
# number of cores, or read /proc/stat.
#
# Seen: core 0 busy, core 1 idle  ->  core 0: 50 %, core 1: 0 %, all: 50 %
#       core 0 idle, core 1 busy  ->  core 0: 50 %, core 1: 100 %, all: 50 %
#
# Works in a mount namespace of its own, with a /proc/stat as the kernel has it for two cores.
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund cpu-stat@2.0.1 >/dev/null || exit 2
cat >use.js <<'END_NODE'
const { writeFileSync } = require("fs");
const { usagePercent } = require("cpu-stat");

// set <ticks of user time of core 0, of core 1>: the rest of 1000 ticks is idle
const set = (...user) => {
  const lines = user.map((ticks, core) => `cpu${core} ${ticks} 0 0 ${1000 - ticks} 0 0 0 0 0 0`);
  const sum = user[0] + user[1];
  writeFileSync("stat", [`cpu  ${sum} 0 0 ${2000 - sum} 0 0 0 0 0 0`, ...lines, "btime 1700000000", ""].join("\n"));
};
const percent = (coreIndex, busy) =>
  new Promise((done) => {
    writeFileSync("stat", "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nbtime 1700000000\n");
    usagePercent({ coreIndex, sampleMs: 300 }, (error, value) => done(error || Math.round(value)));
    set(busy === 0 ? 1000 : 0, busy === 1 ? 1000 : 0);
  });
(async () => {
  const found = [];
  for (const busy of [0, 1]) {
    for (const core of [0, 1, -1]) found.push(await percent(core, busy));
    const [first, second, all] = found.slice(-3);
    console.log(`core ${busy} busy: core 0 ${first} %, core 1 ${second} %, all ${all} %`);
  }
  const holds = found.join() === "50,0,50,50,100,50";
  if (!holds) console.log("changed: the use of core 0 is no longer the mean of all");
  process.exit(holds ? 0 : 1);
})();
END_NODE
: >stat
unshare --user --map-root-user --mount sh -c 'mount --bind stat /proc/stat || exit 2; node use.js'
