//! How the program locks itself in once all is read and opened that needs more rights: before the first
//! thread of a worker, which gets what this one has. What a reload asks for besides cannot be had any more.

use crate::base::log;
use crate::base::sys::{self, Allowed, Reach};
use crate::serve::listen::Listener;
use crate::settings::{Enforce, Listen, Settings};
use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// What is read on every machine, besides the kernel's trees: the resolver's files, authorities, the names
/// of groups; what links in /etc lead to; runit's states.
const READ: [&str; 4] = ["/proc", "/etc", "/usr", "/run/runit"];
/// The libraries that look up names of hosts, in builds with glibc.
const LIBRARIES: &[&str] = if cfg!(target_env = "gnu") { &["/lib", "/lib64"] } else { &[] };
/// Links in /etc that lead anywhere, to files that are replaced.
const LINKS: [&str; 2] = ["/etc/resolv.conf", "/etc/localtime"];
/// Where programs lie, and what they need.
const PROGRAMS: [&str; 6] = ["/bin", "/sbin", "/usr", "/lib", "/lib64", "/opt"];

/// Long answers of name servers come over TCP.
const DNS: u16 = 53;
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

const PROGRAM: &str = "alerting.sendmail starts a program, which would get no more rights than sysmetrics: \
                       the sandbox stays off; name a relay in alerting.smtp, or set sandbox.landlock to \
                       \"require\" and name in sandbox.write what the program writes";
const SET_ID: &str = "alerting.sendmail is started without the rights of another user or group: with the \
                      mail programs of Postfix, Exim and others, no mail leaves";
const RESTART: &str = "; restart sysmetrics: it locked itself in when it started";

/// What the program left itself.
pub struct Sandbox {
    /// None if Landlock is not in force.
    reach: Option<Reach>,
    /// None if no filter is in force.
    calls: Option<Allowed>,
}

/// How far each part goes with these settings.
fn parts(settings: &Settings) -> [Enforce; 2] {
    let [landlock, seccomp] = [settings.sandbox.landlock, settings.sandbox.seccomp];
    let is_wanted = [landlock, seccomp].contains(&Enforce::Require);
    match settings.alerting.starts_program() {
        // It does more than is known here.
        true if is_wanted => [landlock, Enforce::Off],
        true => [Enforce::Off; 2],
        false => [landlock, seccomp],
    }
}

/// Warns of what does not go together: how often.
///
/// # Errors
///
/// What is required is not there.
pub fn check(settings: &Settings) -> io::Result<usize> {
    let [landlock, _] = parts(settings);
    if landlock == Enforce::Require {
        sys::abi().map_err(|error| required("landlock", &error))?;
    }
    let wanted = &settings.sandbox;
    let is_on = wanted.landlock != Enforce::Off || wanted.seccomp != Enforce::Off;
    if !settings.alerting.starts_program() || !is_on {
        return Ok(0);
    }
    log::warn(if landlock == Enforce::Off { PROGRAM } else { SET_ID }, &[]);
    Ok(1)
}

fn required(part: &str, error: &io::Error) -> io::Error {
    let text = format!("sandbox.{part} is \"require\", and it cannot be had here: {error}");
    io::Error::new(error.kind(), text)
}

