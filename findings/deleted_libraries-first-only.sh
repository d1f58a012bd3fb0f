#!/bin/sh
# prometheus-node-exporter-collectors (Debian 12, 0.0~git20230203.6f710f8-1+deb12u2), deleted_libraries.py: of the deleted libraries
# of a process only the first is counted. node_processes_linking_deleted_libraries is the "Count of running processes that link a
# deleted library", one sample for each library, and meant for who has to be restarted after an update. A process keeps the one
# whose mapping has the lowest address, by chance where the kernel puts them at random, and the others have no
# sample. After an update of libssl and libcrypto a service that maps both shows under one of them: a rule for the other is
# silent. The sum over all libraries is right as the number of processes. Ask for that, and not for a library by its name.
#
# Seen: a process with libone.so and libtwo.so, both deleted, in /proc/PID/maps  ->  one sample, of one of them, value 1
#       one process with libone.so alone and one with libtwo.so alone            ->  two samples, value 1 each
#
# Works in a namespace of its own for processes.
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download prometheus-node-exporter-collectors=0.0~git20230203.6f710f8-1+deb12u2 zlib1g 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
mkdir -p held/lib
any=$(find . -name 'libz.so.1.*' | head -n 1)
cat >hold.py <<'END_PYTHON'
import ctypes
import os
import sys
import time

libraries = [ctypes.CDLL(os.path.abspath(path)) for path in sys.argv[1:]]
for path in sys.argv[1:]:
    os.unlink(path)
time.sleep(20)
END_PYTHON
# samples <libraries of one process>...: what the script says while the processes run.
cat >samples.sh <<'END_SAMPLES'
pids=
for libraries in "$@"; do
	for library in $libraries; do cp "$any" "held/lib/$library"; done
	# shellcheck disable=SC2086 # one word for each library
	(cd held/lib && exec python3 ../../hold.py $libraries) &
	pids="$pids $!"
done
sleep 2
for pid in $pids; do
	grep -o 'lib/lib.*\.so (deleted)$' /proc/$pid/maps | sort -u >&2
	echo >&2
done
python3 usr/share/prometheus-node-exporter-collectors/deleted_libraries.py | grep "library_path=\"$PWD/held/lib\""
kill $pids
END_SAMPLES
export any
samples() { unshare --user --map-root-user --pid --fork --mount-proc sh samples.sh "$@" || exit 2; }
samples 'libone.so libtwo.so' >both
samples libone.so libtwo.so >each
cat both each
if [ "$(wc -l <both)" != 1 ] || ! grep -q '} 1$' both ||
	[ "$(grep -c -e 'libone.so"} 1$' -e 'libtwo.so"} 1$' each)" != 2 ]; then
	echo "changed: the libraries of a process are counted in another way"
	exit 1
fi
