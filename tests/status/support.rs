//! The status as JSON.

use crate::common::json::Json;
use crate::common::{Agent, Answer};

pub fn json(answer: &Answer) -> Json {
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    Json::parse(answer.text())
}

pub fn status(agent: &Agent) -> Json {
    let answer = agent.get("/api/status");
    assert_eq!(answer.status, 200);
    json(&answer)
}
