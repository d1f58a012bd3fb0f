//! The status as JSON, and its rows.

use crate::common::Agent;
use crate::common::json::{Json, items};

pub fn status(agent: &Agent) -> Json {
    let answer = agent.get("/api/status");
    assert_eq!(answer.status, 200);
    Json::parse(answer.text())
}

pub fn row<'j>(json: &'j Json, part: &str, key: &str, name: &str) -> &'j Json {
    let mut rows = items(json, part).iter().filter(|row| row.text(key) == name);
    let found = rows.next().unwrap_or_else(|| panic!("{name} in {json:?}"));
    assert!(rows.next().is_none(), "{name} twice");
    found
}
