//! Where the kernel's trees are mounted (`--path.*`); tests point it at fixtures.

use super::{Dir, Shape, Source};
use crate::settings::Paths;
use std::path::PathBuf;

/// The mount points.
#[derive(Clone)]
pub struct Root {
    paths: Paths,
}

impl Root {
    /// The trees at `paths`.
    pub fn at(paths: Paths) -> Root {
        Root { paths }
    }

    /// The trees where they usually are.
    #[cfg(feature = "recorder")]
    pub fn of_this_machine() -> Root {
        Root::at(Paths {
            procfs: "/proc".into(),
            sysfs: "/sys".into(),
            rootfs: "/".into(),
            udev_data: "/run/udev/data".into(),
        })
    }

    /// Whether this is the running kernel's own tree, where netlink and the like tell the same.
    pub fn is_live(&self) -> bool {
        self.paths.procfs.as_os_str() == "/proc" && self.paths.sysfs.as_os_str() == "/sys"
    }

    /// A file that the kernel hands out at once.
    pub fn whole(&self, path: &'static str) -> Source {
        Source::new(path, self.real(path), Shape::Whole)
    }

    /// A file that the kernel hands out record by record.
    pub fn records(&self, path: &'static str) -> Source {
        Source::new(path, self.real(path), Shape::Records)
    }

    /// A directory of attribute files.
    pub fn dir(&self, path: &'static str) -> Dir {
        Dir::new(path, self.real(path))
    }

    /// Where the kernel's `path` (`/proc/…`, `/sys/…`, `/run/udev/data/…`) is found here.
    pub fn real(&self, path: &str) -> PathBuf {
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
