//! Bytes that wait in sockets of UDP: `/proc/net/udp` and `udp6`, a header line, then one line for each
//! socket, whose fifth word is `tx_queue:rx_queue` in hexadecimal (proc_pid_net(5)). The sums of both over
//! all sockets are shown. Without IPv6 there is no udp6. A sum with a number that cannot be read is left
//! out.
//!
//! For each file the kernel looks through its whole table of sockets, which has a place for every 2 MB of
//! memory. Where `sockstat` of the running kernel showed in this scrape that there is no socket, the file is not read.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Label, Sink, Unit, families, gauge};
use crate::settings::Subject;

const FILES: [(&str, &str); 2] = [("/proc/net/udp", "v4"), ("/proc/net/udp6", "v6")];
const EXPECTED: &str = "tx_queue:rx_queue as the fifth word of every line";

/// The beginning of the header, in place of a file that is known to have no sockets.
const NO_SOCKETS: &[u8] = b"sl local_address rem_address st tx_queue";

/// The place of the two queues among the words of a line.
const QUEUES: usize = 4;

static BYTES: &Family<'_> = &FAMILIES[0];
static FAMILIES: &[Family; 1] = families![gauge(
    "udp_queues|udp_queue_bytes",
    Unit::One,
    "Bytes that wait in sockets of UDP to be sent (tx) or read (rx).",
    &["queue", "ip"],
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "udp_queues",
        node_name: "udp_queues",
        on: true,
        help: "bytes that wait in sockets of UDP, from /proc/net/udp and udp6",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let files = FILES.map(|(path, _)| setup.files.records(path));
    Box::new(UdpQueues { files, is_machine: setup.root.is_procfs() })
}

struct UdpQueues {
    files: [FileId; 2],
    /// The files are the running kernel's: those of a stored tree need not be of one moment.
    is_machine: bool,
}

impl Collector for UdpQueues {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let (mut is_there, mut written) = (false, 0);
        out.family(BYTES);
        let has_none = if self.is_machine { files.has_no_udp() } else { [false; 2] };
        for (((path, ip), file), has_none) in FILES.into_iter().zip(self.files).zip(has_none) {
            let read = if has_none { Ok(NO_SOCKETS) } else { files.read(file) };
            let Some(text) = errors.unless_absent(read) else { continue };
            is_there = true;
            match sums(text) {
                Ok([sent, received]) => {
                    written += 1;
                    for (queue, sum) in [("tx", sent), ("rx", received)] {
                        out.sample(&[Label::from(queue), Label::from(ip)], BYTES.value(sum));
                    }
                }
                Err(line) => errors.refuse(path, EXPECTED, line),
            }
        }
        if is_there {
            errors.unless_all(written)
        } else {
            Err(errors.reason(Error::Unsupported(FILES[0].0.into())))
        }
    }
}

/// The sums of both queues over all sockets, or the line that cannot be read.
fn sums(text: &[u8]) -> Result<[u64; 2], &[u8]> {
    let mut lines = scan::lines(text);
    let head = lines.next().unwrap_or_default();
    let is_head = scan::fields(head).nth(QUEUES) == Some(b"tx_queue");
    let mut sums = [0; 2];
    for line in is_head.then_some(lines).ok_or(head)? {
        let added = queues(line).and_then(|[sent, received]| {
            Some([sent.checked_add(sums[0])?, received.checked_add(sums[1])?])
        });
        sums = added.ok_or(line)?;
    }
    Ok(sums)
}

/// The queues of one socket.
fn queues(line: &[u8]) -> Option<[u64; 2]> {
    let word = scan::fields(line).nth(QUEUES)?;
    let (sent, received) = word.split_at(memchr::memchr(b':', word)?);
    Some([scan::hex(sent)?, scan::hex(received.get(1..)?)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";

    fn socket(queues: &str) -> String {
        format!("   0: 00000000:0016 00000000:0000 0A {queues} 00:00000000 00000000     0\n")
    }

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    #[test]
    fn queues_are_added_up() {
        let tree = Tree::new("udp_queues");
        let sockets = [socket("00000015:00000001"), socket("0000000A:000000b0")].concat();
        tree.put("proc/net/udp", &[HEAD, &sockets].concat());
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        let v4 = [r#"udp_queues{queue="tx",ip="v4"} 31"#, r#"udp_queues{queue="rx",ip="v4"} 177"#];
        let v4 = v4.map(String::from).to_vec();
        assert_eq!(lines(&mut node, Dialect::Node), (v4, 0));
        tree.put("proc/net/udp6", HEAD);
        let (both, _) = lines(&mut tree.open(&SPEC, Dialect::Own, &[]), Dialect::Own);
        assert_eq!(both.len(), 4);
        assert_eq!(both[2], r#"udp_queue_bytes{queue="tx",ip="v6"} 0"#);
    }

    #[test]
    fn without_sockets_the_table_is_not_read() {
        use crate::kernel::collect::{Collector, Scrape};
        struct Noted(Box<dyn Collector>);
        impl Collector for Noted {
            fn collect(
                &mut self,
                scrape: &mut Scrape<'_>,
                out: &mut dyn Sink,
            ) -> Result<(), Error> {
                scrape.files.note_no_udp(false);
                self.0.collect(scrape, out)
            }
        }
        let tree = Tree::new("udp_queues-none");
        let sockets = [HEAD, &socket("00000015:00000001")].concat();
        tree.put("proc/net/udp", &sockets);
        tree.put("proc/net/udp6", &sockets);
        let mut udp = tree.open(&SPEC, Dialect::Node, &[]);
        let sums = |opened: &mut Opened| lines(opened, Dialect::Node).0.join(" ");
        assert!(sums(&mut udp).starts_with(r#"udp_queues{queue="tx",ip="v4"} 21"#));
        for (is_machine, v4) in [(true, "0"), (false, "21")] {
            let files = FILES.map(|(path, _)| udp.files.records(path));
            udp.collector = Box::new(Noted(Box::new(UdpQueues { files, is_machine })));
            let sums = sums(&mut udp);
            assert!(
                sums.starts_with(&format!(r#"udp_queues{{queue="tx",ip="v4"}} {v4} "#)),
                "{sums}"
            );
            assert!(sums.contains(r#"{queue="tx",ip="v6"} 21"#), "{sums}");
        }
    }

    #[test]
    fn a_sum_that_lacks_a_number_is_left_out() {
        let tree = Tree::new("udp_queues-bad");
        let mut udp = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(udp.failure(), Some(Error::Unsupported(_))));
        let good = [HEAD, &socket("00000002:00000003")].concat();
        let full = [&*good, &socket("ffffffffffffffff:0")].concat();
        let bad = [socket("00000001"), socket("x:1"), "1 2\n".to_owned()];
        let bad = bad.map(|line| [&*good, &line].concat());
        tree.put("proc/net/udp6", &good);
        for text in bad.iter().map(|text| &**text).chain([&*full, "", "x\n", &HEAD[..20]]) {
            tree.put("proc/net/udp", text);
            let v6 = [r#"udp_queues{queue="tx",ip="v6"} 2"#, r#"udp_queues{queue="rx",ip="v6"} 3"#];
            let v6 = v6.map(String::from).to_vec();
            assert_eq!(lines(&mut udp, Dialect::Node), (v6, 1), "{text}");
        }
        tree.put("proc/net/udp6", "x\n");
        assert!(matches!(udp.failure(), Some(Error::Parse(_))), "nothing is left");
    }
}
