#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6; the same in 1.11.1): the servers of an SCTP service in
# /proc/net/ip_vs are shown as servers of the service before it. Its parser knows the lines TCP, UDP and FWM; a line SCTP is
# skipped, and the servers below it keep the address and port that were read last. A dashboard of
# the first service counts connections that are not its own, and the SCTP service does not exist.
#
# Seen: TCP 192.168.0.22:3306 with 192.168.82.22, SCTP 192.168.0.23:2905 with 192.168.83.23
#       ->  both servers with local_address="192.168.0.22",local_port="3306",proto="TCP", nothing with proto="SCTP"
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
mkdir -p proc/net
cat >proc/net/ip_vs <<'END'
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A80016:0CEA wlc  
  -> C0A85216:0CEA      Tunnel  100    248        2         
SCTP C0A80017:0B59 wlc  
  -> C0A85317:0B59      Tunnel  100    5          1         
END
cat >proc/net/ip_vs_stats <<'END'
   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
      10       20       30               40               50

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       1        2        3                4                5
END
usr/bin/prometheus-node-exporter --path.procfs=proc --web.listen-address=127.0.0.1:19319 --collector.disable-defaults \
	--collector.ipvs 2>log &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19319/metrics").read().decode())' >page 2>/dev/null && break
	sleep 0.5
done
grep '^node_ipvs_backend_connections_active' page
service='local_address="192.168.0.22",local_mark="",local_port="3306",proto="TCP"'
grep -q "^node_ipvs_backend_connections_active{$service,remote_address=\"192.168.82.22\",remote_port=\"3306\"} 248\$" page &&
	grep -q "^node_ipvs_backend_connections_active{$service,remote_address=\"192.168.83.23\",remote_port=\"2905\"} 5\$" page &&
	! grep -q 'proto="SCTP"' page
