//! The rows side by side, and what the targets say of them.

use crate::floor::Floor;
use crate::programs::{self, Dialect, Programs};
use crate::rows::{self, Effort, Row};
use crate::stats::Summary;
use crate::targets::{self, Verdict, write};
use crate::trace;
use std::io;

const OWN: &str = "sysmetrics, own names";
const NODE: &str = "sysmetrics, node names";
const TINY: &str = "tiny_http front";
const EARLIER: &str = "the earlier build, own names";
const GZIP: &str = " gzip";

/// Starts every program and measures all of them together.
pub fn measure(programs: &Programs, effort: Effort) -> io::Result<Vec<Row>> {
    eprintln!("bench: comparison");
    let mut all = Vec::new();
    for (name, peer) in &programs.peers {
        both(&mut all, name, &programs::peer_arguments(peer))?;
    }
    if let Some(tiny) = &programs.tiny {
        both(&mut all, TINY, &programs::agent_arguments(tiny, Dialect::Own))?;
    }
    if let Some(earlier) = &programs.earlier {
        both(&mut all, EARLIER, &programs::agent_arguments(earlier, Dialect::Own))?;
    }
    for (name, dialect) in [(OWN, Dialect::Own), (NODE, Dialect::Node)] {
        let arguments = programs::agent_arguments(&programs.agent, dialect);
        let sizes = both(&mut all, name, &arguments)?;
        for (encoding, size) in ["", GZIP].into_iter().zip(sizes) {
            let echo = programs::start_echo(size)?;
            let client = echo.client(false)?;
            all.push(Row::http(&format!("echo of the size of {name}{encoding}"), echo, client));
        }
        floors(&mut all, name, &arguments);
    }
    rows::warm(&mut all, effort)?;
    rows::paced(&mut all, effort)?;
    Ok(all)
}

/// A program without and with compression, in a process each; returns the sizes of the answers.
fn both(all: &mut Vec<Row>, name: &str, arguments: &[String]) -> io::Result<[usize; 2]> {
    let mut sizes = [0; 2];
    for ((gzip, encoding), size) in [(false, ""), (true, GZIP)].into_iter().zip(&mut sizes) {
        let server = programs::start(arguments)?;
        let mut client = server.client(gzip)?;
        *size = client.scrape()?.body;
        all.push(Row::http(&format!("{name}{encoding}"), server, client));
    }
    Ok(sizes)
}

/// The reading that this program does, alone.
fn floors(all: &mut Vec<Row>, name: &str, arguments: &[String]) {
    let traced = programs::start(arguments).and_then(|server| {
        let mut client = server.client(false)?;
        trace::steps(&server, &mut client)
    });
    let floors = traced.and_then(|scrape| {
        Ok([Floor::new(&scrape.steps, false)?, Floor::new(&scrape.steps, true)?])
    });
    match floors {
        Ok([same, to_end]) => {
            all.push(Row::floor(&floor_of(name), same));
            all.push(Row::floor(&format!("{}, to EOF", floor_of(name)), to_end));
        }
        Err(e) => eprintln!("SKIPPED the reading alone of {name}: {e}"),
    }
}

fn floor_of(name: &str) -> String {
    format!("reading alone of {name}")
}

fn find<'a>(rows: &'a [Row], name: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name)
}

/// One way of scraping: its name, and which of a row's figures is meant.
type Way = (&'static str, fn(&Row) -> Summary);

const WAYS: [Way; 2] = [("warm", |row| row.warm), ("once a second", |row| row.paced)];

/// Against the peers and against the floor.
pub fn verdicts(rows: &[Row], programs: &Programs) -> Vec<Verdict> {
    let mut all = Vec::new();
    if programs.peers.is_empty() {
        all.push(Verdict::skipped(
            "CPU against node_exporter",
            "there is none on PATH or in PEERS",
        ));
    }
    for (peer, _) in &programs.peers {
        for (way, of) in WAYS {
            for name in [OWN, NODE] {
                for encoding in ["", GZIP] {
                    let what = format!("CPU of {name}{encoding} against {peer}, {way}");
                    let ours = find(rows, &format!("{name}{encoding}"));
                    let theirs = find(rows, &format!("{peer}{encoding}"));
                    let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
                    let share = of(ours).median / of(theirs).median;
                    all.push(Verdict::at_most(&what, share, targets::SHARE_OF_PEER, write::share));
                }
            }
        }
    }
    for (way, of) in WAYS {
        for encoding in ["", GZIP] {
            let what = format!("CPU of {OWN}{encoding} / of {EARLIER}, {way}");
            let ours = find(rows, &format!("{OWN}{encoding}"));
            let theirs = find(rows, &format!("{EARLIER}{encoding}"));
            let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
            let share = of(ours).median / of(theirs).median;
            all.push(Verdict::at_most(&what, share, targets::EARLIER, write::ratio));
        }
    }
    for (way, of) in WAYS {
        for name in [OWN, NODE] {
            let what = format!("(CPU − echo) / reading alone, {name}, {way}");
            let echo = find(rows, &format!("echo of the size of {name}"));
            let (Some(ours), Some(echo), Some(floor)) =
                (find(rows, name), echo, find(rows, &floor_of(name)))
            else {
                all.push(Verdict::skipped(
                    &what,
                    "the reads could not be traced; is there strace?",
                ));
                continue;
            };
            let over = (of(ours).median - of(echo).median) / of(floor).median;
            all.push(Verdict::at_most(&what, over, targets::OVER_FLOOR, write::ratio));
        }
    }
    for (way, of) in WAYS {
        for name in [OWN, NODE] {
            let what = format!("CPU of {name} gzip / plain, {way}");
            let (Some(packed), Some(plain)) =
                (find(rows, &format!("{name}{GZIP}")), find(rows, name))
            else {
                continue;
            };
            let over = of(packed).median / of(plain).median;
            all.push(Verdict::at_most(&what, over, targets::GZIP, write::ratio));
        }
    }
    all
}