/// Does one part; whether it is in force.
fn enforce(part: &str, how: Enforce, enter: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
    if how == Enforce::Off {
        return Ok(false);
    }
    match enter() {
        Ok(()) => Ok(true),
        Err(error) if how == Enforce::Require => Err(required(part, &error)),
        Err(error) => {
            let fields: [log::Field<'_>; 2] = [("part", &part), ("error", &error)];
            match sys::is_absent(&error) {
                true => log::info("a part of the sandbox is not to be had here", &fields),
                false => log::warn("a part of the sandbox failed", &fields),
            }
            Ok(false)
        }
    }
}

impl Sandbox {
    /// Locks this thread in, and those that it starts from now on.
    ///
    /// # Errors
    ///
    /// What is required is not there.
    pub fn enter(settings: &Settings, listeners: &[Listener]) -> io::Result<Sandbox> {
        check(settings)?;
        let [landlock, seccomp] = parts(settings);
        // Both need it.
        let both = if landlock == Enforce::Off { seccomp } else { landlock };
        let can = enforce("no_new_privs", both, sys::forbid_privileges)?;
        let (mut reach, calls) = (reach(settings), calls(settings));
        // The ports that the kernel picked, too.
        let bound = listeners.iter().filter_map(|one| one.address().parse::<SocketAddr>().ok());
        reach.bind.extend(bound.map(|address| address.port()));
        let is_locked = can && enforce("landlock", landlock, || sys::restrict(&reach))?;
        let is_filtered = can && enforce("seccomp", seccomp, || sys::filter_calls(calls))?;
        let parts = sys::sandboxed();
        let fields: [log::Field<'_>; 3] = parts.each_ref().map(|(part, is)| (*part, is as _));
        log::info("the sandbox", &fields);
        Ok(Sandbox { reach: is_locked.then_some(reach), calls: is_filtered.then_some(calls) })
    }

    /// Whether other settings need no more than what is left.
    ///
    /// # Errors
    ///
    /// They do; what, and what to do.
    pub fn admits(&self, settings: &Settings) -> Result<(), String> {
        let missing = self.reach.as_ref().and_then(|old| beyond(old, &reach(settings)));
        let perf = self.calls.is_some_and(|old| !old.perf && calls(settings).perf);
        let missing = missing.or_else(|| perf.then(|| "use perf_event_open".to_owned()));
        match missing {
            Some(what) => Err(["the sandbox does not allow to ", &what, RESTART].concat()),
            None => Ok(()),
        }
    }
}

/// The first thing that `new` reaches and `old` does not.
fn beyond(old: &Reach, new: &Reach) -> Option<String> {
    let path = |paths: &[PathBuf], allowed: &[&Vec<PathBuf>]| {
        let is_allowed = |path: &&PathBuf| {
            let mut all = allowed.iter().copied().flatten();
            all.any(|allowed| path.starts_with(allowed))
        };
        paths.iter().find(|path| !is_allowed(path)).map(|path| path.display().to_string())
    };
    let port = |new: &[u16], old: &[u16]| {
        new.iter()
            .find(|port| !old.contains(port))
            .map(|port| ["port ", &port.to_string()].concat())
    };
    let connect = match (&old.connect, &new.connect) {
        (None, _) => None,
        (Some(_), None) => Some("any port".to_owned()),
        (Some(old), Some(new)) => port(new, old),
    };
    let all = [
        ("read ", path(&new.read, &[&old.read, &old.write, &old.run])),
        ("write ", path(&new.write, &[&old.write])),
        ("have a socket in ", path(&new.sockets, &[&old.write, &old.sockets])),
        ("start programs in ", path(&new.run, &[&old.run])),
        ("connect to ", connect),
        ("listen on ", port(&new.bind, &old.bind)),
    ];
    all.into_iter().find_map(|(what, which)| Some([what, &which?].concat()))
}

fn calls(settings: &Settings) -> Allowed {
    Allowed { perf: settings.collectors.iter().any(|one| one.name == "perf" && one.enabled) }
}

/// What these settings need.
fn reach(settings: &Settings) -> Reach {
    let (paths, wanted) = (&settings.paths, &settings.sandbox);
    let mut reach = Reach::default();
    let read = &mut reach.read;
    READ.iter().chain(LIBRARIES).for_each(|path| read.push(path.into()));
    read.extend(["etc", "usr"].map(|below| paths.rootfs.join(below)));
    let named = wanted.named_paths.iter().map(Path::new);
    let links = LINKS.iter().map(Path::new);
    for path in named.chain(links).chain(settings.config_file.as_deref()) {
        places(path, read);
    }
    env::var_os("SSL_CERT_FILE").iter().for_each(|file| places(file.as_ref(), read));
    write_places(settings, &mut reach);
    if settings.alerting.starts_program() {
        reach.run = PROGRAMS.map(PathBuf::from).into();
        places(Path::new(first_word(&settings.alerting.sendmail)), &mut reach.run);
        reach.write.push("/dev/null".into());
    }
    let goes_anywhere = settings.scrape.targets.iter().any(|target| target.follow_any);
    if !goes_anywhere && reach.run.is_empty() {
        let mut ports = [&*wanted.named_ports, &wanted.connect_ports, &[DNS]].concat();
        if ports.contains(&HTTP) {
            // Where servers send those who come without TLS.
            ports.push(HTTPS);
        }
        reach.connect = Some(ports);
    }
    let is_abstract = |name: &str| {
        let value = env::var(name).unwrap_or_default();
        value.starts_with('@') || value.contains("abstract")
    };
    reach.has_abstract = is_abstract("NOTIFY_SOCKET") || is_abstract("DBUS_SYSTEM_BUS_ADDRESS");
    for list in [&mut reach.read, &mut reach.write, &mut reach.sockets, &mut reach.run] {
        list.sort_unstable();
        list.dedup();
    }
    reach
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// What is written, and where it listens.
fn write_places(settings: &Settings, reach: &mut Reach) {
    let wanted = &settings.sandbox;
    let state = settings.tail.state_file.as_deref().filter(|_| !settings.logs.is_empty());
    let state = state.and_then(Path::parent);
    let spools = settings.exports.iter().filter_map(|export| Some(&*export.spool.as_ref()?.dir));
    for dir in wanted.write.iter().map(|path| &**path).chain(state).chain(spools) {
        // A rule needs a directory that is there. If it cannot be made, whoever writes there says so.
        let _ = DirBuilder::new().recursive(true).mode(sys::PRIVATE_DIR).create(dir);
        reach.write.extend(fs::canonicalize(dir));
    }
    reach.bind.extend(&wanted.bind_ports);
    for address in &settings.server.listen {
        match address {
            Listen::Tcp(_, port) => reach.bind.push(*port),
            Listen::Unix(path) => {
                reach.sockets.extend(path.parent().map(fs::canonicalize).and_then(Result::ok))
            }
        }
    }
}

/// The directories that rules are made for so that `path` can be read: its own and, if it is a link, that
/// of the file, as a rule on a file does not hold for what takes its place. Of a path with wildcards, the part
/// before them. What is not there yet will be made in the nearest directory that is there; but the whole
/// machine is not opened for that.
fn places(path: &Path, to: &mut Vec<PathBuf>) {
    let is_plain =
        |part: &&std::ffi::OsStr| !part.as_encoded_bytes().iter().any(|b| b"*?[".contains(b));
    let fixed: PathBuf = path.iter().take_while(is_plain).collect();
    let start = if fixed.as_os_str().is_empty() { Path::new(".") } else { &fixed };
    let real = fs::canonicalize(start);
    if let Ok(real) = &real {
        to.push(dir_of(real));
    }
    let above = start.ancestors().skip(usize::from(real.is_ok())).map(|above| {
        match above.as_os_str().is_empty() {
            true => Path::new("."),
            false => above,
        }
    });
    let found = above.filter_map(|above| fs::canonicalize(above).ok()).next();
    let is_dir = real.is_ok_and(|real| real.is_dir());
    to.extend(found.filter(|found| !is_dir && found.parent().is_some()));
}

/// Of a file its directory; but in the root, where everything is below, the file itself.
fn dir_of(path: &Path) -> PathBuf {
    let above = path.parent().filter(|above| !path.is_dir() && above.parent().is_some());
    above.unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_for_the_directory_of_a_file_and_of_what_it_leads_to() {
        let top = env::temp_dir().join(["sandbox-", &std::process::id().to_string()].concat());
        let top = {
            fs::create_dir_all(&top).unwrap();
            fs::canonicalize(&top).unwrap()
        };
        for dir in ["a", "b"] {
            fs::create_dir_all(top.join(dir)).unwrap();
        }
        fs::write(top.join("b/file"), "").unwrap();
        std::os::unix::fs::symlink(top.join("b/file"), top.join("a/link")).unwrap();
        let of = |name: &str| {
            let mut found = Vec::new();
            places(&top.join(name), &mut found);
            found.dedup();
            found.iter().map(|path| path.strip_prefix(&top).unwrap().to_owned()).collect::<Vec<_>>()
        };
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(of("b/file"), paths(&["b"]));
        assert_eq!(of("a/link"), paths(&["b", "a"]));
        assert_eq!(of("a"), paths(&["a"]));
        assert_eq!(of("a/*/x*.log"), paths(&["a"]));
        assert_eq!(of("a/none/none"), paths(&["a"]), "the nearest that is there");
        fs::remove_dir_all(&top).unwrap();
        let mut all = Vec::new();
        places(Path::new("/no-such-directory/x"), &mut all);
        assert_eq!(all, paths(&[]), "not everything");
        assert_eq!(dir_of(Path::new("/etc/hostname")), Path::new("/etc"));
    }

    #[test]
    fn what_a_reload_needs_besides_is_named() {
        let some = || Reach {
            read: vec!["/etc".into()],
            write: vec!["/var/lib/x".into()],
            connect: Some(vec![80]),
            bind: vec![9101],
            ..Reach::default()
        };
        let told = |change: fn(&mut Reach)| {
            let mut new = some();
            change(&mut new);
            beyond(&some(), &new)
        };
        assert_eq!(told(|_| ()), None);
        assert_eq!(told(|new| new.read = vec!["/etc/ssl".into(), "/var/lib/x/y".into()]), None);
        let is = |what: &str| Some(what.to_owned());
        assert_eq!(told(|new| new.read.push("/etc2".into())), is("read /etc2"));
        assert_eq!(told(|new| new.write.push("/etc/x".into())), is("write /etc/x"));
        assert_eq!(told(|new| new.sockets.push("/run".into())), is("have a socket in /run"));
        assert_eq!(told(|new| new.connect = Some(vec![80, 25])), is("connect to port 25"));
        assert_eq!(told(|new| new.connect = None), is("connect to any port"));
        assert_eq!(told(|new| new.bind.push(1)), is("listen on port 1"));
        assert_eq!(told(|new| new.run.push("/bin".into())), is("start programs in /bin"));
    }
}
