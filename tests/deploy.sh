#!/bin/sh
# Checks deploy/ and examples/ with the tools that will read them: tests/deploy.sh target/release/sysmetrics
# Debian: apt-get install busybox-static curl dpkg prometheus runit shellcheck strace systemd
# As root it also drops to nobody, as the scripts do by default. Nothing outside a temporary directory is touched.
# shellcheck disable=SC2086 # $init is a list of words, $file has no blanks
set -u
case ${1-} in /*) original=$1 ;; *) original=$PWD/${1-} ;; esac
cd "$(dirname "$0")/.." || exit 2
if [ $# != 1 ] || [ ! -f "$original" ] || [ ! -x "$original" ]; then
	echo "usage: $0 <the sysmetrics binary>" >&2
	exit 2
fi

T=$(mktemp -d) && chmod 755 "$T" || exit 2
. tests/expect.sh
started= # the one process of ours in the background
port=$((20000 + $$ % 10000))
if [ "$(id -u)" = 0 ]; then runas=nobody; else runas=; fi
trap cleanup EXIT
trap 'exit 1' INT TERM

cleanup() {
	[ -z "$started" ] || kill "$started" 2>/dev/null
	for file in "$T"/*/pid; do
		[ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null
	done
	rm -rf "$T"
}

scrape() { curl --noproxy "*" -m 2 -fs "http://127.0.0.1:$port/metrics"; }
serves() { scrape | grep -q "^sysmetrics_memory_available_bytes"; }
without_memory() { scrape >"$T/scrape" && grep -q ^sysmetrics_ "$T/scrape" && ! grep -q "^sysmetrics_memory_" "$T/scrape"; }
config() {
	case $1 in
	good) echo ;;
	less) printf '[collectors]\nmemory = false\n' ;;
	bad) printf '[server]\nno_such_key = 1\n' ;;
	esac >"$T/sysmetrics.toml"
	chmod 644 "$T/sysmetrics.toml"
}

tools() {
	while read -r tool package; do
		need "$tool" "$package"
	done <<-END
		busybox busybox-static
		chpst runit
		curl curl
		promtool prometheus
		runsv runit
		shellcheck shellcheck
		start-stop-daemon dpkg
		strace strace
		svlogd runit
		systemd-analyze systemd
		systemd-socket-activate systemd
	END
	[ $bad = 0 ] || exit 1
}

examples() {
	for file in examples/*.toml; do
		expect 0 "$file" "$BIN" --config "$file" --check-config
	done
	config bad
	expect 2 "an unknown key is refused" "$BIN" --config "$T/sysmetrics.toml" --check-config
}

scripts() {
	for file in deploy/runit/sysmetrics/run deploy/runit/sysmetrics/finish deploy/runit/sysmetrics/log/run \
		deploy/sysv/sysmetrics deploy/openwrt/sysmetrics.init deploy/replace-node-exporter tests/deploy.sh tests/packages.sh; do
		expect 0 "sh -n $file" sh -n $file
		expect 0 "busybox ash -n $file" busybox ash -n $file
		expect 0 "shellcheck $file" shellcheck -x $file
		[ -x $file ] || fail "$file is not executable"
	done
}

prometheus() {
	expect 0 "alerts: check" promtool check rules deploy/prometheus/alerts.yml
	expect 0 "alerts: each fires where it should" promtool test rules deploy/prometheus/alerts_test.yml
	expect 0 "alerts of small boxes: check" promtool check rules deploy/prometheus/edge.yml
	expect 0 "alerts of small boxes: each fires where it should" promtool test rules deploy/prometheus/edge_test.yml
	# This machine has little of what they are about.
	grep -o 'sysmetrics_[a-z0-9_]*' deploy/prometheus/edge.yml | sort -u >"$T/names"
	while read -r name; do
		grep -q "^| \`$name\` |" docs/metrics.md || fail "edge.yml asks for $name, which docs/metrics.md has not"
	done <"$T/names"
	expect 0 "scrape config" promtool check config deploy/prometheus/scrape.yml
}

# Every name in an alert is one that the agent ($T/scrape) gives.
alert_names() {
	grep -o 'sysmetrics_[a-z_]*' deploy/prometheus/alerts.yml | sort -u >"$T/names"
	while read -r name; do
		grep -q "^${name}[{ ]" "$T/scrape" && continue
		if [ "$name" = sysmetrics_disk_io_time_seconds_total ] && ! grep -qvE ' (loop|ram|zram|fd|sr)[0-9]' /proc/diskstats; then
			echo "note $name not checked: this machine has no disk"
			continue
		fi
		fail "alerts.yml asks for $name, which /metrics has not"
	done <"$T/names"
}

# The names that the filter of the unit allows, sets unfolded.
calls_of() {
	systemd-analyze syscall-filter --no-pager "$1" 2>/dev/null | sed '1d; s/#.*//; s/ //g; /^$/d' | while read -r call; do
		case $call in "$1") ;; @*) calls_of "$call" ;; *) echo "$call" ;; esac
	done
}

