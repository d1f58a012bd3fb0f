//! TCP connections by state, and the bytes in their queues. On the running kernel sock_diag(7) reports
//! each socket by netlink (since 3.3). Otherwise `/proc/net/tcp` and `tcp6` are read, a line for each:
//! its number, two addresses, the state and `transmitted:received`, in hexadecimal (proc_net_tcp(5)). The
//! time is proportional to the number of sockets.
//!
//! For a listening socket netlink reports how many connections wait to be accepted, and how many may.
//! node_exporter counts these as bytes; under our own names they are left out. There every state is
//! shown, in node_exporter's dialect only those with connections, as there.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::kernel::read::netlink::socket::{self, Socket};
use crate::kernel::read::netlink::{self, Stream};
use crate::kernel::read::{FileId, Files, scan};
use crate::model::metric::{Family, Sink, Unit::One, Value, families, gauge};
use crate::settings::Subject;

const FILES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
const EXPECTED: &str = "addresses, a state and two queues";

/// The names of TCP_* by number (include/net/tcp_states.h); 0 is not a state.
const STATES: [&str; 12] = [
    "unknown",
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
];
const LISTEN: u8 = 10;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("tcp_connection_states|tcp_connections", One, "TCP connections by state.", &["state"]),
    gauge("tcp_receive_queue_bytes",  One, "Bytes received that wait to be read, of all connections.",       &[]).only_own(),
    gauge("tcp_transmit_queue_bytes", One, "Bytes transmitted that wait for their receipt, of all connections.", &[]).only_own(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "tcpstat",
        node_name: "tcpstat",
        on: false,
        help: "TCP connections by state, by netlink or from /proc/net/tcp",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Tcpstat {
        files: FILES.map(|path| setup.files.records(path)),
        by_netlink: setup.root.has_own_interfaces(),
        stream: Stream::default(),
        dialect: setup.dialect,
    })
}

struct Tcpstat {
    files: [FileId; 2],
    by_netlink: bool,
    stream: Stream,
    dialect: Dialect,
}

impl Collector for Tcpstat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let counts = match self.ask(errors) {
            Some(counts) => counts,
            None => self.read(files, errors)?,
        };
        match self.dialect {
            Dialect::Own => counts.write_own(out),
            Dialect::Node => counts.write_node(out),
        }
        Ok(())
    }
}

impl Tcpstat {
    /// Counts from netlink; `None` if it is not available.
    fn ask(&mut self, errors: &mut PartialErrors) -> Option<Counts> {
        if !self.by_netlink {
            return None;
        }
        let mut counts = Counts::default();
        for family in [libc::AF_INET, libc::AF_INET6] {
            let dumped = socket::each(&mut self.stream, family as u8, &mut |socket| match socket {
                Some(socket) => counts.add(socket),
                None => {
                    errors.refuse(socket::PATH, "a socket", b"");
                    counts.is_cut = true;
                }
            });
            if let Err(error) = dumped {
                // Without the module the kernel does not support it.
                self.by_netlink = !netlink::is_refused(&error) && error.errno() != libc::ENOENT;
                errors.record(error);
                return None;
            }
        }
        Some(counts)
    }

    /// Counts the lines of the files; that of IPv6 may be missing.
    fn read(&self, files: &mut Files, errors: &mut PartialErrors) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        let [v4, v6] = self.files;
        counts.add_lines(FILES[0], files.read(v4)?, errors);
        if let Some(text) = errors.unless_absent(files.read(v6)) {
            counts.add_lines(FILES[1], text, errors);
        }
        Ok(counts)
    }
}

/// The sums over the sockets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    sockets: [u64; STATES.len()],
    /// Bytes received and transmitted: of all sockets, and of those that do not listen.
    queues: [u64; 2],
    queues_of_connections: [u64; 2],
    /// Whether some socket could not be read.
    is_cut: bool,
}

impl Counts {
    fn add(&mut self, socket: Socket) {
        let known = usize::from(socket.state) < STATES.len();
        let place = if known { usize::from(socket.state) } else { 0 };
        if let Some(count) = self.sockets.get_mut(place) {
            *count += 1;
        }
        let queues = [socket.receive_queue, socket.transmit_queue].map(u64::from);
        let add = |sums: &mut [u64; 2]| sums.iter_mut().zip(queues).for_each(|(sum, n)| *sum += n);
        add(&mut self.queues);
        if socket.state != LISTEN {
            add(&mut self.queues_of_connections);
        }
    }

