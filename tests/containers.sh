#!/usr/bin/env bash
# Runs Dockerfile, deploy/compose/ and deploy/grafana/provisioning/: tests/containers.sh <static binary> [part...]
#
# As root, on Debian (.ci/install.sh has the packages). There is no registry here, so two things are not the real
# ones: the builder stage's result is the binary that is given, and the images of others are made of Debian's
# programs of the same name. The final stage, the compose files and all they mount are taken as they are, by
# podman's build and by docker-compose, which talks to podman. Network, processes and mounts are in namespaces of
# their own and end with this script.
set -u
cd "$(dirname "$0")/.." || exit 2
checkers=$PWD/target/clients/bin
peers=$PWD/target/peers/usr/bin

if [ "${1-}" != --inside ]; then
	case ${1-} in /*) binary=$1 ;; *) binary=$PWD/${1-} ;; esac
	if [ $# = 0 ] || [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
		echo "usage: $0 <the static sysmetrics binary> [files|processors|image|alone|stack|push]..." >&2
		exit 2
	fi
	shift
	[ "$(id -u)" = 0 ] || { echo "$0 needs root: it makes namespaces and mounts" >&2; exit 2; }
	T=$(mktemp -d) && chmod 755 "$T" || exit 2
	trap 'rm -rf "$T"' EXIT
	unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc \
		bash "$0" --inside "$T" "$binary" "$@"
	exit
fi
T=$2 BIN=$3
shift 3
bad=0

fail() { echo "FAIL $*"; bad=$((bad + 1)); }

# expect <exit code> <what> <command...>
expect() {
	local want=$1 what=$2 got
	shift 2
	"$@" >"$T/out" 2>&1
	got=$?
	if [ $got = "$want" ]; then echo "ok   $what"; else fail "$what: exit $got, expected $want"; sed 's/^/     /' "$T/out" | tail -n 30; fi
}

# soon <command...>: true within a minute or more
soon() {
	local tries=300
	until "$@" >"$T/soon" 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat "$T/soon"; return 1; }
		sleep 0.2
	done
}

get() { curl --noproxy "*" -m 5 -fsS "$@"; }
# has <url> <extended pattern>
has() { get "$1" | grep -E "$2"; }
# query <address> <PromQL>: the values, as JSON
query() { get -G --data-urlencode "query=$2" "http://$1/api/v1/query"; }
# found <address> <PromQL>: whether there is a series
found() { query "$1" "$2" | tee /dev/stderr | grep -q '"metric":{'; }

tools() {
	while read -r tool package; do
		PATH=$PATH:/usr/lib/podman command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install $package"
	done <<-END
		aardvark-dns aardvark-dns
		amtool prometheus-alertmanager
		busybox busybox-static
		crun crun
		curl curl
		docker-compose docker-compose
		ip iproute2
		iptables iptables
		netavark netavark
		podman podman
		prometheus-alertmanager prometheus-alertmanager
		promtool prometheus
		shellcheck shellcheck
	END
	for tool in "$checkers/check-jsonschema" "$peers"/{prometheus,victoria-metrics}; do
		[ -x "$tool" ] || fail "$tool is missing: .ci/install.sh"
	done
	/usr/bin/python3 -c 'import yaml' || fail "apt-get install python3-yaml"
	[ $bad = 0 ] || exit 1
}

# What needs no engine.

files() {
	expect 0 "shellcheck" shellcheck deploy/compose/*.sh
	for file in deploy/compose/*.sh; do
		expect 0 "busybox ash -n $file" busybox ash -n "$file"
	done
	for file in deploy/compose/{compose,push}.yaml; do
		expect 0 "$file: the schema of compose files" \
			"$checkers/check-jsonschema" --builtin-schema vendor.compose-spec "$file"
		expect 0 "$file: docker-compose config" docker-compose -f "$file" config
		images=$(sed -n 's/^ *image: //p' "$file" | sort -u)
		expect 1 "$file: images are pinned" grep -vE ':v?[0-9]+(\.[0-9]+)+$|^\$\{SYSMETRICS_IMAGE:-sysmetrics\}$' <<<"$images"
		expect 1 "$file: ports are the box's own" grep -nE '^ +- "?[0-9]+:' "$file"
	done
	mkdir "$T/prometheus"
	cp deploy/compose/prometheus.yml deploy/prometheus/alerts.yml "$T/prometheus"
	expect 0 "prometheus.yml" promtool check config "$T/prometheus/prometheus.yml"
	expect 0 "alertmanager.yml" amtool check-config deploy/compose/alertmanager.yml
	expect 0 "push.toml" env REMOTE_WRITE_URL=http://127.0.0.1:8428/api/v1/write "$BIN" --config deploy/compose/push.toml --check-config
	expect 0 "what Grafana is told" provisioning
	expect 0 "the DaemonSet of docs/containers.md" daemonset
}

# Only what would keep it from running: names that have to agree.
# shellcheck disable=SC2016 # the marks of a block of code
daemonset() {
	sed -n '/^```yaml$/,/^```$/p' docs/containers.md | sed '1d; $d' | /usr/bin/python3 -c '
import sys, yaml
spec = yaml.safe_load(sys.stdin)["spec"]
pod = spec["template"]
[agent] = pod["spec"]["containers"]
assert spec["selector"]["matchLabels"] == pod["metadata"]["labels"]
assert {m["name"] for m in agent["volumeMounts"]} == {v["name"] for v in pod["spec"]["volumes"]}
assert agent["livenessProbe"]["httpGet"]["port"] == agent["ports"][0]["containerPort"] == 9101
'
}

# The fields that Grafana reads of such files, and what the dashboards and the compose files rely on.
provisioning() {
	/usr/bin/python3 - <<-'END'
		import glob, json, os, yaml

		def only(what, found, known, needed):
		    assert set(found) <= known, f"{what}: Grafana knows no {set(found) - known}"
		    assert needed <= set(found), f"{what}: {needed - set(found)} is missing"

		def read(pattern):
		    files = glob.glob(pattern)
		    assert len(files) == 1, f"{pattern}: one file is expected, found {files}"
		    return yaml.safe_load(open(files[0]))

		top = "deploy/grafana/provisioning/"
		file = read(top + "datasources/*")
		only("datasources", file, {"apiVersion", "datasources", "deleteDatasources", "prune"}, {"apiVersion", "datasources"})
		assert file["apiVersion"] == 1
		[source] = file["datasources"]
		only("a data source", source,
		     {"name", "type", "access", "orgId", "uid", "url", "user", "database", "basicAuth", "basicAuthUser",
		      "withCredentials", "isDefault", "jsonData", "secureJsonData", "version", "editable", "readOnly"},
		     {"name", "type", "access", "uid", "url"})
		assert (source["uid"], source["type"]) == ("prometheus", "prometheus"), source
		assert source["url"].startswith("$"), "the compose files name the server"

		file = read(top + "dashboards/*")
		only("providers", file, {"apiVersion", "providers"}, {"apiVersion", "providers"})
		[provider] = file["providers"]
		only("a provider", provider,
		     {"name", "orgId", "folder", "folderUid", "type", "disableDeletion", "allowUiUpdates",
		      "updateIntervalSeconds", "options"}, {"name", "type", "options"})
		only("its options", provider["options"], {"path", "foldersFromFilesStructure"}, {"path"})

		for name in ["compose.yaml", "push.yaml"]:
		    compose = yaml.safe_load(open("deploy/compose/" + name))
		    grafana = compose["services"]["grafana"]
		    mounts = dict(v.split(":")[:2][::-1] for v in grafana["volumes"])
		    assert os.path.samefile("deploy/compose/" + mounts["/etc/grafana/provisioning"], top), name
		    boards = "deploy/compose/" + mounts[provider["options"]["path"]]
		    home = grafana["environment"].get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")
		    board = json.load(open(home.replace(provider["options"]["path"], boards)))
		    assert board["title"], home
		    variable = source["url"].strip("${}")
		    assert variable in grafana["environment"], f"{name}: {variable} is not set"
	END
}

# The builder stage cannot run here; its table of processors can: each name is one of Rust's targets, each
# compiler a package of Debian.
processors() {
	local stubs=$T/stubs
	mkdir "$stubs"
	printf '#!/bin/sh\necho "$*" >>"%s/asked"\n' "$T" >"$stubs/apt-get"
	cp "$stubs/apt-get" "$stubs/rustup"
	printf '#!/bin/sh\n' >"$stubs/rm"
	chmod 755 "$stubs"/*
	# The first RUN of the file.
	sed -n '/^RUN case/,/[^\\]$/p' Dockerfile | sed "s/^RUN //; s,>/,>$T/,g" >"$T/run"
	local platforms count=0
	platforms=$(sed -n 's/^#.*--platform \([^ ]*\) .*/\1/p' Dockerfile | tr , '\n')
	for platform in $platforms linux/arm64/v8; do
		IFS=/ read -r _ arch variant <<<"$platform"
		expect 0 "builder: $platform" env PATH="$stubs:$PATH" TARGETARCH="$arch" TARGETVARIANT="$variant" bash -euo pipefail "$T/run"
		count=$((count + 1))
	done
	expect 0 "builder: all processors" test $count = 7
	expect 1 "builder: another processor is refused" env PATH="$stubs:$PATH" TARGETARCH=s390x TARGETVARIANT= bash -euo pipefail "$T/run"
	rustc --print target-list >"$T/known"
	while read -r target; do
		expect 0 "builder: $target" grep -qx "$target" "$T/known"
	done < <(sed -n 's/^target add //p' "$T/asked" | sort -u)
	for package in $(sed -n 's/^install -y //p' "$T/asked" | tr ' ' '\n' | sort -u); do
		# gcc-x86-64-linux-gnu is what gcc provides where it is the machine's own.
		expect 0 "builder: Debian has $package" grep -q . <(apt-cache showpkg "$package")
	done
}

