//! The settings that result from all sources together.

mod collectors;
mod documents;
#[cfg(feature = "hub")]
mod environment;
mod errors;
mod flags;
#[cfg(feature = "hub")]
mod lists;
#[cfg(feature = "hub")]
mod outputs;
mod printed;
#[cfg(feature = "tls")]
mod serving;
mod support;
mod table;

use crate::settings::tests::support::{
    NETLINK, SUBJECTS, Temporary, is_reserved, load, nowhere, tcp,
};
use crate::settings::{Action, Dialect, Format, Level, Listen, Refusal, load_from};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[test]
fn defaults_apply_without_any_source() {
    let settings = load_from(SUBJECTS, is_reserved, vec![], vec![], &nowhere()).unwrap();
    assert_eq!(settings.action, Action::Serve);
    assert_eq!(settings.server.listen, [tcp("0.0.0.0", 9101)]);
    assert_eq!(settings.server.metrics_path, "/metrics");
    assert_eq!(settings.server.max_connections, 512);
    assert_eq!(settings.server.max_head_bytes, 8192);
    assert_eq!(settings.server.head_timeout, Duration::from_secs(5));
    assert_eq!(settings.server.drain_timeout, Duration::from_secs(10));
    assert_eq!(settings.server.idle_timeout, Duration::from_secs(120));
    assert_eq!(settings.dialect, Dialect::Own);
    assert!(settings.process_metrics);
    assert_eq!((settings.log.format, settings.log.level), (Format::Text, Level::Info));
    assert_eq!(settings.paths.procfs, Path::new("/proc"));
    assert_eq!(settings.paths.udev_data, Path::new("/run/udev/data"));
    assert_eq!(settings.config_file, None);
    let on: Vec<_> = settings.collectors.iter().map(|c| (c.name, c.enabled)).collect();
    assert_eq!(on, [("cpu", true), ("disk", true), ("network", false)]);
    assert_eq!(settings.collectors[1].text("exclude_pattern").as_deref(), Some("^(loop|ram|dm-)"));
    assert_eq!(settings.collectors[1].text("include_pattern"), None);
    assert!(settings.collectors[2].get(&NETLINK));
    assert_eq!(settings.effective, "");
}

#[test]
fn a_flag_overrides_the_environment_which_overrides_the_file() {
    let file = "[log]\nlevel = \"error\"\n";
    let env = [("APP__LOG__LEVEL", "warn")];
    let level = |args, env: &[_]| load(file, args, env).unwrap().log.level;
    assert_eq!(level("", &[]), Level::Error);
    assert_eq!(level("", &env), Level::Warn);
    assert_eq!(level("--log-level=debug", &env), Level::Debug);
    assert_eq!(level("--log-level debug --log.level info", &env), Level::Info);
}

#[test]
fn node_exporters_dialect_has_its_defaults() {
    let settings = load("", "--dialect node_exporter", &[]).unwrap();
    assert_eq!(settings.dialect, Dialect::Node);
    assert_eq!(settings.server.listen, [tcp("", 9100)]);
    assert_eq!(
        settings.collectors[1].text("exclude_pattern").as_deref(),
        Some("^(z?ram|loop|fd)\\d+$")
    );
}

#[test]
fn addresses_come_from_any_layer() {
    let listen = |file, args, env: &[_]| load(file, args, env).map(|s| s.server.listen);
    let list = "[server]\nlisten = [\":1\", \"unix:/run/x\"]";
    assert_eq!(listen(list, "", &[]), Ok(vec![tcp("", 1), Listen::Unix("/run/x".into())]));
    let parts = "[server]\nhost = \"::1\"\nport = 2";
    assert_eq!(listen(parts, "", &[]), Ok(vec![tcp("::1", 2)]));
    assert_eq!(listen("[server]\nport = 3", "", &[]), Ok(vec![tcp("0.0.0.0", 3)]));
    let env = [("EXPORTER_PORT", "4")];
    assert_eq!(listen("", "", &env), Ok(vec![tcp("0.0.0.0", 4)]));
    assert_eq!(listen(list, "", &env), Ok(vec![tcp("", 4), Listen::Unix("/run/x".into())]));
    let both = [("EXPORTER_PORT", "4"), ("APP__SERVER__PORT", "5"), ("APP__SERVER__HOST", "h")];
    assert_eq!(listen(parts, "", &both), Ok(vec![tcp("h", 5)]));
    let env = [("APP__SERVER__LISTEN", ":6, :7")];
    assert_eq!(listen(parts, "", &env), Ok(vec![tcp("", 6), tcp("", 7)]));
    let args = "--listen :8 --web.listen-address=[::]:9";
    assert_eq!(listen(parts, args, &env), Ok(vec![tcp("", 8), tcp("::", 9)]));
}

