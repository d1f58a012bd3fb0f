#!/bin/sh
# Builds all packages of a binary and tries them out: tests/packages.sh target/x86_64-unknown-linux-musl/release/sysmetrics
# As root on Debian, x86-64: apt-get install busybox-static curl debian-archive-keyring iproute2 lintian make mmdebstrap
# rpm systemd,
# cargo install --locked cargo-deb cargo-generate-rpm cargo-cyclonedx. Packages are installed in a Debian 12 of its own
# (target/bookworm.tar, made once), in namespaces of its own: nothing outside and no port of this machine is touched.
# The binary stands for those of all targets, as far as they are only packed.
# shellcheck disable=SC2016,SC2086 # dpkg's ${...}; lists of words
set -u
case ${1-} in /*) original=$1 ;; *) original=$PWD/${1-} ;; esac
cd "$(dirname "$0")/.." || exit 2
if [ $# != 1 ] || [ ! -f "$original" ] || [ ! -x "$original" ]; then
	echo "usage: $0 <the static sysmetrics binary for x86-64>" >&2
	exit 2
fi
[ "$(id -u)" = 0 ] || { echo "$0: as root, please: it makes a root directory for Debian" >&2; exit 2; }

base=$PWD/target/bookworm.tar
if [ -z "${IN_NAMESPACE-}" ]; then
	mkdir -p target
	[ -s "$base" ] || {
		mmdebstrap --quiet --variant=minbase --include=prometheus-node-exporter,systemd-sysv bookworm "${base%.tar}.new.tar" &&
			mv "${base%.tar}.new.tar" "$base"
	} || { echo "FAIL no Debian 12 to install packages in (mmdebstrap)"; exit 1; }
	IN_NAMESPACE=yes exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0" "$original"
fi

T=$(mktemp -d) && chmod 755 "$T" || exit 2
. tests/expect.sh
trap cleanup EXIT
trap 'exit 1' INT TERM
R=$T/root # the Debian
outer= # what holds the Debian with systemd

all="x86_64-unknown-linux-musl i686-unknown-linux-musl aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf
	arm-unknown-linux-musleabihf riscv64gc-unknown-linux-musl mipsel-unknown-linux-musl mips-unknown-linux-musl"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=sysmetrics_$version

cleanup() {
	[ -z "$outer" ] || { kill -KILL $outer && wait $outer; } 2>/dev/null
	! mountpoint -q "$R/proc" || umount -l "$R/proc"
	rm -rf --one-file-system "$T"
}

tools() {
	need busybox busybox-static
	need curl curl
	need ip iproute2
	need lintian lintian
	need mmdebstrap mmdebstrap
	need rpm rpm
	need systemd-analyze systemd
	need systemd-sysusers systemd
	for tool in cargo-deb cargo-generate-rpm cargo-cyclonedx; do
		command -v $tool >/dev/null || fail "$tool is missing: cargo install --locked $tool"
	done
	[ $bad = 0 ] || exit 1
	ip link set lo up || exit 1
}

metrics() { curl --noproxy "*" -m 2 -fs "http://127.0.0.1:$1/metrics"; }
# serves <port> <name>
serves() { metrics "$1" | grep -q "^$2[ {]"; }
refused() { ! curl --noproxy "*" -m 2 -s "http://127.0.0.1:$1/" >/dev/null; }
inside() { DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$R" "$@"; }

# tree <directory>: a copy of what git has, with the changes that are not committed
tree() {
	mkdir -p "$1"
	git ls-files -z --cached --others --exclude-standard -- . ':!fixtures' ':!tests/golden' ':!bench/record' |
		tar --null -T - -cf - --ignore-failed-read 2>/dev/null | tar -C "$1" -xf -
}

# build <directory> <targets...>: its dist/, from the one binary
build() {
	tree=$1
	shift
	for target; do
		mkdir -p "$T/binaries/$target"
		ln -f "$T/sysmetrics" "$T/binaries/$target/sysmetrics"
		ln -f "$T/sysmetrics" "$T/binaries/$target/sysmetrics-tiny"
	done
	BINARIES=$T/binaries "$tree/.ci/dist.sh" "$@"
}

packages() {
	SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
	export SOURCE_DATE_EPOCH
	cp "$original" "$T/sysmetrics" && chmod 755 "$T/sysmetrics" || exit 1
	tree "$T/first"
	tree "$T/somewhere/else"
	expect 0 "dist for all targets" build "$T/first" $all
	[ $bad = 0 ] || exit 1
	touch "$T/somewhere/else/README.md"
	(umask 077 && build "$T/somewhere/else" $all) >"$T/out" 2>&1
	expect 0 "built again elsewhere, the same bytes" diff "$T/first/dist/SHA256SUMS" "$T/somewhere/else/dist/SHA256SUMS"
	D=$T/first/dist
	expect 0 "SHA256SUMS holds" sh -c "cd $D && sha256sum --quiet -c SHA256SUMS"
	expect 0 "SHA256SUMS has them all" test "$(wc -l <"$D/SHA256SUMS")" = $(($(find "$D" -type f | wc -l) - 1))
	(cd "$D" && find . -type f -printf '%P\n' | sort) >"$T/names"
	cat >"$T/expected" <<-END
		SHA256SUMS
		sysmetrics-$version-1.aarch64.rpm
		sysmetrics-$version-1.armv6hl.rpm
		sysmetrics-$version-1.armv7hl.rpm
		sysmetrics-$version-1.i686.rpm
		sysmetrics-$version-1.riscv64.rpm
		sysmetrics-$version-1.x86_64.rpm
		sysmetrics-$version-grafana.tar.gz
		sysmetrics-$version-openwrt-feed.tar.gz
		sysmetrics-$version.cdx.json
	END
	{
		for target in $all; do
			printf '%s\n' "sysmetrics-$version-$target.tar.gz" "sysmetrics-$version-$target-tiny.tar.gz"
		done
		for arch in amd64 arm64 armhf armhfv6 i386 riscv64; do echo "${name}-1_$arch.deb"; done
		for arch in aarch64 armv6 armv7 i386 mips mipsel riscv64 x86_64; do
			printf '%s\n' "${name}-1_$arch.ipk" "sysmetrics-tiny_$version-1_$arch.ipk"
		done
	} >>"$T/expected"
	sort "$T/expected" -o "$T/expected"
	expect 0 "names in dist" diff "$T/expected" "$T/names"
	expect 1 "no path of this machine in the bill of materials" grep -F "$T" "$D/sysmetrics-$version.cdx.json"
	expect 0 "the bill of materials names rustls" grep -q '"name": "rustls"' "$D/sysmetrics-$version.cdx.json"
	deb=$D/${name}-1_amd64.deb
	# A newer one, whose settings file is another.
	echo '# new in this version' >>"$T/somewhere/else/packaging/config.toml"
	RELEASE=2 SBOM=no expect 0 "a newer package" build "$T/somewhere/else" x86_64-unknown-linux-musl
	newer=$T/somewhere/else/dist/${name}-2_amd64.deb
}

archives() {
	dir=sysmetrics-$version-x86_64-unknown-linux-musl
	mkdir "$T/archive"
	expect 0 "archive: unpack" tar -C "$T/archive" -xf "$D/$dir.tar.gz"
	expect 0 "archive: all belongs to root" test "$(tar -tvf "$D/$dir.tar.gz" | awk '{ print $2 }' | sort -u)" = 0/0
	expect 0 "archive: runs" "$T/archive/$dir/sysmetrics" --version
	for file in LICENSE README.md config.toml docs/sysmetrics.1 docs/install.md docs/completions/_sysmetrics \
		examples/minimal.toml deploy/README.md deploy/systemd/sysmetrics.service deploy/openwrt/sysmetrics.init \
		deploy/replace-node-exporter deploy/runit/sysmetrics/run; do
		expect 0 "archive: $file" test -s "$T/archive/$dir/$file"
	done
	expect 0 "archive: its settings are valid" "$original" --config "$T/archive/$dir/config.toml" --check-config
	mkdir "$T/grafana"
	expect 0 "grafana: unpack" tar -C "$T/grafana" -xf "$D/sysmetrics-$version-grafana.tar.gz"
	for part in dashboards provisioning; do
		expect 0 "grafana: $part" diff -r deploy/grafana/$part "$T/grafana/sysmetrics-grafana/$part"
	done
	expect 0 "make install" make --no-print-directory -s install "BINARY=$original" "DESTDIR=$T/installed" PREFIX=/usr
	for file in bin/sysmetrics share/man/man1/sysmetrics.1 share/bash-completion/completions/sysmetrics \
		share/zsh/site-functions/_sysmetrics share/fish/vendor_completions.d/sysmetrics.fish; do
		expect 0 "make install: $file" test -s "$T/installed/usr/$file"
	done
	expect 0 "make uninstall" make --no-print-directory -s uninstall "DESTDIR=$T/installed" PREFIX=/usr
	expect 0 "make uninstall: nothing is left" test -z "$(find "$T/installed" -type f)"
}

# architectures: each package says what it is for
architectures() {
	for pair in amd64 arm64 armhf armhfv6:armhf i386 riscv64; do
		expect 0 "deb: ${pair%:*} is for ${pair#*:}" test "$(dpkg-deb -f "$D/${name}-1_${pair%:*}.deb" Architecture)" = "${pair#*:}"
	done
	for arch in aarch64 armv6hl armv7hl i686 riscv64 x86_64; do
		expect 0 "rpm: is for $arch" test "$(rpm -qp --qf '%{ARCH}' "$D/sysmetrics-$version-1.$arch.rpm" 2>/dev/null)" = $arch
	done
}

unit() {
	mkdir "$T/unit"
	for file in sysmetrics.service sysmetrics.socket; do
		sed "s,=/usr/bin/sysmetrics,=$R/usr/bin/sysmetrics," "$R/usr/lib/systemd/system/$file" >"$T/unit/$file"
	done
	expect 0 "unit: systemd-analyze verify" systemd-analyze verify --man=no "$T"/unit/sysmetrics.*
	if grep sysmetrics "$T/out"; then fail "unit: systemd-analyze verify has something to say"; fi
	expect 0 "unit: systemd-analyze security is at most 2.0" \
		systemd-analyze security --offline=true --no-pager --threshold=20 "$T/unit/sysmetrics.service"
	for line in User=sysmetrics Group=sysmetrics StateDirectory=sysmetrics StateDirectoryMode=0750; do
		expect 0 "unit: $line" grep -qx $line "$T/unit/sysmetrics.service"
	done
	expect 1 "unit: no DynamicUser=" grep -q '^DynamicUser=' "$T/unit/sysmetrics.service"
	# Its command line, as its user, with what EnvironmentFile= would say.
	start=$(sed -n 's/^ExecStart=//p' "$R/usr/lib/systemd/system/sysmetrics.service")
	ARGS="--listen 127.0.0.1:9555" chroot --userspec=sysmetrics:sysmetrics "$R" sh -c "exec $start" 2>/dev/null &
	pid=$!
	expect 0 "unit: its command serves" soon serves 9555 sysmetrics_load1
	expect 0 "unit: as its user" test "$(stat -c %u /proc/$pid)" = "$(inside id -u sysmetrics)"
	kill $pid && wait $pid
}

# files: all of the Debian's files, without those that any package changes
files() {
	(cd "$R" && find . -path ./proc -prune -o -print | grep -vE '^\./(proc|tmp/|var/(lib/(dpkg|apt|systemd/deb-systemd-helper)|log|cache|backups)/|etc/(passwd|group|shadow|gshadow|sub[ug]id)-?$|run/)' | sort)
}

users_line() { inside getent passwd sysmetrics; }

debian() {
	expect 0 "deb: lintian" lintian --fail-on error,warning "$deb"
	mkdir "$R"
	tar -C "$R" -xf "$base" && mount -t proc proc "$R/proc" || exit 1
	# Without an init system Debian starts no service but where this says so.
	printf '#!/bin/sh\nexit 0\n' >"$R/usr/sbin/policy-rc.d"
	chmod 755 "$R/usr/sbin/policy-rc.d"
	# As in a Debian without systemd: the user comes from useradd.
	mv "$R/usr/bin/systemd-sysusers" "$T"
	cp "$deb" "$newer" "$R/tmp"
	files >"$T/before"

	from=$(date +%s%N)
	expect 0 "deb: install" inside dpkg -i "/tmp/${deb##*/}"
	expect 0 "deb: serves as soon as dpkg is done" serves 9101 sysmetrics_load1
	echo "note deb: $((($(date +%s%N) - from) / 1000000)) ms from dpkg -i to the end of the first scrape"
	expect 0 "deb: as its user" test "$(stat -c %u "/proc/$(cat "$R/run/sysmetrics.pid")")" = "$(inside id -u sysmetrics)"
	expect 0 "deb: it cannot log in" test "$(users_line | cut -d: -f7)" = /usr/sbin/nologin
	expect 0 "deb: its state" test "$(inside stat -c '%a %U %G' /var/lib/sysmetrics)" = "750 sysmetrics sysmetrics"
	expect 0 "deb: its settings are valid" inside sysmetrics --config /etc/sysmetrics/config.toml --check-config
	expect 0 "deb: starts with the machine" test -e "$R/etc/rc2.d/S01sysmetrics" -a -L "$R/etc/systemd/system/multi-user.target.wants/sysmetrics.service"
	for file in usr/share/man/man1/sysmetrics.1.gz usr/share/bash-completion/completions/sysmetrics usr/share/doc/sysmetrics/copyright \
		usr/share/zsh/vendor-completions/_sysmetrics usr/share/fish/vendor_completions.d/sysmetrics.fish usr/share/doc/sysmetrics/changelog.gz; do
		expect 0 "deb: $file" test -s "$R/$file"
	done
	unit

	# The user's settings and state, and a newer package with other settings of its own.
	printf '[collectors]\nmemory = false\n' >"$R/etc/sysmetrics/config.toml"
	inside install -o sysmetrics -g sysmetrics -m 600 /dev/null /var/lib/sysmetrics/spool
	before=$(cat "$R/run/sysmetrics.pid")
	expect 0 "deb: upgrade" inside dpkg --force-confdef --force-confold -i "/tmp/${newer##*/}"
	expect 0 "deb: the user's settings are kept" grep -qx 'memory = false' "$R/etc/sysmetrics/config.toml"
	expect 0 "deb: the new ones are beside them" grep -q 'new in this version' "$R/etc/sysmetrics/config.toml.dpkg-dist"
	expect 0 "deb: serves after the upgrade" soon serves 9101 sysmetrics_load1
	expect 1 "deb: another process" test "$(cat "$R/run/sysmetrics.pid")" = "$before"
	expect 0 "deb: version" test "$(inside dpkg-query -Wf '${Version}' sysmetrics)" = "$version-2"
	expect 1 "deb: its settings are in effect" serves 9101 sysmetrics_memory_available_bytes

	expect 0 "deb: remove" inside dpkg -r sysmetrics
	expect 0 "deb: serves no more" refused 9101
	expect 0 "deb: settings stay" grep -qx 'memory = false' "$R/etc/sysmetrics/config.toml"
	expect 0 "deb: state stays" test -f "$R/var/lib/sysmetrics/spool"
	expect 1 "deb: the binary does not" test -e "$R/usr/bin/sysmetrics"
	expect 0 "deb: install again" inside dpkg --force-confdef --force-confold -i "/tmp/${newer##*/}"
	expect 0 "deb: the settings are still the user's" grep -qx 'memory = false' "$R/etc/sysmetrics/config.toml"
	expect 0 "deb: and the state is" test "$(inside stat -c '%a %U' /var/lib/sysmetrics/spool)" = "600 sysmetrics"
	expect 0 "deb: serves again" soon serves 9101 sysmetrics_load1
	instead_of_node_exporter
	expect 0 "deb: purge" inside dpkg -P sysmetrics
	expect 0 "deb: serves no more" refused 9101
	files >"$T/after"
	expect 0 "deb: nothing is left" diff "$T/before" "$T/after"
	expect 0 "deb: systemd knows nothing of it" find "$R/var/lib/systemd" "$R/etc/systemd" -name '*sysmetrics*' -exec false {} +
	expect 0 "deb: but its user, whose number nobody else may get" users_line
	# A port that is taken does not leave the package half installed.
	inside install -d -o prometheus -g prometheus /run/prometheus
	echo 'ARGS="--web.listen-address=127.0.0.1:9101"' >"$R/etc/default/prometheus-node-exporter"
	expect 0 "deb: somebody has the port" inside service prometheus-node-exporter start
	soon serves 9101 node_load1
	# As do settings from before the package, which stay in effect.
	printf '[collectors]\nmemory = false\n' >"$R/etc/sysmetrics.toml"
	expect 0 "deb: installs all the same" inside dpkg -i "/tmp/${deb##*/}"
	expect 0 "deb: and is installed" test "$(inside dpkg-query -Wf '${db:Status-Abbrev}' sysmetrics)" = "ii "
	expect 0 "deb: the settings of before are the package's" grep -qx 'memory = false' "$R/etc/sysmetrics/config.toml"
	expect 0 "deb: and there is one file" test ! -e "$R/etc/sysmetrics.toml"
	inside service prometheus-node-exporter stop >/dev/null
	inside dpkg -P sysmetrics >/dev/null 2>&1
}

