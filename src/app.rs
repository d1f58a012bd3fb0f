//! The program as a whole: reads the settings, owns every part by value, and does what signals ask for.

#[cfg_attr(not(feature = "hub"), path = "app/health_off.rs")]
mod health;
mod open_files;
mod privileges;
mod reload;
mod sandbox;
mod setup;
mod version;

use crate::base::clock::WallClock;
use crate::base::log;
use crate::base::sys::{self, Notify, Signal, Signals};
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use crate::pipelines;
#[cfg(not(feature = "tiny_http"))]
use crate::serve::event::Server;
use crate::serve::listen;
use crate::serve::routes::Service;
use crate::serve::security::Security;
#[cfg(feature = "tiny_http")]
use crate::serve::tiny::Server;
use crate::settings::{self, Action, DEFAULT_FILES, Settings};
use reload::reload;
use sandbox::Sandbox;
pub use setup::subjects;
use setup::{announce, gather, limits, load, log_host_trees, warn};
use std::env;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long responses in progress may take when the process is to end.
const FINISH: Duration = Duration::from_secs(5);

/// The exit code for invalid settings.
const BAD_SETTINGS: u8 = 2;

/// The verdict of `--check-config` on them.
const WRONG: &str = "The settings are wrong: sysmetrics does not start with them.";

