//! The status page in headless Chromium.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::browser::Browser;
use common::{Agent, Temp};

#[test]
fn look() {
    let agent = Agent::start();
    let mut browser = Browser::start();
    browser.show_at(1280, 800, "light");
    browser.open(&format!("http://{}/status", agent.address()));
    browser.wait_for("document.getElementById('state').textContent === 'Live'");
    std::thread::sleep(std::time::Duration::from_secs(60));
    let dir = std::path::Path::new("/tmp/shots");
    std::fs::create_dir_all(dir).unwrap();
    for (w, h) in [(1280, 800), (360, 740)] {
        for scheme in ["light", "dark"] {
            browser.show_at(w, h, scheme);
            std::thread::sleep(std::time::Duration::from_secs(1));
            browser.save_picture(true, &dir.join(format!("{w}-{scheme}.png")));
        }
    }
    println!("{:?}", browser.complaints());
    println!("{:?}", browser.requests().len());
    println!("{}", agent.get("/api/status").text());
    println!("{:?}", agent.get("/api/health"));
}
