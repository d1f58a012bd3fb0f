#!/bin/sh
# Sys::Statistics::Linux 0.66 (Debian 12, libsys-statistics-linux-perl 0.66-5): a process with a blank in its name has each number
# of /proc/PID/stat under the next key. The module splits the line at blanks; proc(5) has the name in parentheses, and it may hold
# blanks. vsize is the start time in ticks, nlwp (threads) is the nice value, stime is what the process used as user time, and
# actime tells that it has run for as long as the machine. Such names are ordinary: "tmux: server", "Web Content".
#
# Seen: a copy of sleep by the name `webserver`   ->  cmd (webserver), state S, nlwp 1, vsize 2990080
#       the same by the name `web server`         ->  cmd (web, state server), nlwp 0, vsize 6168711
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'kill "${plain:-}" "${blank:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq download libsys-statistics-linux-perl=0.66-5 2>apt.log || exit 2
dpkg -x libsys-statistics-linux-perl_*.deb . || exit 2
cp "$(command -v sleep)" webserver
cp webserver 'web server'
./webserver 60 &
plain=$!
'./web server' 60 &
blank=$!
sleep 1
cat >ask.pl <<'END_PERL'
use strict;
use warnings;
use Sys::Statistics::Linux::Processes;

my ($plain, $blank) = @ARGV;
my $processes = Sys::Statistics::Linux::Processes->new(pids => [$plain, $blank]);
$processes->init;
sleep 1;
my $found = $processes->get;
for my $pid ($plain, $blank) {
    print join(", ", map { "$_ $found->{$pid}{$_}" } qw(cmd state ppid nlwp vsize sttime actime)), "\n";
}
my $start = $found->{$plain}{sttime};
my ($is_right, $is_shifted) = ($found->{$plain}, $found->{$blank});
my $holds = $is_right->{cmd} eq "(webserver)" && $is_right->{nlwp} == 1
    && $is_shifted->{cmd} eq "(web" && $is_shifted->{state} eq "server)" && $is_shifted->{nlwp} == $is_right->{nice}
    && abs($is_shifted->{vsize} - $start) < 100 && $is_shifted->{sttime} == 0;
die "changed: the two processes are read in another way\n" unless $holds;
END_PERL
perl -Iusr/share/perl5 ask.pl $plain $blank || exit 1