systemd() {
	mkdir "$T/systemd"
	sed "s,/usr/local/bin/sysmetrics,$BIN," deploy/systemd/sysmetrics.service >"$T/systemd/sysmetrics.service"
	cp deploy/systemd/sysmetrics.socket "$T/systemd"
	expect 0 "systemd-analyze verify" systemd-analyze verify --man=no "$T"/systemd/sysmetrics.*
	# An unknown key is only a warning, so what is said of our files counts too.
	if grep sysmetrics "$T/out"; then fail "systemd-analyze verify has something to say"; fi

	# Names without a path are looked for, and not found where the package of the program is not installed.
	expect 1 "programs have paths" grep -E '^Exec[A-Za-z]*=[-@:+!]*[^-@:+!/]' deploy/systemd/sysmetrics.service

	# 2.0: systemd 252 gives 1.9 for what the agent cannot do without: the network and its socket families
	# (1.2 of the points), all of /proc, adjtimex, the size of /home. Without the limit on capabilities, devices,
	# namespaces, calls, architectures or the user it is 2.1 or more.
	expect 0 "systemd-analyze security is at most 2.0" \
		systemd-analyze security --offline=true --no-pager --threshold=20 deploy/systemd/sysmetrics.service
	tail -n 1 "$T/out"

	# Socket activation, and every call of the way from exec to SIGTERM held against SystemCallFilter=.
	config good
	port=$((port + 1))
	strace -f -qq -o "$T/strace" -e signal=none systemd-socket-activate -l 127.0.0.1:$port \
		"$BIN" --config "$T/sysmetrics.toml" --listen 127.0.0.1:1 2>"$T/activate" &
	started=$!
	if soon serves; then echo "ok   serves the socket it is given"; else fail "socket activation"; cat "$T/activate"; fi
	scrape >"$T/scrape"
	alert_names
	agent=$(sed -n 's,^\([0-9]*\) .*execve("[^"]*/bin/sysmetrics".*,\1,p' "$T/strace")
	{ kill -HUP "$agent"; sleep 1; kill -TERM "$agent"; } 2>/dev/null || kill $started
	wait $started # strace ends as the agent ends
	expect 0 "SIGTERM: exit 0" test $? = 0
	started=
	{ calls_of @privileged; calls_of @resources; } | sort -u >"$T/denied"
	{ calls_of @system-service | sort -u | comm -23 - "$T/denied"; printf '%s\n' adjtimex clock_adjtime landlock_create_ruleset landlock_add_rule landlock_restrict_self; } | sort -u >"$T/allowed"
	sed '1,/execve("[^"]*\/bin\/sysmetrics"/d' "$T/strace" | sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' | sort -u >"$T/used"
	expect 0 "strace saw its calls" test "$(wc -l <"$T/used")" -gt 10
	if comm -23 "$T/used" "$T/allowed" | grep .; then fail "calls that SystemCallFilter= refuses"; else echo "ok   SystemCallFilter= allows all calls"; fi
	if grep -E 'PROT_WRITE\|PROT_EXEC|mprotect.*PROT_EXEC' "$T/strace" | grep "^$agent "; then fail "calls that MemoryDenyWriteExecute= refuses"; fi
	if grep "^$agent .* socket(" "$T/strace" | grep -vE 'AF_(INET6?|UNIX|NETLINK)'; then fail "a family RestrictAddressFamilies= refuses"; fi
}