# Debian's own node_exporter runs, with a flag and a text file of its own.
instead_of_node_exporter() {
	switch=/usr/lib/sysmetrics/replace-node-exporter
	echo 'ARGS="--no-collector.vmstat --web.listen-address=127.0.0.1:9100"' >"$R/etc/default/prometheus-node-exporter"
	printf 'backup_seconds 7\n' >"$R/var/lib/prometheus/node-exporter/backup.prom"
	expect 0 "node_exporter: starts" inside service prometheus-node-exporter start
	expect 0 "node_exporter: is Debian's" soon serves 9100 go_info
	expect 1 "node_exporter: a second one on its port is refused" inside sysmetrics --dialect node_exporter --listen 127.0.0.1:9100

	echo 'ARGS="--collector.of-nobody"' >"$R/etc/default/sysmetrics"
	sed -i 's/--no-collector.vmstat/& --collector.unheard-of/' "$R/etc/default/prometheus-node-exporter"
	expect 1 "instead: flags that are not taken" inside $switch
	cp "$T/out" "$T/said"
	expect 0 "instead: it says which" grep -q unheard-of "$T/said"
	expect 0 "instead: and nothing was touched" serves 9100 go_info
	expect 0 "instead: not a file, either" grep -qx 'ARGS="--collector.of-nobody"' "$R/etc/default/sysmetrics"
	expect 1 "instead: nothing to undo" inside $switch --undo
	expect 0 "instead: and the user's file is left" grep -qx 'ARGS="--collector.of-nobody"' "$R/etc/default/sysmetrics"
	expect 0 "instead: --help" inside $switch --help
	expect 2 "instead: no such flag" inside $switch --unheard-of
	sed -i 's/ --collector.unheard-of//' "$R/etc/default/prometheus-node-exporter"
	printf 'ARGS="--no-collector.stat \\\n --no-collector.vmstat"\n' >"$R/etc/default/other"
	cp "$R/etc/init.d/prometheus-node-exporter" "$R/etc/init.d/other"
	expect 1 "instead: flags on several lines" inside $switch other
	expect 1 "instead: no such service" inside $switch no-such-service
	rm "$R/etc/default/other" "$R/etc/init.d/other"

	echo '# of the user' >"$R/etc/default/sysmetrics"
	expect 0 "instead: one command" inside $switch
	expect 0 "instead: sysmetrics is at the old port" serves 9100 node_load1
	expect 1 "instead: and it is not Debian's" serves 9100 go_info
	expect 1 "instead: the flags are the old ones" serves 9100 node_vmstat_pgfault
	expect 0 "instead: text files are where they were" serves 9100 backup_seconds
	expect 0 "instead: units are shown as Debian's build does" serves 9100 'node_scrape_collector_success{collector="systemd"}'
	expect 0 "instead: not on the port of before" refused 9101
	expect 0 "instead: the old one does not start with the machine" test -z "$(ls "$R"/etc/rc2.d/S*prometheus-node-exporter 2>/dev/null)"
	expect 0 "instead: again changes nothing" inside $switch
	expect 0 "instead: still there" serves 9100 node_load1
	expect 0 "instead: back again" inside $switch --undo
	expect 0 "instead: Debian's is back" soon serves 9100 go_info
	expect 0 "instead: sysmetrics is, too" soon serves 9101 sysmetrics_load1
	expect 0 "instead: and the user's file" grep -qx '# of the user' "$R/etc/default/sysmetrics"
	expect 0 "instead: which is no other's" test ! -e "$R/etc/default/sysmetrics.saved"
	# Twice, where the user has no file: the script's own is not taken for the user's.
	rm "$R/etc/default/sysmetrics"
	inside $switch >/dev/null && inside $switch >/dev/null
	expect 0 "instead: twice, and back" inside $switch --undo
	expect 0 "instead: no file is left" test ! -e "$R/etc/default/sysmetrics" -a ! -e "$R/etc/default/sysmetrics.saved"
	expect 0 "instead: twice, Debian's is back" soon serves 9100 go_info
	inside service prometheus-node-exporter stop >/dev/null
	rm "$R/var/lib/prometheus/node-exporter/backup.prom"
	with_systemd
}

