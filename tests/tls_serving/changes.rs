//! Certificates, users and settings that change while the agent serves.

use crate::common::{Agent, Temp, wait_until};
use crate::support::{FAKE, FIRST, certificates, curl, file, health, plan, s_client, web};
use std::fs;

/// The serial of the certificate that is shown.
fn shown(agent: &Agent) -> String {
    let (_, text) = s_client(&agent.address(), &[]);
    let start = text.find("-----BEGIN").unwrap_or_else(|| panic!("{text}"));
    text[start..text.find("-----END").unwrap()].to_owned()
}

fn put(dir: &Temp, from: &str, to: &str) {
    // As a tool for certificates does: beside it, then in its place.
    fs::copy(certificates().join(from), dir.path("new")).unwrap();
    fs::rename(dir.path("new"), dir.path(to)).unwrap();
}

fn failed(agent: &Agent) -> String {
    let got = curl(&agent.address(), "https://localhost:{}/metrics", &["--insecure"]);
    let mut lines = got.body.lines();
    let line = lines.find(|line| line.starts_with("sysmetrics_http_tls_reloads_failed_total "));
    line.unwrap_or_else(|| panic!("{got:?}")).rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn a_changed_certificate_is_shown_and_a_broken_one_is_not() {
    let (dir, path) = web("");
    let agent = plan(&path).start();
    let before = shown(&agent);
    put(&dir, "name.key", "good.key");
    put(&dir, "name.pem", "good.pem");
    wait_until("the new certificate", || shown(&agent) != before);
    let second = shown(&agent);
    dir.write("good.pem", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n");
    wait_until("the failure to be counted", || failed(&agent) == "1");
    assert_eq!(shown(&agent), second, "the old one stays");
    agent.wait_for_log("the old ones stay", 1);
    assert!(agent.log().iter().any(|line| line.contains("good.pem")), "{:?}", agent.log());
    // A key that belongs to another certificate is no better, nor is none.
    put(&dir, "good.pem", "good.pem");
    wait_until("the failure to be counted", || failed(&agent) == "2");
    fs::remove_file(dir.path("good.key")).unwrap();
    wait_until("the failure to be counted", || failed(&agent) == "3");
    assert_eq!(shown(&agent), second);
    put(&dir, "good.key", "good.key");
    wait_until("the first certificate again", || shown(&agent) == before);
    assert_eq!((failed(&agent), agent.lines_with("the old ones stay")), ("3".to_owned(), 3));
}

#[test]
fn changed_users_are_known_at_once() {
    let users = |hash: &str| format!("basic_auth_users:\n  ann: {hash}\n");
    let (dir, path) = web("");
    dir.write("web.yml", users(FIRST));
    let agent = plan(&path).start();
    let request =
        |who: &str| curl(&agent.address(), "http://localhost:{}/health", &["-u", who]).status;
    assert_eq!((request("ann:first"), request("ann:fakepassword")), (200, 401));
    let header = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n";
    dir.write("web.yml", [&*users(FAKE), header].concat());
    wait_until("the new password", || request("ann:first") == 401);
    let args = ["-u", "ann:fakepassword", "-D", "-"];
    let got = curl(&agent.address(), "http://localhost:{}/health", &args);
    assert!(got.body.contains("X-Frame-Options: deny"), "{got:?}");
    assert_eq!(request("ann:fakepassword"), 200);
    // A file that names one that is not there is said once, not at each look.
    dir.write("web.yml", "tls_server_config:\n  cert_file: none.pem\n  key_file: none.key\n");
    wait_until("the other file to be seen", || {
        assert_eq!((request("ann:first"), request("ann:fakepassword")), (401, 200));
        agent.lines_with("switched on and off by a reload") > 0
    });
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!((request("ann:fakepassword"), agent.lines_with("switched on and off")), (200, 1));
    // One that is empty, since it is being written, opens nothing.
    dir.write("web.yml", "");
    wait_until("the empty file to be seen", || {
        assert_eq!((request("ann:first"), request("ann:fakepassword")), (401, 200));
        agent.lines_with("no users are left") > 0
    });
    dir.write("web.yml", "basic_auth_users:\n  ann\n");
    wait_until("the broken file to be seen", || {
        assert_eq!((request("ann:first"), request("ann:fakepassword")), (401, 200));
        agent.lines_with("web.yml:2") > 0
    });
}

#[test]
fn a_reload_switches_it_on_and_off() {
    let (dir, _) = web("");
    let plain = "[server]\nlisten = \"127.0.0.1:0\"\n";
    let guarded = format!(
        "{plain}users_file = {:?}\n[server.tls]\ncert_file = {:?}\nkey_file = {:?}\n",
        dir.write("users", format!("# who may ask\n\nann:{FIRST}\n")),
        dir.path("good.pem"),
        dir.path("good.key")
    );
    // Under Landlock certificates have to be in directories that were named at the start.
    let agent = Agent::plan().without_landlock().file(plain).start();
    let address = agent.address();
    let mut kept = agent.connect();
    assert_eq!(kept.get("/health").status, 200);
    agent.reload(&guarded);
    agent.wait_for_log("settings reloaded", 1);
    kept.assert_gone();
    assert_eq!(health(&address, &["-u", "ann:first"]), (0, 200));
    assert_eq!(health(&address, &["-u", "ann:second"]), (0, 401));
    assert_eq!(curl(&address, "http://localhost:{}/health", &[]).status, 400);
    // What cannot be keeps the old.
    agent.reload(&guarded.replace("good.key", "none.key"));
    agent.wait_for_log("settings not reloaded", 1);
    assert_eq!(health(&address, &["-u", "ann:first"]), (0, 200));
    agent.reload(plain);
    agent.wait_for_log("settings reloaded", 2);
    assert_eq!(curl(&address, "http://localhost:{}/health", &[]).status, 200);
    assert_eq!(health(&address, &[]).1, 0, "{}", file("ca.pem"));
}