# sysv <label> <PATH> <shell...>
sysv() {
	label=$1 path=$2
	shift 2
	dir=$T/$label
	port=$((port + 1))
	mkdir "$dir"
	: >"$dir/log"
	[ -z "$runas" ] || chown $runas "$dir/log"
	cat >"$dir/default" <<-END
		DAEMON=$BIN
		ARGS="--config $T/sysmetrics.toml --listen 127.0.0.1:$port"
		PIDFILE=$dir/pid
		LOGPIPE=$dir/pipe
		LOGGER="tee -a $dir/log"
		RUNAS=$runas
		STATE=$dir/state
		MEMORY=$dir/memory
	END
	init="env PATH=$path DEFAULTS=$dir/default $* deploy/sysv/sysmetrics"

	expect 3 "$label: status before" $init status
	expect 7 "$label: reload before" $init reload
	config bad
	expect 2 "$label: check, bad file" $init check
	expect 6 "$label: start, bad file" $init start
	config good
	expect 0 "$label: check" $init check
	expect 0 "$label: start" $init start
	said=$(cat "$T/out")
	expect 0 "$label: start says nothing" test -z "$said"
	pid=$(cat "$dir/pid")
	expect 0 "$label: status" $init status
	expect 0 "$label: serves" soon serves
	expect 0 "$label: its state has a place of its own" test "$(stat -c '%a %U' "$dir/state")" = "700 ${runas:-$(id -un)}"
	[ -z "$runas" ] || expect 0 "$label: runs as $runas" test "$(stat -c %U "/proc/$pid")" = $runas
	expect 0 "$label: second start" $init start
	config bad
	expect 6 "$label: reload, bad file" $init reload
	expect 6 "$label: restart, bad file" $init restart
	expect 0 "$label: still the same process" test "$(cat "$dir/pid")" = "$pid" -a -d "/proc/$pid"
	config less
	expect 0 "$label: reload" $init reload
	expect 0 "$label: reload took effect" soon without_memory
	config good
	expect 0 "$label: restart" $init restart
	expect 1 "$label: is another process" test "$(cat "$dir/pid")" = "$pid"
	expect 0 "$label: serves again" soon serves
	kill -KILL "$(cat "$dir/pid")"
	sleep 1
	expect 1 "$label: status after a crash" $init status
	expect 0 "$label: start after a crash" $init start
	expect 0 "$label: stop" $init stop
	expect 3 "$label: status after" $init status
	expect 0 "$label: stop again" $init stop
	expect 0 "$label: its log arrived" test -s "$dir/log"
	# An address that this machine has not: the configuration is good, the start is not.
	sed -i 's/127.0.0.1/192.0.2.1/' "$dir/default"
	expect 1 "$label: start that cannot listen" $init start
	rm -f "$dir/pid"
}

runit() {
	dir=$T/runit/sysmetrics
	port=$((port + 1))
	mkdir "$T/runit"
	cp -r deploy/runit/sysmetrics "$T/runit"
	cat >"$dir/conf" <<-END
		DAEMON=$BIN
		ARGS="--config $T/sysmetrics.toml --listen 127.0.0.1:$port"
		RUNAS=$runas
		LOGDIR=$T/runit/log
		STATE=$T/runit/state
		MEMORY=$T/runit/memory
	END
	config good
	runsv "$dir" &
	started=$!
	expect 0 "runit: serves" soon serves
	expect 0 "runit: is locked in" test -n "$(scrape | grep '^sysmetrics_sandbox_enforced{part="seccomp"} 1$')"
	expect 0 "runit: its state has a place of its own" test "$(stat -c '%a %U' "$T/runit/state")" = "700 ${runas:-$(id -un)}"
	[ -z "$runas" ] || expect 0 "runit: runs as $runas" test "$(stat -c %U "/proc/$(cat "$dir/supervise/pid")")" = $runas
	config less
	expect 0 "runit: reload" sv hup "$dir"
	expect 0 "runit: reload took effect" soon without_memory
	expect 0 "runit: stop" sv -w 10 force-stop "$dir"
	config bad
	sv up "$dir"
	expect 0 "runit: bad file, stays down" soon grep -q "staying down" "$T/runit/log/current"
	sleep 2
	expect 0 "runit: and is not tried again" test "$(grep -c "staying down" "$T/runit/log/current")" = 1
	config good
	expect 0 "runit: start" sv -w 10 start "$dir"
	expect 0 "runit: serves again" soon serves
	kill -KILL "$(cat "$dir/supervise/pid")"
	sleep 1
	expect 0 "runit: comes back after a crash" soon serves
	kill "$started" && wait "$started"
	started=
	expect 7 "runit: gone with runsv" scrape # curl: refused
}