/// Runs the program; the exit code is 0, 2 for bad settings, 1 for anything else.
pub fn run() -> ExitCode {
    sys::handle_faults();
    let settings = match load() {
        Ok(settings) => settings,
        Err(refusal) => {
            log::plain(&refusal.to_string());
            if env::args_os().any(|arg| arg == "--check-config") {
                log::plain(WRONG);
            }
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    log::configure(settings.log.format, settings.log.level);
    if settings.action != Action::Health {
        warn(&settings);
    }
    let done = match settings.action {
        Action::Health => return print_health(&settings),
        Action::Serve => start(settings).and_then(serve),
        Action::CheckConfig => match check(&settings) {
            Ok(text) => print(text.as_bytes()),
            Err(error) => {
                let code = fail(&error);
                log::plain(WRONG);
                return code;
            }
        },
        Action::Once if pipelines::ARE_ON => pipelines::once(&settings, &mut gather(&settings)),
        Action::PrintMetrics | Action::Once => print(&metrics(&settings)),
        Action::Help => print(settings::help(&subjects()).as_bytes()),
        Action::ShortHelp => print(settings::short_help(&subjects()).as_bytes()),
        Action::Version => print(version::text(settings.dialect).as_bytes()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Logs the error that ends the program, and returns the exit code: a file that the settings name may be wrong, too. One
/// that is not there may come with another start.
fn fail(error: &io::Error) -> ExitCode {
    log::error("cannot go on", &[("error", error)]);
    match error.kind() {
        ErrorKind::InvalidInput if error.raw_os_error().is_none() => ExitCode::from(BAD_SETTINGS),
        _ => ExitCode::FAILURE,
    }
}

/// Prints the health of a running agent.
fn print_health(settings: &Settings) -> ExitCode {
    let health = health::query(settings).and_then(|(is_ok, lines)| {
        print(&lines).map_err(|error| error.to_string())?;
        Ok(is_ok)
    });
    match health {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            log::plain(&why);
            ExitCode::FAILURE
        }
    }
}

/// Prints to stdout; a reader that went away is not an error.
fn print(bytes: &[u8]) -> io::Result<()> {
    match io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(io::Error::new(e.kind(), format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// The settings in effect, and the verdict.
///
/// # Errors
///
/// The program would not start with them.
fn check(settings: &Settings) -> io::Result<String> {
    open_files::check(settings)?;
    Security::read(&settings.server)?;
    listen::check(&settings.server.listen, &settings.server.access)?;
    let warned = settings.warnings.len() + pipelines::check(settings)? + sandbox::check(settings)?;
    let verdict = match warned + privileges::check(settings) {
        0 => "\n# The settings are right: sysmetrics starts with them.\n",
        _ => "\n# sysmetrics starts with these settings, and warns as it did now.\n",
    };
    Ok([&settings.effective, verdict].concat())
}

/// One scrape as text.
fn metrics(settings: &Settings) -> Vec<u8> {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    lines.label(settings.custom.labels_of_own());
    let mut text = Text::new(settings.dialect, Format::Prometheus, &mut out, &mut lines);
    pipelines::write_once(settings, &mut gather(settings), &mut text);
    text.finish();
    out.bytes().to_vec()
}

/// What serves. It is on the heap: what a start has on the stack is several times as large, and would stay resident.
struct Agent {
    server: Server,
    service: Service,
    sandbox: Sandbox,
    has_file: bool,
}

fn start(settings: Settings) -> io::Result<Box<Agent>> {
    // The signals first, so that a signal during the start is not lost.
    let signals = Signals::take()?;
    open_files::check(&settings)?;
    let server = &settings.server;
    let security = Security::read(server)?;
    let listeners = listen::open(&server.listen, &server.access, server.only_inherited)?;
    if !WallClock::now().is_plausible() {
        log::warn("the wall clock is not set", &[("time", &WallClock::now().rfc3339())]);
    }
    let path = settings.server.metrics_path.clone();
    match &settings.config_file {
        Some(file) => log::info("settings read", &[("file", &file.display())]),
        None => log::info("no settings file", &[("looked_for", &DEFAULT_FILES.join(", "))]),
    }
    log_host_trees(&settings);
    privileges::warn_of_trees(&settings);
    let mut service = Service::new(settings.dialect, path, gather(&settings));
    service.notify = notify();
    let prepared = service.prepare(&settings)?;
    // Applying starts workers, which inherit the restrictions of this thread.
    let sandbox = Sandbox::enter(&settings, &listeners, security.files())?;
    service.apply(prepared, &settings);
    service.serving(true);
    let mut server = Server::new(Box::new(signals), listeners, limits(&settings));
    server.secure(security)?;
    announce(&server, &settings);
    service.notify.send("READY=1");
    let has_file = settings.config_file.is_some();
    Ok(Box::new(Agent { server, service, sandbox, has_file }))
}

#[inline(never)] // it is linked with what a scrape runs, `run` is not
fn serve(mut agent: Box<Agent>) -> io::Result<()> {
    let Agent { server, service, sandbox, has_file } = &mut *agent;
    loop {
        match server.run(service)? {
            Signal::Hangup => reload(server, service, sandbox, has_file),
            signal => {
                log::info("ending", &[("signal", &signal.name())]);
                service.notify.send("STOPPING=1");
                let done = server.finish(service, Instant::now() + FINISH);
                service.serving(false);
                return done;
            }
        }
    }
}

fn notify() -> Notify {
    let text = |name| env::var(name).ok();
    let socket = env::var_os("NOTIFY_SOCKET");
    let (usec, pid) = (text("WATCHDOG_USEC"), text("WATCHDOG_PID"));
    Notify::new(socket.as_deref(), usec.as_deref(), pid.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "recorder")]
    use crate::base::dialect::Dialect;
    #[cfg(feature = "recorder")]
    use crate::kernel::read::Root;
    use crate::serve::http::Limits;
    use crate::serve::routes;

    #[test]
    fn the_limits_of_a_library_are_those_of_the_program_but_for_descriptors() {
        let settings =
            settings::load(&subjects(), routes::is_reserved, [].into_iter(), [].into_iter())
                .unwrap();
        assert_eq!(limits(&settings), Limits { connections: 512, ..Limits::default() });
    }

    #[cfg(feature = "recorder")]
    #[test]
    fn a_library_reads_the_machine_as_the_program_does() {
        for (flag, dialect) in [("sysmetrics", Dialect::Own), ("node_exporter", Dialect::Node)] {
            let args = [["--dialect=", flag].concat().into()].into_iter();
            let settings =
                settings::load(&subjects(), routes::is_reserved, args, [].into_iter()).unwrap();
            let defaults: Vec<_> = subjects().iter().map(|s| s.defaults(dialect)).collect();
            assert_eq!(settings.collectors, defaults);
            let (root, ours) = (Root::of_this_machine(), Root::at(settings.paths));
            for path in ["/proc/stat", "/sys/class/net", "/run/udev/data/b8:0", "/etc/os-release"] {
                assert_eq!(root.real(path), ours.real(path));
            }
        }
    }
}