# What systemd is asked; one that says yes to all but `restart`, if it is told so.
with_systemd() {
	mkdir -p "$R/run/systemd/system"
	cat >"$R/usr/local/bin/systemctl" <<-'END'
		#!/bin/sh
		echo "$*" >>/tmp/systemctl
		[ "$*" != "restart sysmetrics" ] || [ ! -e /tmp/systemctl-fails ]
	END
	chmod 755 "$R/usr/local/bin/systemctl"
	expect 0 "instead, systemd: one command" inside $switch
	expect 0 "instead, systemd: in this order" test "$(paste -sd, "$R/tmp/systemctl")" = \
		"disable --now prometheus-node-exporter,enable sysmetrics,restart sysmetrics"
	rm "$R/tmp/systemctl"
	touch "$R/tmp/systemctl-fails"
	expect 1 "instead, systemd: sysmetrics does not start" inside $switch
	expect 0 "instead, systemd: the old one is back" test "$(tail -n 1 "$R/tmp/systemctl")" = "restart prometheus-node-exporter"
	rm -r "$R/run/systemd" "$R"/tmp/systemctl* "$R/usr/local/bin/systemctl"
}

# A Debian that systemd has started, in namespaces of its own but for the network.
booted() {
	B=$T/booted
	mkdir "$B"
	tar -C "$B" -xf "$base"
	cp "$deb" "$newer" "$B/root"
	unshare --mount --pid --cgroup --uts --ipc --fork --kill-child sh -c '
		set -e
		mount --bind "$1" "$1"
		cd "$1"
		mount -t proc proc proc
		mount -t sysfs sysfs sys
		mount -t cgroup2 none sys/fs/cgroup
		mount -t tmpfs tmpfs run
		mount -t tmpfs tmpfs dev
		for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
		mknod -m 666 dev/tty c 5 0
		mknod -m 600 dev/console c 5 1
		mknod -m 666 dev/ptmx c 5 2
		mkdir dev/pts dev/shm old
		pivot_root . old
		umount -l old
		exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
	' sh "$B" </dev/null >"$T/boot" 2>&1 &
	outer=$!
	if soon is_booted; then echo "ok   systemd: runs"; else fail "systemd does not start here"; cat "$T/boot"; return; fi
	expect 0 "systemd: Debian's node_exporter serves" soon serves 9100 go_info

	from=$(date +%s%N)
	expect 0 "systemd: install" there dpkg -i "/root/${deb##*/}"
	expect 0 "systemd: serves as soon as dpkg is done" serves 9101 sysmetrics_load1
	expect 0 "systemd: is locked in" test -n "$(metrics 9101 | grep '^sysmetrics_sandbox_enforced{part="seccomp"} 1$')"
	echo "note systemd: $((($(date +%s%N) - from) / 1000000)) ms from dpkg -i to the end of the first scrape"
	expect 0 "systemd: is enabled" there systemctl is-enabled sysmetrics
	expect 1 "systemd: the socket is not" there systemctl is-enabled sysmetrics.socket
	expect 0 "systemd: its state" test "$(there stat -c '%a %U %G' /var/lib/sysmetrics)" = "750 sysmetrics sysmetrics"
	expect 0 "systemd: reload" there systemctl reload sysmetrics
	echo no_such_key = 1 >>"$B/etc/sysmetrics/config.toml"
	expect 1 "systemd: reload, bad file" there systemctl reload sysmetrics
	sed -i '$d' "$B/etc/sysmetrics/config.toml"
	expect 0 "systemd: upgrade" there dpkg --force-confold -i "/root/${newer##*/}"
	expect 0 "systemd: serves after the upgrade" serves 9101 sysmetrics_load1

	echo 'ARGS="--no-collector.vmstat"' >"$B/etc/default/prometheus-node-exporter"
	expect 0 "systemd: instead of node_exporter" there /usr/lib/sysmetrics/replace-node-exporter
	expect 0 "systemd: at its port" serves 9100 node_load1
	expect 1 "systemd: with its flags" serves 9100 node_vmstat_pgfault
	expect 1 "systemd: the old one is disabled" there systemctl is-enabled prometheus-node-exporter
	expect 0 "systemd: reload with arguments" there systemctl reload sysmetrics
	expect 0 "systemd: back again" there /usr/lib/sysmetrics/replace-node-exporter --undo
	expect 0 "systemd: Debian's serves" soon serves 9100 go_info
	expect 0 "systemd: so does sysmetrics" serves 9101 sysmetrics_load1
	there systemctl stop sysmetrics
	expect 0 "systemd: the socket" there systemctl enable --now sysmetrics.socket sysmetrics.service
	expect 0 "systemd: serves what it is handed" serves 9101 sysmetrics_load1

	expect 0 "systemd: remove" there dpkg -r sysmetrics
	expect 0 "systemd: serves no more" refused 9101
	expect 0 "systemd: install again" there dpkg --force-confold -i "/root/${deb##*/}"
	expect 0 "systemd: serves again" serves 9101 sysmetrics_load1
	expect 0 "systemd: purge" there dpkg -P sysmetrics
	expect 0 "systemd: nothing is left" test -z "$(there find /etc /usr /var -xdev -name '*sysmetrics*')"
	kill -KILL $outer && wait $outer
	outer=
}