# rc.common and procd are OpenWrt's; here they only write down what they are asked for.
openwrt() {
	cat >"$T/rc.common" <<-'END'
		initscript=$1 action=$2
		log() { echo "$*" >>"$CALLS"; }
		config_load() { :; }
		config_get() { eval "value=\${UCI_$3-}"; eval "$1=\${value:-${4-}}"; }
		config_get_bool() { config_get "$@"; }
		config_list_foreach() { eval "list=\${UCI_$2-}"; for value in $list; do $3 "$value"; done; }
		for call in add_config_trigger open_instance set_param close_instance send_signal kill; do
			eval "procd_$call() { log $call \"\$@\"; }"
		done
		restart() { stop; start; }
		. "$initscript"
		start() { log open_service; start_service; log close_service; }
		stop() { procd_kill sysmetrics; }
		reload() { if type reload_service >/dev/null; then reload_service; else start; fi; }
		"$action"
	END
	mkdir "$T/openwrt"
	printf '#!/bin/sh\nexec "%s" --config "%s" "$@"\n' "$BIN" "$T/sysmetrics.toml" >"$T/openwrt/sysmetrics"
	chmod 755 "$T/openwrt/sysmetrics"
	export CALLS="$T/openwrt/calls" PROG="$T/openwrt/sysmetrics" UCI_state="$T/openwrt/state"
	# Only root may give a directory away.
	if [ -z "$runas" ]; then
		mkdir "$T/openwrt/as_user"
		ln -s "$(command -v true)" "$T/openwrt/as_user/chown"
		PATH=$T/openwrt/as_user:$PATH
	fi
	init="busybox ash $T/rc.common deploy/openwrt/sysmetrics.init"

	config good
	: >"$CALLS"
	expect 0 "openwrt: check" $init check
	expect 0 "openwrt: start" $init start
	cat >"$T/openwrt/expected" <<-END
		open_service
		open_instance
		set_param command $PROG
		set_param file /etc/sysmetrics/config.toml /etc/sysmetrics.toml
		set_param reload_signal HUP
		set_param respawn 3600 5 0
		set_param stderr 1
		set_param user nobody
		set_param no_new_privs 1
		close_instance
		close_service
	END
	expect 0 "openwrt: its state has a place of its own" test "$(stat -c '%a %U' "$UCI_state")" = "700 ${runas:-$(id -un)}"
	expect 0 "openwrt: what procd is told" diff "$T/openwrt/expected" "$CALLS"
	: >"$CALLS"
	expect 0 "openwrt: reload" $init reload
	expect 0 "openwrt: reload is SIGHUP" test "$(cat "$CALLS")" = "send_signal sysmetrics * HUP"
	: >"$CALLS"
	expect 0 "openwrt: restart" $init restart
	expect 0 "openwrt: restart stops and starts" test "$(grep -cE '^(kill sysmetrics|close_service)$' "$CALLS")" = 2

	# What UCI says. [::]:1 stays what it is, whatever files there are.
	: >"$CALLS"
	expect 0 "openwrt: start with UCI's options" env "UCI_listen=127.0.0.1:1 [::]:1" UCI_dialect=node_exporter \
		"UCI_config=$T/sysmetrics.toml" $init start
	expect 0 "openwrt: they are its arguments" grep -qxF \
		"set_param command $PROG --config $T/sysmetrics.toml --dialect node_exporter --listen 127.0.0.1:1 --listen [::]:1" "$CALLS"
	expect 0 "openwrt: its file is watched" grep -qxF "set_param file $T/sysmetrics.toml" "$CALLS"
	: >"$CALLS"
	expect 2 "openwrt: check, an option that is wrong" env UCI_dialect=lua $init check
	expect 1 "openwrt: start, an option that is wrong" env UCI_dialect=lua $init start
	expect 1 "openwrt: procd is not told" grep -q close_service "$CALLS"
	: >"$CALLS"
	expect 0 "openwrt: start, switched off" env UCI_enabled=0 $init start
	expect 0 "openwrt: procd is told of no instance" test "$(tr '\n' , <"$CALLS")" = open_service,close_service,
	: >"$CALLS"
	expect 0 "openwrt: triggers" $init service_triggers
	expect 0 "openwrt: a commit starts it anew" grep -q "^add_config_trigger config.change sysmetrics .* start$" "$CALLS"

	config bad
	: >"$CALLS"
	expect 2 "openwrt: check, bad file" $init check
	expect 1 "openwrt: reload, bad file" $init reload
	expect 1 "openwrt: restart, bad file" $init restart
	expect 0 "openwrt: neither touches what runs" test ! -s "$CALLS"
	expect 1 "openwrt: start, bad file" $init start
	expect 1 "openwrt: procd is not told of an empty service" grep -q close_service "$CALLS"
}

tools
# A copy: nobody may read it wherever the original is, and it has the name the scripts look for.
mkdir "$T/bin" "$T/applets"
cp "$original" "$T/bin/sysmetrics" && chmod 755 "$T/bin/sysmetrics" || exit 2
BIN=$T/bin/sysmetrics
busybox --install -s "$T/applets"

examples
scripts
prometheus
systemd
sysv busybox "$T/applets" busybox sh
sysv debian "$PATH" sh
runit
openwrt
[ $bad = 0 ] || { echo "$bad failed"; exit 1; }
