//! Processes of supervisord, as its XML-RPC interface reports them: `supervisor.getAllProcessInfo`
//! (supervisord.org/api.html), over HTTP (`http://[user:password@]host[:port]/RPC2`) or a Unix socket
//! (`unix:///run/supervisor.sock`). The states are those of supervisord.org/subprocess.html: 0 stopped, 10
//! starting, 20 running, 30 backoff, 40 stopping, 100 exited, 200 fatal, 1000 unknown. A process is up while
//! it starts, runs or stops.
//!
//! A scrape waits a little longer than the last answer took, at most `timeout`; then the collector fails.

#[cfg(test)]
mod tests;
mod xml;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError, Place};
use crate::base::wire::{Url, basic};
use crate::kernel::read::Background;
use crate::kernel::read::http::{Failure, exchange};
use crate::kernel::read::stream::{Peer, failure};
use crate::model::metric::{Family, Label, Sink, Unit, Value, counter, families, gauge};
use crate::settings::{CollectorOption, Rule, Subject, duration, text};
use std::time::{Duration, Instant};
use xml::{Process, Processes};

const PLACE: &str = "supervisord";

/// Bytes of an answer: some 1500 for each process.
const MAX_ANSWER: usize = 4 << 20;

/// The most bytes of the buffer that are kept after an answer.
const MAX_KEPT: usize = 256 << 10;

/// How long a scrape waits without a setting, as in a library.
const PATIENCE: Duration = Duration::from_secs(1);

/// States in which a process is up: starting, running, stopping.
const UP: [i64; 3] = [10, 20, 40];

const CALL: &str = "<?xml version=\"1.0\"?>\n<methodCall>\
    <methodName>supervisor.getAllProcessInfo</methodName><params></params></methodCall>\n";

const LABELS: &[&str] = &["name", "group"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 5] = families![
    gauge(  "supervisord_up",                 Unit::One, "Whether the process is starting, running or stopping.",  LABELS),
    gauge(  "supervisord_state",              Unit::One, "State of the process, as supervisord numbers it.",       LABELS),
    gauge(  "supervisord_exit_status",        Unit::One, "Status with which the process ended last.",              LABELS),
    // node_exporter's is a counter.
    counter("supervisord_start_time_seconds", Unit::One, "When the process was started, since 1970, if it is up.", LABELS).only_node(),
    gauge(  "supervisord_start_time_seconds", Unit::One, "When the process was started, since 1970, if it is up.", LABELS).only_own(),
];

static URL: CollectorOption<String> =
    text("url", "http://HOST:PORT/RPC2 or unix:///PATH of its XML-RPC interface")
        .flags(&["collector.supervisord.url"])
        .env(&["SUPERVISORD_URL"])
        .default("http://localhost:9001/RPC2")
        .rule(&Rule {
            expects: "http://[USER:PASSWORD@]HOST[:PORT]/RPC2, without TLS, or unix:///PATH",
            holds: |settings| Interface::new(&settings.get(&URL)).peer.is_some(),
            only_warns: false,
        });

