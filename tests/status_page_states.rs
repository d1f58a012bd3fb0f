//! The states of the status page, in headless Chromium, with an agent that the test makes: well,
//! failing, firing, away; forty disks; reloads; a prefix; old browsers. `SCREENSHOTS=DIR` keeps the
//! pictures.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "browser/mod.rs"]
mod page;

use common::browser::Browser;
use common::json::Json;
use common::{Agent, Temp, wait_until};
use page::fake::{Fake, Figures, disk, interface};
use page::{
    LIVE, ask_often, assert_fits_everywhere, assert_told, number, open, open_at, polls, prepare,
    screenshots, wait_for_polls,
};

const VERDICT: &str = "document.querySelector('#health h2').textContent";

const CALM: fn(f64) -> String = |_| String::new();

const FAILING: fn(f64) -> String = |_| {
    r#""health":"failing","reasons":[{"part":"collector","name":"disk","reason":"/proc/diskstats: permission denied"}],
    "notes":[{"part":"target","name":"api","reason":"<b>connection refused</b>"}]"#
        .to_owned()
};

const FIRING: fn(f64) -> String = |_| {
    r#""alerts":[{"alertname":"Slow","alertstate":"pending"},{"alertname":"DiskFull","alertstate":"firing","device":"sda"}]"#
        .to_owned()
};

const NOTES: fn(f64) -> String =
    |_| r#""notes":[{"part":"target","name":"api","reason":"connection refused"}]"#.to_owned();

/// What no kernel needs to have is a note that leaves all well.
const UNSUPPORTED: fn(f64) -> String = |_| {
    r#""notes":[{"part":"collector","name":"pressure","reason":"this kernel does not offer it"}]"#
        .to_owned()
};

/// Title, class of the verdict and of the mark, and the icon.
fn signs(browser: &mut Browser) -> String {
    browser.text(
        "[document.title, document.getElementById('health').className, document.getElementById('state').className, \
         getComputedStyle(document.getElementById('state')).color, document.getElementById('icon').href].join('|')",
    )
}

#[test]
fn the_verdict_is_seen_at_once() {
    let (agent, kept) = (Fake::new(CALM), Temp::new());
    let shots = screenshots(&kept);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    ask_often(&mut browser);
    open_at(&mut browser, &agent.url());
    assert_eq!(browser.text(VERDICT), "All is well");
    let well = signs(&mut browser);
    let green = well.split('|').nth(3).unwrap().to_owned();
    assert!(well.starts_with("router – sysmetrics|good|good|rgb("), "{well}");
    assert!(well.contains("data:image/svg+xml"), "{well}");
    assert_fits_everywhere(&mut browser, "well", &shots);
    browser.show_at(1280, 800, "light");

    let cases = [
        (UNSUPPORTED as fn(f64) -> String, "All is well", "good", "pressure"),
        (NOTES, "Working, with 1 note", "warn", "target api: connection refused"),
        (FIRING, "1 firing", "bad", "DiskFull: device=sda"),
        (FAILING, "1 failing", "bad", "collector disk: /proc/diskstats: permission denied"),
    ];
    for (figures, verdict, class, told) in cases {
        agent.figures(figures);
        let is_told = format!(
            "{VERDICT} === '{verdict}' && document.getElementById('health').textContent.includes('{told}')"
        );
        browser.wait_for(&is_told);
        let now = signs(&mut browser);
        let [title, health, state, colour, icon] = now.split('|').collect::<Vec<_>>()[..] else {
            panic!("{now}")
        };
        assert_eq!((health, state), (class, class), "{verdict}");
        assert_eq!(colour == green, class == "good", "{verdict}: {now}");
        assert_eq!(icon == well.split('|').nth(4).unwrap(), class == "good", "{verdict}");
        let alarm = if class == "bad" { format!("{verdict} – router") } else { "router".into() };
        assert!(title.starts_with(&alarm), "{verdict}: {title}");
        assert_eq!(browser.evaluate(LIVE), Json::Bool(true));
        assert_told(&mut browser);
        assert_fits_everywhere(&mut browser, verdict, &shots);
        browser.show_at(1280, 800, "light");
    }
    // Reasons, then alerts, then notes; and no text becomes markup.
    let faults = "[...document.querySelectorAll('#health li')].map(li => li.innerText).join('|')";
    assert_eq!(
        browser.text(faults).replace('\n', ""),
        "failingcollector disk: /proc/diskstats: permission denied|\
         notetarget api: <b>connection refused</b>"
    );

    agent.go_away(true);
    browser.wait_for(&format!("{VERDICT} === 'No contact'"));
    let now = signs(&mut browser);
    assert!(now.starts_with("No contact – router"), "{now}");
    assert!(!now.contains(&green), "{now}");
    assert!(now.contains("|bad|bad|"), "{now}");
    assert_fits_everywhere(&mut browser, "no-contact", &shots);
    browser.show_at(1280, 800, "light");
    agent.go_away(false);
    agent.figures(CALM);
    browser.wait_for(LIVE);
    assert_eq!(signs(&mut browser), well);
}

