#!/bin/sh
# psutil 3.3.0 (Rust), the Rust library after Python's psutil: disk_io_counters(), the total of all disks, has each byte twice.
# It adds up all lines of /proc/diskstats that /proc/partitions names too, and those are a disk and its partitions (the kernel's
# Documentation/admin-guide/iostats.rst, "Disks vs Partitions"); what a partition does is in the disk's line as well. The function
# of that name in Python counts disks without their partitions. Take disk_io_counters_per_partition(), and of it the names that
# have a directory of their own in /sys/block.
#
# Seen: sda 2048 sectors read, of them sda1 1536 and sda2 512  ->  2097152 bytes, read_count 20
#       psutil 7.2.1 (PyPI), the same files                    ->  1048576 bytes, read_count 10
#
# Works in a mount namespace of its own, with files as the kernel has them in /proc and /sys/block.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env || exit 2
env/bin/pip install --quiet --disable-pip-version-check psutil==7.2.1 || exit 2
mkdir src
cat >Cargo.toml <<'END_TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
psutil = { version = "=3.3.0", default-features = false, features = ["disk"] }
END_TOML
cat >src/main.rs <<'END_RUST'
use psutil::disk::DiskIoCountersCollector;

fn main() {
    let total = DiskIoCountersCollector::default().disk_io_counters().expect("the files are read");
    println!("Rust: {} bytes, read_count {}", total.read_bytes(), total.read_count());
}
END_RUST
CARGO_TARGET_DIR=$dir/target cargo build --quiet || exit 2
cat >total.py <<'END_PYTHON'
import psutil

total = psutil.disk_io_counters()
print(f"Python: {total.read_bytes} bytes, read_count {total.read_count}")
END_PYTHON
mkdir -p block/sda
cat >diskstats <<'END_DISKSTATS'
   8       0 sda 10 0 2048 5 0 0 0 0 0 5 5 0 0 0 0 0 0
   8       1 sda1 6 0 1536 3 0 0 0 0 0 3 3 0 0 0 0 0 0
   8       2 sda2 4 0 512 2 0 0 0 0 0 2 2 0 0 0 0 0 0
END_DISKSTATS
printf '%s\n' 'major minor  #blocks  name' '' '   8        0    4194304 sda' '   8        1    3145728 sda1' \
	'   8        2    1047552 sda2' >partitions
cat >inside.sh <<'END_INSIDE'
mount --bind block /sys/block || exit 2
for file in diskstats partitions; do mount --bind $file /proc/$file || exit 2; done
target/debug/finding && env/bin/python3 total.py
END_INSIDE
unshare --user --map-root-user --mount sh inside.sh >found || exit $?
cat found
printf '%s\n' 'Rust: 2097152 bytes, read_count 20' 'Python: 1048576 bytes, read_count 10' >expected
cmp found expected || {
	echo "changed: the totals of the two libraries are counted in another way"
	exit 1
}
