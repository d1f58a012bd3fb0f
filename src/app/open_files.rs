//! The limit of open files: the least that the agent needs, and how many connections it has room for.

use crate::base::log;
use crate::base::sys;
use crate::settings::Settings;
use std::io;

/// Descriptors that connections leave free for the kernel's files and directories, and log files.
const KEPT: usize = 84;

/// Descriptors of every agent while it answers a scrape, without listeners and files kept for speed.
const ALWAYS: usize = 11;
/// Descriptors of a peer: a socket, and one to the name server.
const PEER: usize = 2;
/// Descriptors of a spool.
const SPOOL: usize = 4;
/// Descriptors for logs: inotify, and some files.
const LOGS: usize = 8;
/// Descriptors for stalls and peaks.
const BETWEEN: usize = 4;

/// Refuses a limit with which scrapes would get no answer, or half of one.
///
/// # Errors
///
/// The limit is too low for these settings.
pub fn check(settings: &Settings) -> io::Result<()> {
    let needed = 2 * own(settings);
    match sys::open_files_limit() {
        Some(limit) if limit < needed as u64 => Err(io::Error::other(format!(
            "the limit of open files is {limit}, and these settings need {needed}: raise it \
             (ulimit -n {needed}, or LimitNOFILE={needed} of the service)"
        ))),
        _ => Ok(()),
    }
}

/// The descriptors that these settings need. The same number again is needed for clients, kept files and kept
/// directories, which get a quarter and an eighth each of what there may be.
fn own(settings: &Settings) -> usize {
    let Settings { server, statsd, scrape, logs, alerting, exports, .. } = settings;
    let spools = exports.iter().filter(|export| export.spool.is_some()).count();
    let mail = usize::from(!alerting.mail_to.is_empty());
    let peers = exports.len() + scrape.targets.len() + mail;
    let peers = peers + alerting.webhooks.len() + alerting.alertmanagers.len();
    let is_between = settings.pressure.stalls || settings.peaks.are_on;
    ALWAYS
        + server.listen.len()
        + usize::from(statsd.listen.is_some())
        + PEER * peers
        + SPOOL * spools
        + LOGS * usize::from(!logs.is_empty())
        + BETWEEN * usize::from(is_between)
}

/// The connections that are configured, or as many as the limit of open files has room for.
pub fn connections(settings: &Settings) -> usize {
    let (wanted, reserved) = (settings.server.max_connections, own(settings) + KEPT);
    let limit = sys::open_files_limit().and_then(|n| usize::try_from(n).ok());
    let room = limit.map_or(usize::MAX, |n| n.saturating_sub(reserved).max(n / 4).max(1));
    if room < wanted {
        let fields: [log::Field<'_>; 2] = [("max_connections", &wanted), ("used", &room)];
        log::warn("the limit of open files allows fewer connections", &fields);
    }
    wanted.min(room)
}
