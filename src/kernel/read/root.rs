//! The mount points of the kernel's trees (`--path.*`); tests use fixtures.

use super::background::PATIENCE;
use super::{Absence, Background, Dir, Shape, Shared, Source};
use crate::base::error::Error;
use crate::base::sys;
use crate::settings::Paths;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The mount points.
#[derive(Clone)]
pub struct Root {
    paths: Paths,
    is_procfs: bool,
    net: Option<PathBuf>,
    shared: Arc<Shared>,
}

impl Root {
    /// The trees at these paths.
    pub fn at(paths: Paths) -> Root {
        let is_its = |directory| sys::is_procfs(&directory);
        let is_procfs = sys::open_listing(&paths.procfs).is_ok_and(is_its);
        let net = net_of_first_process(&paths.procfs);
        Root { paths, is_procfs, net, shared: Arc::default() }
    }

    /// Whether both have the same paths.
    pub fn is_at(&self, other: &Root) -> bool {
        self.paths == other.paths && self.is_procfs == other.is_procfs
    }

    /// The trees at their usual places.
    pub fn of_this_machine() -> Root {
        Root::at(Paths {
            procfs: "/proc".into(),
            sysfs: "/sys".into(),
            rootfs: "/".into(),
            udev_data: "/run/udev/data".into(),
            lacks_root: false,
        })
    }

    /// Whether this is the running kernel's own tree, with the same data as netlink.
    pub fn is_live(&self) -> bool {
        self.paths.procfs.as_os_str() == "/proc" && self.paths.sysfs.as_os_str() == "/sys"
    }

    /// Whether mount points of the first process are elsewhere here.
    pub fn lacks_root(&self) -> bool {
        self.paths.lacks_root
    }

    /// Whether its interfaces are those of netlink: the kernel's `/proc` has the interfaces
    /// of the process that reads it, unless they are read from the first process, which may have others.
    pub fn has_own_interfaces(&self) -> bool {
        self.is_live() || self.is_procfs() && self.net.as_deref().is_none_or(is_own_net)
    }

    /// Whether `/proc` here is a kernel's own, not a stored tree.
    pub fn is_procfs(&self) -> bool {
        self.is_procfs
    }

    /// Reads a file as it is now; nothing is kept.
    pub fn read(&self, path: &'static str) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let length = Source::new(path, self.real(path), Shape::Whole).fill(&mut text)?;
        text.truncate(length);
        Ok(text)
    }

    /// Begins a scrape, at this time since the start: it ages the records of absent paths.
    pub fn begin(&self, age: Duration) {
        self.shared.begin(age);
    }

    /// A record for something that may be absent.
    pub fn absence(&self) -> Absence {
        Absence::new(&self.shared)
    }

    /// A directory of attribute files.
    pub fn dir(&self, path: &'static str) -> Dir {
        Dir::new(path, self.real(path), &self.shared)
    }

    /// The same, with files that drivers answer: a scrape does not wait for one that is slow. Files of a stored tree
    /// take their time only because the machine is busy.
    pub fn driver_dir(&self, path: &'static str) -> Dir {
        let dir = self.dir(path);
        if self.is_procfs { dir.of_drivers() } else { dir }
    }

    /// How long a scrape waits for what may hang: `usual`, and longer for a stored machine.
    pub fn patience(&self, usual: Duration) -> Duration {
        if self.is_procfs { usual } else { PATIENCE }
    }

    /// Begins a scrape that only lets threads begin to read what drivers answer.
    pub fn begin_unwaiting(&self, age: Duration) {
        self.shared.begin(age);
        self.shared.spend(Duration::MAX);
    }

    /// Waits for a thread that a driver keeps at work, as long as this scrape may wait for drivers.
    pub fn wait_for<T: Send + 'static>(&self, thread: &mut Background<T>) {
        let begun = Instant::now();
        thread.rest_until(begun + self.shared.patience());
        self.shared.spend(begun.elapsed());
    }

    /// A directory at another path, which errors call `path`.
    pub fn dir_at(&self, path: &'static str, real: PathBuf) -> Dir {
        Dir::new(path, real, &self.shared)
    }

    /// The real path of the kernel's `path` (`/proc/…`, `/sys/…`, `/run/udev/data/…`).
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
/// the files of each network have inode numbers of their own, the same in every procfs.
fn is_own_net(net: &Path) -> bool {
    let number = |path: &Path| fs::metadata(path).ok().map(|about| about.ino());
    let own = number(Path::new("/proc/self/net/dev"));
    own.is_some() && own == number(&net.join("dev"))
}

/// The path of `/proc/net` in another procfs. `net` there is a link to `self/net`, the network of the process
/// that reads it: in a container, the container's own. The machine's is that of its first process. It is
/// looked up once: a stored tree has no such directory, and hidepid hides it.
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
