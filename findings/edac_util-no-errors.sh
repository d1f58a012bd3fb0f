#!/bin/sh
# edac-utils 0.18+git12 (Debian 12, edac-utils and libedac1 0.18+git12-gd98769e-1): edac-util says "No errors to report." of memory
# that has errors, corrected and not. By default, with -v and with --report=full it reads the directories csrowN, which the kernel
# has only with CONFIG_EDAC_LEGACY_SYSFS; without it the counts of each module are in dimmN or rankN. The kernel's
# Documentation/admin-guide/ras.rst: "The recommended way to use the EDAC subsystem is to look at the information provided by the
# dimmX or rankX directories". edac-util(1) promises: "With no options, edac-util will report any uncorrected error (UE) or corrected
# error (CE) information recorded by EDAC". The exit status is 0, and nothing says that no csrow was found. --report=simple, ue
# and ce read the sum of the controller and are right: ask for these, and for the module read dimm_ce_count below dimmN. (Upstream's
# issues 11 and 15 tell of missing directories and counts, and are open.)
#
# Seen: mc0 with ce_count 5 and ue_count 2, dimm1 with dimm_ce_count 5 and dimm_ue_count 2
#         ->  edac-util: No errors to report.     --report=full: mc0:noinfo:all:UE:0, mc0:noinfo:all:CE:0
#         ->  --report=ce: CE: 5                  --report=ue: UE: 2
#       the same with csrow0 beside dimm0 and dimm1
#         ->  mc0: csrow0: 2 Uncorrected Errors, mc0: csrow0: SLOT_B: 5 Corrected Errors
#
# Works in a mount namespace of its own, with files as the kernel has them below /sys/devices/system/edac.
# Exits 0 while that is so, 1 when it changes, 2 when the packages cannot be installed or no namespace made.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=0.18+git12-gd98769e-1
apt-get -qq download edac-utils=$version libedac1=$version libsysfs2=2.1.1-4 2>apt.log || exit 2
for package in *.deb; do dpkg -x "$package" . || exit 2; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir" -name libedac.so.1)"):$(dirname "$(find "$dir" -name libsysfs.so.2)")
export LD_LIBRARY_PATH
# put <directory> <name> <value> [<name> <value>]...
put() {
	mkdir -p "$1"
	into=$1
	shift
	while [ $# -gt 0 ]; do
		echo "$2" >"$into/$1"
		shift 2
	done
}
controller=system/edac/mc/mc0
put $controller mc_name skx_edac size_mb 32768 seconds_since_reset 86400 ce_count 5 ue_count 2 ce_noinfo_count 0 ue_noinfo_count 0
put $controller/dimm0 dimm_label SLOT_A size 16384 dimm_ce_count 0 dimm_ue_count 0
put $controller/dimm1 dimm_label SLOT_B size 16384 dimm_ce_count 5 dimm_ue_count 2
cat >inside.sh <<'END_INSIDE'
mount --bind system /sys/devices/system || exit 2
for report in default full ce ue; do usr/bin/edac-util --report=$report; done
END_INSIDE
unshare --user --map-root-user --mount sh inside.sh >modules 2>&1 || exit $?
put $controller/csrow0 size_mb 32768 mem_type Registered-DDR4 edac_mode S4ECD4ED dev_type x8 ce_count 5 ue_count 2 \
	ch0_dimm_label SLOT_A ch0_ce_count 0 ch1_dimm_label SLOT_B ch1_ce_count 5
unshare --user --map-root-user --mount sh inside.sh >rows 2>&1 || exit $?
echo 'without csrow0:'
cat modules
echo 'with csrow0:'
cat rows
cat >expected <<'END_EXPECTED'
edac-util: No errors to report.
mc0:noinfo:all:UE:0
mc0:noinfo:all:CE:0
CE: 5
UE: 2
END_EXPECTED
if ! cmp modules expected || ! grep -q '^mc0: csrow0: 2 Uncorrected Errors$' rows || ! grep -q '^mc0: csrow0: SLOT_B: 5 Corrected Errors$' rows; then
	echo "changed: errors of modules without a csrow are reported, or those with one are not"
	exit 1
fi
