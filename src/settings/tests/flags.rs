//! The command line: actions, and the flags of node_exporter.

use crate::settings::tests::support::{NETLINK, load, tcp};
use crate::settings::{Action, Format, Level};
use std::path::Path;

#[test]
fn node_exporters_command_line_is_accepted() {
    let args = "--path.rootfs=/host --web.listen-address=:9100 --web.telemetry-path /m \
                --log.format=logfmt --web.disable-exporter-metrics --web.max-requests=40 \
                --runtime.gomaxprocs 1 --no-collector.netdev.netlink --path.udev.data=/u";
    let settings = load("", args, &[]).unwrap();
    assert_eq!(settings.paths.rootfs, Path::new("/host"));
    assert_eq!(settings.server.listen, [tcp("", 9100)]);
    assert_eq!(settings.server.metrics_path, "/m");
    assert_eq!(settings.log.format, Format::Logfmt);
    assert!(!settings.process_metrics);
    assert!(!settings.collectors[2].get(&NETLINK));
    assert_eq!(settings.paths.udev_data, Path::new("/u"));
}

#[test]
fn flags_of_node_exporter_may_have_a_single_dash() {
    let args = "-web.listen-address=:9100 -log.level WARN -no-collector.cpu -path.procfs=/p=q";
    let settings = load("", args, &[]).unwrap();
    assert_eq!(settings.server.listen, [tcp("", 9100)]);
    assert_eq!(settings.log.level, Level::Warn);
    assert!(!settings.collectors[0].enabled);
    assert_eq!(settings.paths.procfs, Path::new("/p=q"));
    let refusal = load("", "-web.listen-addres=:1", &[]).unwrap_err();
    assert!(refusal.starts_with("-web.listen-addres: unknown flag; did you mean"), "{refusal}");
}

#[test]
fn actions() {
    let action = |args| load("", args, &[]).map(|s| s.action);
    assert_eq!(action("--print-metrics"), Ok(Action::PrintMetrics));
    assert_eq!(action("--check-config"), Ok(Action::CheckConfig));
    assert_eq!(action("-h"), Ok(Action::ShortHelp));
    for args in ["--help", "--help --nonsense", "--help -h --version", "--nonsense --help -V"] {
        assert_eq!(action(args), Ok(Action::Help), "{args}");
    }
    assert_eq!(action("-V --listen nonsense"), Ok(Action::Version));
}

#[test]
fn help_does_not_read_the_file() {
    assert_eq!(load("[[[", "--help", &[("APP__SERVER__X", "")]).unwrap().action, Action::Help);
}
