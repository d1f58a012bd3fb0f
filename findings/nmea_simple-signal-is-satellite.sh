#!/bin/sh
# nmea-simple 3.3.0 (npm) and nmea 0.1.2 (npm), parsers of what a GPS receiver says: each line GSV (satellites in view) of a newer receiver
# has one satellite too many. Since NMEA 0183 4.10 the line ends with the number of the signal that it tells of (u-blox, ZED-F9P
# interface description, GSV: "signalId, NMEA v4.1 and above only", after one to four groups of four fields). Both parsers make
# a group of what is left over, so signal 1 (GPS L1) is satellite 1 without elevation, azimuth and strength: NaN, which becomes
# null as JSON and may not be stored at all. Satellite 1 is a real one, so that the true reading of it may be replaced. A receiver
# of four systems with two signals each sends eight such lines or more, hence eight satellites or more that are not there. An
# average over the strengths is NaN. gps 0.9.0 (npm) reads the number as what it is. Take as many groups as satellitesInView promises.
#
# Seen: $GPGSV,1,1,02,05,41,120,38,13,70,201,44,1*68, which says 2
#         ->  nmea-simple and nmea: 5, 13 and 1, the last with a strength of NaN     gps: 5 and 13, signalId 1
#       $GPGSV,1,1,02,05,41,120,38,13,70,201,44*75, as before 4.10  ->  all three: 5 and 13
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund nmea-simple@3.3.0 nmea@0.1.2 gps@0.9.0 >/dev/null || exit 2
cat >read.js <<'END_NODE'
const simple = require("nmea-simple");
const nmea = require("nmea");
const { GPS } = require("gps");

const readers = {
  "nmea-simple": (line) => simple.parseNmeaSentence(line).satellites.map((seen) => [seen.prnNumber, seen.SNRdB]),
  nmea: (line) => nmea.parse(line).satellites.map((seen) => [+seen.id, seen.SNRdB]),
  gps: (line) => GPS.Parse(line).satellites.map((seen) => [seen.prn, seen.snr]),
};
const lines = {
  older: "$GPGSV,1,1,02,05,41,120,38,13,70,201,44*75",
  newer: "$GPGSV,1,1,02,05,41,120,38,13,70,201,44,1*68",
};
const two = "5,38;13,44";
const expected = {
  older: { "nmea-simple": two, nmea: two, gps: two },
  newer: { "nmea-simple": `${two};1,NaN`, nmea: `${two};1,NaN`, gps: two },
};
let changed = GPS.Parse(lines.newer).signalId === 1 && GPS.Parse(lines.newer).valid ? 0 : 1;
for (const [age, line] of Object.entries(lines)) {
  console.log(line);
  for (const [name, read] of Object.entries(readers)) {
    const found = read(line).join(";");
    console.log(`  ${name}: ${found}`);
    if (found !== expected[age][name]) changed = 1;
  }
}
if (changed) console.log("changed: the number of a signal is read in another way");
process.exit(changed);
END_NODE
node read.js
