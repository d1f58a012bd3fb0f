//! The status page in headless Chromium: in both themes, on a phone and on a wide screen, by keyboard, while the
//! agent stops and starts. `SCREENSHOTS=DIR` keeps the pictures.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "browser/mod.rs"]
mod page;
#[path = "status_page/sections.rs"]
mod sections;

use common::browser::{Browser, quoted};
use common::json::Json;
use common::{Agent, Temp};
use page::{
    DRAWN, LIVE, WINDOWS, assert_announced, assert_legible, hurry, number, open, polls,
    screenshots, wait_for_polls,
};
use std::fs;

#[test]
fn the_plots_move_in_every_window() {
    let (agent, kept) = (Agent::start(), Temp::new());
    let shots = screenshots(&kept);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    hurry(&mut browser, 8);
    open(&mut browser, &agent);
    browser.wait_for(&format!("{DRAWN}.length > 200"));
    for (width, height) in WINDOWS {
        for scheme in ["light", "dark"] {
            browser.show_at(width, height, scheme);
            let before = (browser.text(DRAWN), browser.picture(true));
            // A machine that reads its own figures works.
            wait_for_polls(&mut browser, 2);
            browser.wait_for(&format!("{DRAWN} !== {}", quoted(&before.0)));
            let after = browser.picture(true);
            assert_ne!(before.1, after, "{width} {scheme}: the picture");
            fs::write(shots.join(format!("{width}-{scheme}.png")), after).unwrap();
            let wide = number(&mut browser, "document.documentElement.scrollWidth - innerWidth");
            assert!(wide <= 0.0, "{width} {scheme}: {wide} pixels too wide");
            let dark = "matchMedia('(prefers-color-scheme: dark)').matches";
            assert_eq!(browser.evaluate(dark), Json::Bool(scheme == "dark"));
            assert_legible(&mut browser, width, scheme);
        }
    }
    assert_eq!(browser.complaints(), [""; 0]);
    let here = format!("http://{}/", agent.address());
    let elsewhere: Vec<_> =
        browser.requests().into_iter().filter(|url| !url.starts_with(&here)).collect();
    assert!(elsewhere.iter().all(|url| url.starts_with("data:")), "{elsewhere:?}");
}