#[test]
fn the_endpoint_has_host_port_and_path() {
    let served = |file, args, env: &[_]| {
        let settings = load(file, args, env).unwrap();
        (settings.server.listen, settings.server.metrics_path)
    };
    let of_env = |endpoint| [("APP__METRICS__PROMETHEUS_ENDPOINT", endpoint)];
    assert_eq!(served("", "", &of_env("/m")), (vec![tcp("0.0.0.0", 9101)], "/m".to_owned()));
    let both = (vec![tcp("h", 1)], "/m".to_owned());
    assert_eq!(served("[server]\nport = 7", "", &of_env("http://h:1/m")), both);
    assert_eq!(served("metrics.prometheus_endpoint = 'h:1/m'", "", &[]), both);
    let server = "[server]\nport = 1\nmetrics_path = '/m'";
    let file = format!("{server}\n[metrics]\nprometheus_endpoint = 'h:2/n'");
    assert_eq!(served(&file, "", &[]), both, "[server] takes precedence");
    let env = [("EXPORTER_PORT", "1")];
    assert_eq!(served("metrics.prometheus_endpoint = 'h:2/m'", "", &env), both);
    assert_eq!(served("", "--metrics-path /m --listen h:1", &of_env(":2/n")), both);
    let refusal = load("server.listen = [':1', ':2']", "", &of_env("h:1/m")).unwrap_err();
    assert!(refusal.starts_with("APP__METRICS__PROMETHEUS_ENDPOINT: changes the"), "{refusal}");
    for bare in ["127.0.0.1:9090", ":9090", "http://h:1", "h:1/"] {
        assert_eq!(
            load("", "", &of_env(bare)).map(|s| s.server).unwrap_err(),
            format!(
                "APP__METRICS__PROMETHEUS_ENDPOINT: expected a path such as /metrics, or an address \
                 with one, such as 127.0.0.1:9090/metrics, found \"{bare}\"; an address needs a path \
                 after it; without one, set server.listen"
            )
        );
    }
}

#[cfg(feature = "hub")]
#[test]
fn other_names_of_keys_are_accepted() {
    let env =
        [("APP__METRICS__METRICS_PREFIX", "web"), ("APP__METRICS__METRICS_NAMESPACE", "shop")];
    let custom = load("metrics.prefix = 'x'", "", &env).unwrap().custom;
    assert_eq!((custom.namespace.as_str(), custom.prefix.as_str()), ("shop", "web"));
    let file = "[metrics]\nmetrics_prefix = 'web'\nmetrics_namespace = 'shop'";
    assert_eq!(load(file, "", &[]).unwrap().custom, custom);
    let refusal = load("[metrics]\nprefix = 'a'\nmetrics_prefix = 'a'", "", &[]).unwrap_err();
    let text = "FILE:3:1: metrics.metrics_prefix is another name of prefix (FILE:2:10); keep one";
    assert_eq!(refusal, text);
}

#[test]
fn the_file_may_be_named_by_flag_or_variable() {
    let file = Temporary::new(b"[log]\nlevel = \"debug\"");
    let path = file.0.to_str().unwrap().to_owned();
    let by_flag = load("[log]\nlevel = 1", &format!("--config {path}"), &[]).unwrap();
    assert_eq!(by_flag.log.level, Level::Debug);
    let env = [("METRICS_CONFIG", path.as_str())];
    assert_eq!(load("[log]\nlevel = 1", "", &env).unwrap().log.level, Level::Debug);
    let env = vec![("METRICS_CONFIG".into(), path.clone().into())];
    let settings = load_from(SUBJECTS, is_reserved, vec![], env, &nowhere()).unwrap();
    assert_eq!(settings.config_file, Some(PathBuf::from(path)));
    assert!(load("", "", &[("METRICS_CONFIG", ""), ("EXPORTER_PORT", "")]).is_ok());
}

#[test]
fn variables_of_other_programs_are_ignored() {
    let env = [
        ("APP__DATABASE__URL", "x"),
        ("APP__APP__LOG__LEVEL", "x"),
        ("APP__", "x"),
        ("APP_LOG", "x"),
    ];
    assert!(load("", "", &env).is_ok());
}

#[test]
fn a_refusal_is_an_error() {
    fn is_error<T: std::error::Error>() {}
    is_error::<Refusal>();
}
