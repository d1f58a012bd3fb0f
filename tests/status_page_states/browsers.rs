//! The page as a whole: a prefix, old browsers, screen readers, pushed series.

use crate::common::browser::Browser;
use crate::common::json::Json;
use crate::page::fake::{Fake, interface};
use crate::page::{assert_announced, number, open_at, poll_often, polls, prepare, wait_for_polls};
use crate::verdict::MANY;

#[test]
fn it_works_behind_a_prefix() {
    let agent = Fake::behind("/box1/", |_| {
        r#""pushes":{"series":2,"families":1,"accepted":7,"refused":{}}"#.into()
    });
    let mut browser = Browser::start();
    poll_often(&mut browser);
    open_at(&mut browser, &agent.url());
    browser.evaluate("document.querySelector('#pushes summary').click()");
    browser.wait_for("document.querySelectorAll('#pushes tbody tr').length === 2");
    let links = browser.text(
        "[...document.querySelectorAll('footer a')].map(a => new URL(a.href).pathname).join()",
    );
    assert_eq!(links, "/box1/api/status,/box1/api/health,/box1/");
    let outside: Vec<_> =
        agent.requests("/").into_iter().filter(|p| !p.starts_with("/box1/")).collect();
    assert!(outside.iter().all(|path| path == "/favicon.ico"), "{outside:?}");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn pushed_series_are_requested_while_their_table_is_open() {
    let agent =
        Fake::new(|_| r#""pushes":{"series":1200,"families":1,"accepted":7,"refused":{}}"#.into());
    let mut browser = Browser::start();
    poll_often(&mut browser);
    open_at(&mut browser, &agent.url());
    wait_for_polls(&mut browser, 8);
    assert_eq!(agent.requests("series"), [""; 0]);
    browser.evaluate("document.querySelector('#pushes summary').click()");
    let rows = "[...document.querySelectorAll('#pushes tbody tr')].map(tr => [...tr.cells].map(c => c.innerText.replace(/\\n/g, ' ')).join('|')).join('\\n')";
    browser.wait_for(&format!("{rows}.length > 0"));
    let all = browser.text(rows);
    assert!(all.contains("jobs_done_total") && all.contains("|1 min 30 s|12.50"), "{all}");
    assert!(all.contains("job=<b>backup</b> · counter · push"), "{all}");
    assert_eq!(agent.requests("series")[0], "/api/series?limit=100&q=");
    let status = "document.querySelector('#pushes [aria-live]').textContent";
    assert_eq!(browser.text(status), "2 shown, 1,200 of 1,200 match");
    browser.evaluate("document.querySelector('#pushes input').focus()");
    browser.command("Input.insertText", "{\"text\":\"room &\"}");
    browser.wait_for(&format!("{status} === '1 shown, 1 of 1,200 match'"));
    assert!(!browser.text(rows).contains("jobs"));
    // The box keeps what was written, and the focus, while the page asks on.
    wait_for_polls(&mut browser, 4);
    assert_eq!(browser.text("document.activeElement.value"), "room &");
    assert_announced(&mut browser);
    browser.evaluate("document.querySelector('#pushes summary').click()");
    let polls_before = agent.requests("series").len();
    wait_for_polls(&mut browser, 15);
    assert!(agent.requests("series").len() <= polls_before + 1, "closed, and asked on");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// A browser of 2018, as far as one of today can be made to be one.
#[test]
fn old_browsers_show_it() {
    let agent = Fake::new(MANY);
    let mut browser = Browser::start();
    poll_often(&mut browser);
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
    poll_often(&mut browser);
    for (width, height) in crate::page::WINDOWS {
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
    poll_often(&mut browser);
    for (width, height) in crate::page::WINDOWS {
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
