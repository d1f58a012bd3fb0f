# shellcheck shell=sh
# What the shell tests say and count with; they set T, a directory of their own, before.

bad=0

fail() { echo "FAIL $*"; bad=$((bad + 1)); }

# expect <exit code> <what> <command...>
expect() {
	want=$1 what=$2
	shift 2
	"$@" >"$T/out" 2>&1
	got=$?
	if [ $got = "$want" ]; then echo "ok   $what"; else fail "$what: exit $got, expected $want"; sed 's/^/     /' "$T/out"; fi
}

# soon <command...>: true within 10 seconds
soon() {
	tries=50
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}

# need <tool> <Debian package>
need() { command -v "$1" >/dev/null || fail "$1 is missing: apt-get install $2"; }