/// What a screen reader says by itself: the verdict when it changes, and nothing every two seconds.
#[test]
fn it_speaks_only_of_changes() {
    let agent = Fake::new(CALM);
    let mut browser = Browser::start();
    ask_often(&mut browser);
    open_at(&mut browser, &agent.url());
    browser.evaluate(
        "window.said = []; for (const e of document.querySelectorAll('[aria-live], [role=status]')) \
         new MutationObserver(() => said.push(e.textContent)).observe(e, {childList: true, characterData: true, subtree: true})",
    );
    wait_for_polls(&mut browser, 5);
    assert_eq!(number(&mut browser, "said.length"), 0.0);
    agent.figures(FAILING);
    browser.wait_for(&format!("{VERDICT} === '1 failing'"));
    wait_for_polls(&mut browser, 5);
    assert_eq!(browser.text("said.join('|')"), "1 failing");
}

#[test]
fn an_agent_that_fails_is_never_green() {
    let proc = Temp::proc_of("box");
    proc.write("meminfo", "nonsense\n");
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine("box").arg(procfs).start();
    assert_eq!(agent.get("/api/health").status, 503);
    let mut browser = Browser::start();
    open(&mut browser, &agent);
    let now = signs(&mut browser);
    assert!(now.contains("failing – "), "{now}");
    assert!(now.contains("|bad|bad|"), "{now}");
    let told = browser.text("document.getElementById('health').innerText");
    assert!(told.contains("collector memory") && told.contains("/proc/meminfo"), "{told}");
}

/// Forty disks and sixty interfaces, of which few do anything.
const MANY: fn(f64) -> String = |t| {
    let disks = (0..40).map(|i| match i {
        0..30 => disk(&format!("sd{i}"), t, if i < 5 { 1e6 } else { 0.0 }, false, 4e12),
        30..36 => disk(&format!("sd0p{i}"), t, 1e6, true, 1e12),
        36..38 => disk(&format!("loop{i}"), t, 1e6, false, 1e9),
        _ => disk(&format!("sr{i}"), t, 0.0, false, 0.0),
    });
    let network = (0..60).map(|i| {
        let name = if i < 50 { format!("veth{i:04x}abcd") } else { format!("eth{i}") };
        let (rate, dropped) = (if i < 3 { 1e6 } else { 0.0 }, if i == 1 { t } else { 0.0 });
        interface(&name, t, rate, Some(i < 50), dropped)
    });
    let (disks, network): (Vec<_>, Vec<_>) = (disks.collect(), network.collect());
    let cores = (0..64).map(|i| {
        format!(r#"{{"cpu":"{i}","busy_seconds":{},"total_seconds":{t}}}"#, t * f64::from(i) / 64.0)
    });
    let filesystems = (0..40).map(|i| {
        format!(
            r#"{{"mountpoint":"/srv/disk{i}","device":"/dev/sd{i}","type":"xfs","readonly":{},"device_error":null,
            "size_bytes":4e12,"free_bytes":2e12,"avail_bytes":2e12}}"#,
            i == 1
        )
    });
    format!(
        r#""disks":[{}],"network":[{}],"filesystems":[{}],"cpu":{{"count":64,"seconds":{{"user":{t},"idle":{t}}},"cores":[{}],"cores_left_out":0}}"#,
        disks.join(","),
        network.join(","),
        filesystems.collect::<Vec<_>>().join(","),
        cores.collect::<Vec<_>>().join(",")
    )
};

