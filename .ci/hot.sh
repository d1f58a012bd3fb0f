#!/usr/bin/env bash
# Makes .cargo/hot.ld anew: which functions run in a steady scrape, as a part of a linker script that puts them
# together, and next to them which run besides where samples are sent and more collectors are on. build.rs links the
# static targets with it.
# Needs valgrind, curl, python3 and rust-src; takes some ten minutes.
#
# The functions are those that callgrind sees while this machine and the machine of fixtures/box are scraped in both
# dialects, as text, OpenMetrics and gzip, after the first answer. Names of crates carry a hash, which is left out,
# as are the places in a name that another part of it refers to: they depend on the hash. So does which crate's copy of
# a generic function is linked, and the crate at the end of its name is left out, too.
# A name that is no longer there has no effect, so the list need not follow each change.
set -euo pipefail
cd "$(dirname "$0")/.."
target=x86_64-unknown-linux-musl
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
# Equal functions are not linked once here: each is seen under its own name.
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS=-Clink-arg=--icf=none
binary=$(CARGO_PROFILE_RELEASE_STRIP=false CARGO_TARGET_DIR=target/hot .ci/static.sh $target)
port=9755
# valgrind makes system calls of its own.
export SYSMETRICS_SANDBOX_SECCOMP=off SYSMETRICS_SANDBOX_LANDLOCK=off

# ask <count>: each format so many times
ask() {
	local page=http://127.0.0.1:$port/metrics i
	for ((i = 0; i < $1; i++)); do
		curl -sf "$page" "$page" -H 'Accept-Encoding: gzip' -o "$work/page" -o "$work/page"
		curl -sf "$page" -H 'Accept: application/openmetrics-text;version=1.0.0' -o "$work/page"
	done
}

# profile <names> <arguments>: adds to the file of names what runs
profile() {
	local names=$1
	shift
	valgrind -q --tool=callgrind --instr-atstart=no --demangle=no \
		--callgrind-out-file="$work/callgrind" "$binary" --listen 127.0.0.1:$port "$@" >"$work/log" 2>&1 &
	local agent=$! tries
	for ((tries = 0; tries < 100; tries++)); do
		! curl -sf "http://127.0.0.1:$port/metrics" -o "$work/page" || break
		sleep 0.2
	done
	callgrind_control -i on $agent >/dev/null 2>&1
	ask 5
	sleep "$pause"
	callgrind_control -i off $agent >/dev/null 2>&1
	kill $agent
	wait $agent || true
	sed -nE "s/^c?fn=\([0-9]+\) ([^' ]+).*/\1/p" "$work/callgrind" >>"$names"
}

pause=0
for dialect in sysmetrics node_exporter; do
	profile "$work/core" --dialect=$dialect --collector.disable-defaults --collector.cpu --collector.memory \
		--collector.disk --collector.network
	profile "$work/names" --dialect=$dialect
	profile "$work/names" --dialect=$dialect --path.procfs fixtures/box/proc --path.sysfs fixtures/box/sys
done
# Whoever takes what is sent; below /busy each fourth request only.
python3 -c '
import http.server, itertools
count = itertools.count()
class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if self.path == "/busy" and next(count) % 4 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", 9756), Taker).serve_forever()' 2>"$work/taker" &
# Their frames are taken together at times, and at others alone.
interval=2
for type in otlp remote_write influx; do
	printf '[[export]]\ntype = "%s"\nendpoint = "http://127.0.0.1:9756/"\ninterval_secs = %s\ntimeout_secs = 0.6\n' \
		$type $((interval++))
	[ $type != influx ] || echo 'database = "d"'
	[ $type != remote_write ] || echo "spool.dir = \"$work/spool\""
done >"$work/sends.toml"
pause=12
profile "$work/sends" --config "$work/sends.toml"
# Receivers that are away and come back: what waits in a spool meanwhile.
for peer in 9756/busy 9/; do
	printf '[[export]]\ntype = "otlp"\nname = "n%s"\nendpoint = "http://127.0.0.1:%s"\ninterval_secs = "%s00ms"\n' \
		"${peer%/*}" $peer $((interval++ % 2 + 2))
	printf 'spool.dir = "%s/queue"\nretry = { initial_ms = 100, max_ms = 1000 }\n' "$work"
