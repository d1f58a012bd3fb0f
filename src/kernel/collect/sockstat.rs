//! Sockets in use: `/proc/net/sockstat` and `sockstat6`, a line `TCP: inuse 5 orphan 0 mem 1` for each
//! protocol (net/ipv4/proc.c, since 2.4). `mem` counts pages and `memory` bytes; node_exporter's dialect
//! shows the pages as they are and as `mem_bytes`, ours bytes only. Without IPv6 there is no
//! sockstat6; a box without either has no samples.

use super::keyed::{self, Keyed, NewFamily};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Kind, Sink, Unit};
use crate::settings::{Dialect, Subject};

const PATHS: [&str; 2] = ["/proc/net/sockstat", "/proc/net/sockstat6"];
/// How the line of UDP begins where there is no socket.
const NO_UDP: [&[u8]; 2] = [b"UDP: inuse 0", b"UDP6: inuse 0"];
const EXPECTED: &str = "a protocol, a colon, then names and integers";

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "sockstat",
        node_name: "sockstat",
        on: true,
        help: "sockets in use by protocol, from /proc/net/sockstat and sockstat6",
        options: &[],
    },
    families: &[],
    dynamic: &["sockstat_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let files = PATHS.map(|path| setup.files.whole(path));
    Box::new(Sockstat { files, dialect: setup.dialect, keys: Keyed::default(), written: 0 })
}

struct Sockstat {
    files: [FileId; 2],
    dialect: Dialect,
    keys: Keyed,
    /// Samples of this scrape.
    written: usize,
}

impl Collector for Sockstat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        self.keys.begin();
        self.written = 0;
        for (at, ((path, no_udp), file)) in
            PATHS.into_iter().zip(NO_UDP).zip(self.files).enumerate()
        {
            let text = errors.unless_absent(files.read(file)).unwrap_or_default();
            let mut has_no_udp = false;
            for line in scan::lines(text) {
                self.line(path, line, errors, out);
                let rest = line.strip_prefix(no_udp);
                has_no_udp |= rest.is_some_and(|rest| matches!(rest.first(), None | Some(b' ')));
            }
            if has_no_udp {
                files.note_no_udp(at > 0);
            }
        }
        errors.unless_all(self.written)
    }
}

impl Sockstat {
    fn line(
        &mut self,
        path: &'static str,
        line: &[u8],
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) {
        let keyed = scan::keyed(line).filter(|(protocol, _)| !protocol.is_empty());
        let Some((protocol, rest)) = keyed else {
            return errors.refuse(path, EXPECTED, line);
        };
        let mut words = scan::fields(rest);
        while let Some(key) = words.next() {
            let value = words.next().unwrap_or_default();
            let mut is_good = self.sample([protocol, key], value, out);
            if key == b"mem" && self.dialect == Dialect::Node {
                is_good &= self.sample([protocol, b"mem_bytes"], value, out);
            }
            if !is_good {
                errors.refuse(path, EXPECTED, line);
            }
        }
    }

    /// Writes a sample; returns whether the value is a number.
    fn sample(&mut self, key: [&[u8]; 2], value: &[u8], out: &mut dyn Sink) -> bool {
        let dialect = self.dialect;
        let Some(family) =
            self.keys.family(key, &|protocol, key| Some(new_family(protocol, key, dialect)))
        else {
            return true;
        };
        let value = keyed::number(&family, value);
        if let Some(value) = value {
            out.single(&family, value);
            self.written += 1;
        }
        value.is_some()
    }
}

fn new_family(protocol: &str, key: &str, dialect: Dialect) -> NewFamily {
    let is_own = dialect == Dialect::Own;
    let (name, unit) = match key {
        "mem" if is_own => ("memory_bytes", Unit::Pages),
        "memory" if is_own => ("memory_bytes", Unit::One),
        "mem_bytes" => (key, Unit::Pages),
        _ => (key, Unit::One),
    };
    let mut name = ["sockstat_", protocol, "_", name].concat();
    if is_own {
        name.make_ascii_lowercase();
    }
    NewFamily { kind: Kind::Gauge, unit, name, help: [key, " of ", protocol, " sockets."].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sys;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    #[test]
    fn every_key_of_every_protocol() {
        let tree = Tree::new("sockstat");
        tree.put(
            "proc/net/sockstat",
            "sockets: used 9\nTCP: inuse 4 mem 5\nFRAG: inuse 6 memory 7\n",
        );
        tree.put("proc/net/sockstat6", "TCP6: inuse 8\n");
        let bytes = 5 * sys::page_size();
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "sockstat_sockets_used 9",
            "sockstat_TCP_inuse 4",
            "sockstat_TCP_mem 5",
            &format!("sockstat_TCP_mem_bytes {bytes}"),
            "sockstat_FRAG_inuse 6",
            "sockstat_FRAG_memory 7",
            "sockstat_TCP6_inuse 8",
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(lines(&mut node, Dialect::Node), (expected.clone(), 0));
        }
        let mut own = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            "sockstat_sockets_used 9",
            "sockstat_tcp_inuse 4",
            &format!("sockstat_tcp_memory_bytes {bytes}"),
            "sockstat_frag_inuse 6",
            "sockstat_frag_memory_bytes 7",
            "sockstat_tcp6_inuse 8",
        ];
        assert_eq!(lines(&mut own, Dialect::Own), (expected.map(String::from).to_vec(), 0));
    }

    #[test]
    fn the_absence_of_udp_sockets_is_noted() {
        let tree = Tree::new("sockstat-udp");
        let mut sockstat = tree.open(&SPEC, Dialect::Node, &[]);
        let mut noted = |v4: &str, v6: &str| {
            tree.put("proc/net/sockstat", &format!("TCP: inuse 0 mem 1\n{v4}\n"));
            tree.put("proc/net/sockstat6", &format!("TCP6: inuse 0\n{v6}\nUDPLITE6: inuse 0\n"));
            lines(&mut sockstat, Dialect::Node);
            sockstat.files.has_no_udp()
        };
        assert_eq!(noted("UDP: inuse 0 mem 7", "UDP6: inuse 0"), [true; 2]);
        assert_eq!(noted("UDP: inuse 01 mem 0", "UDP6: inuse 2"), [false; 2]);
        assert_eq!(noted("UDPLITE: inuse 0", "UDP6: inuse 0"), [false, true]);
    }

    #[test]
    fn a_bad_value_is_left_out() {
        let tree = Tree::new("sockstat-bad");
        let mut sockstat = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(lines(&mut sockstat, Dialect::Node), (vec![], 0));
        tree.put(
            "proc/net/sockstat",
            "none\n: inuse 3\nTCP: inuse x tw 4 mem\nTCP: tw 5\nUDP: inuse -6\n",
        );
        let expected = ["sockstat_TCP_tw 4", "sockstat_UDP_inuse -6"].map(String::from).to_vec();
        assert_eq!(lines(&mut sockstat, Dialect::Node), (expected, 4));
    }
}
