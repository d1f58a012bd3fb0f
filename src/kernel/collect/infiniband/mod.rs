//! InfiniBand and other RDMA devices: `/sys/class/infiniband/DEVICE/ports/N` with `state`, `phys_state`,
//! `rate` and counters below `counters` (Documentation/ABI/stable/sysfs-class-infiniband, since 2.6.12)
//! and `hw_counters` (since 4.8). Before 4.5 counters of 64 bits were in `counters_ext`. Data is counted
//! in words of four bytes, and shown in bytes here. A device without the agent that counts has the text
//! `N/A (no PMA)`, and that counter has no sample.

mod rows;

use super::attributes::{Attributes, Info, LabelFrom, Layout, Level, text};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::model::metric::Sink;
use crate::settings::{CollectorOption, Subject, pattern};
use rows::{ATTRIBUTES, FAMILIES};

/// The errors of a driver without such a counter.
const NOTHING: [i32; 4] = [libc::EOPNOTSUPP, libc::EINVAL, libc::EACCES, libc::EPERM];

static DEVICE_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("device_include", "only these devices").flags(&["collector.infiniband.device-include"]);
static DEVICE_EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("device_exclude", "devices to leave out")
        .flags(&["collector.infiniband.device-exclude"])
        .joining_include();

static DEVICES: Layout = Layout {
    directory: "/sys/class/infiniband",
    is_object: |_| true,
    labels: &[LabelFrom::Name("")],
    attributes: &[],
};

static PORTS: [Level; 1] = [Level {
    directory: "ports",
    object: |name| Some(name).filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())),
    join: "/",
    labels: &[LabelFrom::Above(0), LabelFrom::Name("")],
    attributes: &ATTRIBUTES,
}];

static INFO: Info =
    Info { family: &FAMILIES[0], texts: &[text("board_id"), text("fw_ver"), text("hca_type")] };

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "infiniband",
        node_name: "infiniband",
        on: true,
        help: "InfiniBand and other RDMA devices, from /sys/class/infiniband",
        options: &[&DEVICE_INCLUDE.row, &DEVICE_EXCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let patterns = [settings.get(&DEVICE_INCLUDE), settings.get(&DEVICE_EXCLUDE)];
    let devices = Attributes::new(setup.root, &DEVICES, patterns)
        .below(&PORTS)
        .without(|text| text.starts_with(b"N/A"))
        .lacking(&NOTHING);
    Box::new(InfiniBand { devices })
}

struct InfiniBand {
    devices: Attributes,
}

impl Collector for InfiniBand {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.devices.follow(scrape).map_err(Error::of_optional)?;
        INFO.write(self.devices.objects(), scrape.errors, out);
        self.devices.write(scrape.errors, out);
        self.devices.rest();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn machine(name: &str) -> Tree {
        let tree = Tree::new(name);
        for (file, text) in [
            ("mlx5_0/board_id", "SM_1141"),
            ("mlx5_0/fw_ver", "2.31.5050"),
            ("mlx5_0/ports/1/state", "4: ACTIVE"),
            ("mlx5_0/ports/1/phys_state", "5: LinkUp"),
            ("mlx5_0/ports/1/rate", "2.5 Gb/sec (1X SDR)"),
            ("mlx5_0/ports/1/counters/port_rcv_data", "4631917"),
            ("mlx5_0/ports/1/counters/VL15_dropped", "N/A (no PMA)"),
            ("mlx5_0/ports/1/counters_ext/port_rcv_data_64", "7"),
            ("mlx5_0/ports/1/hw_counters/lifespan", "10"),
            ("mlx5_0/ports/1/hw_counters/out_of_sequence", "9"),
            ("mlx5_0/ports/2/rate", "fast"),
            ("i40iw0/ports/1/counters/symbol_error/x", "reading it is EISDIR"),
        ] {
            tree.put(&format!("sys/class/infiniband/{file}"), &format!("{text}\n"));
        }
        tree
    }

    #[test]
    fn devices_and_ports() {
        let tree = machine("infiniband");
        let mut devices = tree.open(&SPEC, Dialect::Node, &[]);
        let port = |name: &str, value: &str| {
            format!(r#"infiniband_{name}{{device="mlx5_0",port="1"}} {value}"#)
        };
        let info = |device, board, firmware| {
            let labels = format!(r#"board_id="{board}",firmware_version="{firmware}",hca_type="""#);
            format!(r#"infiniband_info{{device="{device}",{labels}}} 1"#)
        };
        let expected = vec![
            info("i40iw0", "", ""),
            info("mlx5_0", "SM_1141", "2.31.5050"),
            port("state_id", "4"),
            port("physical_state_id", "5"),
            port("rate_bytes_per_second", "312500000"),
            port("lifespan_seconds", "0.010"),
            port("legacy_data_received_bytes_total", "28"),
            port("port_data_received_bytes_total", "18527668"),
            port("out_of_sequence_packets_received_total", "9"),
        ];
        for _ in 0..2 {
            let got = scrape(&mut devices, Dialect::Node, &["infiniband"]);
            assert_eq!(got, (expected.clone(), 2));
        }
    }

    #[test]
    fn devices_can_be_left_out() {
        let tree = machine("infiniband-some");
        let set = [("device-exclude", "^mlx")];
        let mut devices = tree.open(&SPEC, Dialect::Own, &set);
        let (lines, errors) = scrape(&mut devices, Dialect::Own, &["infiniband"]);
        assert_eq!((lines.len(), errors), (1, 1), "{lines:?}");
        let mut none = Tree::new("infiniband-none").open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(none.failure(), Some(Error::Unsupported(_))));
    }
}