# The engine: podman with everything below $T, on a network that nobody else sees.

engine() {
	ip link set lo up
	# Of the box, not of a container.
	ip link add box0 type veth peer name box1
	hostname the-box
	mount --make-rshared /
	mount -t sysfs none /sys
	# The pure second version, which crun wants; the containers are not limited.
	mount -t cgroup2 none /sys/fs/cgroup
	mount -t tmpfs none /run
	mkdir "$T"/{etc,store,state,networks,tmp}
	# crun makes the mount private that the store is on; let that not be the root, which is to pass on mounts.
	mount --bind "$T/store" "$T/store"
	cat >"$T/etc/containers.conf" <<-END
		[containers]
		cgroups = "disabled"
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		[network]
		network_backend = "netavark"
		network_config_dir = "$T/networks"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "crun"
	END
	cat >"$T/etc/storage.conf" <<-END
		[storage]
		driver = "vfs"
		graphroot = "$T/store"
		runroot = "$T/state"
	END
	export CONTAINERS_CONF=$T/etc/containers.conf CONTAINERS_STORAGE_CONF=$T/etc/storage.conf TMPDIR=$T/tmp
	podman system service --time 0 "unix://$T/podman.sock" >"$T/service.log" 2>&1 &
	export DOCKER_HOST=unix://$T/podman.sock
	soon test -S "$T/podman.sock" || fail "podman does not serve"
	# Nobody else asks for their health here: timers are systemd's.
	while sleep 0.5; do
		for container in $(podman ps -q 2>/dev/null); do podman healthcheck run "$container"; done
	done >/dev/null 2>&1 &
}