there() {
	# shellcheck disable=SC2046 # there is one, and a blank behind it
	nsenter -t $(cat /proc/$outer/task/$outer/children) -m -p -C -u -i -r -w \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}
is_booted() { case $(there systemctl is-system-running) in running | degraded) ;; *) false ;; esac; }

sysusers() {
	mkdir -p "$T/sysusers/etc"
	expect 0 "sysusers.d makes the user" systemd-sysusers --root="$T/sysusers" "$R/../first/packaging/sysusers.conf"
	expect 0 "sysusers.d: its home" test "$(sed -n 's/^sysmetrics:.*:\(.*:.*\)$/\1/p' "$T/sysusers/etc/passwd")" = /var/lib/sysmetrics:/usr/sbin/nologin
}

redhat() {
	file=$D/sysmetrics-$version-1.x86_64.rpm
	expect 0 "rpm: digests" rpm -K --nosignature "$file"
	rpm -qpl "$file" >"$T/list" 2>/dev/null
	for path in /etc/sysmetrics/config.toml /usr/bin/sysmetrics /usr/lib/systemd/system/sysmetrics.service /usr/lib/systemd/system/sysmetrics.socket \
		/usr/lib/sysusers.d/sysmetrics.conf /usr/lib/sysmetrics/replace-node-exporter /usr/share/man/man1/sysmetrics.1.gz /usr/share/licenses/sysmetrics/LICENSE; do
		expect 0 "rpm: $path" grep -qxF $path "$T/list"
	done
	expect 0 "rpm: its settings are such" test "$(rpm -qpc "$file" 2>/dev/null)" = /etc/sysmetrics/config.toml
	expect 0 "rpm: test" rpm --root "$R" --nodeps --test -i "$file"
	printf '[collectors]\nmemory = false\n' >"$R/etc/sysmetrics.toml"
	expect 0 "rpm: install" rpm --root "$R" --nodeps -i "$file"
	expect 0 "rpm: runs" inside sysmetrics --print-metrics
	expect 0 "rpm: its settings are valid" inside sysmetrics --config /etc/sysmetrics/config.toml --check-config
	expect 0 "rpm: the settings of before are the package's" grep -qx 'memory = false' "$R/etc/sysmetrics/config.toml"
	expect 0 "rpm: its user" users_line
	echo '# of the user' >"$R/etc/sysmetrics/config.toml"
	expect 0 "rpm: upgrade" rpm --root "$R" --nodeps -U "$T/somewhere/else/dist/sysmetrics-$version-2.x86_64.rpm"
	expect 0 "rpm: the user's settings are kept" grep -qx '# of the user' "$R/etc/sysmetrics/config.toml"
	expect 0 "rpm: erase" rpm --root "$R" --nodeps -e sysmetrics
	expect 1 "rpm: is gone" test -e "$R/usr/bin/sysmetrics"
	expect 0 "rpm: the user's settings are not" test -e "$R/etc/sysmetrics/config.toml.rpmsave"
}