#[test]
fn the_keyboard_reaches_everything_in_order() {
    let agent = Agent::plan().machine("box").start();
    let mut browser = Browser::start();
    browser.show_at(360, 740, "light");
    open(&mut browser, &agent);
    let focusable = "[...document.querySelectorAll('a[href], button, summary, input, svg[tabindex]')]\
        .filter(e => e.getClientRects().length && !e.closest('details:not([open]) > :not(summary)'))\
        .map(e => e.textContent || e.id).join('|')";
    let expected = browser.text(focusable);
    assert!(
        expected.starts_with(
            "Skip to the figures|Pause|CPU|Memory|File systems|Temperatures|Host|Starts and supply|Clock|\
             Flash and disks that wear|Disks|Network|Sensors|"
        ),
        "{expected}"
    );
    let count = expected.split('|').count();
    let mut reached = Vec::new();
    for _ in 0..count {
        browser.press("Tab", 9, "");
        reached
            .push(browser.text("document.activeElement.textContent || document.activeElement.id"));
        let seen = browser.text(
            "(() => {
                const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e);
                const inside = r.width > 0 && r.left >= 0 && r.right <= innerWidth && r.top >= -1 && r.bottom <= innerHeight + 1;
                return (e.textContent || e.id) + ' ' + s.outlineStyle + ' ' + (parseFloat(s.outlineWidth) >= 2) + ' ' + inside + (inside ? '' : JSON.stringify([r, innerHeight, document.body.scrollHeight]));
            })()",
        );
        assert!(seen.ends_with(" solid true true"), "{seen}");
    }
    assert_eq!(reached.join("|"), expected);
    // The skip link leads to the figures.
    browser.evaluate("document.querySelector('.skip').focus()");
    browser.press("Enter", 13, "\r");
    browser.wait_for("document.activeElement.id === 'main'");
    // Paused, it does not ask.
    browser.evaluate("document.getElementById('pause').focus()");
    browser.press("Enter", 13, "\r");
    browser.wait_for("document.getElementById('state').textContent === 'Paused'");
    let requests = polls(&mut browser);
    std::thread::sleep(std::time::Duration::from_secs(3)); // longer than between two questions
    assert_eq!(polls(&mut browser), requests);
    browser.press("Enter", 13, "\r");
    browser.wait_for(LIVE);
    assert!(polls(&mut browser) > requests);
    assert_announced(&mut browser);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn the_page_survives_a_restart_of_the_agent() {
    let (agent, kept) = (Agent::plan().machine("box").start(), Temp::new());
    let shots = screenshots(&kept);
    let address = agent.address();
    let mut browser = Browser::start();
    open(&mut browser, &agent);
    drop(agent);
    browser.wait_for("/^No answer since .*\\d/.test(document.getElementById('state').textContent)");
    let state = browser.text("document.getElementById('state').textContent");
    for (width, height) in WINDOWS {
        for scheme in ["light", "dark"] {
            browser.show_at(width, height, scheme);
            assert_legible(&mut browser, width, scheme);
            let picture = browser.picture(false);
            fs::write(shots.join(format!("lost-{width}-{scheme}.png")), picture).unwrap();
        }
    }
    wait_for_polls(&mut browser, 2);
    assert_eq!(browser.text("document.getElementById('state').textContent"), state, "since then");
    // The browser itself notes that nobody answers.
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|c| c.contains("ERR_CONNECTION_REFUSED")), "{complaints:?}");
    browser.forgive();
    let file = format!("[server]\nlisten = \"{address}\"\n");
    let agent = Agent::plan().machine("many").file(&file).start();
    browser.wait_for(LIVE);
    browser.wait_for("document.querySelectorAll('#disks figure').length === 24");
    browser.wait_for("document.querySelector('#disks summary').textContent.startsWith('16 more')");
    browser.forgive();
    wait_for_polls(&mut browser, 2);
    assert_eq!(browser.complaints(), [""; 0]);
    drop(agent);
}

#[test]
fn a_hidden_page_sends_no_requests() {
    let agent = Agent::plan().machine("box").start();
    let mut browser = Browser::start();
    open(&mut browser, &agent);
    let look = |state: &str| {
        format!(
            "Object.defineProperty(document, 'visibilityState', {{ get: () => '{state}', configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    browser.evaluate(&look("hidden"));
    let requests = polls(&mut browser);
    std::thread::sleep(std::time::Duration::from_secs(3)); // longer than between two questions
    assert_eq!(polls(&mut browser), requests);
    browser.evaluate(&look("visible"));
    wait_for_polls(&mut browser, 2);
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Five minutes in seconds.
#[test]
fn the_ring_is_bounded() {
    let agent = Agent::start();
    let mut browser = Browser::start();
    hurry(&mut browser, 100);
    open(&mut browser, &agent);
    for _ in 0..10 {
        wait_for_polls(&mut browser, 20);
    }
    // An area has its points twice, and begins one interval before the first.
    let points = "Math.max(...[...document.querySelectorAll('#memory path:not(.g):not(.c)')]\
        .map(p => (p.getAttribute('d').match(/L/g) || []).length))";
    let points = number(&mut browser, points);
    assert!((1.0..=161.0).contains(&(points / 2.0)), "{points}");
    let first = "Math.min(...[...document.querySelectorAll('path')]\
        .flatMap(p => p.getAttribute('d').match(/[\\d.]+(?= )/g) || []).map(Number))";
    let first = number(&mut browser, first);
    assert!(first >= 0.0, "{first}: before the plot begins");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn without_scripts_the_page_links_to_the_figures() {
    let agent = Agent::plan().machine("box").start();
    let mut browser = Browser::start();
    browser.command("Emulation.setScriptExecutionDisabled", "{\"value\":true}");
    browser.open(&format!("http://{}/status", agent.address()));
    let text = browser.text("document.querySelector('noscript').innerText");
    assert!(text.contains("/metrics") && text.contains("/api/status"), "{text}");
    assert_eq!(polls(&mut browser), 0);
}
