//! Where the kernel's trees are mounted (`--path.*`); tests point it at fixtures.

use super::{Absence, Dir, Shape, Shared, Source};
use crate::base::error::Error;
use crate::base::sys;
use crate::settings::Paths;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The mount points.
#[derive(Clone)]
pub struct Root {
    paths: Paths,
    is_procfs: bool,
    net: Option<PathBuf>,
    shared: Arc<Shared>,
}

impl Root {
    /// The trees at `paths`.
    pub fn at(paths: Paths) -> Root {
        let is_its = |directory| sys::is_procfs(&directory);
        let is_procfs = sys::open_listing(&paths.procfs).is_ok_and(is_its);
        let net = net_of_first_process(&paths.procfs);
        Root { paths, is_procfs, net, shared: Arc::default() }
    }

    /// Whether both are at the same places.
    pub fn is_at(&self, other: &Root) -> bool {
        self.paths == other.paths && self.is_procfs == other.is_procfs
    }

    /// The trees where they usually are.
    pub fn of_this_machine() -> Root {
        Root::at(Paths {
            procfs: "/proc".into(),
            sysfs: "/sys".into(),
            rootfs: "/".into(),
            udev_data: "/run/udev/data".into(),
            lacks_root: false,
        })
    }

    /// Whether this is the running kernel's own tree, where netlink and the like tell the same.
    pub fn is_live(&self) -> bool {
        self.paths.procfs.as_os_str() == "/proc" && self.paths.sysfs.as_os_str() == "/sys"
    }

    /// Whether mount points of the first process lead elsewhere here.
    pub fn lacks_root(&self) -> bool {
        self.paths.lacks_root
    }

    /// Whether its interfaces are those that netlink tells of: the kernel's `/proc` has the interfaces
    /// of the process that reads it, unless they are read from the first process, which may have others.
    pub fn has_own_interfaces(&self) -> bool {
        self.is_live() || self.is_procfs() && self.net.as_deref().is_none_or(is_own_net)
    }

    /// Whether `/proc` here is a kernel's own, not a stored tree.
    pub fn is_procfs(&self) -> bool {
        self.is_procfs
    }

    /// A file as it is now; nothing is kept.
    pub fn read(&self, path: &'static str) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let length = Source::new(path, self.real(path), Shape::Whole).fill(&mut text)?;
        text.truncate(length);
        Ok(text)
    }

    /// A scrape begins at this time since the start: it tells how long ago something was looked for.
    pub fn begin(&self, age: Duration) {
        self.shared.begin(age);
    }

    /// For something that may be absent.
    pub fn absence(&self) -> Absence {
        Absence::new(&self.shared)
    }

    /// A directory of attribute files.
    pub fn dir(&self, path: &'static str) -> Dir {
        Dir::new(path, self.real(path), &self.shared)
    }

    /// A directory at a place of its own, which errors call `path`.
    pub fn dir_at(&self, path: &'static str, real: PathBuf) -> Dir {
        Dir::new(path, real, &self.shared)
    }

    /// Where the kernel's `path` (`/proc/…`, `/sys/…`, `/run/udev/data/…`) is found here.
    pub fn real(&self, path: &str) -> PathBuf {
        if let (Some(net), Some(rest)) = (&self.net, path.strip_prefix("/proc/net/")) {
            return net.join(rest);
        }
        let trees = [
            ("/proc", &self.paths.procfs),
            ("/sys", &self.paths.sysfs),
            ("/run/udev/data", &self.paths.udev_data),
        ];
        for (mount, real) in trees {
            if let Some(rest) = path.strip_prefix(mount) {
                return real.join(rest.trim_start_matches('/'));
            }
        }
        self.paths.rootfs.join(path.trim_start_matches('/'))
    }
}

/// Whether `net` has the interfaces of this process, as in a container that shares the machine's network:
/// the files of each network have numbers of their own, the same in every procfs.
fn is_own_net(net: &Path) -> bool {
    let number = |path: &Path| fs::metadata(path).ok().map(|about| about.ino());
    let own = number(Path::new("/proc/self/net/dev"));
    own.is_some() && own == number(&net.join("dev"))
}

/// Where `/proc/net` of another procfs is. `net` there is a link to `self/net`, the network of the process
/// that reads it: in a container, the container's own. The machine's is that of its first process. It is
/// looked for once: a stored tree has no such directory, and hidepid hides it.
fn net_of_first_process(procfs: &Path) -> Option<PathBuf> {
    let net = procfs.join("1/net");
    let is_other = procfs.as_os_str() != "/proc";
    (is_other && net.join("dev").exists()).then_some(net)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_known_by_the_numbers_of_its_files() {
        assert!(is_own_net(Path::new("/proc/thread-self/net")));
        assert!(!is_own_net(Path::new("/proc")) && !is_own_net(Path::new("/etc")));
        let stored = Paths { procfs: "/etc".into(), ..Root::of_this_machine().paths };
        assert!(!Root::at(stored).has_own_interfaces());
    }
}
