//! Pushed series: how fast one client pushes batches, and what very many live ones cost.

use crate::client::Client;
use crate::found::{Effort, Found};
use crate::programs::{self, Dialect, Programs};
use crate::server::Server;
use crate::stats::Summary;
use crate::targets::{self, Verdict, write};
use std::io;
use std::ops::Range;
use std::time::Instant;

/// Series in one request.
const BATCH: usize = 100;

/// Series that the fast client pushes again and again.
const FEW: usize = 1000;

/// Series that live at a time where there are very many: as many as the settings allow.
const MANY: usize = 100_000;

/// Pushes before any is measured.
const WARM_UP: usize = 500;

/// Series of one family.
const FAMILY: usize = 1000;

/// Scrapes of very many series.
const SCRAPES: usize = 31;

/// Both figures.
pub fn measure(programs: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    let arguments = programs::agent_arguments(&programs.agent, Dialect::Own);
    speed(&programs::start(&arguments)?, effort.pushes, found)?;
    live(&programs::start(&arguments)?, found)
}

/// One keep-alive client adds to counters that are there, as fast as it can.
fn speed(server: &Server, rounds: usize, found: &mut Found) -> io::Result<()> {
    let requests: Vec<_> = batches(0..FEW).collect();
    let mut client = server.client(false)?;
    // Series are made, buffers find their sizes.
    for request in requests.iter().cycle().take(WARM_UP) {
        push(&mut client, request)?;
    }
    let (memory, cpu, start) = (server.memory(), server.cpu(), Instant::now());
    for request in requests.iter().cycle().take(rounds) {
        push(&mut client, request)?;
    }
    let (wall, cpu) = (start.elapsed().as_nanos() as f64, (server.cpu() - cpu) as f64);
    let growth = server.memory().anonymous as i64 - memory.anonymous as i64;
    let pushed = (rounds * BATCH) as f64;
    let what = "series pushed a second, batches of 100, one client on the same CPU";
    let rate = pushed / wall * 1e9;
    found.verdicts.push(Verdict::at_least(what, rate, targets::PUSHES, write::whole));
    let what = format!("growth of RssAnon over {rounds} pushes of known series");
    found.at_most(&what, growth as f64, targets::GROWTH as f64, write::kilobytes);
    let lost = (WARM_UP * BATCH) as f64 + pushed - total(&mut client)?;
    found.at_most("pushed samples lost", lost, 0.0, write::plain);
    found.facts.push(format!(
        "pushes of {BATCH} known series ({} bytes): {rate:.0} series/s, client and agent on one CPU; \
         {:.2} µs of the agent's CPU a series",
        requests.first().map_or(0, Vec::len),
        cpu / pushed / 1e3,
    ));
    Ok(())
}

/// Very many series live: their memory, and what a scrape of them takes.
fn live(server: &Server, found: &mut Found) -> io::Result<()> {
    let mut client = server.client(false)?;
    // Buffers find their sizes without counting as series.
    for request in batches(0..FEW) {
        push(&mut client, &request)?;
    }
    let before = server.memory().resident;
    for request in batches(FEW..MANY) {
        push(&mut client, &request)?;
    }
    let after = server.memory().resident;
    let each = |until: u64| until.saturating_sub(before) as f64 / (MANY - FEW) as f64;
    let (mut took, mut used, mut body) = (Vec::new(), Vec::new(), 0);
    client.scrape()?;
    for _ in 0..SCRAPES {
        let cpu = server.cpu();
        let answer = client.scrape()?;
        body = answer.body;
        took.push(answer.took.as_nanos() as f64);
        used.push((server.cpu() - cpu) as f64);
    }
    let (took, used) = (Summary::of(&took), Summary::of(&used));
    let scraped = server.memory().resident;
    for (when, memory) in [("before any scrape", after), ("once scraped", scraped)] {
        let what = format!("RSS a live pushed series, of 100 000, {when}");
        found.at_most(&what, each(memory), targets::SERIES, write::bytes);
    }
    let what = "a scrape of 100 000 live pushed series, until the client has it";
    found.at_most(what, took.median, targets::SCRAPE_OF_MANY, write::millis);
    found.facts.push(format!(
        "{MANY} live pushed series: RSS {} before, {} after, {} once scraped; a scrape ({body} bytes): \
         {} of the agent's CPU, {} until the client on the same CPU has it ({}–{})",
        write::kilobytes(before as f64),
        write::kilobytes(after as f64),
        write::kilobytes(scraped as f64),
        write::millis(used.median),
        write::millis(took.median),
        write::millis(took.min),
        write::millis(took.max),
    ));
    Ok(())
}

/// Requests that add one to each of these series.
fn batches(series: Range<usize>) -> impl Iterator<Item = Vec<u8>> {
    let starts = series.clone().step_by(BATCH);
    starts.map(move |start| {
        let entries = (start..(start + BATCH).min(series.end)).map(|n| {
            format!(
                "{{\"name\":\"bench_{:03}_total\",\"type\":\"counter\",\"value\":1,\
                 \"help\":\"Requests.\",\"labels\":{{\"host\":\"box-{:04}\",\"zone\":\"z{}\"}}}}",
                n / FAMILY,
                n % FAMILY,
                n % 7,
            )
        });
        let body = format!("[{}]", entries.collect::<Vec<_>>().join(","));
        let length = body.len();
        format!(
            "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    })
}

/// Pushes a batch, all of which is to be accepted.
fn push(client: &mut Client, request: &[u8]) -> io::Result<()> {
    client.exchange(request)?;
    let said = client.body();
    if said.starts_with(format!("{{\"accepted\":{BATCH},\"refused\":0,").as_bytes()) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(said.get(..200).unwrap_or(said)).into_owned();
    Err(io::Error::other(format!("expected {BATCH} accepted, the agent said {said:?}")))
}

/// All that was pushed, added up, as a scrape has it.
fn total(client: &mut Client) -> io::Result<f64> {
    client.scrape()?;
    let text = String::from_utf8_lossy(client.body());
    let ours = text.lines().filter(|line| line.starts_with("bench_"));
    Ok(ours.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}
