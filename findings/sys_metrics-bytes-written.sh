#!/bin/sh
# sys_metrics 0.2.7 (Rust), a library after Python's psutil: of what a disk has written nothing is right. get_ioblocks() and
# get_physical_ioblocks() go through a line of /proc/diskstats in steps, and from the writes on they are one field behind. By the
# kernel's Documentation/admin-guide/iostats.rst the fields are reads, reads merged, sectors read, ms reading, writes, writes merged,
# sectors written, ms writing, in progress, ms doing I/O. write_count is the ms spent reading, write_bytes is the merged writes
# times 512, and busy_time is the number of requests in flight, which is a gauge. A disk whose writes are never merged has written
# 0 bytes for ever. The first two only grow, as counters should, so that no graph looks wrong.
# What was read is right. Read /proc/diskstats: fields 8, 10 and 13 of a line.
#
# Seen: nvme0n1 100 2 8000 31 500 7 40000 900 3 450  ->  read 100 times, 4096000 bytes; written 31 times, 3584 bytes; busy 3
#       psutil 7.2.1 (PyPI), the same file           ->  read 100 times, 4096000 bytes; written 500 times, 20480000 bytes; busy 450
#
# Works in a mount namespace of its own, with a /proc/diskstats as the kernel has it.
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
sys_metrics = "=0.2.7"
END_TOML
cat >src/main.rs <<'END_RUST'
fn main() {
    for disk in sys_metrics::disks::get_ioblocks().expect("the file is read") {
        println!(
            "sys_metrics: read {} times, {} bytes; written {} times, {} bytes; busy {}",
            disk.read_count, disk.read_bytes, disk.write_count, disk.write_bytes, disk.busy_time
        );
    }
}
END_RUST
CARGO_TARGET_DIR=$dir/target cargo build --quiet || exit 2
cat >disks.py <<'END_PYTHON'
import psutil

disk = psutil.disk_io_counters(perdisk=True)["nvme0n1"]
print(
    f"psutil: read {disk.read_count} times, {disk.read_bytes} bytes; "
    f"written {disk.write_count} times, {disk.write_bytes} bytes; busy {disk.busy_time}"
)
END_PYTHON
echo ' 259       0 nvme0n1 100 2 8000 31 500 7 40000 900 3 450 931 0 0 0 0 0 0' >diskstats
cat >inside.sh <<'END_INSIDE'
mount --bind diskstats /proc/diskstats || exit 2
target/debug/finding && env/bin/python3 disks.py
END_INSIDE
unshare --user --map-root-user --mount sh inside.sh >found || exit $?
cat found
printf '%s: read 100 times, 4096000 bytes; written %s times, %s bytes; busy %s\n' sys_metrics 31 3584 3 psutil 500 20480000 450 >expected
cmp found expected || {
	echo "changed: what a disk has written is read in another way"
	exit 1
}
