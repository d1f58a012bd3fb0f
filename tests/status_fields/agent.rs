//! Health, exports and links.

use crate::common::json::{Json, items, reading};
use crate::common::wait_until;
use crate::common::{Agent, Temp};

use crate::support::{row, status};

#[test]
fn health_is_a_word() {
    assert_eq!(status(&Agent::plan().machine("box").start()).text("health"), "ok");
    let json = status(&Agent::plan().machine("container").start());
    assert_eq!((json.text("health"), items(&json, "reasons").len()), ("failing", 1));
}

/// One export that arrives, one that waits on disk, one that waits in memory.
#[test]
fn exports_show_their_backlog_and_last_success() {
    let dir = Temp::new();
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n\
         [[export]]\ntype = \"stdout\"\nname = \"arrives\"\ninterval_secs = \"100ms\"\n\
         [[export]]\ntype = \"remote_write\"\nname = \"disk\"\nendpoint = \"http://127.0.0.1:1\"\n\
         interval_secs = \"200ms\"\ntimeout_secs = \"50ms\"\nspool = {{ dir = \"{}\", max_bytes = \"2MiB\" }}\n",
        dir.path("spool").display()
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    let mut json = status(&agent);
    wait_until("one to arrive and one to wait", || {
        json = status(&agent);
        let disk = row(&json, "exports", "export", "disk");
        let arrives = row(&json, "exports", "export", "arrives");
        let bytes = disk.get("spool").filter(|spool| **spool != Json::Null);
        reading(arrives, "last_success_age_seconds").is_some()
            && bytes.and_then(|spool| reading(spool, "bytes")) > Some(0.0)
            && reading(disk, "failing_seconds").is_some()
    });
    let disk = row(&json, "exports", "export", "disk");
    assert_eq!(reading(disk, "last_success_age_seconds"), None);
    let spool = disk.get("spool").unwrap();
    assert_eq!(spool.get("on_disk"), Some(&Json::Bool(true)));
    assert!(reading(spool, "max_bytes") > reading(spool, "bytes"), "{spool:?}");
    assert!(reading(spool, "oldest_age_seconds").is_some_and(|age| age < 600.0), "{spool:?}");
    let arrives = row(&json, "exports", "export", "arrives");
    assert!(reading(arrives, "last_success_age_seconds") < Some(60.0), "{arrives:?}");
}

/// Where a proxy serves the agent below a path of its own, every link of a page leads back to it.
#[test]
fn links_are_relative() {
    let agent = Agent::start();
    let home = agent.get("/");
    let links: Vec<_> = home.text().split("href=\"").skip(1).collect();
    assert!(links.len() > 5, "{links:?}");
    assert!(links.iter().all(|link| link.starts_with("./")), "{links:?}");
    for path in ["/", "/status", "/api/status", "/api/series", "/nothing", "/status/"] {
        assert_eq!(agent.get(path).header("Location"), None, "{path}");
    }
}
