#!/usr/bin/env bash
# Runs the static binary of every target: .ci/static-check.sh <target...>; foreign ones run in Debian's
# qemu-user-static.
#
# Each must tell the same of the machine of fixtures/box as the first, in both dialects, and the same series of
# this machine. Then each serves: it answers scrapes, follows a log, takes what is pushed, asks a target from a
# worker's thread, and ends when it is told to. And it must be made for the processor that it is for, and make no
# system call that the sandbox does not allow there (tests/calls.py).
set -euo pipefail
cd "$(dirname "$0")/.."
T=$(mktemp -d)
server='' first=''
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$T"' EXIT
port=$((20000 + $$ % 10000))
# Netlink is asked of the running kernel, whatever the paths are.
box=(--no-collector.network.netlink --path.procfs=fixtures/box/proc --path.sysfs=fixtures/box/sys --path.udev.data=fixtures/box/udev/data)

fail() {
	echo "$target: $*" >&2
	exit 1
}

# What the binary says of itself, and what it must not have.
marks() {
	case $1 in
	x86_64-*) echo "Class:ELF64 Machine:AdvancedMicroDevicesX86-64" ;;
	i686-*) echo "Class:ELF32 Machine:Intel80386" ;;
	aarch64-*) echo "Class:ELF64 Machine:AArch64" ;;
	armv7-*) echo "Class:ELF32 Machine:ARM hard-floatABI Tag_CPU_arch:v7 Tag_FP_arch:VFPv3-D16 Tag_ABI_VFP_args:VFPregisters" ;;
	arm-*) echo "Class:ELF32 Machine:ARM hard-floatABI Tag_CPU_arch:v6 Tag_FP_arch:VFPv2 Tag_ABI_VFP_args:VFPregisters" ;;
	riscv64gc-*) echo "Class:ELF64 Machine:RISC-V double-floatABI" ;;
	mips-*) echo "Class:ELF32 Data:2'scomplement,bigendian Machine:MIPS mips32r2 FPABI:Softfloat" ;;
	mipsel-*) echo "Class:ELF32 Data:2'scomplement,littleendian Machine:MIPS mips32r2 FPABI:Softfloat" ;;
	esac
}

made_for() {
	local mark
	readelf -lW "$path" | grep -q INTERP && fail "$path is not static"
	readelf -hAW "$path" | tr -d ' \t' >"$T/elf"
	for mark in $(marks "$target"); do
		grep -qF "$mark" "$T/elf" || fail "$path: expected $mark, found: $(grep -E '^(Class|Data|Machine|Flags|Tag_|FPABI)' "$T/elf" | tr '\n' ' ')"
	done
}

# What is off by default, as flags.
more() {
	"${run[@]}" "$path" --help | awk '/^  --\[no-\]collector\./ { name = $1; sub(/\[no-\]/, "", name) }
		/^ *default / { if (name != "" && name !~ /netlink/ && $2 == "false") print name; name = "" }'
}

# The values of the program itself and of the running machine are masked, their series are not.
stable() {
	sed -E -e 's/^((process_|(sysmetrics|node)_(scrape_duration|scrape_collector_duration|filesystem_(free|avail|files_free)|time_(seconds|now)|timex_|hwmon_sensor_age))[^ ]*( ?\{.*\})?) [^ ]+$/\1 VALUE/' \
		-e 's/(machine|target|goarch)="[^"]*"/\1="MACHINE"/'
}

# Their values come from the running kernel; the names and labels are compared.
names() { grep -v '^#' | sed -E -e 's/ [^ ]+$//' -e 's/(machine|target|goarch)="[^"]*"/\1="MACHINE"/' | sort; }

# Both are asked anew each time: interfaces and mounts come and go.
same_live() {
	"$first" --print-metrics | names >"$T/first"
	"${run[@]}" "$path" --print-metrics | names >"$T/live"
	[ -s "$T/live" ] && diff -u "$T/first" "$T/live" >"$T/diff"
}

