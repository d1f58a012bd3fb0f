//! Headless Chromium over its debugging pipe (<https://chromedevtools.github.io/devtools-protocol/>): commands are
//! written to descriptor 3, responses and events are read from 4, each JSON followed by a NUL.
#![allow(clippy::disallowed_methods)] // tests start the browser; the agent starts nothing

use super::Temp;
use super::json::Json;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeWriter, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A browser starts slowly where many others want the processor, too.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: PipeWriter,
    from: Receiver<Json>,
    events: VecDeque<Json>,
    commands: u64,
    session: String,
    _dir: Temp,
}

/// Text as JSON.
pub fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json + "\""
}

impl Browser {
    /// Starts it with an empty page.
    pub fn start() -> Browser {
        let dir = Temp::new();
        let ((commands, to), (answers, from_browser)) = (pipe().unwrap(), pipe().unwrap());
        let (read, write) = (commands.as_raw_fd(), from_browser.as_raw_fd());
        let mut command = Command::new("chromium");
        let profile = format!("--user-data-dir={}", dir.path("profile").display());
        command.args(["--headless=new", "--no-sandbox", "--remote-debugging-pipe", &profile]);
        command.args(["--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"]);
        command.args(["--no-proxy-server", "--disable-background-networking", "about:blank"]);
        command.env("HOME", dir.path("home")).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // SAFETY: fcntl and dup2 are async-signal-safe; the descriptors are open in the parent.
        unsafe {
            command.pre_exec(move || {
                // Out of the way first, so that none is overwritten before it is copied.
                for (fd, at) in [
                    (libc::fcntl(read, libc::F_DUPFD_CLOEXEC, 100), 3),
                    (libc::fcntl(write, libc::F_DUPFD_CLOEXEC, 100), 4),
                ] {
                    if fd < 0 || libc::dup2(fd, at) < 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        let child = command.spawn().unwrap_or_else(|e| panic!("chromium: {e}; .ci/install.sh"));
        drop((commands, from_browser));
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let messages = BufReader::new(answers).split(0).map_while(Result::ok);
            for message in messages {
                let message = Json::parse(&String::from_utf8(message).unwrap());
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (events, session) = (VecDeque::new(), String::new());
        let mut browser = Browser { child, to, from, events, commands: 0, session, _dir: dir };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let page = self.command("Target.createTarget", "{\"url\":\"about:blank\"}");
        let to = format!("{{\"targetId\":{},\"flatten\":true}}", quoted(page.text("targetId")));
        self.session = self.command("Target.attachToTarget", &to).text("sessionId").to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.command(&format!("{domain}.enable"), "{}");
        }
    }

    /// Gives a command and waits for its result; events that come first are kept.
    pub fn command(&mut self, method: &str, params: &str) -> Json {
        self.commands += 1;
        let id = self.commands;
        let session = match &*self.session {
            "" => String::new(),
            session => format!(",\"sessionId\":{}", quoted(session)),
        };
        let text =
            format!("{{\"id\":{id},\"method\":\"{method}\",\"params\":{params}{session}}}\0");
        self.to.write_all(text.as_bytes()).unwrap();
        loop {
            let message =
                self.from.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{method}: {e}"));
            if message.get("id") == Some(&Json::Number(id as f64)) {
                assert!(message.get("error").is_none(), "{method} {params}: {message:?}");
                return message.get("result").unwrap().clone();
            }
            self.events.push_back(message);
        }
    }

    /// The value of an expression, or of what it promises.
    pub fn evaluate(&mut self, expression: &str) -> Json {
        let params = format!(
            "{{\"expression\":{},\"returnByValue\":true,\"awaitPromise\":true}}",
            quoted(expression)
        );
        let result = self.command("Runtime.evaluate", &params);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result:?}");
        result.get("result").unwrap().get("value").unwrap_or(&Json::Null).clone()
    }

    /// The text that an expression is.
    pub fn text(&mut self, expression: &str) -> String {
        match self.evaluate(expression) {
            Json::Text(text) => text,
            other => panic!("{expression}: {other:?}"),
        }
    }

    /// Waits until an expression is true.
    pub fn wait_for(&mut self, expression: &str) {
        let start = Instant::now();
        while self.evaluate(expression) != Json::Bool(true) {
            if start.elapsed() > PATIENCE {
                let page = self.text("document.body.innerText");
                panic!("waited in vain: {expression}\n{page}\n{:?}", self.complaints());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Opens `url`.
    pub fn open(&mut self, url: &str) {
        let result = self.command("Page.navigate", &format!("{{\"url\":{}}}", quoted(url)));
        assert!(result.get("errorText").is_none(), "{result:?}");
        self.wait_for("document.readyState === \"complete\"");
    }

    /// Gives the page another window, and the user other wishes.
    pub fn show_at(&mut self, width: u32, height: u32, scheme: &str) {
        let params = format!(
            "{{\"width\":{width},\"height\":{height},\"deviceScaleFactor\":1,\"mobile\":false}}"
        );
        self.command("Emulation.setDeviceMetricsOverride", &params);
        // As on a phone: what scrolls has no bar that takes room.
        self.command("Emulation.setScrollbarsHidden", "{\"hidden\":true}");
        let scheme = format!(
            "{{\"features\":[{{\"name\":\"prefers-color-scheme\",\"value\":\"{scheme}\"}}]}}"
        );
        self.command("Emulation.setEmulatedMedia", &scheme);
    }

    /// Presses a key, which writes `text`, and lets go.
    pub fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let params = format!(
                "{{\"type\":\"{kind}\",\"key\":\"{key}\",\"code\":\"{key}\",\"text\":{},\
                 \"windowsVirtualKeyCode\":{code}}}",
                quoted(text)
            );
            self.command("Input.dispatchKeyEvent", &params);
        }
    }

    /// A picture of the window, or of the whole page, as PNG.
    pub fn picture(&mut self, whole: bool) -> Vec<u8> {
        let params = format!("{{\"format\":\"png\",\"captureBeyondViewport\":{whole}}}");
        let shot = self.command("Page.captureScreenshot", &params);
        from_base64(shot.text("data"))
    }

    /// What the page complained of so far: errors of scripts, of the policy, of the network.
    pub fn complaints(&mut self) -> Vec<String> {
        // Whatever was told before this answer is here now.
        self.command("Runtime.evaluate", "{\"expression\":\"0\"}");
        let is_complaint = |event: &Json| {
            let params = event.get("params")?;
            let bad = match event.text("method") {
                "Runtime.exceptionThrown" => true,
                "Runtime.consoleAPICalled" => matches!(params.text("type"), "error" | "warning"),
                "Log.entryAdded" => {
                    matches!(params.get("entry")?.text("level"), "error" | "warning")
                }
                _ => false,
            };
            bad.then(|| format!("{params:?}"))
        };
        self.events.iter().filter_map(is_complaint).collect()
    }

    /// Forgets what it complained of.
    pub fn forgive(&mut self) {
        self.complaints();
        self.events.clear();
    }

    /// The addresses that were asked for.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.events.iter().filter(|event| {
            event.get("method") == Some(&Json::Text("Network.requestWillBeSent".to_owned()))
        });
        let url = |event: &Json| event.get("params")?.get("request")?.get("url").cloned();
        let text = |json| if let Json::Text(text) = json { Some(text) } else { None };
        requests.filter_map(url).filter_map(text).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("no base64: {c}"),
    };
    let mut bytes = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let word = four.iter().fold(0u32, |word, c| word << 6 | u32::from(digit(*c)));
        let word = (word << (6 * (4 - four.len()))).to_be_bytes();
        bytes.extend(&word[1..four.len()]);
    }
    bytes
}
