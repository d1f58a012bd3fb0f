//! Nothing is lost: links are cut and the agent is killed; all frames of each process arrive, except the one in
//! flight when it was killed, and nothing arrives twice with different values.

use crate::collector::Collector;
use crate::common::{Agent, Temp};
use crate::frames::{arrived, assert_same_twice, few_collectors, taken, wait_until_all_is_sent};
use crate::link::Link;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

/// How often something happens.
const BLOWS: usize = 20;

fn agent(address: &str, spool: &Temp) -> Agent {
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ntype = \"otlp\"\n\
         endpoint = \"http://{address}/v1/metrics\"\ninterval_secs = \"200ms\"\ntimeout_secs = \"90ms\"\n\
         retry = {{ initial_ms = 50, max_ms = 400 }}\nspool = {{ dir = \"{}\" }}\n",
        spool.path("").display()
    );
    few_collectors(Agent::plan()).file(&file).machine("box").start()
}

#[test]
fn over_twenty_cuts_and_kills() {
    let collector = Collector::start(&[]);
    let (link, spool) = (Link::to(&collector.http), Temp::new());
    let mut agent_now = agent(&link.address, &spool);
    let mut seed = std::process::id();
    println!("seed {seed}");
    let mut random = |n: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % n
    };
    let mut lives: BTreeMap<u64, u64> = BTreeMap::new();
    for _ in 0..BLOWS {
        thread::sleep(Duration::from_millis(100 + u64::from(random(700))));
        match random(3) {
            0 => link.cut(),
            1 => link.mend(),
            _ => {
                let (life, frames) = taken(&agent_now);
                lives.insert(life, frames);
                agent_now.signal(libc::SIGKILL);
                agent_now.wait();
                agent_now = agent(&link.address, &spool);
            }
        }
    }
    link.mend();
    wait_until_all_is_sent(&agent_now);
    let (life, frames) = taken(&agent_now);
    lives.insert(life, frames);
    agent_now.signal(libc::SIGTERM);
    agent_now.wait();
    let rows = collector.rows();
    assert_same_twice(&rows);
    assert!(lives.len() > 1, "nobody was killed");
    for (life, frames) in lives {
        let got = arrived(&rows, life);
        let missing: Vec<u64> = (1..frames).filter(|n| !got.contains(n)).collect();
        // The last was in flight, or taken while we looked.
        assert!(missing.is_empty(), "{life:x}: of {frames} frames {missing:?} are missing");
    }
}
