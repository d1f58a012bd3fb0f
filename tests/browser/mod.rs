//! Shared by the tests of the status page: how it is opened, and what holds in every state.
#![allow(dead_code)] // no test file uses all of it

pub mod fake;

use super::common::browser::{Browser, quoted};
use super::common::json::Json;
use super::common::{Agent, Temp, wait_until};
use std::fs;
use std::path::PathBuf;

/// Windows: the narrowest that WCAG asks for, a phone, a usual screen and a wide one.
pub const WINDOWS: [(u32, u32); 4] = [(320, 640), (390, 844), (1280, 800), (1920, 1080)];

pub const LIVE: &str = "document.getElementById('state').textContent === 'Live'";

/// Everything that is drawn.
pub const DRAWN: &str =
    "[...document.querySelectorAll('path')].map(p => p.getAttribute('d')).join()";

pub fn open(browser: &mut Browser, agent: &Agent) {
    open_at(browser, &format!("http://{}/status", agent.address()));
}

pub fn open_at(browser: &mut Browser, url: &str) {
    browser.open(url);
    browser.wait_for(LIVE);
}

/// How often the page has asked for figures.
pub fn polls(browser: &mut Browser) -> usize {
    browser.complaints();
    browser.requests().iter().filter(|url| url.ends_with("/api/status")).count()
}

/// Lets the page ask `more` times.
pub fn wait_for_polls(browser: &mut Browser, more: usize) {
    let before = polls(browser);
    wait_until("the page to ask", || polls(browser) >= before + more);
}

/// Where pictures are written: gone with the test unless somebody wants to look at them.
pub fn screenshots(kept: &Temp) -> PathBuf {
    std::env::var_os("SCREENSHOTS").map_or(kept.path(""), PathBuf::from)
}

/// Pages that are opened from now on do this first.
pub fn prepare(browser: &mut Browser, script: &str) {
    let source = format!("{{\"source\":{}}}", quoted(script));
    browser.command("Page.addScriptToEvaluateOnNewDocument", &source);
}

/// The clock of pages that are opened from now on runs so many times as fast, and so does that of
/// the agent as they see it.
pub fn hurry(browser: &mut Browser, times: u32) {
    let fast = format!(
        "const wait = setTimeout.bind(window), ask = fetch.bind(window), clock = Date.now, first = clock(); \
         window.setTimeout = (f, t) => wait(f, t / {times}); \
         Date.now = () => first + {times} * (clock() - first); \
         window.fetch = async (...a) => {{ const r = await ask(...a), json = r.json.bind(r); \
           r.json = async () => {{ const j = await json(); if (j.monotonic) j.monotonic *= {times}; return j; }}; \
           return r; }};"
    );
    prepare(browser, &fast);
}

/// Waits between two questions are a twentieth: for an agent whose clock goes by questions.
pub fn poll_often(browser: &mut Browser) {
    prepare(
        browser,
        "{ const wait = setTimeout.bind(window); window.setTimeout = (f, t) => wait(f, t / 20); }",
    );
}

pub fn number(browser: &mut Browser, expression: &str) -> f64 {
    match browser.evaluate(expression) {
        Json::Number(n) => n,
        other => panic!("{expression}: {other:?}"),
    }
}

/// In every window, in both schemes: nothing is too wide, and everything can be read.
pub fn assert_fits_everywhere(browser: &mut Browser, name: &str, shots: &std::path::Path) {
    for (width, height) in WINDOWS {
        for scheme in ["light", "dark"] {
            browser.show_at(width, height, scheme);
            let wide = number(browser, "document.documentElement.scrollWidth - innerWidth");
            assert!(wide <= 0.0, "{name} {width}: {wide} pixels too wide");
            let out = browser.text(
                "[...document.querySelectorAll('main *, header *, #health *')].filter(e => \
                 e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + .5)\
                 .map(e => e.outerHTML).join()",
            );
            assert_eq!(out, "", "{name} {width}");
            assert_legible(browser, width, scheme);
            assert_eq!(browser.text(BROKEN), "", "{name} {width}: words in pieces");
            let picture = browser.picture(true);
            fs::write(shots.join(format!("{name}-{width}-{scheme}.png")), picture).unwrap();
        }
    }
}

/// Words, not paths and addresses, that stand on two lines.
const BROKEN: &str = "(() => {
    const found = [], range = document.createRange();
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; node = walk.nextNode();) {
        const room = node.parentElement.getBoundingClientRect();
        // What is for screen readers is one pixel wide.
        if (room.width < 2 || node.parentElement.matches('script, style')) continue;
        for (const word of node.data.matchAll(/(?<![^\\s])[A-Za-z_]{2,14}(?![^\\s,;:])/g)) {
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) found.push(word[0]);
        }
    }
    return found.join();
})()";

/// Texts have the contrast that WCAG AA asks for, 4.5 to 1, against what they stand on. The tint of
/// the verdict is reckoned in.
pub fn assert_legible(browser: &mut Browser, width: u32, scheme: &str) {
    let poor = browser.text(
        "(() => {
            const rgb = c => c.match(/[\\d.]+/g).map(Number);
            const light = c => c.slice(0, 3).map(n => n / 255)
                .map(n => n <= .04045 ? n / 12.92 : ((n + .055) / 1.055) ** 2.4)
                .reduce((sum, n, i) => sum + n * [.2126, .7152, .0722][i], 0);
            const ground = e => {
                for (; e; e = e.parentElement) {
                    const c = rgb(getComputedStyle(e).backgroundColor);
                    if (c[3] === 0) continue;
                    if (e.id !== 'health') return c;
                    const over = getComputedStyle(e, '::before'), tint = rgb(over.backgroundColor);
                    return c.map((n, i) => n + (tint[i] - n) * over.opacity);
                }
                return [255, 255, 255];
            };
            const texts = [...document.querySelectorAll('body *')]
                .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
                .filter(e => e.getClientRects().length && !e.matches('script, style'));
            return texts.filter(e => {
                const style = getComputedStyle(e), [a, b] = [light(rgb(e.localName === 'text' ? style.fill : style.color)), light(ground(e))];
                return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5;
            }).map(e => e.outerHTML).join('\\n');
        })()",
    );
    assert_eq!(poor, "", "{width} {scheme}");
}

/// What a screen reader has to go by.
pub fn assert_announced(browser: &mut Browser) {
    let lacking = browser.text(
        "[...document.querySelectorAll('section, table')].filter(e => !e.getAttribute('aria-label'))
            .concat([...document.querySelectorAll('svg:not([aria-hidden=true])')].filter(e => e.getAttribute('role') !== 'img'
                || !e.getAttribute('aria-label')))
            .concat([...document.querySelectorAll('.plot')].filter(e => !e.getAttribute('aria-label').includes('Now:')))
            .concat([...document.querySelectorAll('th')].filter(e => !e.scope))
            .concat([...document.querySelectorAll('input')].filter(e => !e.labels.length))
            .map(e => e.outerHTML).join('\\n')",
    );
    assert_eq!(lacking, "");
    for (landmark, count) in
        [("header", 1.0), ("main", 1.0), ("footer", 1.0), ("h1", 1.0), ("[role=status]", 1.0)]
    {
        assert_eq!(
            number(browser, &format!("document.querySelectorAll('{landmark}').length")),
            count
        );
    }
}
