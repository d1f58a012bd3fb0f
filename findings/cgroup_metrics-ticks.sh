#!/bin/sh
# @adobe/cgroup-metrics 3.0.6 (npm): what it calls the nanoseconds of user and system time are ticks, ten million times longer. Its
# README says of cpuacct.stat "user: CPU time (in nanoseconds) spent by tasks of the cgroup in user mode", and the key of the
# number is cpuNanosSinceContainerStart. The kernel's Documentation/admin-guide/cgroup-v1/cpuacct.rst: "user and system are in
# USER_HZ unit", hundredths of a second. calculateUsage(), which the README offers for both files, makes 0.00001 % of a process
# that runs all the time. cpuacct.usage is in nanoseconds, and right. The numbers of stat() have to be multiplied by 10^7.
#
# Seen: cpuacct.stat user 400, then 500 one second later (one CPU busy)  ->  calculateUsage 0.00001 %
#       cpuacct.usage 4 s, then 5 s                                      ->  calculateUsage 100 %
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/fs/cgroup.
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund @adobe/cgroup-metrics@3.0.6 >/dev/null || exit 2
mkdir -p cgroup/cpuacct
cat >usage.js <<'END_NODE'
const { writeFileSync } = require("fs");
const { cpu } = require("@adobe/cgroup-metrics");

// read <CPU seconds>: what the library finds in a group that has used so many, all in user mode
const read = (seconds, clock) => {
  writeFileSync("cgroup/cpuacct/cpuacct.usage", `${seconds * 1e9}\n`);
  writeFileSync("cgroup/cpuacct/cpuacct.stat", `user ${seconds * 100}\nsystem 0\n`);
  const found = { usage: cpu.usage(), user: cpu.stat().user };
  // One second lies between the two readings, to the millisecond.
  for (const part of Object.values(found)) part.timestamp = clock;
  return found;
};
const [before, after] = [read(4, 1000), read(5, 2000)];
const percent = (part) => cpu.calculateUsage(before[part], after[part]);
console.log(`cpuacct.stat user: ${after.user.cpuNanosSinceContainerStart} "nanoseconds", ${percent("user")} %`);
console.log(`cpuacct.usage: ${after.usage.cpuNanosSinceContainerStart} nanoseconds, ${percent("usage")} %`);
const holds = after.user.cpuNanosSinceContainerStart === 500 && percent("user") < 0.0001 && percent("usage") === 100;
if (!holds) console.log("changed: the time of cpuacct.stat is shown in another unit");
process.exit(holds ? 0 : 1);
END_NODE
unshare --user --map-root-user --mount sh -c 'mount --bind cgroup /sys/fs/cgroup || exit 2; node usage.js'
