//! Ports of Fibre Channel adapters: `/sys/class/fc_host/hostN`, texts that describe the port, and
//! counters in hexadecimal below `statistics` (drivers/scsi/scsi_transport_fc.c, since 2.6.15). A
//! counter that the adapter does not have is all ones and has no sample. Drivers ask the adapter's firmware: a scrape
//! does not wait for a file that is slow, and shows its last value and `fibrechannel_age_seconds`.

use super::attributes::{Attribute, Attributes, Info, LabelFrom, Layout, Text, hexadecimal, text};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Sink, Unit::Millis, Unit::One, counter, families, gauge};
use crate::settings::Subject;

/// The errors of a driver without such a counter.
const NOTHING: [i32; 2] = [libc::EOPNOTSUPP, libc::EINVAL];

const HOST: &[&str] = &["fc_host"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 16] = families![
    gauge("fibrechannel_info", One, "Always 1; the labels describe the port.",     &[
        "fc_host", "speed", "port_state", "port_type", "port_id", "port_name", "fabric_name", "symbolic_name",
        "supported_classes", "supported_speeds", "dev_loss_tmo",
    ]),
    counter("fibrechannel_dumped_frames_total",     One, "Frames that were dropped for lack of buffers.",   HOST),
    counter("fibrechannel_error_frames_total",      One, "Frames with an error.",                           HOST),
    counter("fibrechannel_invalid_crc_total",       One, "Frames with a wrong check sum.",                  HOST),
    counter("fibrechannel_rx_frames_total",         One, "Frames received.",                                HOST),
    counter("fibrechannel_rx_words_total",          One, "Words received.",                                 HOST),
    counter("fibrechannel_tx_frames_total",         One, "Frames sent.",                                    HOST),
    counter("fibrechannel_tx_words_total",          One, "Words sent.",                                     HOST),
    counter("fibrechannel_seconds_since_last_reset_total|fibrechannel_since_last_reset_seconds_total", One, "Time since the counters were reset.", HOST),
    counter("fibrechannel_invalid_tx_words_total",  One, "Words with a wrong code.",                        HOST),
    counter("fibrechannel_link_failure_total|fibrechannel_link_failures_total", One, "How often the link failed.",     HOST),
    counter("fibrechannel_loss_of_sync_total",      One, "How often the port lost synchronization.",        HOST),
    counter("fibrechannel_loss_of_signal_total",    One, "How often the port lost the signal.",             HOST),
    counter("fibrechannel_nos_total",               One, "Signals that the link is not operational (NOS).",               HOST),
    counter("fibrechannel_fcp_packet_aborts_total", One, "Packets that were given up.",                     HOST),
    gauge("fibrechannel_age_seconds", Millis, "Time since a slow file of the port was read, if not in this scrape.", HOST).only_own(),
];

static HOSTS: Layout = Layout {
    directory: "/sys/class/fc_host",
    is_object: |_| true,
    labels: &[LabelFrom::Name("")],
    attributes: &[
        of("statistics/dumped_frames", &FAMILIES[1]),
        of("statistics/error_frames", &FAMILIES[2]),
        of("statistics/invalid_crc_count", &FAMILIES[3]),
        of("statistics/rx_frames", &FAMILIES[4]),
        of("statistics/rx_words", &FAMILIES[5]),
        of("statistics/tx_frames", &FAMILIES[6]),
        of("statistics/tx_words", &FAMILIES[7]),
        of("statistics/seconds_since_last_reset", &FAMILIES[8]),
        of("statistics/invalid_tx_word_count", &FAMILIES[9]),
        of("statistics/link_failure_count", &FAMILIES[10]),
        of("statistics/loss_of_sync_count", &FAMILIES[11]),
        of("statistics/loss_of_signal_count", &FAMILIES[12]),
        of("statistics/nos_count", &FAMILIES[13]),
        of("statistics/fcp_packet_aborts", &FAMILIES[14]),
    ],
};

const fn of(file: &'static str, family: &'static Family<'static>) -> Attribute {
    Attribute { file, family, form: hexadecimal }
}

