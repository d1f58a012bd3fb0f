//! Text files beside a real node_exporter (Debian package `prometheus-node-exporter`, or the program that
//! NODE_EXPORTER names): with the same directories both pages have the same families, series and values.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // the same output, compared once
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts the peer

mod common;
#[path = "textfile/peer.rs"]
mod peer;

use common::temp::make_pipe;
use common::{Agent, Temp, wait_until};
use peer::{node_exporter, start};
use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// From this release on directories may be globs, and several.
const GLOBS: (u32, u32) = (1, 9);

fn flags(directories: &[String]) -> Vec<String> {
    let fixed = ["--collector.disable-defaults", "--collector.textfile"].map(str::to_owned);
    let of = |path: &String| format!("--collector.textfile.directory={path}");
    fixed.into_iter().chain(directories.iter().map(of)).collect()
}

fn agent(directories: &[String]) -> Agent {
    let mut plan = Agent::plan().arg("--dialect=node_exporter");
    for flag in flags(directories) {
        plan = plan.arg(flag);
    }
    plan.start()
}

/// The lines of a page about text files and what is in them, in one form: labels in order, without those
/// that are empty, which is the same series; numbers as Rust writes them. Help texts that node_exporter
/// makes up of the names of files are left out.
fn lines(page: &str) -> BTreeSet<String> {
    let others = ["go_", "process_", "promhttp_", "node_exporter_build_info"];
    let duration = "node_scrape_collector_duration_seconds";
    let mut all = BTreeSet::new();
    for line in page.lines().filter(|line| !line.contains(" Metric read from ")) {
        let name = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        let is_made = name.starts_with("node_") && line.starts_with("# HELP ");
        if is_made || others.iter().chain([&duration]).any(|other| name.starts_with(other)) {
            continue;
        }
        if line.starts_with('#') {
            // Ours has an empty help text where nobody wrote one.
            if !(line.starts_with("# HELP ") && line.ends_with(' ')) {
                all.insert(line.to_owned());
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap();
        let mut labels: Vec<_> = labels.split_inclusive("\",").collect();
        labels = labels.iter().map(|label| label.trim_end_matches(',')).collect();
        labels.retain(|label| !label.is_empty() && !label.ends_with("=\"\""));
        labels.sort_unstable();
        all.insert(format!("{name}{{{}}} {value:?}", labels.join(",")));
    }
    all
}

/// Compares both pages of these directories.
fn compare(directories: &[String]) -> BTreeSet<String> {
    compare_without(directories, "nothing left out")
}

/// The same without the lines that start like this.
fn compare_without(directories: &[String], left_out: &str) -> BTreeSet<String> {
    let (peer, agent) = (start(&flags(directories)), agent(directories));
    let theirs = lines(&peer.get("/metrics"));
    let ours = lines(agent.get("/metrics").text());
    let counts = |line: &&String| !line.starts_with(left_out);
    let absent: Vec<_> = theirs.difference(&ours).filter(counts).collect();
    let made_up: Vec<_> = ours.difference(&theirs).filter(counts).collect();
    assert!(absent.is_empty() && made_up.is_empty(), "absent: {absent:#?}, added: {made_up:#?}");
    ours
}

const GOOD: &str = "# HELP jobs_total Jobs \\\\ done.\n# TYPE jobs_total counter\n\
    jobs_total{queue=\"a\",zone=\"\"} 1\njobs_total{queue=\"b \\\\ \\n \\\" é\"} 12345678901\n\
    # TYPE last_success_seconds gauge\nlast_success_seconds 1.7e9\nlast_success_seconds{job=\"x\"} -5\n\
    nothing NaN\nabove +Inf\nbelow -Inf\nsmall 1e-300\n";

const SHAPES: &str = "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n\
    took_seconds_bucket{le=\"0.50\"} 1\ntook_seconds_bucket{le=\"1.0\"} 2\ntook_seconds_sum 1.5\n\
    took_seconds_count 3\n# TYPE size_bytes summary\nsize_bytes{quantile=\"0.5\"} 4\n\
    size_bytes_sum 10\nsize_bytes_count 2\n# TYPE size_bytes_created gauge\nsize_bytes_created 1.6e9\n\
    # TYPE rows_total gauge\nrows_total 3\n# TYPE kind Counter\nkind 1\n";

/// Name and text of files that node_exporter refuses.
const BAD: [(&str, &str); 14] = [
    ("no_newline", "a1 1"),
    ("crlf", "a2 1\r\n"),
    ("mark", "\u{feff}a3 1\n"),
    ("time", "a4 1\na4{b=\"c\"} 1 1700000000000\n"),
    ("exemplar", "a5 1 # {trace=\"x\"} 1\n"),
    ("late_type", "a6 1\n# TYPE a6 gauge\n"),
    ("two_types", "# TYPE a7 gauge\n# TYPE a7 gauge\na7 1\n"),
    ("blank", "a8 1 \n"),
    ("html", "<html>\n"),
    ("escape", "a9{b=\"\\x\"} 1\n"),
    ("no_comma", "a10{b=\"1\"c=\"2\"} 1\n"),
    ("twice", "a11{b=\"1\",b=\"2\"} 1\n"),
    ("range", "a12 1e400\n"),
    ("half", "a13 1\na13{b=\"c"),
];

#[test]
fn pages_are_those_of_node_exporter() {
    let dir = Temp::new();
    let place = |name: &str| dir.path(name).to_str().unwrap().to_owned();
    let write = |name: &str, text: &str| {
        fs::create_dir_all(dir.path(name).parent().unwrap()).unwrap();
        fs::write(dir.path(name), text).unwrap();
    };
    write("good/jobs.prom", GOOD);
    write("good/shapes.prom", SHAPES);
    write("good/.hidden.prom", "hidden 1\n");
    write("good/.prom", "bare 1\n");
    write("good/notes.txt", "not 1\n");
    write("good/a.prom.tmp", "not 1\n");
    let good = compare(&[place("good")]);
    assert!(good.contains("node_textfile_scrape_error{} 0.0") && good.contains("hidden{} 1.0"));
    assert!(good.contains("took_seconds_bucket{le=\"+Inf\"} 3.0"), "{good:#?}");

    for (name, text) in BAD {
        write(&format!("bad/{name}.prom"), text);
    }
    fs::write(dir.path("bad/bytes.prom"), b"a14{b=\"\xff\"} 1\n").unwrap();
    write("bad/good.prom", "still 1\n");
    symlink("nowhere", dir.path("bad/dangling.prom")).unwrap();
    symlink("good.prom", dir.path("bad/link.prom")).unwrap();
    let bad = compare(&[place("bad")]);
    assert!(bad.contains("node_textfile_scrape_error{} 1.0") && bad.contains("still{} 1.0"));
    assert_eq!(bad.iter().filter(|line| line.starts_with("node_textfile_mtime")).count(), 2);

    write("odd/empty.prom", "");
    write("odd/comment.prom", "# only words\n\n#\n   ");
    write("odd/unreadable.prom", "unreadable 1\n");
    fs::set_permissions(dir.path("odd/unreadable.prom"), Permissions::from_mode(0o0)).unwrap();
    let mut big = String::from("# HELP big Many.\n# TYPE big gauge\n");
    (0..20_000)
        .for_each(|n| big += &format!("big{{n=\"{n}\",text=\"padded with words\"}} {n}.5\n"));
    write("odd/big.prom", &big);
    assert!(compare(&[place("odd")]).len() > 20_000);

    write("merge/a.prom", "# HELP m One.\n# TYPE m gauge\nm{x=\"a\"} 1\nalone 1\n");
    write("merge/b.prom", "# HELP m Two.\n# TYPE m gauge\nm{x=\"b\"} 1\nbeside 1\n");
    write("merge/c.prom", "# TYPE alone counter\nalone{x=\"c\"} 1\nbeside{x=\"c\"} 1\n");
    write("merge/d.prom", "beside 7\n");
    // Releases before dropped a family with another help text without a word.
    let is_silent = node_exporter().1 < GLOBS;
    let left_out = if is_silent { "node_textfile_scrape_error" } else { "nothing left out" };
    let merged = compare_without(&[place("merge")], left_out);
    assert!(merged.contains("m{x=\"a\"} 1.0") && !merged.contains("m{x=\"b\"} 1.0"));

    compare(&[place("none")]);
    compare(&[place("good/jobs.prom")]);
    compare(&[place("good//../good/./")]);
    if node_exporter().1 >= GLOBS {
        compare(&[place("good"), place("merge"), place("good")]);
        compare(&[place("[mo]*"), place("good")]);
        compare(&[place("*")]);
        compare(&[place("no*")]);
    }
}

#[test]
fn globs_and_several_directories_are_one_page() {
    let dir = Temp::new();
    let place = |name: &str| dir.path(name).to_str().unwrap().to_owned();
    for (name, text) in [("a/1", "one 1\n"), ("b/2", "one 2\ntwo 2\n"), ("c/3", "three 3\n")] {
        fs::create_dir_all(dir.path(name).parent().unwrap()).unwrap();
        fs::write(dir.path(&format!("{name}.prom")), text).unwrap();
    }
    let agent = agent(&[place("[ab]"), place("c")]);
    let page = lines(agent.get("/metrics").text());
    for line in [
        "one{} 1.0",
        "two{} 2.0",
        "three{} 3.0",
        "node_textfile_scrape_error{} 0.0",
        "node_scrape_collector_success{collector=\"textfile\"} 1.0",
    ] {
        assert!(page.contains(line), "{line}: {page:#?}");
    }
    let all = agent.get("/metrics").text().to_owned();
    assert!(all.contains("node_scrape_collector_duration_seconds{collector=\"textfile\"}"));
    // Who names collectors gets what is theirs.
    let named = |query: &str| lines(agent.get(&format!("/metrics?{query}")).text());
    assert!(named("collect[]=textfile").contains("three{} 3.0"));
    assert!(!named("exclude[]=textfile").iter().any(|line| line.contains("three")));
    // What comes later is there at the next scrape.
    fs::write(dir.path("c/4.prom"), "four 4\n").unwrap();
    assert!(lines(agent.get("/metrics").text()).contains("four{} 4.0"));
}

#[test]
fn a_bad_file_is_logged_once_and_the_collector_may_be_off() {
    let dir = Temp::new();
    fs::write(dir.path("a.prom"), "a 1").unwrap();
    fs::write(dir.path("b.prom"), "b 1\n").unwrap();
    // Nobody writes there: whoever waits for that waits for ever.
    make_pipe(&dir.path("pipe.prom"));
    let file = |more: &str| {
        let path = dir.path("").display().to_string();
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[collectors.textfile]\n{more}directory = [\"{path}\"]\n"
        )
    };
    let agent = Agent::plan().file(&file("")).start();
    for _ in 0..4 {
        let page = agent.scrape();
        assert_eq!(page.find("b", &[]), Some(1.0));
        assert_eq!(page.value("sysmetrics_textfile_scrape_error", &[]), 1.0);
    }
    agent.wait_for_log("a.prom", 1);
    assert_eq!(agent.lines_with("text file not accepted"), 2, "{:?}", agent.log());
    assert!(agent.log().iter().any(|line| line.contains("expected a newline at the end")));
    // It is good, and bad again.
    fs::write(dir.path("a.prom"), "a 1\n").unwrap();
    assert_eq!(agent.scrape().find("a", &[]), Some(1.0));
    File::options().append(true).open(dir.path("a.prom")).unwrap().set_len(3).unwrap();
    assert_eq!(agent.scrape().find("a", &[]), None);
    agent.wait_for_log("text file not accepted", 3);
    agent.reload(&file("enabled = false\n"));
    agent.wait_for_log("settings reloaded", 1);
    let page = agent.get("/metrics").text().to_owned();
    assert!(!page.contains("\nb 1\n") && !page.contains("textfile"), "{page}");
}

#[test]
fn samples_leave_with_the_others() {
    let dir = Temp::new();
    fs::write(dir.path("a.prom"), "# TYPE backup_age_seconds gauge\nbackup_age_seconds 7\n")
        .unwrap();
    let flag = format!("--collector.textfile.directory={}", dir.path("").display());
    for how in ["--once", "--print-metrics"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
        command.args([how, "--collector.disable-defaults", "--collector.textfile", &flag]);
        let done = command.output().unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success() && text.contains("backup_age_seconds"), "{how}: {text}");
    }
    // An alert is about them as about others.
    let rule = "[[alerts]]\nname = \"old\"\nexpr = \"backup_age_seconds > 5\"\n";
    let file = format!("[server]\nlisten = \"127.0.0.1:0\"\n{rule}");
    let agent = Agent::plan().file(&file).arg(&flag).start();
    wait_until("the alert", || agent.get("/api/status").text().contains("\"alertname\":\"old\""));
}
