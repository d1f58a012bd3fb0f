//! Default places: the settings file below /etc, and in a container the trees of the host below /host. Each test
//! has a root directory of its own with the contents of a container, in its own mount namespace; that needs root.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests run the program

mod common;

use common::{Agent, Temp};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_sysmetrics");

const FIRST: &str = "etc/sysmetrics/config.toml";
const SECOND: &str = "etc/sysmetrics.toml";

/// Mounts of a host's trees.
const PROC: &str = "mkdir -p host/proc; mount --bind /proc host/proc;";
const SYS: &str = "mkdir -p host/sys; mount --rbind /sys host/sys;";
const ALL: &str = "mkdir -p host; mount --rbind / host;";

/// Says that the network is another one.
const NO_NET: &str = ": no net;";

/// Sh that makes the root with these mounts, and runs `"$@"` in it.
fn inside(root: &Temp, mounts: &str, how: &str) -> String {
    let net = if mounts.contains(NO_NET) { "--net" } else { "" };
    let dir = root.as_ref().display();
    format!(
        "exec unshare --mount {net} --propagation private sh -euc '\
         cd {dir}; mount --bind {dir} {dir}; cd {dir}; mkdir -p etc usr proc sys tmp dev; {mounts} \
         mount --rbind /usr usr; for link in lib lib64 bin; do [ -e $link ] || ln -s usr/$link; done; \
         touch sysmetrics; mount --bind {BINARY} sysmetrics; [ -e proc/stat ] || mount -t proc proc proc; \
         mount --rbind /sys sys; shift; exec env -u METRICS_CONFIG /usr/sbin/chroot {how} . /sysmetrics \"$@\"' sh \"$@\""
    )
}

/// What it says there: status, standard output and error.
fn run(root: &Temp, mounts: &str, how: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let line = inside(root, mounts, how);
    let mut command = Command::new("sh");
    command
        .args(["-c", &line, "sh", BINARY])
        .args(args)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

/// The line of `--check-config` that begins like this.
fn line<'a>(out: &'a str, start: &str) -> &'a str {
    out.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start}: {out}"))
}

