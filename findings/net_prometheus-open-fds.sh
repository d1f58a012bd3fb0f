#!/bin/sh
# Net::Prometheus 0.12 (Debian 12, libnet-prometheus-perl 0.12-1+b2), a client in Perl: process_open_fds is two more than the process
# has open. Its process collector, which is on unless it is turned off, counts the entries of /proc/self/fd with `.` and `..`, and
# takes one off for the directory that it reads. Of another process, with the argument `pid`, it is two more as well. HELP says
# "Number of open file handles". A comparison with what lsof or another client says of the same process is off by two, and a
# process without any open file shows 2.
#
# Seen: 5 open files in /proc/PID/fd  ->  process_open_fds 7, of the process itself and of another
#
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${other:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download libnet-prometheus-perl=0.12-1+b2 libref-util-perl=0.204-2 libstruct-dumb-perl=0.14-1 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
cat >count.pl <<'END_PERL'
use strict;
use warnings;
use Net::Prometheus::ProcessCollector::linux;

# count <PID or "self">: what the collector says
sub count {
    my ($pid) = @_;
    for my $metric (Net::Prometheus::ProcessCollector::linux->new(pid => $pid)->collect) {
        return $metric->samples->[0]->value if $metric->fullname eq "process_open_fds";
    }
}
my ($other) = @ARGV;
my ($own, $others) = (count("self"), count($other));
my @open = map { scalar(() = glob("/proc/$_/fd/*")) } $$, $other;
# glob reads the directory of this process, too, and so has one more open.
$open[0]--;
print "own: process_open_fds $own, open $open[0]\nother: process_open_fds $others, open $open[1]\n";
die "changed: the number is no longer two more than what is open\n" unless $own == $open[0] + 2 && $others == $open[1] + 2;
END_PERL
sleep 60 &
other=$!
libraries=$(dirname "$(find usr/lib -path '*/Net/Prometheus.pm')")/..
perl -Iusr/share/perl5 -I"$libraries" count.pl $other || exit 1
