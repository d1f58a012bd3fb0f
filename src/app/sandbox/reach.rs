//! Which files and TCP ports these settings need.

use super::rules::{add, add_directories};
use crate::base::state::is_in_memory;
#[cfg(feature = "hub")]
use crate::base::sys::ASK;
use crate::base::sys::{
    BIND, CONNECT, LIST, PRIVATE_DIR, Probe, READ, RUN, Reach, Ready, SOCKETS, WRITE, poll,
};
use crate::kernel::collect::mounts_of;
#[cfg(feature = "hub")]
use crate::kernel::collect::{dhcp_leases, kernel_log, raspberrypi};
use crate::kernel::read::Root;
use crate::serve::listen::Listener;
use crate::settings::{Dialect, Listen, Settings};
use std::env;
use std::ffi::CString;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files that are read on every machine, besides the kernel's trees: the resolver's files, authorities, the names
/// of groups, runit's states; with glibc the libraries that look up hosts, too.
const FILES: &[&str] = if cfg!(target_env = "gnu") {
    &["/proc", "/etc", "/usr", "/run/runit", "/lib", "/lib64"]
} else {
    &["/proc", "/etc", "/usr", "/run/runit"]
};
/// Links in /etc that may lead anywhere, to files that are replaced.
const LINKS: [&str; 2] = ["/etc/resolv.conf", "/etc/localtime"];
/// Where programs are, and what they need.
const PROGRAMS: [&str; 6] = ["/bin", "/sbin", "/usr", "/lib", "/lib64", "/opt"];

/// The time for all directories of a spool that may hang.
const ANSWER_TIME: Duration = Duration::from_millis(300);

/// How many of them are asked.
const MAX_ASKED: usize = 32;

/// Long answers of name servers come over TCP.
const DNS: u16 = 53;
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// What these settings need, and the ports that the kernel assigned to `listeners`.
pub fn reach(settings: &Settings, listeners: &[Listener]) -> Reach {
    let mut reach = Reach::default();
    for path in FILES {
        add(&mut reach, Path::new(path), READ);
    }
    for below in ["etc", "usr"] {
        add(&mut reach, &settings.paths.rootfs.join(below), READ);
    }
    for path in LINKS {
        add_directories(&mut reach, Path::new(path), READ);
    }
    for path in &settings.sandbox.named_paths {
        add_directories(&mut reach, Path::new(path), READ);
    }
    if let Some(path) = &settings.config_file {
        add_directories(&mut reach, path, READ);
    }
    if let Some(path) = env::var_os("SSL_CERT_FILE") {
        add_directories(&mut reach, Path::new(&path), READ);
    }
    programs(&mut reach, settings);
    mounted(&mut reach, settings);
    pressure(&mut reach, settings);
    #[cfg(feature = "hub")]
    for add in [kernel_log, mailbox, leases] {
        add(&mut reach, settings);
    }
    written(&mut reach, settings);
    ports(&mut reach, settings, listeners);
    reach.has_abstract = ["NOTIFY_SOCKET", "DBUS_SYSTEM_BUS_ADDRESS"].into_iter().any(|name| {
        let value = env::var(name).unwrap_or_default();
        value.starts_with('@') || value.contains("abstract")
    });
    reach
}

/// The program that sends mail, and what it needs.
fn programs(reach: &mut Reach, settings: &Settings) {
    if !settings.alerting.starts_program() {
        return;
    }
    let command = &settings.alerting.sendmail;
    add_directories(reach, Path::new(command.split(' ').next().unwrap_or_default()), RUN);
    for path in PROGRAMS {
        add(reach, Path::new(path), RUN);
    }
    add(reach, Path::new("/dev/null"), WRITE);
    reach.connects_anywhere = true;
}

/// Triggers are set by writing, and again at a reload.
fn pressure(reach: &mut Reach, settings: &Settings) {
    if !settings.pressure.wanted().is_empty() {
        add(reach, Path::new("/proc/pressure"), WRITE);
    }
}

/// The kernel's log, and no other device.
#[cfg(feature = "hub")]
fn kernel_log(reach: &mut Reach, settings: &Settings) {
    if settings.collectors.iter().any(|one| one.name == kernel_log::NAME && one.enabled) {
        add(reach, &Root::at(settings.paths.clone()).real(kernel_log::PATH), READ);
    }
}

/// That of a Raspberry Pi's firmware, and no other device.
#[cfg(feature = "hub")]
fn mailbox(reach: &mut Reach, settings: &Settings) {
    let path = Root::at(settings.paths.clone()).real(raspberrypi::MAILBOX);
    let is_on = settings.collectors.iter().any(|one| one.name == "raspberrypi" && one.enabled);
    if is_on && path.exists() {
        add(reach, &path, ASK);
    }
}

/// Files that other files name, which are read again when they change.
pub fn read(reach: &mut Reach, files: &[PathBuf]) {
    files.iter().for_each(|file| add_directories(reach, file, READ));
}

/// btrfs is asked where it is mounted, in a directory that is opened for that. One that is mounted later has no rule.
fn mounted(reach: &mut Reach, settings: &Settings) {
    let is_on = settings.collectors.iter().any(|one| one.name == "btrfs" && one.enabled);
    if settings.dialect == Dialect::Node && is_on {
        btrfs(reach, &Root::at(settings.paths.clone()));
    }
}

