#!/bin/sh
# vmstat 2.3.0 for Ruby (Debian 12, ruby-vmstat 2.3.0-3+b5): an interface is called by what stands behind the last dash or point of its
# name. Of a line of /proc/net/dev it takes the letters, digits and underscores before the colon. The kernel (net/core/dev.c,
# dev_valid_name) forbids a slash, a colon and blanks in a name, and the names "." and "..": eth0.10 is the usual name of a VLAN,
# br-lan that of a bridge. The VLANs 10 on two cards are both "10". A bridge br-eth0 is a second eth0, of the type Ethernet as well, and whoever
# makes a hash of the list, or looks an interface up by its name, has the bytes of the one for the other: the bridge stands behind
# its card in the file and wins. Nothing is raised. The other names, and the numbers in each row, are right. Read the directories of
# /sys/class/net instead.
#
# Seen: eth0 2000 bytes, eth0.10 3000, eth1.10 4000, br-eth0 5000, br-lan 6000, wan_1 7000
#         ->  eth0 2000, 10 3000, 10 4000, eth0 5000, lan 6000, wan_1 7000     ethernet_devices: eth0, eth0
#         ->  as a hash: eth0 5000, 10 4000, lan 6000, wan_1 7000
#
# The file is in a directory of its own, by the module's method for the path of /proc.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download ruby-vmstat=2.3.0-3+b5 ruby3.1 libruby3.1 libyaml-0-2 libgmp10 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
library=$(dirname "$(find "$dir/usr/lib" -name 'libruby-3.1.so.3.1')")
export LD_LIBRARY_PATH="$library"
export RUBYLIB="$dir/usr/lib/ruby/vendor_ruby:$library/ruby/vendor_ruby/3.1.0:$dir/usr/lib/ruby/3.1.0:$library/ruby/3.1.0"
mkdir -p proc/net
cat >proc/net/dev <<'END_DEV'
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0:    2000      20    0    0    0     0          0         0     2001      20    0    0    0     0       0          0
eth0.10:    3000      30    0    0    0     0          0         0     3001      30    0    0    0     0       0          0
eth1.10:    4000      40    0    0    0     0          0         0     4001      40    0    0    0     0       0          0
br-eth0:    5000      50    0    0    0     0          0         0     5001      50    0    0    0     0       0          0
br-lan:    6000      60    0    0    0     0          0         0     6001      60    0    0    0     0       0          0
 wan_1:    7000      70    0    0    0     0          0         0     7001      70    0    0    0     0       0          0
END_DEV
cat >read.rb <<'END_RUBY'
require "vmstat"

Vmstat.define_singleton_method(:procfs_path) { "proc" }
rows = Vmstat.network_interfaces
puts "list: " + rows.map { |row| "#{row.name} #{row.in_bytes}" }.join(", ")
puts "ethernet: " + Vmstat.ethernet_devices.map(&:name).join(", ")
puts "hash: " + rows.to_h { |row| [row.name, row.in_bytes] }.map { |pair| pair.join(" ") }.join(", ")
END_RUBY
usr/bin/ruby3.1 --disable-gems read.rb >found
cat found
cat >expected <<'END_EXPECTED'
list: eth0 2000, 10 3000, 10 4000, eth0 5000, lan 6000, wan_1 7000
ethernet: eth0, eth0
hash: eth0 5000, 10 4000, lan 6000, wan_1 7000
END_EXPECTED
cmp found expected || {
	echo "changed: interfaces are called by other names"
	exit 1
}
