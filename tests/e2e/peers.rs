//! The receivers, each on a port of its own with a directory of its own, removed with the test.

use crate::common::{Server, Temp, ask, free_address};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The Python that has the official packages, as `.ci/install.sh` makes it.
pub const PYTHON: &str = "target/clients/bin/python3";

/// Where newer releases are, as `.ci/peers.sh` unpacks them.
const NEWER: &str = "target/peers/usr/bin";

/// A running receiver.
pub struct Peer {
    _server: Server,
    _dir: Temp,
    pub address: String,
}

pub fn start(command: &mut Command) -> Child {
    let name = command.get_program().to_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.unwrap_or_else(|e| panic!("{name:?} is needed, .ci/install.sh installs it: {e}"))
}

impl Peer {
    fn start(
        program: impl AsRef<Path>,
        ready: &str,
        plan: impl Fn(&mut Command, &str, &Temp),
    ) -> Peer {
        let (dir, address) = (Temp::new(), free_address());
        let mut command = Command::new(program.as_ref());
        plan(&mut command, &address, &dir);
        let server = Server::start(&mut command, address.clone(), ready);
        Peer { _server: server, _dir: dir, address }
    }

    /// Debian's, or a newer one, which takes OTLP.
    pub fn victoria(is_new: bool) -> Peer {
        let newer = Path::new(NEWER).join("victoria-metrics");
        let program = if is_new { newer.as_path() } else { Path::new("victoria-metrics") };
        Peer::start(program, "/health", |command, address, dir| {
            command.arg(format!("-httpListenAddr={address}"));
            command.arg(format!("-storageDataPath={}", dir.path("data").display()));
            command.args([
                "-retentionPeriod=100y",
                "-influxSkipSingleField",
                "-search.latencyOffset=0s",
            ]);
        })
    }

    /// Debian's, or a newer one, which takes remote write 2.0. Debian builds both without OTLP.
    pub fn prometheus(is_new: bool) -> Peer {
        let newer = Path::new(NEWER).join("prometheus");
        let program = if is_new { newer.as_path() } else { Path::new("prometheus") };
        Peer::start(program, "/-/ready", |command, address, dir| {
            let config = dir.write("prometheus.yml", "global: {}\n");
            command.arg(format!("--web.listen-address={address}"));
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.tsdb.path={}", dir.path("data").display()));
            command.arg("--web.enable-remote-write-receiver");
            if is_new {
                command.args([
                    "--web.remote-write-receiver.accepted-protobuf-messages=prometheus.WriteRequest",
                    "--web.remote-write-receiver.accepted-protobuf-messages=io.prometheus.write.v2.Request",
                ]);
            }
        })
    }

    /// InfluxDB 1.6 with the database `box`.
    pub fn influx() -> Peer {
        let peer = Peer::start("influxd", "/ping", |command, address, dir| {
            let path = |name: &str| dir.path(name).display().to_string();
            let config = format!(
                "reporting-disabled = true\nbind-address = \"{}\"\n[meta]\ndir = \"{}\"\n\
                 [data]\ndir = \"{}\"\nwal-dir = \"{}\"\nindex-version = \"inmem\"\n\
                 [http]\nbind-address = \"{address}\"\n[monitor]\nstore-enabled = false\n",
                free_address(),
                path("meta"),
                path("data"),
                path("wal"),
            );
            command.arg("-config").arg(dir.write("influxdb.conf", config));
        });
        let (status, answer) = ask(&peer.address, "POST", "/query?q=CREATE+DATABASE+box").unwrap();
        assert_eq!(status, 200, "{answer}");
        peer
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
