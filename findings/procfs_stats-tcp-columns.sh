#!/bin/sh
# procfs-stats 1.0.2 (npm), a reader of /proc: of TCP connections the port and the owner are other numbers. tcp() turns the two bytes
# of each port around, so that 8080 is 36895. The kernel prints the port by its value (Documentation/networking/proc_net_tcp.rst,
# "local TCP port number"); only addresses are as they lie in memory. And the row is read one column too far to the right from
# the queues on: `uid` is the inode of the socket, `retrnsmt` is the timeout, `timeout` is the count of references, and `inode` is the
# address of the socket, which is all zeros for who may not see it. The retransmits are under "tm->when". A count of
# connections by port or by user finds none of those it looks for, and as many users as sockets. Addresses, state and queues are
# right. Read the file itself: up to the inode its header has twelve names for ten columns, as two of them are pairs with a colon.
#
# Seen: 0: 0100007F:1F90 0200007F:0016 01 00000010:00000003 01:00000014 00000002  1000  7 22334 1 …
#         ->  127.0.0.1:36895 to 127.0.0.2:5632, uid 22334, retrnsmt 7, timeout 1, "tm->when" 00000002
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund procfs-stats@1.0.2 >/dev/null || exit 2
mkdir -p proc/net
cat >proc/net/tcp <<'END_TCP'
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:1F90 0200007F:0016 01 00000010:00000003 01:00000014 00000002  1000        7 22334 1 0000000000000000 100 0 0 10 0                     
END_TCP
cat >read.js <<'END_NODE'
const procfs = require("procfs-stats");

const expected = {
  local_address: "127.0.0.1:36895",
  rem_address: "127.0.0.2:5632",
  st: "01",
  tx_queue: "00000010",
  rx_queue: "00000003",
  "tm->when": "00000002",
  retrnsmt: "7",
  uid: "22334",
  timeout: "1",
  inode: "0000000000000000",
};
procfs.tcp("proc", (error, rows) => {
  if (error) throw error;
  let changed = rows.length === 1 ? 0 : 1;
  for (const [name, value] of Object.entries(expected)) {
    console.log(`${name}: ${rows[0][name]}`);
    if (rows[0][name] !== value) changed = 1;
  }
  if (changed) console.log("changed: the columns of a connection are read in another way");
  process.exit(changed);
});
END_NODE
node read.js
