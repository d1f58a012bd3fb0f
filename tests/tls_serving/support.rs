//! Certificates, a web configuration file, and curl.

use crate::common::{Agent, PATIENCE, Plan, Temp};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Hashes of "first" and of "fakepassword", as cheap as they can be.
pub const FIRST: &str = "$2y$04$abcdefghijklmnopqrstuuvybHXQqehXl2NdtAhT6BAmwe6EZ8HOi";
pub const FAKE: &str = "$2b$04$abcdefghijklmnopqrstuuBQnHgpqTvGwW5nyIPXIaIQpu5QBGVRy";

/// The certificates; made once.
pub fn certificates() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let name = format!("sysmetrics-tls-serving-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let made = Command::new("sh").arg("tests/tls/make.sh").arg(&directory).status();
        assert!(made.unwrap().success());
        directory
    })
}

/// The path of a certificate or key.
pub fn file(name: &str) -> String {
    certificates().join(name).display().to_string()
}

/// A copy of the certificate of localhost and its key in a directory of its own, and a web configuration
/// file beside it.
pub fn web(rest: &str) -> (Temp, PathBuf) {
    let dir = Temp::new();
    for name in ["good.pem", "good.key", "ca.pem"] {
        std::fs::copy(certificates().join(name), dir.path(name)).unwrap();
    }
    let text = ["tls_server_config:\n  cert_file: good.pem\n  key_file: good.key\n", rest].concat();
    let path = dir.write("web.yml", text);
    (dir, path)
}

/// An agent with that web configuration file.
pub fn plan(web: &Path) -> Plan {
    Agent::plan().arg(format!("--web.config.file={}", web.display()))
}

/// What curl got.
#[derive(Debug, PartialEq, Eq)]
pub struct Got {
    /// curl's own status: 0, or why it has no answer.
    pub exit: i32,
    pub status: u16,
    pub challenge: String,
    pub body: String,
}

/// Asks with curl; `{}` in the URL is the port, and whoever asks trusts our authority.
pub fn curl(address: &str, url: &str, args: &[&str]) -> Got {
    let port = address.rsplit(':').next().unwrap();
    let url = url.replace("{}", port);
    let mut command = Command::new("curl");
    command.args(["--silent", "--http1.1", "--max-time", &PATIENCE.as_secs().to_string()]);
    command.args(["--cacert", &file("ca.pem"), "--write-out"]);
    command.arg("\n%{http_code} %header{www-authenticate}").args(args).arg(url);
    let done = command.output().expect("this test needs curl: apt-get install curl");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let (body, last) = text.rsplit_once('\n').unwrap();
    let (status, challenge) = last.split_once(' ').unwrap();
    // To be cut off while sending is the same as while receiving: which of them comes first is up to chance.
    let exit = done.status.code().unwrap();
    Got {
        exit: if exit == 55 { 56 } else { exit },
        status: status.parse().unwrap(),
        challenge: challenge.to_owned(),
        body: body.to_owned(),
    }
}

/// Asks for `/health`: curl's status and that of the answer.
pub fn health(address: &str, args: &[&str]) -> (i32, u16) {
    let got = curl(address, "https://localhost:{}/health", args);
    (got.exit, got.status)
}

/// Whether openssl s_client gets through, and what it says.
pub fn s_client(address: &str, args: &[&str]) -> (bool, String) {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", address, "-CAfile", &file("ca.pem")]).args(args);
    let done = command.stdin(std::process::Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    (done.status.success(), text)
}
