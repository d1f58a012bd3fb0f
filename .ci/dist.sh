#!/usr/bin/env bash
# Puts what a release consists of into dist/: .ci/dist.sh <target...>
#
# For each target an archive of the binary and what belongs to it, one of the small binary without TLS
# (-tiny), and packages: .deb and .rpm where such systems run on that processor, .ipk for OpenWrt. Then a
# feed for OpenWrt's build system, what a Grafana server needs, the bill of materials (CycloneDX) and SHA256SUMS.
#
# The same commit makes the same bytes: the time in all of it is the commit's (or SOURCE_DATE_EPOCH), files
# are sorted and belong to root. With BINARIES=<directory> nothing is compiled: <directory>/<target>/ has
# sysmetrics and sysmetrics-tiny. RELEASE (1) numbers packages of the same version; SBOM=no
# leaves that out.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "usage: $0 <target...>" >&2; exit 2; }
dist=dist
work=target/packaging
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
release=${RELEASE:-1} # of the packages of this version
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH LC_ALL=C
umask 022

need() { command -v "$1" >/dev/null || { echo "$1 is missing: $2" >&2; exit 1; }; }
need cargo-deb "cargo install --locked cargo-deb"
need cargo-generate-rpm "cargo install --locked cargo-generate-rpm"
# Before minutes of compiling.
for file in docs/sysmetrics.1 docs/completions/{sysmetrics.bash,_sysmetrics,sysmetrics.fish}; do
	[ -s "$file" ] || { echo "$file is missing: make docs" >&2; exit 1; }
done
[ "${SBOM-}" = no ] || need cargo-cyclonedx "cargo install --locked cargo-cyclonedx"

# pack <file> <directory> <names...>: a .tar.gz that depends on nothing but the files' names and contents
pack() {
	local file=$1 directory=$2
	shift 2
	tar --format=gnu --sort=name --numeric-owner --owner=0 --group=0 --mtime="@$SOURCE_DATE_EPOCH" \
		-C "$directory" -cf - "$@" | gzip -9n >"$file"
}

# put <mode> <from> <to>
put() { install -D -m "$1" "$2" "$3"; }

# put_packed <from> <to.gz>
put_packed() {
	put 644 "$1" "${2%.gz}"
	gzip -9nf "${2%.gz}"
}

# edited <from> <to> <sed expressions...>: each of them has to find something
edited() {
	local from=$1 to=$2 expression
	shift 2
	mkdir -p "$(dirname "$to")"
	cp "$from" "$to"
	for expression; do
		sed -i "$expression" "$to"
		! cmp -s "$from" "$to" || { echo "$from has nothing for $expression" >&2; exit 1; }
	done
}

# names_of <target>: what Debian, rpm and OpenWrt call its processor; - where there is no package
names_of() {
	case $1 in
	x86_64-*) echo amd64 x86_64 x86_64 ;;
	i686-*) echo i386 i686 i386 ;;
	aarch64-*) echo arm64 aarch64 aarch64 ;;
	armv7-*) echo armhf armv7hl armv7 ;;
	arm-*) echo armhf armv6hl armv6 ;; # Raspberry Pi OS calls it armhf, too
	riscv64*) echo riscv64 riscv64 riscv64 ;;
	mipsel-*) echo - - mipsel ;;
	mips-*) echo - - mips ;;
	*) echo "no package names for $1" >&2; exit 1 ;;
	esac
}