openwrt() {
	mkdir "$T/ipk" "$T/ipk/control" "$T/ipk/data"
	expect 0 "ipk: unpack" tar -C "$T/ipk" -xf "$D/${name}-1_x86_64.ipk"
	expect 0 "ipk: what opkg looks for" test "$(tar -tf "$D/${name}-1_x86_64.ipk" | paste -sd' ')" = "./debian-binary ./data.tar.gz ./control.tar.gz"
	tar -C "$T/ipk/control" -xf "$T/ipk/control.tar.gz"
	tar -C "$T/ipk/data" -xf "$T/ipk/data.tar.gz"
	(cd "$T/ipk/data" && find . -type f | sort) >"$T/list"
	expect 0 "ipk: its files" test "$(paste -sd' ' "$T/list")" = \
		"./etc/config/sysmetrics ./etc/init.d/sysmetrics ./etc/sysmetrics/config.toml ./lib/upgrade/keep.d/sysmetrics ./usr/bin/sysmetrics"
	expect 0 "ipk: all belongs to root" test "$(tar -tvf "$T/ipk/data.tar.gz" | awk '{ print $2 }' | sort -u)" = 0/0
	expect 0 "ipk: runs" "$T/ipk/data/usr/bin/sysmetrics" --version
	while read -r path; do expect 0 "ipk: $path is one of its files" test -f "$T/ipk/data$path"; done <"$T/ipk/control/conffiles"
	expect 0 "ipk: conffiles" test "$(wc -l <"$T/ipk/control/conffiles")" = 2
	expect 0 "ipk: kept by sysupgrade" diff packaging/openwrt/keep "$T/ipk/data/lib/upgrade/keep.d/sysmetrics"
	for file in control/preinst control/postinst control/prerm data/etc/init.d/sysmetrics; do
		expect 0 "ipk: busybox ash -n $file" busybox ash -n "$T/ipk/$file"
		[ -x "$T/ipk/$file" ] || fail "ipk: $file is not executable"
	done
	expect 0 "ipk: not on the ports of OpenWrt's own" test "$(grep -c "^.list listen .*:19101'$" "$T/ipk/data/etc/config/sysmetrics")" = 1
	# The processor is the package's, or nothing is unpacked.
	expect 0 "ipk: this processor" busybox ash "$T/ipk/control/preinst"
	for arch in aarch64 armv7 mips riscv64; do
		tar -xOf "$D/${name}-1_$arch.ipk" ./control.tar.gz | tar -xzOf - ./preinst >"$T/preinst"
		expect 1 "ipk: $arch is refused here" busybox ash "$T/preinst"
		expect 0 "ipk: $arch may go into an image" env "IPKG_INSTROOT=$T" busybox ash "$T/preinst"
	done
	# The settings of before the package are its own, which is what goes into an image with them, too.
	printf '[collectors]\nmemory = false\n' >"$T/ipk/data/etc/sysmetrics.toml"
	cp "$T/ipk/data/etc/sysmetrics/config.toml" "$T/config.toml"
	expect 0 "ipk: postinst in an image" env "IPKG_INSTROOT=$T/ipk/data" busybox ash "$T/ipk/control/postinst"
	expect 0 "ipk: settings of before" grep -qx 'memory = false' "$T/ipk/data/etc/sysmetrics/config.toml"
	mv "$T/config.toml" "$T/ipk/data/etc/sysmetrics/config.toml"
	feed
}

