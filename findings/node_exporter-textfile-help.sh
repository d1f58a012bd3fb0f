#!/bin/sh
# node_exporter 1.5.0 (Debian 12, prometheus-node-exporter 1.5.0-1+b6; the same in 1.11.1): of two text files that have samples of
# one metric, and of which one has a HELP line, the samples of the other are lost. HELP is optional in the format, and the two
# files do not contradict each other. node_textfile_scrape_error is 0, and the collector's success is 1: only the log has a line.
# The file without HELP gets "Metric read from …" as its text, which then differs from the other's.
#
# Seen: a.prom with HELP and disk="a", b.prom without and disk="b"  ->  disk="a" alone, node_textfile_scrape_error 0;
#       both without HELP, or both with the same  ->  both
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
mkdir text
write() { # write FILE DISK: a file without HELP
	printf '# TYPE backup_age_seconds gauge\nbackup_age_seconds{disk="%s"} 60\n' "$2" >"text/$1"
}
write a.prom a
write b.prom b
usr/bin/prometheus-node-exporter --web.listen-address=127.0.0.1:19321 --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory=text 2>log &
pid=$!
page() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:19321/metrics").read().decode())' 2>/dev/null && return
		sleep 0.5
	done
}
page >without
{
	echo '# HELP backup_age_seconds Time since the last backup.'
	cat text/a.prom
} >text/new
mv text/new text/a.prom
page >with
grep -H -E '^(backup|node_textfile_scrape_error|node_scrape_collector_success)' without with
[ "$(grep -c '^backup_age_seconds{' without)" = 2 ] && [ "$(grep -c '^backup_age_seconds{' with)" = 1 ] &&
	grep -q '^backup_age_seconds{disk="a"} 60$' with && grep -q '^node_textfile_scrape_error 0$' with &&
	grep -q '^node_scrape_collector_success{collector="textfile"} 1$' with
