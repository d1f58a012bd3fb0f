//! The programs that are compared, and with which arguments.

use crate::agent;
use crate::server::Server;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
pub use sysmetrics::settings::Dialect;

/// What the harness was told to measure: the builds of this tree, and the peers that are there.
pub struct Programs {
    /// The static build with default features.
    pub agent: PathBuf,
    /// Without default features, and with the tiny_http front; where they were built.
    pub bare: Option<PathBuf>,
    pub tiny: Option<PathBuf>,
    /// node_exporter: name and path, the one on PATH first.
    pub peers: Vec<(String, PathBuf)>,
    /// An earlier build of the agent.
    pub earlier: Option<PathBuf>,
}

const PEER: &str = "prometheus-node-exporter";

impl Programs {
    /// From the environment that bench.mk sets: AGENT, BARE, TINY, PEERS.
    pub fn find() -> io::Result<Programs> {
        let built = |key| env::var_os(key).map(PathBuf::from).filter(|p| p.is_file());
        let agent = built("AGENT").ok_or_else(|| {
            io::Error::other("AGENT does not name the static build; run `make bench`")
        })?;
        let path = env::var_os("PATH").unwrap_or_default();
        let mut found: Vec<_> = env::split_paths(&path)
            .flat_map(|dir| [dir.join(PEER), dir.join("node_exporter")])
            .collect();
        found.retain(|p| p.is_file());
        found.truncate(1);
        let dir = env::var_os("PEERS").filter(|d| !d.is_empty()).map(PathBuf::from);
        let earlier = dir.as_ref().map(|dir| dir.join("sysmetrics")).filter(|p| p.is_file());
        if let Some(dir) = dir {
            let inside =
                [dir.join("usr/bin").join(PEER), dir.join(PEER), dir.join("node_exporter")];
            match inside.into_iter().find(|p| p.is_file()) {
                Some(peer) => found.push(peer),
                None if earlier.is_some() => {}
                None => eprintln!("PEERS: no node_exporter in {}", dir.display()),
            }
        }
        let peers =
            found.into_iter().map(|p| (format!("node_exporter {}", version(&p)), p)).collect();
        Ok(Programs { agent, bare: built("BARE"), tiny: built("TINY"), peers, earlier })
    }
}

/// `1.5.0` out of `node_exporter, version 1.5.0 (branch: …`.
fn version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output();
    let said = said.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    said.split_whitespace().nth(2).unwrap_or("of unknown version").to_owned()
}

/// node_exporter with only the four collectors that the agent had first.
pub fn peer_arguments(program: &Path) -> Vec<String> {
    arguments(
        program,
        "--web.listen-address={} --collector.disable-defaults --collector.cpu --collector.meminfo \
         --collector.diskstats --collector.netdev",
    )
}

/// The agent with the same four.
pub fn agent_arguments(program: &Path, dialect: Dialect) -> Vec<String> {
    let mut all = default_arguments(program, dialect);
    all.extend(agent::FOUR.map(str::to_owned));
    all
}

/// The agent as it comes.
pub fn default_arguments(program: &Path, dialect: Dialect) -> Vec<String> {
    let dialect = match dialect {
        Dialect::Own => "sysmetrics",
        Dialect::Node => "node_exporter",
    };
    arguments(program, &format!("--listen={{}} --log-level=error --dialect={dialect}"))
}

fn arguments(program: &Path, text: &str) -> Vec<String> {
    let mut all = vec![program.display().to_string()];
    all.extend(text.split_whitespace().map(str::to_owned));
    all
}

/// Starts a program that serves /metrics.
pub fn start(arguments: &[String]) -> io::Result<Server> {
    Server::start(arguments, "/metrics")
}

/// Starts the echo; it answers with as many bytes as the path says.
pub fn start_echo(size: usize) -> io::Result<Server> {
    let us = env::current_exe()?.display().to_string();
    Server::start(&[us, "echo".into(), "{}".into()], &format!("/{size}"))
}