# build <name> <directory>: with the file that is on standard input
build() {
	cat >"$2.file"
	podman build -q --isolation chroot --format docker --pull=never -f "$2.file" -t "$1" "$2" >"$T/build" 2>&1 ||
		{ fail "the image $1 is not built"; sed 's/^/     /' "$T/build"; }
}

# tree <program...>: a root with busybox and these programs; prints where
tree() {
	local dir program library
	dir=$(mktemp -d -p "$T")
	chmod 755 "$dir"
	mkdir -p "$dir"/{bin,empty}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for applet in $(busybox --list); do ln -s busybox "$dir/bin/$applet" 2>/dev/null; done
	for program; do
		cp --remove-destination "$program" "$dir/bin/"
		for library in $(ldd "$program" | grep -o '/[^ ]*'); do
			install -D "$library" "$dir$library"
		done
	done
	echo "$dir"
}

# An image of somebody else's, as the compose files name it: stand_in <image> <tree> <lines of a Dockerfile>
stand_in() {
	local name
	name=$(sed -n "s,^ *image: \($1:.*\),\1,p" deploy/compose/{compose,push}.yaml | sort -u)
	[ -n "$name" ] || fail "no compose file has an image $1"
	case $name in */*) ;; *) name=library/$name ;; esac
	printf 'FROM scratch\nCOPY . /\nENV PATH=/bin\n%s\n' "$3" | build "docker.io/$name" "$2"
}

images() {
	local dir
	stand_in busybox "$(tree)" ""
	stand_in prom/prometheus "$(tree "$peers/prometheus")" 'COPY --chown=65534:65534 empty /prometheus
		USER 65534
		VOLUME /prometheus
		WORKDIR /prometheus
		ENTRYPOINT ["/bin/prometheus"]'
	cp "$(command -v prometheus-alertmanager)" "$T/alertmanager"
	dir=$(tree "$T/alertmanager")
	# Compiled in upstream, a file in Debian.
	mkdir -p "$dir/usr/share/prometheus"
	cp -r /usr/share/prometheus/alertmanager "$dir/usr/share/prometheus"
	stand_in prom/alertmanager "$dir" 'COPY --chown=65534:65534 empty /alertmanager
		USER 65534
		VOLUME /alertmanager
		WORKDIR /alertmanager
		ENTRYPOINT ["/bin/alertmanager"]'
	stand_in victoriametrics/victoria-metrics "$(tree "$peers/victoria-metrics")" 'ENTRYPOINT ["/bin/victoria-metrics"]'
	# Debian has no Grafana. This one looks at what Grafana would read, asks the data source, writes where it
	# writes, and then says that it is well.
	dir=$(tree)
	cat >"$dir/bin/run.sh" <<-'END'
		#!/bin/sh
		set -eu
		[ "$(wc -c <"$GF_SECURITY_ADMIN_PASSWORD__FILE")" -ge 24 ]
		! cat "${GF_SECURITY_ADMIN_PASSWORD__FILE%/*}/push_token" 2>/dev/null
		cat /etc/grafana/provisioning/*/*.yaml >/tmp/provisioning
		cat "$GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH" >/var/lib/grafana/dashboard
		until wget -q -O /tmp/answer "$DATASOURCE_URL/api/v1/query?query=process_start_time_seconds" && grep '"job":"sysmetrics"' /tmp/answer; do
			sleep 1
		done
		mkdir -p /tmp/www/api
		mv /tmp/answer /tmp/www/api/health
		exec httpd -f -p 3000 -h /tmp/www
	END
	chmod 755 "$dir/bin/run.sh"
	stand_in grafana/grafana "$dir" 'COPY --chown=472:0 empty /var/lib/grafana
		USER 472
		ENTRYPOINT ["/bin/run.sh"]'
}