fn btrfs(reach: &mut Reach, root: &Root) {
    let _ = mounts_of(root, "btrfs", &mut |place, _| add(reach, place, LIST));
}

/// Leases are read where servers have them by default, which no option names.
#[cfg(feature = "hub")]
fn leases(reach: &mut Reach, settings: &Settings) {
    let mut all = settings.collectors.iter();
    if let Some(one) = all.find(|one| one.name == "dhcp_leases" && one.enabled) {
        dhcp_leases::files(one).iter().for_each(|file| add_directories(reach, file, READ));
    }
}

/// Directories that are written. A rule needs a directory that exists; one that cannot be made, or does not answer, may
/// appear later, below one that exists.
fn written(reach: &mut Reach, settings: &Settings) {
    let sandbox = &settings.sandbox;
    let state = settings.tail.state_file.as_ref().filter(|_| !settings.logs.is_empty());
    let state = state.into_iter().chain(&sandbox.state_files).filter_map(|file| file.parent());
    for dir in sandbox.write.iter().map(|dir| &**dir).chain(state) {
        write(reach, dir);
    }
    for export in &settings.exports {
        // It may be on a file system that hangs, which its worker waits for, not the serving thread.
        let dir = export.spool.as_ref().map(|spool| &*spool.dir);
        let answering = dir.and_then(first_answering);
        answering.iter().for_each(|dir| write(reach, dir));
    }
}

/// The copy of the file of offsets, where its directory exists or can be made: otherwise there is no copy, for
/// which no reload is refused.
pub fn copy_of_offsets(reach: &mut Reach, settings: &Settings) {
    let tail = &settings.tail;
    let copy =
        tail.memory_file.as_ref().filter(|copy| tail.state_file.is_some() && is_in_memory(copy));
    let Some(dir) = copy.and_then(|copy| copy.parent()) else { return };
    if !settings.logs.is_empty() {
        let _ = DirBuilder::new().mode(PRIVATE_DIR).create(dir);
    }
    if dir.is_dir() {
        add_directories(reach, dir, WRITE);
    }
}

fn write(reach: &mut Reach, dir: &Path) {
    if !dir.as_os_str().is_empty() {
        let _ = DirBuilder::new().recursive(true).mode(PRIVATE_DIR).create(dir);
    }
    add_directories(reach, dir, WRITE);
}

/// The first of `dir` and the directories above it about which the file system answers within a moment, even if there
/// is no such file. All are asked at once: those that hang are waited for together.
fn first_answering(dir: &Path) -> Option<&Path> {
    let until = Instant::now() + ANSWER_TIME;
    let ask =
        |dir: &Path| Probe::start(&CString::new(dir.as_os_str().as_bytes()).ok()?, false).ok();
    let mut asked: Vec<_> = dir.ancestors().take(MAX_ASKED).map(|dir| (dir, ask(dir))).collect();
    let is_answered = |probe: &mut Option<Probe>| {
        let Some(probe) = probe else { return true };
        let mut ready = [Ready::wait(probe.pipe().as_fd(), true, false)];
        let _ = poll(&mut ready, Some(until.saturating_duration_since(Instant::now())));
        probe.answer().is_some()
    };
    let mut all = asked.iter_mut();
    all.find_map(|(dir, probe)| is_answered(probe).then_some(*dir))
}

fn ports(reach: &mut Reach, settings: &Settings, listeners: &[Listener]) {
    let wanted = &settings.sandbox;
    reach.connects_anywhere |= settings.scrape.targets.iter().any(|target| target.follow_any);
    reach.ports.push((DNS, CONNECT));
    for ports in [&wanted.named_ports, &wanted.connect_ports] {
        reach.ports.extend(ports.iter().map(|port| (*port, CONNECT)));
    }
    if reach.ports.contains(&(HTTP, CONNECT)) {
        // Servers redirect clients without TLS there.
        reach.ports.push((HTTPS, CONNECT));
    }
    reach.ports.extend(wanted.bind_ports.iter().map(|port| (*port, BIND)));
    for listener in listeners {
        let address = listener.address().parse().ok();
        reach.ports.extend(address.map(|address: SocketAddr| (address.port(), BIND)));
    }
    for address in &settings.server.listen {
        match address {
            Listen::Tcp(_, port) => reach.ports.push((*port, BIND)),
            Listen::Unix(path) => add_directories(reach, path, SOCKETS),
            Listen::Vsock(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::read::testing::Tree;

    #[test]
    fn btrfs_may_be_listed_where_it_is_mounted_and_does_not_hang() {
        let tree = Tree::new("sandbox-btrfs");
        tree.put(
            "proc/1/mountinfo",
            "122 29 0:49 / /m/b\\0403 rw,relatime shared:119 - btrfs /dev/loop6 rw,ssd\n\
             123 29 0:50 / /m/x rw,relatime shared:120 - ext4 /dev/sda1 rw\n\
             124 29 0:51 / /nfs rw,relatime shared:121 - nfs4 10.77.0.1:/ rw\n\
             125 124 0:52 / /nfs/b rw,relatime shared:122 - btrfs /dev/loop8 rw\n",
        );
        let mut reach = Reach::default();
        btrfs(&mut reach, &tree.root());
        assert_eq!(reach.paths, [(tree.root().real("/").join("m/b 3"), LIST)]);
    }
}
