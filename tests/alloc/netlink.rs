//! Netlink of the running kernel: sockets, queueing disciplines, routes, interfaces.

use crate::counting::allocations;
use sysmetrics::app;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::Root;
use sysmetrics::model::metric::Buffer;
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings;

pub fn allocates_nothing_and_keeps_few_descriptors() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    for dialect in ["sysmetrics", "node_exporter"] {
        let mut args = vec![format!("--dialect={dialect}"), "--collector.disable-defaults".into()];
        for on in ["tcpstat", "qdisc", "network_route", "netclass_rtnl.with-stats", "netclass"] {
            args.push(format!("--collector.{on}"));
        }
        let args = args.into_iter().map(Into::into);
        let settings =
            settings::load(&app::subjects(), |_| false, args, std::iter::empty()).unwrap();
        let (before, root) = (open(), Root::at(settings.paths.clone()));
        let mut gather = Gather::new(settings.dialect, &root, &settings.collectors, false);
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut scrape = || {
            out.truncate(0);
            let format = Format::Prometheus;
            let mut text = Text::new(settings.dialect, format, &mut out, &mut lines);
            gather.scrape(gather.all(), &mut text);
            text.finish();
        };
        (0..3).for_each(|_| scrape());
        // The socket that interfaces are asked by, and their directory.
        assert!(open() - before <= 2, "{dialect}");
        let before = allocations();
        (0..2).for_each(|_| scrape());
        assert_eq!(allocations() - before, 0, "{dialect}: in 2 scrapes");
        let page = String::from_utf8_lossy(out.bytes());
        assert!(page.contains("_tcp_connection") && page.contains("_network_info"), "{page}");
    }
}