# The final stage of the Dockerfile on top of what the builder stage would leave.
image() {
	local dir=$T/builder
	mkdir -p "$dir"/{out,etc/ssl/certs}
	mkdir -m 700 "$dir/out/state"
	cp "$BIN" "$dir/out/sysmetrics"
	cp /etc/ssl/certs/ca-certificates.crt "$dir/etc/ssl/certs/"
	expect 0 "image: its context is enough" context
	printf 'FROM scratch\nCOPY . /\n' | build localhost/build "$dir"
	{ echo "FROM localhost/build AS build"; sed -n '/^FROM scratch$/,$p' Dockerfile; } | build docker.io/library/sysmetrics "$dir"

	dir=$(podman image mount docker.io/library/sysmetrics)
	(cd "$dir" && find . -mindepth 1 -type d -empty -printf '%y %U %G %p\n' -o ! -type d -printf '%y %m %U %G %p\n') | sort >"$T/found"
	cat >"$T/expected" <<-END
		d 65534 65534 ./var/lib/sysmetrics
		f 644 0 0 ./etc/ssl/certs/ca-certificates.crt
		f 755 0 0 ./sysmetrics
	END
	expect 0 "image: nothing else is in it" diff "$T/expected" "$T/found"
	expect 0 "image: what it says of itself" says
}

# What .dockerignore leaves is enough to build from.
context() (
	printf 'FROM scratch\nCOPY . /\n' >"$T/context"
	podman build -q --pull=never -f "$T/context" -t localhost/context . &&
		cd "$(podman image mount localhost/context)" && [ ! -e fixtures ] &&
		"${CARGO:-cargo}" check --quiet --offline --locked --features tls --target-dir "$OLDPWD/target"
)

