//! Options of collectors, and the flags of a real node_exporter.

use super::run;
use crate::common::{Agent, Temp};
use std::process::Command;

/// A flag of node_exporter's with what it takes, as its manual page has it.
fn with_value(flag: &str) -> String {
    match flag.split_once('=') {
        Some((name, text)) => {
            let text = text.trim_end_matches(" ...").trim_matches('"').replace("\\\\", "\\");
            // Where there is no default, there is the name of the flag.
            let is_default = !text.is_empty() && text != name[2..].to_uppercase();
            [name, "=", if is_default { &text } else { "1" }].concat()
        }
        None => flag.to_owned(),
    }
}

/// By flags and in the file: the collector's key and its value, and whether that is right. What a collector
/// that does not run is told does not matter.
#[test]
fn what_a_collector_cannot_do_is_refused_at_the_start() {
    let dir = Temp::new();
    for (collector, key, value, is_right) in [
        ("ipvs", "backend_labels", "remote_address,proto", true),
        ("ipvs", "backend_labels", "proto,port", false),
        ("perf", "cpus", "0,2-5", true),
        ("perf", "cpus", "0,2-", false),
        ("perf", "tracepoint", "sched:sched_switch", true),
        ("perf", "tracepoint", "sched", false),
        ("supervisord", "url", "http://u:s3cret@localhost:9001/RPC2", true),
        ("supervisord", "url", "unix:///run/supervisor.sock", true),
        ("supervisord", "url", "https://u:s3cret@localhost:9001/RPC2", false),
        ("supervisord", "url", "localhost:9001", false),
        ("ntp", "server", "::1", true),
        ("ntp", "server", "localhost", false),
        ("ntp", "server", "192.0.2.1", false),
    ] {
        let text = if key == "tracepoint" { format!("[{value:?}]") } else { format!("{value:?}") };
        let run_in = |switch: &str| {
            let text = format!("[collectors.{collector}]\n{switch}\n{key} = {text}\n");
            let file = dir.write("sysmetrics.toml", text);
            run(&["--check-config", "--config", file.to_str().unwrap()], &[])
        };
        let (status, out, error) = run_in("enabled = true");
        assert!(![&out, &error].iter().any(|text| text.contains("s3cret")), "{out}{error}");
        assert_eq!(status, Some(if is_right { 0 } else { 2 }), "{error}");
        let column = key.len() + if key == "tracepoint" { 5 } else { 4 };
        let place = format!("toml:3:{column}: collectors.{collector}.{key}: expected ");
        let is_reported = error.contains(&place) && error.contains(", found \"");
        assert_eq!(is_reported, !is_right, "{error}");
        assert_eq!(run_in("enabled = false").0, Some(0));
        let flag = format!("--collector.{collector}.{}", key.replace('_', "-"));
        let switch = format!("--collector.{collector}");
        let (flags, file) = (format!("{flag}={value}"), dir.write("empty.toml", ""));
        let args = ["--check-config", "--config", file.to_str().unwrap(), &switch, &flags];
        let (status, _, error) = run(&args, &[]);
        assert_eq!(status, Some(if is_right { 0 } else { 2 }), "{error}");
        assert_eq!(error.starts_with(&format!("{flag}: expected ")), !is_right, "{error}");
    }
}

/// A container without the mount: each collector would only say that the kernel has no such file.
#[test]
fn trees_that_are_not_there_are_warned_of() {
    let dir = Temp::new();
    let (file, nowhere) = (dir.write("sysmetrics.toml", ""), dir.path("nowhere"));
    let args = ["--check-config", "--config", file.to_str().unwrap()];
    for key in ["procfs", "sysfs", "rootfs"] {
        let flag = format!("--path.{key}={}", nowhere.display());
        let (status, out, error) = run(&[&args[..], &[&flag]].concat(), &[]);
        assert!(status == Some(0) && out.ends_with("warns as it did now.\n"), "{out}");
        let expected = format!("setting=paths.{key} path={}", nowhere.display());
        assert!(error.contains(&expected) && error.lines().count() == 1, "{error}");
    }
    let agent = Agent::plan().arg(format!("--path.sysfs={}", nowhere.display())).start();
    assert_eq!(agent.lines_with("no such directory"), 1, "{:#?}", agent.log());
    agent.signal(libc::SIGHUP);
    agent.wait_for_log("settings reloaded", 1);
    assert_eq!(agent.lines_with("no such directory"), 2, "{:#?}", agent.log());
}