    fn add_lines(&mut self, path: &'static str, text: &[u8], errors: &mut PartialErrors) {
        let mut lines = scan::lines(text);
        // The kernel writes a header in any case.
        let head = lines.next().unwrap_or_default();
        if scan::fields(head).next() != Some(b"sl") {
            return self.refuse(path, head, errors);
        }
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            match parse(line) {
                Some(socket) => self.add(socket),
                None => self.refuse(path, line, errors),
            }
        }
    }

    fn refuse(&mut self, path: &'static str, line: &[u8], errors: &mut PartialErrors) {
        errors.refuse(path, EXPECTED, line);
        self.is_cut = true;
    }

    /// Whether a number is known: if some could not be read only a part was counted.
    fn is_known(&self, number: u64) -> bool {
        number > 0 || !self.is_cut
    }

    fn write_own(&self, out: &mut dyn Sink) {
        let [connections, received, transmitted] = &FAMILIES;
        out.family(connections);
        for (state, (name, count)) in STATES.iter().zip(self.sockets).enumerate() {
            if count > 0 || state > 0 && self.is_known(count) {
                out.sample(&[(*name).into()], Value::Int(count));
            }
        }
        let queues = [received, transmitted].into_iter().zip(self.queues_of_connections);
        for (family, bytes) in queues.filter(|(_, bytes)| self.is_known(*bytes)) {
            out.single(family, family.value(bytes));
        }
    }

    fn write_node(&self, out: &mut dyn Sink) {
        let [connections, ..] = &FAMILIES;
        out.family(connections);
        for (name, count) in STATES.iter().zip(self.sockets).filter(|(_, count)| *count > 0) {
            out.sample(&[(*name).into()], Value::Int(count));
        }
        let names = ["rx_queued_bytes", "tx_queued_bytes"];
        let is_any = self.sockets.iter().any(|count| *count > 0);
        let queues = names.into_iter().zip(self.queues).filter(|(_, n)| self.is_known(*n));
        for (name, bytes) in queues.filter(|_| is_any) {
            out.sample(&[name.into()], Value::Int(bytes));
        }
    }
}

/// Parses the socket of a line.
fn parse(line: &[u8]) -> Option<Socket> {
    let mut fields = scan::fields(line).skip(3);
    let state = u8::try_from(scan::hex(fields.next()?)?).ok()?;
    let queues = fields.next()?;
    let (transmitted, received) = queues.split_at(memchr::memchr(b':', queues)?);
    let number = |digits| u32::try_from(scan::hex(digits)?).ok();
    let (transmit_queue, receive_queue) = (number(transmitted)?, number(received.get(1..)?)?);
    Some(Socket { state, receive_queue, transmit_queue })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Tree, open, outcome, scrape};
    use crate::kernel::read::Root;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";

    fn line(state: &str, queues: &str) -> String {
        format!("   0: 0100007F:1F90 00000000:0000 {state} {queues} 00:00000000 00000000 0 0 1\n")
    }

    fn tree(name: &str) -> Tree {
        let tree = Tree::new(name);
        let lines = [line("0A", "00000000:00000007"), line("01", "00000010:0000000A")];
        tree.put("proc/net/tcp", &(HEAD.to_owned() + &lines.concat()));
        let lines = [line("01", "00000100:00000001"), line("06", "00000000:00000000")];
        tree.put("proc/net/tcp6", &(HEAD.to_owned() + &lines.concat() + &line("0D", "0:0")));
        tree
    }

    #[test]
    fn both_families_are_added_up() {
        let tree = tree("tcpstat");
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            ("unknown", 1),
            ("established", 2),
            ("time_wait", 1),
            ("listen", 1),
            ("rx_queued_bytes", 18),
            ("tx_queued_bytes", 272),
        ];
        let expected = expected.map(|(s, n)| format!("tcp_connection_states{{state=\"{s}\"}} {n}"));
        assert_eq!(scrape(&mut node, Dialect::Node, &["tcp"]), (expected.to_vec(), 0));
        let mut own = tree.open(&SPEC, Dialect::Own, &[]);
        let (samples, errors) = scrape(&mut own, Dialect::Own, &["tcp"]);
        assert_eq!((samples.len(), errors), (14, 0), "{samples:?}");
        assert!(samples.contains(&"tcp_connections{state=\"closing\"} 0".to_owned()));
        assert_eq!(samples[12..], ["tcp_receive_queue_bytes 11", "tcp_transmit_queue_bytes 272"]);
    }

    #[test]
    fn a_bad_line_drops_its_socket_and_ipv6_may_be_missing() {
        let tree = tree("tcpstat-bad");
        tree.remove("proc/net/tcp6");
        let bad = ["01 00000010\n", "xx 0:0\n", "100 0:0\n", "01 0:100000000\n"];
        let bad = bad.map(|rest| format!("   0: 0100007F:1F90 00000000:0000 {rest}"));
        tree.put("proc/net/tcp", &(HEAD.to_owned() + &bad.concat() + &line("02", "1:2")));
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        let (samples, errors) = scrape(&mut node, Dialect::Node, &["syn", "queued", "estab"]);
        let samples: Vec<_> = samples.iter().map(|s| s.rsplit(' ').next().unwrap()).collect();
        assert_eq!((samples, errors), (vec!["1", "2", "1"], 4));
        tree.put("proc/net/tcp", HEAD);
        assert_eq!(scrape(&mut node, Dialect::Node, &["tcp"]), (vec![], 0));
        tree.put("proc/net/tcp", "");
        let mut own = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut own, Dialect::Own, &["tcp"]), (vec![], 1), "no zeros");
        let mut without = Tree::new("tcpstat-none").open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(outcome(&mut without), Err(Error::Absent(_))));
    }

    #[test]
    fn the_running_kernel_is_queried() {
        let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut live = open(&Root::of_this_machine(), &SPEC, Dialect::Own, &[]);
        let (samples, errors) = scrape(&mut live, Dialect::Own, &["\"listen\""]);
        assert_eq!((samples.len(), errors), (1, 0));
        assert!(!samples[0].ends_with(" 0"), "{samples:?}");
    }
}
