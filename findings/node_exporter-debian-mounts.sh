#!/bin/sh
# node_exporter as Debian 12 packages it (prometheus-node-exporter 1.5.0-1+b6) leaves out every file system mounted below
# /mnt and /media, and all of /run: the package changes the default of --collector.filesystem.mount-points-exclude. Upstream's
# default names none of the three as a whole (dev, proc, run/credentials/.+, sys, and the directories of containers). An alert on
# filling disks that works with upstream's release says nothing of a backup disk on /mnt here.
#
# Seen: default ^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>apt.log || exit 2
dpkg -x prometheus-node-exporter_*.deb . || exit 2
usr/bin/prometheus-node-exporter --help >help 2>&1
grep -A 1 -- '--collector.filesystem.mount-points-exclude=' help
grep -q -- '--collector.filesystem.mount-points-exclude="^/(dev|proc|run|sys|mnt|media|' help