#[test]
fn what_nobody_need_look_at_is_folded() {
    let (agent, kept) = (Fake::new(MANY), Temp::new());
    let shots = screenshots(&kept);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    ask_often(&mut browser);
    open_at(&mut browser, &agent.url());
    let seen = |part: &str| format!("document.querySelectorAll('#{part} > .grid > figure').length");
    let summary = |part: &str| format!("document.querySelector('#{part} summary').textContent");
    // At first nobody knows which of them are idle.
    assert_eq!(number(&mut browser, &seen("disks")), 24.0);
    assert_eq!(number(&mut browser, &seen("network")), 24.0);
    // After a minute that is known.
    browser.wait_for(&format!("{} === 5", seen("disks")));
    browser.wait_for(&format!("{} === 3", seen("network")));
    assert_eq!(browser.text(&summary("disks")), "35 more: idle, partition, loop or ram, empty");
    assert_eq!(browser.text(&summary("network")), "57 more: idle, down");
    assert_eq!(browser.text(&summary("filesystems")), "32 more");
    let odd = "document.querySelectorAll('#network > .grid > figure')[1].lastChild.textContent";
    assert!(browser.text(odd).contains("dropped · 1.0/s"), "{}", browser.text(odd));
    let odd = "document.querySelectorAll('#network > .grid .warn').length";
    assert_eq!(number(&mut browser, odd), 1.0, "no errors, no line");
    let cores = "document.querySelector('.cores').getAttribute('aria-label')";
    let cores = browser.text(cores);
    assert!(cores.starts_with("Busy by CPU: 0 0 %, 1 1.6 %, 2 3.1 %"), "{cores}");
    assert!(cores.ends_with("63 98 %"), "{cores}");
    assert_fits_everywhere(&mut browser, "many", &shots);
    assert_told(&mut browser);
    // The keyboard opens it, and then it is drawn, and stays open while the page asks on.
    browser.show_at(1280, 800, "light");
    browser.evaluate("document.querySelector('#disks summary').focus()");
    browser.press("Enter", 13, "\r");
    browser.wait_for("document.querySelectorAll('#disks details svg.plot').length === 35");
    wait_for_polls(&mut browser, 2);
    assert_eq!(
        number(&mut browser, "document.querySelectorAll('#disks details[open]').length"),
        1.0
    );
    assert_fits_everywhere(&mut browser, "many-open", &shots);
    assert_eq!(browser.complaints(), [""; 0]);
}

/// The figures between `x` and `y` of a path.
const POINTS: &str = "const points = e => e.getAttribute('d').match(/[\\d.]+ [\\d.]+/g).map(p => p.split(' ').map(Number)); \
    const line = (part, i) => document.querySelectorAll(part + ' .plot path')[i];";

