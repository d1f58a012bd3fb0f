//! Plots: width, time, the selected instant, and what survives a reload.

use crate::common::browser::Browser;
use crate::common::wait_until;
use crate::page::fake::{Fake, disk, interface};
use crate::page::{LIVE, number, open_at, poll_often, prepare, wait_for_polls};
use crate::support::CALM;

/// The figures between `x` and `y` of a path.
const POINTS: &str = "const points = e => e.getAttribute('d').match(/[\\d.]+ [\\d.]+/g).map(p => p.split(' ').map(Number)); \
    const line = (part, i) => document.querySelectorAll(part + ' .plot path')[i];";

#[test]
fn plots_fill_the_width_and_have_a_time_axis() {
    let agent = Fake::new(CALM);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    poll_often(&mut browser);
    open_at(&mut browser, &agent.url());
    let ends = |part: &str, i: u32| {
        format!(
            "(() => {{ {POINTS} const p = points(line('{part}', {i})).map(p => p[0]); \
                 return Math.min(...p) + ' ' + Math.max(...p); }})()"
        )
    };
    // From the first sample on, and from the first rate on.
    assert_eq!(browser.text(&ends("#memory", 0)), "0 300");
    browser.wait_for("(line => line.getAttribute('d'))(document.querySelector('#disks .plot path + path'))?.length > 0");
    assert_eq!(browser.text(&ends("#disks", 1)), "0 300");
    // Reading and writing have one scale: what is written is a quarter of what is read.
    browser.wait_for("document.querySelector('#disks .key b').textContent === '1.0 MB/s'");
    let heights = format!(
        "(() => {{ {POINTS} const of = i => 100 - points(line('#disks', i)).pop()[1]; return of(1) / of(2); }})()"
    );
    let ratio = number(&mut browser, &heights);
    assert!((ratio - 4.0).abs() < 0.2, "{ratio}");
    assert_eq!(browser.text("document.querySelector('#disks .top').textContent"), "1 MB/s");
    assert_eq!(
        browser.text("[...document.querySelectorAll('#disks .key li')].map(li => li.innerText.replace(/\\n/g, ' ')).join('|')"),
        "read peak 1.0 MB/s 1.0 MB/s|write peak 250 kB/s 250 kB/s|busy peak 10 % 10 %"
    );
    // Whole minutes on the axis, in the clock of whoever looks.
    let axis =
        "[...document.querySelectorAll('#memory .axis text')].map(t => t.textContent).join('|')";
    wait_until("five minutes", || {
        let labels = browser.text(axis);
        labels.split('|').count() >= 4 && labels.split('|').all(|label| label.len() == 5)
    });
    let mine = "(t => new Date(t * 1e3).toTimeString().slice(0, 5))";
    let labels = browser.text(axis);
    let hour = browser.text(&format!("{mine}(1795255200 + 300)"));
    assert!(labels.contains(&hour[..3]), "{labels}: {hour}");
    let first = number(
        &mut browser,
        &format!("(() => {{ {POINTS} return points(line('#memory', 0))[0][0]; }})()"),
    );
    assert_eq!(first, 0.0);
    // Time without answers is a gap, not a line.
    let pieces =
        "document.querySelectorAll('#memory .plot path')[0].getAttribute('d').match(/M/g).length";
    assert_eq!(number(&mut browser, pieces), 1.0);
    agent.pass(30.0);
    browser.wait_for(&format!("{pieces} === 2"));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// A machine of which each answer is different: 10, 20, 30 … kB/s.
const STEPS: fn(f64) -> String = |t| {
    let all = |t: f64| t * t * 1e3;
    format!(r#""network":[{}]"#, interface("eth0", 1.0, all(t), Some(true), 0.0))
};

#[test]
fn an_instant_is_chosen_by_pointer_finger_and_keys() {
    let agent = Fake::new(STEPS);
    let mut browser = Browser::start();
    browser.show_at(1280, 2000, "light");
    poll_often(&mut browser);
    open_at(&mut browser, &agent.url());
    wait_for_polls(&mut browser, 20);
    // Nothing moves any more.
    browser.evaluate("document.getElementById('pause').click()");
    browser.wait_for("document.getElementById('state').textContent === 'Paused'");
    let note = "document.querySelector('#network figcaption span').textContent";
    let value = "document.querySelector('#network .key b').textContent";
    let (latest, caption) = (browser.text(value), browser.text(note));
    assert_eq!(caption, "");
    // As the browser does it, at whatever stands there: a page that is not in front has no pointer.
    browser.evaluate(
        "window.point = (share, kind) => { \
           const r = document.querySelector('#network .plot').getBoundingClientRect(); \
           const at = { clientX: r.left + r.width * share, clientY: r.top + r.height / 2, bubbles: true }; \
           const target = document.elementFromPoint(at.clientX, at.clientY) || document.body; \
           const touch = () => [new Touch({ identifier: 1, target, clientX: at.clientX, clientY: at.clientY })]; \
           target.dispatchEvent(kind === 'mousemove' ? new MouseEvent(kind, at) : new TouchEvent(kind, { touches: touch(), bubbles: true })); }",
    );
    let mut seen = vec![latest.clone()];
    browser.evaluate("point(.5, 'mousemove')");
    assert!(browser.text(note).starts_with("at "));
    seen.push(browser.text(value));
    // The same instant is told everywhere.
    let all = "new Set([...document.querySelectorAll('figcaption > span:nth-child(2)')].map(e => e.textContent)).size";
    assert_eq!(number(&mut browser, all), 1.0);
    browser.evaluate("point(-2, 'mousemove')");
    assert_eq!(browser.text(note), "");
    assert_eq!(browser.text(value), latest);
    // A finger, which may move on.
    browser.evaluate("point(.25, 'touchstart')");
    assert!(browser.text(note).starts_with("at "));
    seen.push(browser.text(value));
    browser.evaluate("point(.75, 'touchmove')");
    assert_ne!(&browser.text(value), &seen[2]);
    browser.evaluate("point(-2, 'touchstart')");
    assert_eq!(browser.text(note), "");
    // Keys: from the latest backwards, and to both ends.
    browser.evaluate("document.querySelector('#network .plot').focus()");
    browser.press("Home", 36, "");
    browser.wait_for(&format!("{note}.startsWith('at ')"));
    browser.press("ArrowRight", 39, "");
    browser.press("ArrowRight", 39, "");
    seen.push(browser.text(value));
    browser.press("End", 35, "");
    assert_eq!(browser.text(value), latest);
    browser.press("ArrowLeft", 37, "");
    seen.push(browser.text(value));
    let status = browser.text("document.getElementById('told').textContent");
    assert!(status.starts_with("eth0, last") && status.contains(&seen[4]), "{status}");
    browser.evaluate("document.activeElement.blur()");
    browser.wait_for(&format!("{note} === ''"));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5, "{seen:?}");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn plots_outlive_a_reload_and_only_that() {
    let agent = Fake::new(CALM).by_the_clock();
    let mut browser = Browser::start();
    open_at(&mut browser, &agent.url());
    wait_for_polls(&mut browser, 3);
    let points = "document.querySelectorAll('#memory .plot path')[0].getAttribute('d').match(/L/g).length / 2";
    let before = number(&mut browser, points);
    assert!(before >= 3.0, "{before}");
    let reload = |browser: &mut Browser| {
        browser.evaluate("window.old = 1");
        browser.command("Page.reload", "{}");
        // Between the pages there is a moment without either.
        let there = "!window.old && document.querySelector('#state')?.textContent === 'Live'";
        browser.wait_for(there);
    };
    reload(&mut browser);
    let after = number(&mut browser, points);
    assert!(after >= before, "{before}, then {after}");
    // Another process is another machine, perhaps: it begins anew.
    agent.restart(712);
    reload(&mut browser);
    assert!(number(&mut browser, points) <= 2.0);
    // What is kept is kept by the browser, for this page alone.
    assert_eq!(browser.text("Object.keys(sessionStorage).join()"), "sysmetrics1 /status");
    assert_eq!(browser.text("Object.keys(localStorage).join() + document.cookie"), "");
    // Junk in it does no harm.
    for junk in ["null", "{", "7", "{\\\"pid\\\":712}"] {
        browser.evaluate(&format!(
            "addEventListener('pagehide', () => sessionStorage.setItem('sysmetrics1 /status', \"{junk}\"))"
        ));
        reload(&mut browser);
    }
    assert_eq!(browser.complaints(), [""; 0]);
    // Nor does a browser that keeps nothing.
    prepare(
        &mut browser,
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no'); } });",
    );
    reload(&mut browser);
    assert_eq!(browser.complaints(), [""; 0]);
}

/// In a container every agent has the same number: one that started anew while nobody looked is told by
/// the clocks, and what was counted meanwhile is no rate of now.
#[test]
fn a_container_that_started_anew_makes_no_spike() {
    let agent = Fake::new(CALM);
    let mut browser = Browser::start();
    prepare(
        &mut browser,
        "window.later = 0; { const clock = Date.now; Date.now = () => clock() + later; }",
    );
    poll_often(&mut browser);
    open_at(&mut browser, &agent.url());
    wait_for_polls(&mut browser, 4);
    let peak = "document.querySelector('#disks .key .sub').textContent";
    assert_eq!(browser.text(peak), "peak 1.0 MB/s");
    browser.evaluate("document.getElementById('pause').click(); later = 300000");
    agent.figures(|t| format!("\"disks\":[{}]", disk("mmcblk0", t + 300.0, 1e6, false, 32e9)));
    browser.evaluate("document.getElementById('pause').click()");
    browser.wait_for(LIVE);
    wait_for_polls(&mut browser, 4);
    assert_eq!(browser.text(peak), "peak 1.0 MB/s");
    assert_eq!(browser.complaints(), [""; 0]);
}