# until_true <command...>: within 20 seconds
until_true() {
	local tries=100
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
get() { curl --noproxy '*' -m 20 -fsS "$@"; }
answers() { get "http://127.0.0.1:$port/metrics" >"$T/page" 2>"$T/curl"; }
# page_has <pattern>
page_has() { answers && grep -qE "$1" "$T/page"; }

serves() {
	local way
	echo "start" >"$T/log"
	cat >"$T/settings.toml" <<-END
		[server]
		listen = "127.0.0.1:$port"
		[tail]
		state_file = "$T/state"
		poll_interval = "1s"
		[[logs]]
		path = "$T/log"
		[[logs.rules]]
		metric = "check_lines_total"
		pattern = "line"
		[[scrape.targets]]
		name = "self"
		url = "http://127.0.0.1:$port/metrics"
		interval_secs = 1
	END
	rm -f "$T/state"
	"${run[@]}" "$path" --config "$T/settings.toml" "${box[@]}" >"$T/server" 2>&1 &
	server=$!
	until_true answers || fail "does not answer: $(cat "$T/curl"; cat "$T/server")"
	for way in identity gzip; do
		get -H "Accept-Encoding: $way" --compressed "http://127.0.0.1:$port/metrics" >"$T/page"
		grep -q '^sysmetrics_cpu_seconds_total' "$T/page" || fail "no page as $way"
	done
	get -d '{"metrics": [{"name": "check_pushed", "metric_type": "gauge", "value": {"value": 4.25}}], "source": "check"}' "http://127.0.0.1:$port/api/metrics" >/dev/null || fail "takes no push"
	echo "one line" >>"$T/log"
	until_true page_has '^check_lines_total.* 1$' || fail "does not follow a log: $(cat "$T/server")"
	page_has '^check_pushed.* 4.25' || fail "what was pushed is not on the page"
	until_true page_has '^sysmetrics_target_up.* 1$' || fail "the target was not asked: $(grep target "$T/page") $(cat "$T/server")"
	kill -TERM "$server"
	wait "$server" || fail "SIGTERM: exit $?: $(cat "$T/server")"
	server=
	grep -qiE 'internal error|error:' "$T/server" && fail "$(cat "$T/server")"
	return 0
}

# Linking takes one processor each.
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 .ci/static.sh >"$T/built" || { echo "a build failed" >&2; exit 1; }

for target; do
	path=$(.ci/static.sh "$target")
	: "${first:=$path}"
	run=()
	case $target,$(uname -m) in
	x86_64*,x86_64 | i686*,x86_64 | aarch64*,aarch64) ;;
	*)
		case $target in
		i686*) run=(qemu-i386-static) ;;
		arm*) run=(qemu-arm-static) ;;
		riscv64*) run=(qemu-riscv64-static) ;;
		*) run=("qemu-${target%%-*}-static") ;;
		esac
		command -v "${run[0]}" >/dev/null || fail "${run[0]} is missing: apt-get install qemu-user-static"
		;;
	esac
	# The processor of a Raspberry Pi Zero, which traps on what came later.
	case $target in arm-*) run+=(-cpu arm1176) ;; mips*) run+=(-cpu 24Kc) ;; esac
	made_for
	[ "$target" != "$1" ] || mapfile -t all < <(more)
	for dialect in sysmetrics node_exporter; do
		page=$T/$target.$dialect
		"${run[@]}" "$path" --print-metrics --dialect="$dialect" "${all[@]}" "${box[@]}" | stable >"$page"
		[ -s "$page" ] || fail "prints no metrics"
		diff -u "$T/$1.$dialect" "$page"
	done
	until_true same_live || fail "tells other series of this machine: $(cat "$T/diff")"
	serves
	python3 -B tests/calls.py "$target" "$path" "${run[@]}"
	echo "$target runs and serves, $(grep -vc '^#' "$T/$target.sysmetrics") samples, $(wc -l <"$T/live") of this machine"
done