#[test]
fn plots_fill_the_width_and_tell_the_time() {
    let agent = Fake::new(CALM);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    ask_often(&mut browser);
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
    ask_often(&mut browser);
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
    let told = browser.text("document.getElementById('told').textContent");
    assert!(told.starts_with("eth0, last") && told.contains(&seen[4]), "{told}");
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

#[test]
fn it_works_behind_a_prefix() {
    let agent = Fake::behind("/box1/", |_| {
        r#""pushes":{"series":2,"families":1,"accepted":7,"refused":{}}"#.into()
    });
    let mut browser = Browser::start();
    ask_often(&mut browser);
    open_at(&mut browser, &agent.url());
    browser.evaluate("document.querySelector('#pushes summary').click()");
    browser.wait_for("document.querySelectorAll('#pushes tbody tr').length === 2");
    let links = browser.text(
        "[...document.querySelectorAll('footer a')].map(a => new URL(a.href).pathname).join()",
    );
    assert_eq!(links, "/box1/api/status,/box1/api/health,/box1/");
    let outside: Vec<_> =
        agent.asked("/").into_iter().filter(|p| !p.starts_with("/box1/")).collect();
    assert!(outside.iter().all(|path| path == "/favicon.ico"), "{outside:?}");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn pushed_series_are_asked_for_while_they_are_looked_at() {
    let agent =
        Fake::new(|_| r#""pushes":{"series":1200,"families":1,"accepted":7,"refused":{}}"#.into());
    let mut browser = Browser::start();
    ask_often(&mut browser);
    open_at(&mut browser, &agent.url());
    wait_for_polls(&mut browser, 8);
    assert_eq!(agent.asked("series"), [""; 0]);
    browser.evaluate("document.querySelector('#pushes summary').click()");
    let rows = "[...document.querySelectorAll('#pushes tbody tr')].map(tr => [...tr.cells].map(c => c.innerText.replace(/\\n/g, ' ')).join('|')).join('\\n')";
    browser.wait_for(&format!("{rows}.length > 0"));
    let all = browser.text(rows);
    assert!(all.contains("jobs_done_total") && all.contains("|1 min 30 s|12.50"), "{all}");
    assert!(all.contains("job=<b>backup</b> · counter · push"), "{all}");
    assert_eq!(agent.asked("series")[0], "/api/series?limit=100&q=");
    let told = "document.querySelector('#pushes [aria-live]').textContent";
    assert_eq!(browser.text(told), "2 shown, 1,200 of 1,200 match");
    browser.evaluate("document.querySelector('#pushes input').focus()");
    browser.command("Input.insertText", "{\"text\":\"room &\"}");
    browser.wait_for(&format!("{told} === '1 shown, 1 of 1,200 match'"));
    assert!(!browser.text(rows).contains("jobs"));
    // The box keeps what was written, and the focus, while the page asks on.
    wait_for_polls(&mut browser, 4);
    assert_eq!(browser.text("document.activeElement.value"), "room &");
    assert_told(&mut browser);
    browser.evaluate("document.querySelector('#pushes summary').click()");
    let polls_before = agent.asked("series").len();
    wait_for_polls(&mut browser, 15);
    assert!(agent.asked("series").len() <= polls_before + 1, "closed, and asked on");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Fields that were not read, or that no version has yet.
#[test]
fn what_is_missing_is_no_error() {
    const BARE: fn(f64) -> String = |_| {
        r#""health":null,"temperatures":null,"host":{"name":null,"kernel":null,"uptime_seconds":null},"time":null,
        "cpu":{"count":null,"seconds":{}},"load":{"load1":null,"load5":null,"load15":null},"temperature":{"celsius":null,"sensor":null},
        "memory":{"total_bytes":null,"free_bytes":null,"used_bytes":null,"available_bytes":null,"buffers_bytes":null,"cached_bytes":null,"swap_total_bytes":null,"swap_free_bytes":null},
        "filesystems":[{"mountpoint":"/","size_bytes":1e9,"free_bytes":null,"avail_bytes":null}],
        "disks":[{"device":"sda","read_bytes":null,"written_bytes":null,"busy_seconds":null}],
        "network":[{"interface":"eth0","receive_bytes":null,"transmit_bytes":null}],
        "targets":[{"target":"a","up":null,"seconds":null,"samples":null,"refused":null,"errors":null}],
        "exports":[{"export":"otlp","sent_bytes":null,"waiting_frames":null,"waiting_seconds":null,"dropped":null,"error":null}]"#
            .to_owned()
    };
    let (agent, kept) = (Fake::new(BARE), Temp::new());
    let mut browser = Browser::start();
    ask_often(&mut browser);
    open_at(&mut browser, &agent.url());
    wait_for_polls(&mut browser, 4);
    assert_eq!(browser.text(VERDICT), "All is well");
    let text = browser.text("document.body.innerText");
    for wrong in ["NaN", "undefined", "null", "Infinity", "0 B/s"] {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
    assert_fits_everywhere(&mut browser, "bare", &screenshots(&kept));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// A browser of 2018, as far as one of today can be made to be one.
#[test]
fn old_browsers_show_it() {
    let agent = Fake::new(MANY);
    let mut browser = Browser::start();
    ask_often(&mut browser);
    prepare(
        &mut browser,
        "delete AbortSignal.timeout; delete AbortSignal.any; delete window.structuredClone; delete window.PointerEvent;
         delete window.ResizeObserver; delete window.IntersectionObserver; delete Object.fromEntries; delete Object.groupBy;
         for (const name of ['flat', 'flatMap', 'at', 'findLast', 'toSorted', 'with']) delete Array.prototype[name];
         for (const name of ['replaceAll', 'matchAll', 'at', 'trimStart', 'trimEnd']) delete String.prototype[name];
         delete Element.prototype.replaceChildren; delete Element.prototype.checkVisibility; delete Promise.allSettled;",
    );
    open_at(&mut browser, &agent.url());
    browser.wait_for("document.querySelectorAll('#disks > .grid > figure').length === 5");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Numbers that change do not move what stands around them.
#[test]
fn nothing_jumps() {
    const CHANGING: fn(f64) -> String = |t| {
        let odd = ((t / 2.0) as u64).is_multiple_of(2);
        let (seconds, load, celsius) =
            if odd { (0.0000999, 9.99, 9.9) } else { (0.0123, 10.01, 100.1) };
        format!(
            r#""load":{{"load1":{load},"load5":0.4,"load15":0.3}},"temperatures":[{{"sensor":"cpu-thermal","celsius":{celsius},"critical_celsius":210}}],
            "collectors":[{{"name":"cpu","success":false,"seconds":{seconds},"age_seconds":0,"errors":{},"read_errors":{{}},"last_error":null,"last_error_age_seconds":null}}],
            "network":[{}]"#,
            t as u64,
            interface("eth0", 1.0, if odd { t * 1e3 } else { t * 1.1e3 }, Some(true), 0.0)
        )
    };
    let agent = Fake::new(CHANGING);
    let mut browser = Browser::start();
    ask_often(&mut browser);
    for (width, height) in page::WINDOWS {
        browser.show_at(width, height, "light");
        open_at(&mut browser, &agent.url());
        wait_for_polls(&mut browser, 3);
        browser.evaluate(
            "window.places = new Set(); window.look = () => places.add([...document.querySelectorAll('section, figure, svg, td, th')]\
             .map(e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height].map(Math.round); }).join('|'));\
             look(); new MutationObserver(look).observe(document.getElementById('main'), {subtree: true, childList: true, characterData: true, attributes: true})",
        );
        wait_for_polls(&mut browser, 6);
        assert_eq!(number(&mut browser, "places.size"), 1.0, "{width}");
    }
    assert!(polls(&mut browser) > 0);
}

/// Roles and names as the browser tells them to a screen reader, in the narrowest window, too, where
/// tables are laid out as lines.
#[test]
fn a_screen_reader_finds_tables_and_names() {
    let agent = Fake::new(MANY);
    let mut browser = Browser::start();
    ask_often(&mut browser);
    for (width, height) in page::WINDOWS {
        browser.show_at(width, height, "light");
        open_at(&mut browser, &agent.url());
        let tree = browser.command("Accessibility.getFullAXTree", "{}");
        let Some(Json::List(nodes)) = tree.get("nodes") else { panic!("{tree:?}") };
        let mut count = [0; 6];
        let roles = ["table", "rowheader", "columnheader", "image", "region", "cell"];
        for node in nodes {
            let value = |key| match node.get(key).and_then(|of| of.get("value")) {
                Some(Json::Text(text)) => text.clone(),
                _ => String::new(),
            };
            let (role, name) = (value("role"), value("name"));
            if let Some(at) = roles.iter().position(|known| *known == role) {
                count[at] += 1;
                assert!(!name.is_empty() || role == "cell", "{width}: {node:?}");
            }
        }
        assert!(count.iter().all(|count| *count > 0), "{width}: {roles:?} {count:?}");
    }
}

/// What stands in the way may answer, too, with JSON of its own: that is no sign of life.
#[test]
fn an_answer_of_something_else_is_none() {
    const OTHER: [Figures; 3] = [
        |_| r#""agent":null,"host":null"#.into(),
        |_| r#""filesystems":{"error":"busy"}"#.into(),
        |_| r#""cpu":7} half"#.into(),
    ];
    const LOST: &str = "document.getElementById('state').textContent.startsWith('No answer since')";
    let agent = Fake::new(OTHER[0]);
    let mut browser = Browser::start();
    ask_often(&mut browser);
    browser.open(&agent.url());
    browser.wait_for(LOST);
    for other in OTHER {
        agent.figures(CALM);
        browser.wait_for(LIVE);
        wait_for_polls(&mut browser, 3);
        agent.figures(other);
        browser.wait_for(LOST);
        assert!(browser.text(VERDICT).contains("contact"));
    }
    agent.figures(CALM);
    browser.wait_for(LIVE);
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
    ask_often(&mut browser);
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
