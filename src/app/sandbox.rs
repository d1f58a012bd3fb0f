//! How the program confines itself once everything is read and opened that needs more rights: before the first
//! worker thread, which inherits the restrictions. A reload cannot get more rights later.

mod reach;
mod rules;

use crate::base::log;
use crate::base::sys::{self, Reach};
use crate::serve::listen::Listener;
use crate::settings::{Enforce, Settings};
use std::io;
use std::path::PathBuf;

const PROGRAM: &str = "alerting.sendmail is a program, which would get no more rights than sysmetrics: the \
                       sandbox stays off; name a relay in alerting.smtp, or see sandbox.landlock";
const SET_ID: &str = "alerting.sendmail is started without the rights of other users and groups: mail \
                      programs that need them, such as Postfix' and Exim's, do not work";
const RESTART: &str = "; restart sysmetrics, which locked itself in when it started";

/// The rights that the program has kept.
pub struct Sandbox {
    /// None if Landlock is not in force.
    reach: Option<Reach>,
    /// A filter of system calls is in force, and perf_event_open(2) is not allowed.
    lacks_perf: bool,
}

/// How strictly each part is enforced with these settings.
fn parts(settings: &Settings) -> [Enforce; 2] {
    let [landlock, seccomp] = [settings.sandbox.landlock, settings.sandbox.seccomp];
    match (settings.alerting.starts_program(), landlock) {
        (false, _) => [landlock, seccomp],
        // If it is required, the warning below says what that program needs.
        (true, Enforce::Require) => [landlock, Enforce::Off],
        (true, _) => [Enforce::Off; 2],
    }
}

/// Warns of settings that do not go together; returns how often.
///
/// # Errors
///
/// A part that is required is not available.
pub fn check(settings: &Settings) -> io::Result<usize> {
    let [landlock, _] = parts(settings);
    if landlock == Enforce::Require {
        sys::abi().map_err(|error| required("landlock", &error))?;
    }
    let wanted = &settings.sandbox;
    let is_off = [wanted.landlock, wanted.seccomp] == [Enforce::Off; 2];
    if is_off || !settings.alerting.starts_program() {
        return Ok(0);
    }
    log::warn(if landlock == Enforce::Off { PROGRAM } else { SET_ID }, &[]);
    Ok(1)
}

fn required(part: &str, error: &io::Error) -> io::Error {
    let text = ["sandbox: ", part, " is required and cannot be had here: ", &error.to_string()];
    io::Error::other(text.concat())
}

/// Whether a part is in force, by the result of enabling it.
fn enforced(part: &'static str, how: Enforce, done: io::Result<()>) -> io::Result<bool> {
    let Err(error) = done else { return Ok(true) };
    if how == Enforce::Require {
        return Err(required(part, &error));
    }
    let fields: [log::Field<'_>; 2] = [("part", &part), ("error", &error)];
    match sys::is_absent(&error) {
        true => log::info("a part of the sandbox is not available here", &fields),
        false => log::warn("a part of the sandbox failed", &fields),
    }
    Ok(false)
}

impl Sandbox {
    /// Confines this thread, and those that it starts from now on; `files` are read again later.
    ///
    /// # Errors
    ///
    /// A part that is required is not available.
    pub fn enter(
        settings: &Settings,
        listeners: &[Listener],
        files: &[PathBuf],
    ) -> io::Result<Sandbox> {
        check(settings)?;
        let [landlock, seccomp] = parts(settings);
        let mut sandbox = Sandbox { reach: None, lacks_perf: false };
        // Both need it, the stricter setting decides.
        let both = if seccomp == Enforce::Require { seccomp } else { landlock };
        let both = if both == Enforce::Off { seccomp } else { both };
        if both != Enforce::Off && enforced("no_new_privs", both, sys::forbid_privileges())? {
            if landlock != Enforce::Off {
                let mut reach = reach::reach(settings, listeners);
                reach::read(&mut reach, files);
                reach::copy_of_offsets(&mut reach, settings);
                let is_in = enforced("landlock", landlock, sys::restrict(&reach))?;
                sandbox.reach = Some(reach).filter(|_| is_in);
            }
            if seccomp != Enforce::Off {
                let perf = uses_perf(settings);
                let is_in = enforced("seccomp", seccomp, sys::filter_calls(perf))?;
                sandbox.lacks_perf = is_in && !perf;
            }
        }
        let [(a, privileges), (b, landlock), (c, seccomp)] = &sys::sandboxed();
        let fields: [log::Field<'_>; 3] = [(a, privileges), (b, landlock), (c, seccomp)];
        log::info("the sandbox", &fields);
        Ok(sandbox)
    }

    /// Checks that other settings need no more than the remaining rights.
    ///
    /// # Errors
    ///
    /// They need more; the text says what, and what to do.
    pub fn admits(&self, settings: &Settings) -> Result<(), String> {
        let beyond = |old: &Reach| rules::beyond(old, &reach::reach(settings, &[]));
        let missing = self.reach.as_ref().and_then(beyond);
        let perf = (self.lacks_perf && uses_perf(settings)).then(|| "perf_event_open".to_owned());
        match missing.or(perf) {
            Some(what) => Err(["the sandbox does not allow ", &what, RESTART].concat()),
            None => Ok(()),
        }
    }
}

fn uses_perf(settings: &Settings) -> bool {
    settings.collectors.iter().any(|one| one.name == "perf" && one.enabled)
}
