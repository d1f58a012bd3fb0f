//! The trees of the host, in a container that has them mounted: `/host/proc` (procfs), `/host/sys`
//! (sysfs) and `/host`, the host's root. They are the default if no setting says where to read.
//!
//! Only the list of mounts is read: on a machine that is no container, `/host` may be a file system
//! that does not answer. `/host` counts as the host's root only along with its procfs, as other
//! programs have directories of that name, too.

use crate::base::sys;
use crate::settings::problem::Origin;
use crate::settings::resolve::resolved::Resolved;
use crate::settings::types::{Settings, Value};
use std::path::Path;

/// Bytes of the list of mounts; no real list is longer, so that the last mounts, which may matter, are not cut off.
const MAX_LIST: u64 = 16 << 20;

/// Matches the line of a file system of any type. Its root may be a subvolume.
const ANY: &str = " - ";

/// Sets the paths to the trees that are mounted below `host`, unless one of them is set.
pub fn host(host: &str, settings: &mut Settings, resolved: &mut [Resolved<'_>]) {
    let is_path = |one: &Resolved<'_>| one.row.section.name == "paths";
    if resolved.iter().any(|one| is_path(one) && one.origin.is_some()) {
        return;
    }
    let list = mounts(host);
    let [procfs, sysfs, root] = found(&String::from_utf8_lossy(&list), host);
    settings.paths.lacks_root = procfs && !root;
    for one in resolved.iter_mut().filter(|one| is_path(one)) {
        let key = one.row.key();
        let (is_here, below) = match key {
            "procfs" => (procfs, "/proc"),
            "sysfs" => (sysfs, "/sys"),
            "rootfs" => (root, ""),
            // udev's data is below the root.
            _ => (root, "/run/udev/data"),
        };
        let path = [host, below].concat();
        if is_here && Path::new(&path).is_dir() {
            settings.host_trees.push_str(&[key, "=", &path, " "].concat());
            one.value = Value::new(path, 0);
            one.origin = Some(Origin::Mount);
            (one.row.set)(settings, &one.value);
        }
    }
}

/// The list of this process's mounts (proc_pid_mountinfo(5)), which the kernel bounds (fs.mount-max). A
/// container without a procfs of its own has it in the host's.
fn mounts(host: &str) -> Vec<u8> {
    let read = |path: &str| sys::read_file(Path::new(path), MAX_LIST);
    let own = read("/proc/self/mountinfo");
    // A list that cannot be read counts as empty.
    own.or_else(|_| read(&[host, "/proc/self/mountinfo"].concat())).unwrap_or_default()
}

/// Whether the list has the host's procfs, sysfs and root.
fn found(list: &str, host: &str) -> [bool; 3] {
    if !list.as_bytes().windows(host.len()).any(|part| part == host.as_bytes()) {
        return [false; 3];
    }
    let procfs = is_mounted(list, &[host, "/proc"].concat(), " - proc ");
    let sysfs = is_mounted(list, &[host, "/sys"].concat(), " - sysfs ");
    [procfs, sysfs, procfs && is_mounted(list, host, ANY)]
}

/// Whether the list has this mount point, and `kind` in the line of the topmost mount there: `id parent
/// major:minor root point options [fields…] - type source options`. A part of procfs or sysfs that is
/// bound there is not the tree.
fn is_mounted(list: &str, point: &str, kind: &str) -> bool {
    let mut is_mounted = false;
    for line in list.lines() {
        let mut fields = line.split(' ').skip(3);
        let root = fields.next();
        if fields.next() == Some(point) {
            is_mounted = line.contains(kind) && (kind == ANY || root == Some("/"));
        }
    }
    is_mounted
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1 0 0:50 / / rw - overlay overlay rw\n2 1 0:51 / /proc rw - proc proc rw\n";
    const PROC: &str = "3 1 0:22 / /host/proc ro,nosuid shared:5 master:2 - proc proc rw\n";
    const SYS: &str = "4 1 0:21 / /host/sys ro - sysfs sysfs rw\n";
    const HOST: &str = "5 1 8:1 / /host ro master:1 - ext4 /dev/sda1 rw\n";

    fn keys(list: &[&str]) -> String {
        let found = found(&list.concat(), "/host").into_iter().zip(["proc", "sys", "root"]);
        found.filter(|(is_here, _)| *is_here).map(|(_, key)| key).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn trees_are_taken_that_are_mounted() {
        let all = "proc sys root";
        assert_eq!(keys(&[ROOT, HOST, PROC, SYS]), all);
        assert_eq!(keys(&[ROOT, PROC]), "proc");
        assert_eq!(keys(&[ROOT, SYS]), "sys");
        assert_eq!(keys(&[ROOT, PROC, SYS]), "proc sys");
        assert_eq!(keys(&[ROOT]), "");
        let subvolume = "5 1 0:31 /@root /host ro master:1 - btrfs /dev/sda1 rw\n";
        assert_eq!(keys(&[ROOT, subvolume, PROC, SYS]), all);
    }

    #[test]
    fn what_only_has_the_name_is_left_alone() {
        for list in [
            // A disk, an NFS share or a rescue system's target.
            &[ROOT, HOST][..],
            &[ROOT, "3 1 0:22 / /host/proc rw - tmpfs tmpfs rw\n"],
            &[ROOT, PROC, "6 3 0:60 / /host/proc rw - tmpfs tmpfs rw\n"],
            &[ROOT, "3 1 0:22 /sys /host/proc rw - proc proc rw\n"],
            &[ROOT, "3 1 0:22 /class /host/sys rw - sysfs sysfs rw\n"],
            &[ROOT, "3 1 0:22 / /host/proc/sys rw - proc proc rw\n"],
            &[ROOT, "3 1 0:22 /host/proc /x rw - proc proc rw\n"],
            &["", "\n", "1 2 3", "1 2 3 4 /host/proc rw -", "1 2 3 4 /host/proc rw proc proc"],
        ] {
            assert_eq!(keys(list), "", "{list:?}");
        }
    }
}