# What docker inspect shows.
says() {
	podman image inspect docker.io/library/sysmetrics | /usr/bin/python3 -c '
import json, sys
image = json.load(sys.stdin)[0]
config, health = image["Config"], image["HealthCheck" if "HealthCheck" in image else "Healthcheck"]
for found, expected in [
    (config["User"], "65534:65534"), (config["Entrypoint"], ["/sysmetrics"]), (config.get("Cmd") or [], []),
    (list(config["ExposedPorts"]), ["9101/tcp"]), (list(config["Volumes"]), ["/var/lib/sysmetrics"]),
    (health["Test"], ["CMD", "/sysmetrics", "--health"]),
    (config["Labels"]["org.opencontainers.image.licenses"], "MIT"),
]:
    assert found == expected, f"{found} is not {expected}"
'
}

# The agent alone.

# health <exit code> <container>: what the image's own check says, and podman keeps
health() {
	podman healthcheck run "$2" >/dev/null 2>&1
	[ $? = "$1" ]
}

alone() {
	local secure=(--read-only --cap-drop ALL --security-opt no-new-privileges)
	# The line of the documentation, with the image that was built here.
	sed -n '/^docker run -d/,/^```/p' docs/containers.md | sed 's/^docker/podman/; s,ghcr.io/OWNER/sysmetrics:[^ ]*,sysmetrics,; /[^\\]$/q' >"$T/line"
	expect 0 "docker run of docs/containers.md" bash "$T/line"
	expect 0 "alone: serves" soon get -o "$T/page" http://127.0.0.1:9101/metrics
	expect 0 "alone: is healthy" soon health 0 sysmetrics
	expect 0 "alone: is user 65534" grep -qE '^Uid:\s65534\s65534' "/proc/$(podman inspect -f '{{.State.Pid}}' sysmetrics)/status"
	expect 0 "alone: has no capabilities" grep -q '^CapEff:\s0*$' "/proc/$(podman inspect -f '{{.State.Pid}}' sysmetrics)/status"
	expect 0 "alone: the host's interfaces" grep -q '^sysmetrics_network_receive_bytes_total{interface="box0"}' "$T/page"
	expect 0 "alone: the host's name" grep -q 'nodename="the-box"' "$T/page"
	expect 0 "alone: the host's root" grep -qE '^sysmetrics_filesystem_size_bytes\{.*mountpoint="/",' "$T/page"
	expect 0 "alone: is locked in" grep -q '^sysmetrics_sandbox_enforced{part="seccomp"} 1$' "$T/page"
	# What is mounted while it runs.
	mkdir "$T/late"
	mount -t tmpfs -o size=7340032 late "$T/late"
	expect 0 "alone: a later mount" soon has http://127.0.0.1:9101/metrics "filesystem_size_bytes\{.*mountpoint=\"$T/late\".* 7340032"
	beside_root
	podman rm -f -t 2 sysmetrics >/dev/null 2>&1
	# Where mounts do not pass on, the directory below does not answer in its place.
	podman run -d --name private "${secure[@]}" -p 127.0.0.1:9101:9101 -v /:/host:ro,rprivate sysmetrics >/dev/null 2>&1
	expect 0 "a private root: mounted before" soon has http://127.0.0.1:9101/metrics "filesystem_size_bytes\{.*mountpoint=\"$T/late\".* 7340032"
	mkdir "$T/later"
	mount -t tmpfs -o size=7340032 later "$T/later"
	expect 0 "a private root: mounted later" soon has http://127.0.0.1:9101/metrics "filesystem_device_error\{.*mountpoint=\"$T/later\".*device_error=\"no such file or directory\"\} 1"
	expect 1 "a private root: no size of another" has http://127.0.0.1:9101/metrics "filesystem_size_bytes\{.*mountpoint=\"$T/later\""
	umount "$T/late" "$T/later"
	podman rm -f -t 2 private >/dev/null 2>&1

	# Settings by METRICS_CONFIG and EXPORTER_PORT, which the check finds, too.
	printf '[collectors]\nmemory = false\n' >"$T/settings.toml"
	podman run -d --name port "${secure[@]}" -p 127.0.0.1:9222:9200 -e EXPORTER_PORT=9200 -e METRICS_CONFIG=/settings.toml \
		-v "$T/settings.toml:/settings.toml:ro" sysmetrics >/dev/null 2>&1
	expect 0 "EXPORTER_PORT" soon get -o "$T/page" http://127.0.0.1:9222/metrics
	expect 1 "METRICS_CONFIG" grep -q '^sysmetrics_memory_' "$T/page"
	expect 0 "EXPORTER_PORT: is healthy" soon health 0 port
	podman rm -f -t 2 port >/dev/null 2>&1

	# A spool that cannot be: the rest of the root is read-only. https, which needs the certificates of the image.
	printf '[[export]]\ntype = "remote_write"\nendpoint = "https://127.0.0.1:1/"\ninterval_secs = 1\nspool = { dir = "/elsewhere" }\n' >"$T/settings.toml"
	podman run -d --name broken "${secure[@]}" -e METRICS_CONFIG=/settings.toml -v "$T/settings.toml:/settings.toml:ro" sysmetrics >/dev/null 2>&1
	expect 0 "a broken state: is not healthy" soon health 1 broken
	expect 0 "a broken state: the reasons" soon reasons broken '/elsewhere'
	expect 0 "a broken state: https is tried" soon reasons broken 'Connection refused'
	podman rm -f -t 2 broken >/dev/null 2>&1
}