static INFO: Info = Info {
    family: &FAMILIES[0],
    texts: &[
        text("speed"),
        text("port_state"),
        text("port_type"),
        Text { file: "port_id", without: "0x" },
        Text { file: "port_name", without: "0x" },
        Text { file: "fabric_name", without: "0x" },
        text("symbolic_name"),
        text("supported_classes"),
        text("supported_speeds"),
        text("dev_loss_tmo"),
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "fibrechannel",
        node_name: "fibrechannel",
        on: true,
        help: "ports of Fibre Channel adapters, from /sys/class/fc_host",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let [.., age] = &FAMILIES;
    let hosts = Attributes::of_drivers(setup.root, &HOSTS, [None, None], age)
        .without(|text| scan::hex(text) == Some(u64::MAX))
        .lacking(&NOTHING);
    Box::new(FibreChannel { hosts })
}

struct FibreChannel {
    hosts: Attributes,
}

impl Collector for FibreChannel {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.hosts.follow(scrape).map_err(Error::of_optional)?;
        INFO.write(self.hosts.objects(), scrape.errors, out);
        self.hosts.write(scrape.errors, out);
        self.hosts.rest();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn counters_are_hexadecimal_and_all_ones_is_none() {
        let tree = Tree::new("fibrechannel");
        for (file, text) in [
            ("host0/speed", "16 Gbit"),
            ("host0/port_id", "0x000002"),
            ("host0/dev_loss_tmo", "30"),
            ("host0/statistics/dumped_frames", "0xffffffffffffffff"),
            ("host0/statistics/rx_words", "0x1f"),
            ("host0/statistics/tx_words", "many"),
            ("host0/statistics/link_failure_count", "0x9"),
            ("host0/statistics/seconds_since_last_reset", "0x7"),
        ] {
            tree.put(&format!("sys/class/fc_host/{file}"), &format!("{text}\n"));
        }
        let mut hosts = tree.open(&SPEC, Dialect::Node, &[]);
        let info = r#"fibrechannel_info{fc_host="host0",speed="16 Gbit",port_state="",port_type="",port_id="000002",port_name="",fabric_name="",symbolic_name="",supported_classes="",supported_speeds="",dev_loss_tmo="30"} 1"#;
        let expected = [
            info,
            r#"fibrechannel_rx_words_total{fc_host="host0"} 31"#,
            r#"fibrechannel_seconds_since_last_reset_total{fc_host="host0"} 7"#,
            r#"fibrechannel_link_failure_total{fc_host="host0"} 9"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(scrape(&mut hosts, Dialect::Node, &["fibre"]), (expected.clone(), 1));
        }
        let mut hosts = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            r#"fibrechannel_since_last_reset_seconds_total{fc_host="host0"} 7"#,
            r#"fibrechannel_link_failures_total{fc_host="host0"} 9"#,
        ];
        let got = scrape(&mut hosts, Dialect::Own, &["since", "failures"]);
        assert_eq!(got, (expected.map(String::from).to_vec(), 1));
        let mut none = Tree::new("fibrechannel-none").open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(none.failure(), Some(Error::Unsupported(_))));
    }

    #[test]
    fn every_counter_goes_to_its_family() {
        let tree = Tree::new("fibrechannel-all");
        let counters = [
            ("dumped_frames", "dumped_frames"),
            ("error_frames", "error_frames"),
            ("invalid_crc_count", "invalid_crc"),
            ("rx_frames", "rx_frames"),
            ("rx_words", "rx_words"),
            ("tx_frames", "tx_frames"),
            ("tx_words", "tx_words"),
            ("seconds_since_last_reset", "since_last_reset_seconds"),
            ("invalid_tx_word_count", "invalid_tx_words"),
            ("link_failure_count", "link_failures"),
            ("loss_of_sync_count", "loss_of_sync"),
            ("loss_of_signal_count", "loss_of_signal"),
            ("nos_count", "nos"),
            ("fcp_packet_aborts", "fcp_packet_aborts"),
        ];
        for (n, (file, _)) in (0x101..).zip(counters) {
            tree.put(&format!("sys/class/fc_host/host1/statistics/{file}"), &format!("{n:#x}\n"));
        }
        let line = |(n, (_, name))| format!("fibrechannel_{name}_total{{fc_host=\"host1\"}} {n}");
        let expected = (0x101..).zip(counters).map(line).collect::<Vec<String>>();
        let mut hosts = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut hosts, Dialect::Own, &["_total{"]), (expected, 0));
    }
}