# binary <target> <sysmetrics|sysmetrics-tiny>: builds it, prints where it is
binary() {
	local features=() path
	if [ -n "${BINARIES-}" ]; then
		echo "$BINARIES/$1/$2"
		return
	fi
	[ "$2" = sysmetrics-tiny ] || features=(--features tls)
	path=$(.ci/static.sh "$1" "${features[@]}")
	# What static.sh makes where parts are missing is not released.
	case $path in */"$1"/*) ;; *) echo "not for release: $path" >&2; exit 1 ;; esac
	put 755 "$path" "$work/binaries/$1/$2"
	echo "$work/binaries/$1/$2"
}

# archive <target> <binary> <suffix>
archive() {
	local name=sysmetrics-$version-$1$3 file
	rm -rf "$work/archive"
	local to=$work/archive/$name
	put 755 "$2" "$to/sysmetrics"
	put 644 LICENSE "$to/LICENSE"
	put 644 packaging/config.toml "$to/config.toml"
	for file in README.md CHANGELOG.md examples/*.toml docs/*.md docs/sysmetrics.1 docs/completions/*; do
		put 644 "$file" "$to/$file"
	done
	for file in README.md replace-node-exporter systemd sysv runit openwrt nginx prometheus; do
		mkdir -p "$to/deploy"
		cp -r "deploy/$file" "$to/deploy/"
	done
	chmod -R u=rwX,go=rX "$to/deploy"
	pack "$dist/$name.tar.gz" "$work/archive" "$name"
}

# common <root> <binary>: what deb and rpm have in common
common() {
	rm -rf "$1"
	put 755 "$2" "$1/usr/bin/sysmetrics"
	put 755 deploy/replace-node-exporter "$1/usr/lib/sysmetrics/replace-node-exporter"
	put 644 packaging/sysusers.conf "$1/usr/lib/sysusers.d/sysmetrics.conf"
	put 644 packaging/config.toml "$1/etc/sysmetrics/config.toml"
	put_packed docs/sysmetrics.1 "$1/usr/share/man/man1/sysmetrics.1.gz"
	put 644 docs/completions/sysmetrics.bash "$1/usr/share/bash-completion/completions/sysmetrics"
	put 644 docs/completions/sysmetrics.fish "$1/usr/share/fish/vendor_completions.d/sysmetrics.fish"
	local file
	for file in examples/*.toml deploy/nginx/sysmetrics.conf deploy/prometheus/alerts.yml deploy/prometheus/edge.yml deploy/prometheus/scrape.yml; do
		put 644 "$file" "$1/usr/share/doc/sysmetrics/examples/${file##*/}"
	done
	put 644 README.md "$1/usr/share/doc/sysmetrics/README.md"
	# The packages have a user of their own, which DynamicUser= makes for the unit alone.
	edited deploy/systemd/sysmetrics.service "$1/usr/lib/systemd/system/sysmetrics.service" \
		's,/usr/local/bin/,/usr/bin/,' 's/^DynamicUser=yes$/User=sysmetrics\nGroup=sysmetrics\nRemoveIPC=yes/' \
		's/^StateDirectoryMode=.*/StateDirectoryMode=0750/'
	put 644 deploy/systemd/sysmetrics.socket "$1/usr/lib/systemd/system/sysmetrics.socket"
}

# deb <target> <binary> <architecture>
deb() {
	local root=$work/deb name=sysmetrics_$version-${release}_$3
	case $1 in arm-*) name=${name}v6 ;; esac
	common $root "$2"
	edited deploy/sysv/sysmetrics $root/etc/init.d/sysmetrics \
		's,/usr/local/bin/,/usr/bin/,' 's/RUNAS-nobody/RUNAS-sysmetrics/' 's/chmod 700/chmod 750/'
	put 644 docs/completions/_sysmetrics $root/usr/share/zsh/vendor-completions/_sysmetrics
	put_packed CHANGELOG.md $root/usr/share/doc/sysmetrics/changelog.gz
	put 644 packaging/deb/lintian-overrides $root/usr/share/lintian/overrides/sysmetrics
	cat >$work/deb-changelog <<-END
		sysmetrics ($version-$release) unstable; urgency=medium

		  * Version $version: see changelog.gz.

		 -- The sysmetrics authors <sysmetrics@users.noreply.github.com>  $(date -uRd "@$SOURCE_DATE_EPOCH")
	END
	cargo deb --quiet --no-build --no-strip --locked --target "$1" --deb-revision "$release" -o "$dist/$name.deb"
}

# rpm <target> <binary> <architecture>
rpm() {
	local root=$work/rpm
	common $root "$2"
	put 644 docs/completions/_sysmetrics $root/usr/share/zsh/site-functions/_sysmetrics
	put 644 LICENSE $root/usr/share/licenses/sysmetrics/LICENSE
	cargo generate-rpm --target "$1" -a "$3" -s "release = \"$release\"" \
		-o "$dist/sysmetrics-$version-$release.$3.rpm"
}

