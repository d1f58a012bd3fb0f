//! Text files that do not change.

use crate::counting::allocations;
use crate::{scrape, service};
use std::fs;
use std::time::Duration;
use sysmetrics::serve::event::Handler;
use sysmetrics::serve::http::Response;

/// Scrapes while no file changes, in directories by name and by glob, a bad file and one that is none
/// among them.
pub fn allocate_nothing() {
    let place = format!("sysmetrics-textfiles-{}", std::process::id());
    let place = std::env::temp_dir().join(place);
    for part in ["a", "b"] {
        fs::create_dir_all(place.join(part)).unwrap();
        for n in 0..20 {
            let text = format!("files{{part=\"{part}\",n=\"{n}\"}} {n}\nonly_{part}_{n} 1\n");
            fs::write(place.join(part).join(format!("{n}.prom")), text).unwrap();
        }
    }
    fs::write(place.join("a/bad.prom"), "bad").unwrap();
    fs::create_dir_all(place.join("b/none.prom")).unwrap();
    // A file that was just changed is read again.
    std::thread::sleep(Duration::from_millis(300));
    let flag = |name: &str| format!("--collector.textfile.directory={}/{name}", place.display());
    let flags = [flag("a"), flag("[b]"), flag("gone")];
    let mut args: Vec<&str> = flags.iter().map(String::as_str).collect();
    args.extend([
        "--dialect=node_exporter",
        "--collector.disable-defaults",
        "--collector.textfile",
    ]);
    let (mut service, mut response) = (service(&args, &[]), Response::default());
    let mut round = || {
        service.answer(&scrape("", ""), &mut response);
        response.finish(true, true);
        let page = String::from_utf8_lossy(response.body());
        assert!(page.contains("files{n=\"19\",part=\"b\"} 19\n"), "{page}");
        page.len()
    };
    let count = |round: &mut dyn FnMut() -> usize| {
        let before = allocations();
        (0..20).for_each(|_| _ = round());
        allocations() - before
    };
    (0..3).for_each(|_| _ = round());
    assert_eq!(count(&mut round), 0, "in 20 scrapes");
    fs::write(place.join("a/new.prom"), "new 1\n").unwrap();
    assert!(count(&mut round) > 0, "a new file is read");
    fs::remove_dir_all(place).unwrap();
}
