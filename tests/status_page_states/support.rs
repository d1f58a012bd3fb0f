//! The figures of the agent that the test makes.

use crate::common::browser::Browser;

pub const VERDICT: &str = "document.querySelector('#health h2').textContent";

pub const CALM: fn(f64) -> String = |_| String::new();

pub const FAILING: fn(f64) -> String = |_| {
    r#""health":"failing","reasons":[{"part":"collector","name":"disk","reason":"/proc/diskstats: permission denied"}],
    "notes":[{"part":"target","name":"api","reason":"<b>connection refused</b>"}]"#
        .to_owned()
};

/// Title, class of the verdict and of the mark, and the icon.
pub fn signs(browser: &mut Browser) -> String {
    browser.text(
        "[document.title, document.getElementById('health').className, document.getElementById('state').className, \
         getComputedStyle(document.getElementById('state')).color, document.getElementById('icon').href].join('|')",
    )
}
