#!/bin/sh
# systemd 252 (Debian 12, systemd and libsystemd-shared 252.39-1~deb12u2): its groups of system calls know Landlock's three
# calls by name, but none of the groups for services has them: not @system-service, not @default, not one of the thirty.
# A unit with the usual SystemCallFilter=@system-service thus takes from its program the means to lock itself in, and a
# program that takes Landlock where it is there goes on without it. The unit has to name landlock_create_ruleset,
# landlock_add_rule and landlock_restrict_self.
#
# Seen: all three under "Ungrouped System Calls", none of them among the 376 calls of @system-service
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download systemd=252.39-1~deb12u2 libsystemd-shared=252.39-1~deb12u2 2>apt.log || exit 2
for deb in *.deb; do dpkg -x "$deb" . || exit 2; done
analyze() { LD_LIBRARY_PATH=$(dirname "$(find . -name 'libsystemd-shared-*.so' | head -n 1)") usr/bin/systemd-analyze "$@"; }
analyze --version | head -n 1 || exit 2

# members <group>: its calls, those of groups in it too
members() {
	analyze syscall-filter "$1" | grep -v '^ *#' | tail -n +2 | while read -r name; do
		case $name in
		@*) members "$name" ;;
		*) echo "$name" ;;
		esac
	done
}
members @system-service | sort -u >service
members @known | sort -u >known
analyze syscall-filter | sed -n '/^# Ungrouped System Calls/,$p' >ungrouped
wc -l service known
grep landlock known ungrouped
[ "$(grep -c '^landlock_' known)" = 3 ] && [ "$(grep -c landlock_ ungrouped)" = 3 ] && ! grep -q landlock service
