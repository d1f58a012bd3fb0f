#!/bin/sh
# systemstat 0.2.8 (Rust): of a battery whose driver tells the direction of the current, battery_life() says that it is empty
# now. The kernel's Documentation/ABI/testing/sysfs-class-power has for current_now "Negative values are used for discharging
# batteries", and drivers such as sbs-battery and qcom_battmgr do so. The crate divides the charge by that number as an unsigned
# one, which leaves 0. Nothing tells it from the last second of a battery, and the capacity beside it is right. A program that
# shuts a box down when the time runs out does so as soon as the mains are gone. Take the time from the files in sysfs instead.
#
# Seen: charge_now 2000000, current_now  500000, not on mains  ->  capacity 0.5, time 14400 s (4 hours)
#       charge_now 2000000, current_now -500000, not on mains  ->  capacity 0.5, time 0 s
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/class.
# Exits 0 while that is so, 1 when it changes, 2 when the crate cannot be built or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'END_TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
systemstat = "=0.2.8"
END_TOML
cat >src/main.rs <<'END_RUST'
use systemstat::{Platform, System};

fn main() {
    let battery = System::new().battery_life().expect("the battery is read");
    println!("capacity {}, time {} s", battery.remaining_capacity, battery.remaining_time.as_secs());
}
END_RUST
CARGO_TARGET_DIR=$dir/target cargo build --quiet || exit 2
battery=class/power_supply/BAT0
mains=class/power_supply/AC
mkdir -p $battery $mains
put() { echo "$2" >"$1"; }
put $mains/type Mains
put $mains/online 0
put $battery/type Battery
put $battery/charge_full 4000000
put $battery/charge_now 2000000
for current in 500000 -500000; do
	put $battery/current_now $current
	unshare --user --map-root-user --mount sh -c 'mount --bind class /sys/class || exit 2; target/debug/finding' >found || exit $?
	echo "current_now $current: $(cat found)"
	cat found >>all
done
printf 'capacity 0.5, time %s s\n' 14400 0 >expected
cmp all expected || {
	echo "changed: a discharging current no longer makes the remaining time 0"
	exit 1
}
