//! Nothing is lost: links are cut, the agent is killed, and of what each process took all arrives but
//! the frame that was in flight when it was killed; nothing arrives twice with different values.

use crate::collector::Collector;
use crate::common::{Agent, Temp, wait_until};
use crate::link::Link;
use crate::rows::Rows;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

/// How often something happens.
const BLOWS: usize = 20;

/// The series that counts frames, and the one that tells processes apart.
const FRAMES: &str = "sysmetrics_export_frames_total";
const STARTED: &str = "process_start_time_seconds";

fn agent(address: &str, spool: &Temp) -> Agent {
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"out\"\ntype = \"otlp\"\n\
         endpoint = \"http://{address}/v1/metrics\"\ninterval_secs = \"200ms\"\ntimeout_secs = \"90ms\"\n\
         retry = {{ initial_ms = 50, max_ms = 400 }}\nspool = {{ dir = \"{}\" }}\n",
        spool.path("").display()
    );
    Agent::plan().file(&file).machine("box").start()
}

/// How many frames it took, and when it started.
fn taken(agent: &Agent) -> (u64, u64) {
    let page = agent.scrape();
    let frames = page.value(FRAMES, &[("export", "out")]) as u64;
    (page.value(STARTED, &[]).to_bits(), frames)
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
    wait_until("the spool to be empty", || {
        let page = agent_now.scrape();
        page.value("sysmetrics_export_spool_frames", &[("export", "out")]) == 0.0
    });
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

/// The numbers of the frames of one process.
fn arrived(rows: &Rows, life: u64) -> Vec<u64> {
    let of = |name: &str| {
        let mut all = rows.0.iter().filter(|((n, _), _)| n == name);
        let (_, samples) = all.next().unwrap();
        assert!(all.next().is_none(), "one series of {name}");
        samples.clone()
    };
    let lives: BTreeMap<i64, u64> =
        of(STARTED).iter().map(|(time, v)| (*time, v.to_bits())).collect();
    let frames = of(FRAMES).into_iter();
    frames.filter(|(time, _)| lives.get(time) == Some(&life)).map(|(_, n)| n as u64).collect()
}

fn assert_same_twice(rows: &Rows) {
    for (key, samples) in &rows.0 {
        let mut values = BTreeMap::new();
        for (time, value) in samples {
            let before = values.insert(*time, value.to_bits());
            assert!(before.is_none_or(|bits| bits == value.to_bits()), "{key:?} at {time}");
        }
    }
}