# ipk <target> <binary> <processor> <package>: what OpenWrt's ipkg-build makes, which is not at hand here.
# The architecture is `all`, since one binary fits many of OpenWrt's; preinst looks at the processor.
ipk() {
	local root=$work/ipk file
	rm -rf $root
	put 755 "$2" $root/data/usr/bin/sysmetrics
	put 755 deploy/openwrt/sysmetrics.init $root/data/etc/init.d/sysmetrics
	put 600 deploy/openwrt/sysmetrics.config $root/data/etc/config/sysmetrics
	put 644 packaging/config.toml $root/data/etc/sysmetrics/config.toml
	put 644 packaging/openwrt/keep $root/data/lib/upgrade/keep.d/sysmetrics
	mkdir -p $root/control
	local other=sysmetrics provides=
	[ "$4" = sysmetrics-tiny ] || other=sysmetrics-tiny
	[ "$4" = sysmetrics ] || provides="Provides: sysmetrics"$'\n'
	cat >$root/control/control <<-END
		Package: $4
		Version: $version-$release
		${provides}Conflicts: $other
		License: MIT
		Section: utils
		Architecture: all
		Maintainer: The sysmetrics authors <sysmetrics@users.noreply.github.com>
		Installed-Size: $(find $root/data -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
		Description: Metrics agent for Prometheus
	END
	printf '%s\n' /etc/config/sysmetrics /etc/sysmetrics/config.toml >$root/control/conffiles
	sed "s/@PROCESSOR@/$3/" packaging/openwrt/preinst >$root/control/preinst
	cp packaging/openwrt/{postinst,prerm} $root/control/
	chmod 755 $root/control/{preinst,postinst,prerm}
	pack $root/control.tar.gz $root/control .
	pack $root/data.tar.gz $root/data .
	echo 2.0 >$root/debian-binary
	pack "$dist/$4_$version-${release}_$3.ipk" $root ./debian-binary ./data.tar.gz ./control.tar.gz
}

# What a build system of OpenWrt packs itself, out of the archives; it also makes apk of them.
feed() {
	local root=$work/feed/sysmetrics-openwrt-feed
	rm -rf $work/feed
	put 644 packaging/openwrt/Makefile $root/sysmetrics/Makefile
	put 644 packaging/openwrt/keep $root/sysmetrics/files/keep
	put 644 deploy/openwrt/sysmetrics.config $root/sysmetrics/files/sysmetrics.config
	put 644 packaging/config.toml $root/sysmetrics/files/config.toml
	put 644 deploy/openwrt/sysmetrics.init $root/sysmetrics/files/sysmetrics.init
	sed -i "s/^PKG_VERSION:=.*/PKG_VERSION:=$version/; s/^PKG_RELEASE:=.*/PKG_RELEASE:=$release/" $root/sysmetrics/Makefile
	(cd "$dist" && sha256sum sysmetrics-"$version"-*.tar.gz) |
		sed "s/^\(.*\)  sysmetrics-$version-\(.*\)\.tar\.gz$/HASH_\2:=\1/" >$root/sysmetrics/hashes.mk
	pack "$dist/sysmetrics-$version-openwrt-feed.tar.gz" $work/feed sysmetrics-openwrt-feed
}

# The dashboards, for the server that Grafana is on: it need not be a box with the agent.
grafana() {
	local root=$work/grafana/sysmetrics-grafana file
	rm -rf $work/grafana
	for file in deploy/grafana/dashboards/*.json deploy/grafana/provisioning/*/*; do
		put 644 "$file" "$root/${file#deploy/grafana/}"
	done
	pack "$dist/sysmetrics-$version-grafana.tar.gz" $work/grafana sysmetrics-grafana
}

# sbom: what the binaries with TLS are made of, without the path of this directory.
sbom() {
	cargo cyclonedx --quiet --format json --features tls --target x86_64-unknown-linux-musl \
		--override-filename sbom
	sed "s,path+file://$PWD,path+file:///sysmetrics,g" sbom.json >"$dist/sysmetrics-$version.cdx.json"
	rm sbom.json
}

rm -rf "$dist"
mkdir -p "$dist" $work
dist=$(cd "$dist" && pwd)
for target; do
	full=$(binary "$target" sysmetrics)
	tiny=$(binary "$target" sysmetrics-tiny)
	read -r debian redhat openwrt < <(names_of "$target")
	archive "$target" "$full" ""
	archive "$target" "$tiny" -tiny
	[ "$debian" = - ] || deb "$target" "$full" "$debian"
	[ "$redhat" = - ] || rpm "$target" "$full" "$redhat"
	ipk "$target" "$full" "$openwrt" sysmetrics
	ipk "$target" "$tiny" "$openwrt" sysmetrics-tiny
done
feed
grafana
[ "${SBOM-}" = no ] || sbom
cd "$dist"
sha256sum sysmetrics* >SHA256SUMS