# OpenWrt's build system, as far as the Makefile sees of it: it names what is asked for and installs.
feed() {
	mkdir -p "$T/feed/include"
	tar -C "$T/feed" -xf "$D/sysmetrics-$version-openwrt-feed.tar.gz"
	cat >"$T/feed/rules.mk" <<-'END'
		INSTALL_DIR := install -d -m 755
		INSTALL_BIN := install -m 755
		INSTALL_CONF := install -m 600
		INSTALL_DATA := install -m 644
		BUILD_DIR := $(TOPDIR)/build
		INCLUDE_DIR := $(TOPDIR)/include
	END
	cat >"$T/feed/include/package.mk" <<-'END'
		define BuildPackage
		asked: ; @echo $(PKG_SOURCE) $(PKG_HASH)
		installed: ; $(call Package/$(1)/install,$(TOPDIR)/installed)
		endef
	END
	feed="make --no-print-directory -s -C $T/feed/sysmetrics-openwrt-feed/sysmetrics TOPDIR=$T/feed"
	sum() { sed -n "s/^\([0-9a-f]*\)  sysmetrics-$version-$1.tar.gz$/sysmetrics-$version-$1.tar.gz \1/p" "$D/SHA256SUMS"; }
	for pair in x86_64:x86_64-unknown-linux-musl aarch64:aarch64-unknown-linux-musl mipsel:mipsel-unknown-linux-musl \
		riscv64:riscv64gc-unknown-linux-musl arm,neon-vfpv4:armv7-unknown-linux-musleabihf arm,arm1176jzf-s_vfp:arm-unknown-linux-musleabihf; do
		arch=${pair%%:*}
		asks="$feed ARCH=${arch%,*} CONFIG_TARGET_ARCH_PACKAGES=${arch#*,} asked"
		expect 0 "feed: what $arch takes, with its checksum" test "$($asks)" = "$(sum "${pair#*:}")"
		expect 0 "feed: the same without TLS" test "$($asks CONFIG_SYSMETRICS_TINY=y)" = "$(sum "${pair#*:}-tiny")"
	done
	mkdir -p "$T/feed/build"
	tar -C "$T/feed/build" -xf "$D/sysmetrics-$version-x86_64-unknown-linux-musl.tar.gz"
	expect 0 "feed: install" $feed ARCH=x86_64 installed
	expect 0 "feed: the same files as the ipk" diff -r "$T/ipk/data" "$T/feed/installed"
	expect 0 "feed: the version is that of Cargo.toml" grep -qx "PKG_VERSION:=$version" packaging/openwrt/Makefile
}

tools
packages
archives
architectures
debian
booted
sysusers
redhat
openwrt
[ $bad = 0 ] || { echo "$bad failed"; exit 1; }