# reasons <container> <text>: among what the check printed
reasons() { podman inspect "$1" | grep -F '"Output":' | grep -F "$2"; }

# What the agent in its container has not that root on the host would see: nothing but what comes and goes
# (the container's own link and mounts). docs/containers.md says so.
beside_root() {
	series() { grep -v '^#' | sed 's/ [^ ]*$//' | grep -vE 'podman0|veth|/store/|read_errors|^process_|^sysmetrics_(http|build|target|push|export|scrape)' | sort; }
	"$BIN" --print-metrics --path.procfs=/proc 2>/dev/null | series >"$T/root"
	get http://127.0.0.1:9101/metrics | series >"$T/container"
	expect 0 "alone: what root would see" test "$(wc -l <"$T/root")" -gt 100
	expect 0 "alone: lacks nothing that root would see" diff <(comm -23 "$T/root" "$T/container") /dev/null
}

# All of compose.yaml.
stack() {
	local dir=$T/stack before_bad=$bad
	mkdir -p "$dir"/{www/cgi-bin,got}
	chmod 777 "$dir/got"
	# The same settings with less patience, and a receiver to see that alerts arrive.
	sed -E 's/: 15s/: 1s/' deploy/compose/prometheus.yml >"$dir/prometheus.yml"
	sed -E 's/for: [0-9]+m/for: 1s/' deploy/prometheus/alerts.yml >"$dir/alerts.yml"
	sed -E 's/group_wait: .*/group_wait: 1s/' deploy/compose/alertmanager.yml >"$dir/alertmanager.yml"
	printf '    webhook_configs:\n      - url: http://receiver:8000/cgi-bin/take\n' >>"$dir/alertmanager.yml"
	printf '#!/bin/sh\ncat >>/got/alerts\nprintf "Content-Type: text/plain\\r\\n\\r\\nok\\n"\n' >"$dir/www/cgi-bin/take"
	chmod 755 "$dir/www/cgi-bin/take"
	cat >"$dir/override.yaml" <<-END
		services:
		  prometheus:
		    volumes:
		      - $dir/prometheus.yml:/etc/prometheus/prometheus.yml:ro
		      - $dir/alerts.yml:/etc/prometheus/alerts.yml:ro
		  alertmanager:
		    volumes:
		      - $dir/alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro
		  sample-app:
		    environment:
		      PUSH_SECONDS: 1
		  receiver:
		    image: $(sed -n 's/^ *image: \(busybox:.*\)/\1/p' deploy/compose/compose.yaml | sort -u)
		    command: [httpd, -f, -p, "8000", -h, /www]
		    volumes:
		      - $dir/www:/www:ro
		      - $dir/got:/got
	END
	compose() { docker-compose -f deploy/compose/compose.yaml -f "$dir/override.yaml" "$@"; }
	expect 0 "compose: up" compose up -d --no-build
	for name in sysmetrics prometheus alertmanager grafana; do
		expect 0 "compose: $name is healthy" soon health 0 "$(compose ps -q $name)"
	done
	expect 0 "compose: every service runs but the one that ends" test "$(compose ps -q | xargs podman inspect -f '{{.State.Running}} {{.State.ExitCode}}' | sort | uniq -c | tr -s ' \n' ' ')" = " 1 false 0 6 true 0 "
	expect 0 "compose: Prometheus scrapes the agent" soon found 127.0.0.1:9090 'up{job="sysmetrics"} == 1'
	expect 0 "compose: and Alertmanager" soon found 127.0.0.1:9090 'up{job="alertmanager"} == 1'
	expect 0 "compose: a name that stays" soon found 127.0.0.1:9090 'sysmetrics_uname_info{nodename="docker-host"}'
	expect 0 "compose: the host's interfaces are in it" soon found 127.0.0.1:9090 'sysmetrics_network_receive_bytes_total{interface="box0"}'
	expect 0 "compose: what the sample application pushes is in it" soon found 127.0.0.1:9090 'sample_orders_total{source="sample_app",shop="main"}'
	expect 0 "compose: and goes on" soon found 127.0.0.1:9090 'rate(sample_orders_total[10s]) > 0'
	expect 22 "compose: nobody pushes without the token" get -d '{"metrics":[]}' http://127.0.0.1:9101/api/metrics
	expect 0 "compose: Grafana asks Prometheus" soon has http://127.0.0.1:3000/api/health '"job":"sysmetrics"'
	# The secrets stay what they are, and each has one reader.
	token() { podman exec "$(compose ps -q sample-app)" cat /run/secrets/push_token; }
	before=$(token)
	expect 0 "compose: a token of 192 bits" test ${#before} = 32
	expect 1 "compose: the sample application cannot read Grafana's password" podman exec "$(compose ps -q sample-app)" cat /run/secrets/grafana_password
	expect 0 "compose: the admin is told Grafana's password" compose exec -T grafana cat /run/secrets/grafana_password
	expect 0 "compose: secrets again" compose up -d --no-build --force-recreate secrets
	expect 0 "compose: the token is the same" test "$(token)" = "$before"
	# A box that goes silent.
	expect 0 "compose: stop the agent" compose stop -t 3 sysmetrics
	expect 0 "compose: the alert arrives at the receiver" soon grep -q '"alertname":"SysmetricsDown"' "$dir/got/alerts"
	expect 0 "compose: start it again" compose start sysmetrics
	expect 0 "compose: pushes arrive again" soon found 127.0.0.1:9090 'changes(sample_orders_total[5s]) > 0'
	[ $bad = "$before_bad" ] || compose logs --no-color --tail 20
	expect 0 "compose: down" compose down -v -t 3
}

# All of push.yaml.
push() {
	local before_bad=$bad
	compose() { docker-compose -f deploy/compose/push.yaml "$@"; }
	local query='sysmetrics_network_receive_bytes_total{instance="the-box",job="sysmetrics",interface="box0"}'
	expect 0 "push: up" compose up -d --no-build
	expect 0 "push: samples of the host arrive" soon found 127.0.0.1:8428 "$query"
	expect 0 "push: nothing listens for the world" test -z "$(ss -Hltn | grep -vE ' (127\.0\.0\.1|10\.89\.[0-9.]+):')"
	for name in sysmetrics victoriametrics grafana; do
		expect 0 "push: $name is healthy" soon health 0 "$(compose ps -q $name)"
	done
	[ $bad = "$before_bad" ] || compose logs --no-color --tail 20
	expect 0 "push: down" compose down -v -t 3
}

[ $# -gt 0 ] || set -- files processors image alone stack push
tools
engine
for part; do
	case $part in
	files | processors) ;;
	image | alone | stack | push) [ -n "${built-}" ] || { built=yes; images; image; } ;;
	*) fail "no part $part" ;;
	esac
	[ "$part" = image ] || "$part"
	echo "== $part: $SECONDS s"
done
[ $bad = 0 ] || { echo "$bad failed"; exit 1; }