done >"$work/waits.toml"
pause=40
profile "$work/waits" --config "$work/waits.toml"
pause=12
# What is off by default, as far as this machine has it.
echo "2000000000 02:00:00:00:00:01 192.0.2.7 box *" >"$work/leases"
{
	echo '[collectors]'
	printf '%s = true\n' interrupts softirqs tcpstat qdisc network_route wifi perf processes process_groups cgroups units \
		slabinfo buddyinfo zoneinfo mmc ubi mtd ufs f2fs ext4 disk_written boot iio w1 kernel_log wifi_link \
		conntrack_zones lnstat softnet schedstat
	printf '%s = true\n' chrony gpsd modemmanager dsl poe
	printf '[pressure]\nstalls = true\n[peaks]\nenabled = true\n'
	printf '[collectors.dhcp_leases]\nenabled = true\nfiles = ["%s/leases"]\n' "$work"
} >"$work/more.toml"
profile "$work/more" --config "$work/more.toml"
# Equal functions may have one body and several names, one of which its section has: here if the compiler found them, and
# in the program that is shipped, where one drop_in_place is linked for all of one form. namesakes <binary> <names>
namesakes() {
	nm "$1" | awk 'NR == FNR { is_hot[$1]; next } $3 in is_hot { hot[$1] } { names[$1] = names[$1] "\n" $3 }
		END { for (address in hot) print names[address] }' "$2" -
}
for list in core names sends waits more; do
	namesakes "$binary" "$work/$list" >"$work/all.$list"
done
unset CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS
# The exporter alone has others of equal functions.
pause=0
binary=$(CARGO_PROFILE_RELEASE_STRIP=false CARGO_TARGET_DIR=target/hot .ci/static.sh $target \
	--no-default-features --features exporter)
profile "$work/alone"
profile "$work/alone" --dialect=node_exporter
namesakes "$binary" "$work/alone" >"$work/all.alone"
binary=$(CARGO_PROFILE_RELEASE_STRIP=false CARGO_TARGET_DIR=target/hot .ci/static.sh $target)
# lines <list>: where the linker finds these functions, but for those that another list had before
lines() {
	all_lines "$1" | grep -vxFf "$work/done" | tee "$work/new"
	cat "$work/new" >>"$work/done"
}
all_lines() {
	namesakes "$binary" "$work/all.$1" | cat - "$work/all.$1" >"$work/all"
	grep -E '^(_R|bcmp$)' "$work/all" | sed -E 's/Cs[0-9a-zA-Z]+_/Cs*_/g; s/B[0-9a-zA-Z]{1,3}_/B*_/g; s/\.[0-9]+$//
		s/Cs\*_[0-9]+[a-z_]+$/Cs*/' |
		LC_ALL=C sort -u | sed 's/.*/  *(.text.& .text.&.* .text.unlikely.&)/'
	# The C library's have a section each, under their names or those that they are known by inside.
	grep -E '^[a-z_][a-z0-9_]*$' "$work/all" | sed 's/^__//' | LC_ALL=C sort -u | grep -v '^bcmp$' |
		sed 's/.*/  *(.text.& .text.__&)/'
}
# What gives back the rest (src/base/sys/resident.rs) takes its own place for where they begin. What is written in
# assembly has a file.
{
	echo "  *(.text.hot.first)"
	printf '  *(.text.%s .text.__%s)\n' getpid getpid madvise madvise
	printf '  *:%s.lo(.text)\n' memcpy memmove memset
} >"$work/done"
cp "$work/done" "$work/hot"
# First what every scrape needs, whatever is on.
{
	lines core
	lines names
	lines alone
} >>"$work/hot"
{
	echo "/* Functions of a steady scrape, made by .ci/hot.sh: linked together, they are little to keep in memory. */"
	echo "SECTIONS { .text.sends : {"
	lines sends
	lines waits
	lines more
	echo "}"
	echo ".text.hot : {"
	cat "$work/hot"
	echo "} } INSERT AFTER .text;"
} >.cargo/hot.ld
echo "$(grep -c '(.text' .cargo/hot.ld) functions in .cargo/hot.ld"
