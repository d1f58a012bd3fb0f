//! The banner: well, failing, firing, away.

use crate::common::browser::Browser;
use crate::common::json::Json;
use crate::common::{Agent, Temp};
use crate::page::fake::{Fake, Figures, disk, interface};
use crate::page::{
    LIVE, assert_announced, assert_fits_everywhere, number, open, open_at, poll_often, screenshots,
    wait_for_polls,
};
use crate::support::{CALM, FAILING, VERDICT, signs};

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

#[test]
fn the_verdict_is_seen_at_once() {
    let (agent, kept) = (Fake::new(CALM), Temp::new());
    let shots = screenshots(&kept);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    poll_often(&mut browser);
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
    for (figures, verdict, class, status) in cases {
        agent.figures(figures);
        let is_shown = format!(
            "{VERDICT} === '{verdict}' && document.getElementById('health').textContent.includes('{status}')"
        );
        browser.wait_for(&is_shown);
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
        assert_announced(&mut browser);
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
    poll_often(&mut browser);
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
    let status = browser.text("document.getElementById('health').innerText");
    assert!(status.contains("collector memory") && status.contains("/proc/meminfo"), "{status}");
    // Reasons that do not fit are no notes.
    let nothing = Temp::new();
    let procfs = format!("--path.procfs={}", nothing.as_ref().display());
    let agent = Agent::plan().machine("box").arg(procfs).start();
    open(&mut browser, &agent);
    let more = browser.text("document.querySelector('#health summary').textContent");
    assert!(more.ends_with(" others"), "{more}");
}

/// Forty disks and sixty interfaces, of which few do anything.
pub const MANY: fn(f64) -> String = |t| {
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
fn idle_devices_are_folded() {
    let (agent, kept) = (Fake::new(MANY), Temp::new());
    let shots = screenshots(&kept);
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    poll_often(&mut browser);
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
    assert_announced(&mut browser);
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
    poll_often(&mut browser);
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
    poll_often(&mut browser);
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
