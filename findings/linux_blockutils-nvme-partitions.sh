#!/bin/sh
# linux-blockutils 0.2.0 (npm), which reads lsblk: partitions on NVMe disks, eMMC and SD cards are nowhere in the answer. Each disk has
# an array PARTITIONS, and the disk of a partition is looked for under the partition's name up to its first digit. That is "sda"
# for sda1, but "nvme" for nvme0n1p1 and "mmcblk" for mmcblk0p1, and a partition whose disk is not found is left out without a
# word. Such a disk looks unused: a sum over partitions lacks all that it holds, and a program that offers empty disks for
# formatting offers the one with the system. Ask lsblk itself with --json, which has the partitions as children of the disk.
#
# Seen: sda with sda1               ->  sda: PARTITIONS sda1
#       nvme0n1 with nvme0n1p1      ->  nvme0n1: PARTITIONS empty, no error, nvme0n1p1 nowhere
#       mmcblk0 with mmcblk0p1      ->  the same
#
# Exits 0 while that is so, 1 when it changes, 2 when the package cannot be installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null || exit 2
npm install --silent --no-audit --no-fund linux-blockutils@0.2.0 >/dev/null || exit 2
# An lsblk that answers in the form of `lsblk -bPo NAME,KNAME,FSTYPE,…` of util-linux 2.38.
cat >lsblk <<'END_LSBLK'
#!/bin/sh
line() {
	echo "NAME=\"$1\" KNAME=\"$1\" FSTYPE=\"$2\" LABEL=\"\" UUID=\"\" RO=\"0\" RM=\"0\" MODEL=\"$3\" SIZE=\"$4\" STATE=\"$5\" TYPE=\"$6\""
}
line sda '' 'Example disk' 1000204886016 running disk
line sda1 ext4 '' 1000203091968 '' part
line nvme0n1 '' 'Example SSD' 512110190592 live disk
line nvme0n1p1 ext4 '' 512108396544 '' part
line mmcblk0 '' '' 31914983424 '' disk
line mmcblk0p1 vfat '' 31910789120 '' part
END_LSBLK
chmod +x lsblk
cat >ask.js <<'END_NODE'
require("linux-blockutils").getBlockInfo({ lsblk: "./lsblk" }, (error, devices) => {
  const found = devices.map((device) => `${device.NAME}: ${device.PARTITIONS.map((part) => part.NAME).join() || "none"}`);
  console.log(`error ${error}\n${found.join("\n")}`);
  const holds = !error && found.join() === "sda: sda1,nvme0n1: none,mmcblk0: none";
  if (!holds) console.log("changed: the partitions are put under their disks in another way");
  process.exit(holds ? 0 : 1);
});
END_NODE
node ask.js