#[test]
fn the_first_settings_file_that_is_there_is_read() {
    let root = Temp::new();
    let checked = || run(&root, "", "", &["--check-config"]);
    let (status, out, error) = checked();
    assert_eq!((status, error.as_str()), (Some(0), ""));
    assert!(line(&out, "level = ").ends_with("\"info\""), "{out}");

    root.write(SECOND, "[log]\nlevel = 'warn'\n");
    let (status, out, error) = checked();
    assert_eq!((status, error.as_str()), (Some(0), ""));
    assert_eq!(line(&out, "level = "), "level = \"warn\"  # from /etc/sysmetrics.toml:2");

    root.write(FIRST, "[log]\nlevel = 'debug'\n");
    let (status, out, error) = checked();
    assert_eq!(status, Some(0));
    assert_eq!(line(&out, "level = "), "level = \"debug\"  # from /etc/sysmetrics/config.toml:2");
    let text = "/etc/sysmetrics.toml: it is not read, as there is /etc/sysmetrics/config.toml; keep one of them";
    assert!(error.contains(text) && error.lines().count() == 1, "{error}");

    // One that is named is the only one that is looked at.
    root.write("named.toml", "");
    let (status, _, error) = run(&root, "", "", &["--check-config", "--config=/named.toml"]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
}

#[test]
fn a_settings_file_that_cannot_be_read_is_not_absent() {
    let root = Temp::new();
    root.write(SECOND, "");
    let nobody = "--userspec=65534:65534";
    let refused = |how: &str, file: &str| {
        let (status, _, error) = run(&root, "", how, &["--check-config"]);
        let start = format!("/{file}: cannot read the settings file: ");
        assert!(status == Some(2) && error.starts_with(&start), "{error}");
        error
    };
    let mode = |name: &str, mode| {
        std::fs::set_permissions(root.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(SECOND, 0o600);
    assert!(refused(nobody, SECOND).contains("Permission denied"));
    let first = root.write(FIRST, "");
    mode(FIRST, 0o600);
    mode(SECOND, 0o644);
    assert!(refused(nobody, FIRST).contains("Permission denied"));
    // Whether it is there cannot be known.
    mode("etc/sysmetrics", 0o700);
    assert!(refused(nobody, FIRST).contains("Permission denied"));
    // What a container gets that mounts a file which is not there.
    std::fs::remove_file(&first).unwrap();
    std::fs::create_dir(&first).unwrap();
    assert!(refused("", FIRST).contains("not a regular file"));
    std::fs::remove_dir(&first).unwrap();
    symlink("/nowhere", &first).unwrap();
    assert!(refused("", FIRST).contains("No such file"));
    std::fs::remove_file(&first).unwrap();
    assert_eq!(run(&root, "", "", &["--check-config"]).0, Some(0));
    // Help is for those who may not read it.
    assert_eq!(run(&root, "", nobody, &["--version"]).0, Some(0));
    std::fs::remove_dir(root.path("etc/sysmetrics")).unwrap();
    root.write("etc/sysmetrics", "no directory");
    assert_eq!(run(&root, "", "", &["--check-config"]).0, Some(0));
}

#[test]
fn a_reload_searches_for_the_file_and_logs_its_name() {
    let root = Temp::new();
    let line = inside(&root, "", "");
    let plan = Agent::plan().shell(&line).env("EXPORTER_PORT", "0").set("log.format", "text");
    let agent = plan.start();
    let none = "no settings file looked_for=\"/etc/sysmetrics/config.toml, /etc/sysmetrics.toml\"";
    assert_eq!(agent.lines_with(none), 1, "{:#?}", agent.log());
    let mut count = 0;
    let mut reload = |file: &str, part: &str| {
        agent.signal(libc::SIGHUP);
        count += 1;
        agent.wait_for_log("settings reloaded", count);
        let log = agent.log();
        let last = log.iter().rfind(|line| line.contains("settings reloaded")).unwrap();
        assert!(last.contains(&format!("file={file}")), "{last}");
        assert!(agent.scrape().has(part), "{part}");
    };
    root.write(SECOND, "[metrics]\ndialect = 'node_exporter'\n");
    reload("/etc/sysmetrics.toml", "node_load1");
    root.write(FIRST, "[collectors]\nmemory = false\n");
    reload("/etc/sysmetrics/config.toml", "sysmetrics_load1");
    assert_eq!(agent.lines_with("it is not read, as there is"), 1);
    std::fs::remove_file(root.path(FIRST)).unwrap();
    reload("/etc/sysmetrics.toml", "node_load1");

    // The defaults would listen to everybody.
    std::fs::remove_file(root.path(SECOND)).unwrap();
    agent.signal(libc::SIGHUP);
    agent.wait_for_log("the settings file is gone", 1);
    assert!(agent.scrape().has("node_load1"));
    root.write(FIRST, "nonsense = 1");
    agent.signal(libc::SIGHUP);
    agent.wait_for_log("settings not reloaded", 2);
    root.write(FIRST, "");
    let agent = Agent::plan().shell(&inside(&root, "", "")).env("EXPORTER_PORT", "0").start();
    assert_eq!(agent.lines_with("settings read file=/etc/sysmetrics/config.toml"), 1);
}

#[test]
fn the_file_and_the_port_may_be_named_by_the_environment() {
    let root = Temp::new();
    root.write(FIRST, "[log]\nlevel = 'debug'\n");
    let file = root.write("named.toml", "[server]\nlisten = '127.0.0.1:1'\nmetrics_path = '/m'\n");
    let agent = |env: &[(&str, &str)]| {
        let mut command = Command::new(BINARY);
        let done =
            command.env_clear().envs(env.iter().copied()).arg("--check-config").output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    let file = file.to_str().unwrap();
    let out = agent(&[("METRICS_CONFIG", file), ("EXPORTER_PORT", "9200")]);
    assert_eq!(line(&out, "listen = "), "listen = \"127.0.0.1:9200\"  # from EXPORTER_PORT");
    assert_eq!(line(&out, "metrics_path"), format!("metrics_path = \"/m\"  # from {file}:3"));
    let agent =
        Agent::plan().file("[server]\nlisten = '127.0.0.1:1'\n").env("EXPORTER_PORT", "0").start();
    assert!(!agent.address().ends_with(":1") && agent.get("/metrics").status == 200);
}

#[test]
fn the_trees_of_the_host_are_read_where_they_are_mounted() {
    let paths = ["procfs = ", "sysfs = ", "rootfs = ", "udev_data = "];
    let default = ["\"/proc\"", "\"/sys\"", "\"/\"", "\"/run/udev/data\""];
    let mounted = |path: &str| format!("\"{path}\"  # from what is mounted");
    let trees = ["/host/proc", "/host/sys", "/host"].map(mounted);
    let [proc, sys, host] = trees.each_ref().map(String::as_str);
    let checked = |mounts: &str, args: &[&str]| {
        let root = Temp::new();
        let (status, out, error) = run(&root, mounts, "", &[&["--check-config"], args].concat());
        assert_eq!((status, error.as_str()), (Some(0), ""));
        paths.map(|start| line(&out, start)[start.len()..].to_owned())
    };
    assert_eq!(checked("", &[]), default);
    assert_eq!(checked(PROC, &[])[..3], [proc, default[1], default[2]]);
    assert_eq!(checked(SYS, &[])[..3], [default[0], sys, default[2]]);
    assert_eq!(checked(&[PROC, SYS].concat(), &[])[..3], [proc, sys, default[2]]);
    let all = checked(ALL, &[]);
    assert_eq!(all[..3], [proc, sys, host]);
    let has_udev = std::path::Path::new("/run/udev/data").is_dir();
    assert_eq!(
        all[3],
        if has_udev { mounted("/host/run/udev/data") } else { default[3].to_owned() }
    );

    // Directories, and file systems, that only have the names.
    let named = "mkdir -p host/proc host/sys; mount -t tmpfs tmpfs host/proc;";
    assert_eq!(checked(named, &[]), default);
    assert_eq!(checked("mkdir -p host; mount -t tmpfs tmpfs host;", &[]), default);
    // Whoever says where to read is heard, as with node_exporter in a container.
    let habit = checked(ALL, &["--path.rootfs=/host"]);
    assert_eq!(habit[..3], [default[0], default[1], "\"/host\"  # from --path.rootfs"]);
    assert_eq!(checked(ALL, &["--path.procfs=/proc"])[1..], default[1..]);
}

/// A container without a procfs of its own.
#[test]
fn the_hosts_procfs_alone_will_do() {
    let root = Temp::new();
    let mounts = [PROC, "touch proc/stat;"].concat();
    let (status, out, error) = run(&root, &mounts, "", &["--check-config"]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    assert_eq!(line(&out, "procfs = "), "procfs = \"/host/proc\"  # from what is mounted");
}

#[test]
fn the_log_names_the_trees_and_the_page_shows_the_host() {
    let root = Temp::new();
    let plan = Agent::plan().shell(&inside(&root, ALL, "")).env("EXPORTER_PORT", "0");
    let agent = plan.start();
    let text = "the trees of the host are mounted and read paths=\"procfs=/host/proc sysfs=/host/sys rootfs=/host";
    assert_eq!(agent.lines_with(text), 1, "{:#?}", agent.log());
    let points = |agent: &Agent| {
        let page = agent.get("/metrics");
        assert!(page.text().contains("sysmetrics_cpu_seconds_total{"), "{}", page.text());
        let lines = page.text().lines().filter(|line| line.contains("_filesystem_size_bytes{"));
        let point =
            |line: &str| line.split_once("mountpoint=\"")?.1.split('"').next().map(str::to_owned);
        lines.filter_map(point).collect::<Vec<_>>()
    };
    let of_host = points(&agent);
    assert!(
        of_host.contains(&"/".to_owned()) && !of_host.iter().any(|p| p.starts_with("/host")),
        "{of_host:?}"
    );
    // Without the host's root those of the container: what is at the host's mount points there is not
    // what they say.
    let mounts = [PROC, SYS, "mkdir -p only/here; mount -t tmpfs tmpfs only/here;"].concat();
    let root = Temp::new();
    let agent = Agent::plan().shell(&inside(&root, &mounts, "")).env("EXPORTER_PORT", "0").start();
    let of_container = points(&agent);
    assert!(of_container.contains(&"/only/here".to_owned()), "{of_container:?}");
}

/// Whatever namespace the program runs in: counters are those of the first process of the host's procfs,
/// and sysfs is of the namespace in which it was mounted. node_exporter has the container's counters.
#[test]
fn the_network_is_that_of_the_host() {
    let root = Temp::new();
    let devices = |out: &str, name: &str| {
        let lines = out.lines().filter(|line| line.starts_with(name));
        let device =
            |line: &str| line.split_once("interface=\"")?.1.split('"').next().map(str::to_owned);
        lines.filter_map(device).collect::<std::collections::BTreeSet<_>>()
    };
    let entries = std::fs::read_dir("/sys/class/net").unwrap();
    let mut of_host: std::collections::BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    of_host.retain(|name| std::path::Path::new("/sys/class/net").join(name).is_dir());
    let mounts = [NO_NET, ALL].concat();
    let args = ["--print-metrics", "--collector.network.exclude-pattern="];
    let (status, out, error) = run(&root, &mounts, "", &args);
    assert_eq!(status, Some(0), "{error}");
    assert_eq!(devices(&out, "sysmetrics_network_receive_bytes_total{"), of_host);
    assert_eq!(devices(&out, "sysmetrics_network_mtu_bytes{"), of_host);
}