static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [1, 60_000], "how long a scrape waits for supervisord's answer at most")
        .default("1s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "supervisord",
        node_name: "supervisord",
        on: false,
        help: "processes of supervisord, over XML-RPC",
        options: &[&URL.row, &TIMEOUT.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let timeout = setup.settings.get(&TIMEOUT);
    let interface = Interface::new(&setup.settings.get(&URL));
    Box::new(Supervisord {
        interface: Background::new(PLACE, interface, Interface::ask),
        patience: if timeout.is_zero() { PATIENCE } else { timeout },
        is_machine: setup.root.is_procfs(),
    })
}

struct Supervisord {
    interface: Background<Interface>,
    patience: Duration,
    /// Whether the tree is not a stored one, which has no supervisord.
    is_machine: bool,
}

impl Collector for Supervisord {
    fn begin(&mut self, now: Instant) {
        if self.is_machine {
            self.interface.begin(now + self.patience);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.is_machine {
            return Err(Error::Unsupported(PLACE.into()));
        }
        let answer = self.interface.answer();
        let interface = answer.map_err(|errno| Error::Read(PLACE.into(), errno))?;
        interface.result?;
        let processes = &mut interface.processes;
        if let Some(error) = processes.error.take() {
            scrape.errors.record(error.error());
        }
        write(processes, out);
        Ok(())
    }
}

fn write(processes: &Processes, out: &mut dyn Sink) {
    let [up, state, exit_status, start_counter, start] = &FAMILIES;
    let is_up = |process: &Process| process.state.map(|state| UP.contains(&state));
    type Of<'a> = &'a dyn Fn(&Process) -> Option<Value>;
    let started = |process: &Process| {
        let is_up = is_up(process) == Some(true);
        process.start.filter(|_| is_up).map(|seconds| Value::fixed(seconds, 0))
    };
    let rows: [(&Family<'_>, Of<'_>); 5] = [
        (up, &|process| is_up(process).map(|is_up| Value::Int(is_up.into()))),
        (state, &|process| process.state.map(|state| Value::fixed(state, 0))),
        (exit_status, &|process| process.exit_status.map(|status| Value::fixed(status, 0))),
        (start_counter, &started),
        (start, &started),
    ];
    for (family, value) in rows {
        out.family(family);
        for process in &processes.all {
            if let Some(value) = value(process) {
                let labels = [processes.name(process), processes.group(process)];
                out.sample(&labels.map(Label::of), value);
            }
        }
    }
}

/// The XML-RPC interface, and its last answer.
struct Interface {
    /// The server, and its name in errors; `None` if the URL is invalid.
    peer: Option<(Peer, Place)>,
    request: Vec<u8>,
    answer: Vec<u8>,
    processes: Processes,
    result: Result<(), KeptError>,
}

impl Interface {
    fn new(url: &str) -> Interface {
        let unknown = Error::parse(PLACE, "http://… or unix:///… as its url", url.as_bytes());
        let mut interface = Interface {
            peer: None,
            request: Vec::new(),
            answer: Vec::new(),
            processes: Processes::default(),
            result: Err(unknown.keep()),
        };
        if let Some(path) = url.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            let place = Place::below("unix:/", path.trim_start_matches('/').as_bytes());
            interface.peer = Some((Peer::Unix(path.into()), place));
            interface.request = request("unix", "/RPC2", None);
        } else if let Some(url) = Url::parse(url).ok().filter(|url| !url.is_tls) {
            let authority = url.authority();
            let place = Place::below("http:/", ["/", &authority].concat().as_bytes());
            interface.peer = Some((Peer::of(&url), place));
            interface.request = request(&authority, &url.target, url.user.as_ref());
        }
        interface
    }

    /// Requests all processes again, until the deadline.
    fn ask(&mut self, until: Instant) {
        let Some((peer, place)) = &self.peer else { return };
        let exchanged = exchange(peer, &self.request, &mut self.answer, MAX_ANSWER, until);
        let result = match exchanged {
            Ok(()) => self.processes.read(&self.answer),
            Err(Failure::Io(error)) => Err(failure(*place, &error)),
            Err(Failure::Answer(expected, found)) => Err(Error::parse(*place, expected, &found)),
            Err(Failure::TooLong(most)) => Err(Error::too_large(*place, most)),
        };
        self.result = result.map_err(KeptError::from);
        self.answer.clear();
        self.answer.shrink_to(MAX_KEPT);
    }
}

fn request(host: &str, target: &str, user: Option<&(String, String)>) -> Vec<u8> {
    let login = user.map(|(user, password)| basic(user, password));
    let login = login.map(|login| ["Authorization: ", &login, "\r\n"].concat());
    let length = CALL.len().to_string();
    [
        &["POST ", target, " HTTP/1.0\r\nHost: ", host].concat(),
        "\r\nContent-Type: text/xml\r\nContent-Length: ",
        &length,
        "\r\n",
        login.as_deref().unwrap_or_default(),
        "\r\n",
        CALL,
    ]
    .concat()
    .into_bytes()
}