#[test]
fn options_of_a_collector_are_judged_together_and_names_that_are_not_known_passed_over() {
    let dir = Temp::new();
    let file = dir.write("sysmetrics.toml", "");
    let check = |args: &[&str], env: &[(&str, &str)]| {
        let args = [&["--check-config", "--config", file.to_str().unwrap()], args].concat();
        let (status, out, error) = run(&args, env);
        (status, [out, error].concat())
    };
    let other = ["--collector.ntp", "--collector.ntp.server=pool.ntp.org"];
    let (status, text) = check(&other, &[]);
    assert!(status == Some(2) && text.contains("server_is_local"), "{text}");
    let local = [&other[..], &["--collector.ntp.server-is-local"]].concat();
    assert_eq!(check(&local, &[]).0, Some(0));
    let port = ["--collector.ntp", local[2], "--collector.ntp.server=pool.ntp.org:123"];
    assert_eq!(check(&port, &[]).0, Some(2));

    let perf = ["--collector.perf", "--collector.perf.software-profilers=PageFault,Nope"];
    let (status, text) = check(&perf, &[]);
    assert_eq!(status, Some(0), "{text}");
    let expected =
        "--collector.perf.software-profilers: expected software events such as PageFault, found";
    assert!(text.contains(expected) && text.contains("not known is ignored"), "{text}");
    assert!(
        !check(&["--collector.perf", "--collector.perf.cache-profilers=LLReadMiss"], &[])
            .1
            .contains("is ignored")
    );

    let env = [("SUPERVISORD_URL", "unix:///run/some.sock")];
    let (_, text) = check(&[], &env);
    assert!(text.contains("url = \"unix:///run/some.sock\"  # from SUPERVISORD_URL"), "{text}");
    let (_, text) = check(&["--collector.supervisord.url=http://there/RPC2"], &env);
    assert!(text.contains("url = \"http://there/RPC2\"  # from --collector"), "{text}");
    let (status, text) = check(&["--collector.supervisord"], &[("SUPERVISORD_URL", "nowhere")]);
    assert!(status == Some(2) && text.contains("SUPERVISORD_URL: expected http://"), "{text}");
    assert_eq!(check(&[], &[("SUPERVISORD_URL", "nowhere")]).0, Some(0), "nobody asks it");
    let (_, text) = check(&[], &[("SUPERVISORD_URL", "")]);
    assert!(text.contains("url = \"http://localhost:9001/RPC2\"\n"), "{text}");
}

/// Each is taken, but for what asks for samples that are not there. `tests/drop_in.rs` has those of 1.12.
#[test]
fn the_flags_of_a_real_node_exporter_are_taken() {
    let peer = Command::new("prometheus-node-exporter").arg("--help-man").output();
    let peer = peer.expect("this test needs it: apt-get install prometheus-node-exporter");
    let page = String::from_utf8(peer.stdout).unwrap();
    let starts = page.split("\\fB").skip(1).map(|rest| rest.split("\\fR").next().unwrap());
    let all: Vec<&str> = starts.filter_map(|flag| Some(&flag[flag.find("--")?..])).collect();
    assert!(all.len() > 100, "{page}");
    let hidden = [
        "--collector.filesystem.mount-timeout=5s",
        "--collector.filesystem.stat-workers=4",
        "--collector.filesystem.ignored-fs-types=a",
        "--collector.filesystem.ignored-mount-points=a",
        "--collector.diskstats.ignored-devices=a",
        "--collector.systemd.private",
        "--collector.qdisk.device-include=a",
    ];
    let dir = Temp::new();
    let file = dir.write("sysmetrics.toml", "");
    let mut wrong = Vec::new();
    for flag in all.into_iter().chain(hidden) {
        let flag = with_value(flag);
        let negative = (!flag.contains('=')).then(|| flag.replacen("--", "--no-", 1));
        for flag in [Some(flag), negative].into_iter().flatten() {
            let args = ["--check-config", "--config", file.to_str().unwrap(), &flag];
            let (status, _, error) = run(&args, &[]);
            let lacks = error.contains("is not in this release; leave the flag out");
            let is_switch = flag.starts_with("--collector.") && flag.matches('.').count() == 1;
            let cannot = error.contains("which this release cannot; leave the flag out");
            let is_tls = flag.starts_with("--web.config.file");
            if status != Some(0) && !(is_switch && lacks || cannot || is_tls) {
                wrong.push(error);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// The exporter alone asks no other program.
#[cfg(not(feature = "hub"))]
#[test]
fn a_flag_without_effect_is_a_line_in_the_log() {
    let plan = Agent::plan().machine("box").arg("--collector.systemd.unit-include=ssh.*");
    let agent = plan.start();
    assert_eq!(agent.lines_with("a setting is ignored"), 1, "{:#?}", agent.log());
    assert_eq!(agent.get("/metrics").status, 200);
}
