#!/bin/sh
# InfluxDB::LineProtocol 1.015 (Debian 12, libinfluxdb-lineprotocol-perl 1.015-1): the type of a field follows from how Perl prints
# the number at that moment. A temperature of 20.5 is written as a float, and 20.0, which Perl prints as 20, as the integer `20i`.
# InfluxDB keeps the type that a field had first, and refuses the other. A gauge that was whole when it was first written loses
# every fraction afterwards, and one that was not loses each whole value. The module's documentation says nothing of types.
# A text is not safe either: "t" becomes a boolean, and the serial number "007" an integer.
#
# Seen: data2line("temperature", 20.5)  ->  temperature value=20.5   taken by influxd 1.6.7
#       data2line("temperature", 20.0)  ->  temperature value=20i    400, "input field "value" … is type integer, already exists
#                                                                    as type float"
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed, or influxd not run.
set -eu
dir=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download libinfluxdb-lineprotocol-perl=1.015-1 influxdb=1.6.7~rc0-1+b13 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
cat >influxd.conf <<'END_CONF'
reporting-disabled = true
bind-address = "127.0.0.1:19325"
[meta]
  dir = "meta"
[data]
  dir = "data"
  wal-dir = "wal"
[http]
  bind-address = "127.0.0.1:19324"
END_CONF
usr/bin/influxd -config influxd.conf 2>log &
pid=$!
cat >post.py <<'END_PYTHON'
import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen("http://127.0.0.1:19324" + sys.argv[1], sys.argv[2].encode()) as answer:
        print(answer.status)
except urllib.error.HTTPError as refused:
    print(refused.code, refused.read().decode().strip())
END_PYTHON
for _ in 1 2 3 4 5 6 7 8 9 10; do
	python3 post.py '/query?q=CREATE+DATABASE+d' '' >created 2>/dev/null && break
	sleep 0.5
done
grep -q '^200$' created || exit 2
line() { perl -Iusr/share/perl5 -MInfluxDB::LineProtocol=data2line -e "print data2line($1)"; }
changed=0
# check <arguments of data2line> <line expected> <start of the answer expected>
check() {
	written=$(line "$1")
	answer=$(python3 post.py '/write?db=d' "$written")
	printf '%s\n  %s\n  %s\n' "$1" "$written" "$answer"
	[ "$written" = "$2" ] || changed=1
	case $answer in "$3"*) ;; *) changed=1 ;; esac
}
check '"temperature", 20.5, 1000' 'temperature value=20.5 1000' 204
check '"temperature", 20.0, 2000' 'temperature value=20i 2000' '400 {"error":"partial write: field type conflict'
check '"disk", { serial => "007", state => "t" }, 3000' 'disk serial=007i,state=TRUE 3000' 204
[ $changed = 0 ] || echo "changed: the module writes, or influxd takes, these values in another way"
exit $changed
