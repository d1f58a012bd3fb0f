//! `--health`: queries `/api/health` of a running agent, for a container's health check where there is
//! no other client.

use crate::base::address::Listen;
use crate::base::json::{self, Members, Value};
use crate::base::log;
use crate::base::text::words::shown;
use crate::base::wire::Url;
use crate::settings::Settings;
use crate::workers::{Answer, Call, Client, Failure, call_over, spawn};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use std::{process, thread};

/// The time for the whole request, from resolving a name to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much longer a name server, or the full queue of a Unix socket, may take: there is no deadline for
/// these.
const GRACE: Duration = Duration::from_millis(500);

/// Bytes of an answer. An agent reports at most 256 problems.
const MAX_ANSWER: usize = 1 << 20;

/// Characters of a line that is printed.
const MAX_LINE: usize = 1000;

/// Bytes of the stack of the thread that ends the program.
const STACK: usize = 64 << 10;

const PATH: &str = "/api/health";

/// How an address begins that stands for all addresses of this machine.
const ANY: [&str; 3] = [":", "0.0.0.0:", "[::]:"];

const FOREIGN: &str = ", and not the health of sysmetrics; which program listens there?";
const NO_SOCKET: &str = "with TLS or users it is asked through a Unix socket; add one to server.listen, such as \
                         unix:/run/sysmetrics.sock";
const NO_PORT: &str = "no port is set that could be asked; name it: --health http://127.0.0.1:9101";

/// Queries the agent that the settings name. Returns whether it works, and the lines to print.
///
/// # Errors
///
/// The health cannot be determined; the sentence says why.
pub fn query(settings: &Settings) -> Result<(bool, Vec<u8>), String> {
    let until = Instant::now() + PATIENCE;
    // Without that thread only calls without a deadline take longer.
    let _ = spawn("patience", STACK, Box::new(end));
    if !settings.agent_url.is_empty() {
        return read(&settings.agent_url, until);
    }
    // Neither the name in a certificate nor a password is known here.
    let is_guarded = settings.server.is_guarded();
    let has_port = |listen: &&Listen| match listen {
        Listen::Tcp(_, port) => *port != 0 && !is_guarded,
        Listen::Unix(_) => true,
        Listen::Vsock(_) => false,
    };
    let listen = settings.server.listen.iter().find(has_port);
    let listen = listen.ok_or(if is_guarded { NO_SOCKET } else { NO_PORT })?;
    read(&listen.to_string(), until)
}

/// Ends the program when the time is up.
fn end() {
    thread::sleep(PATIENCE + GRACE);
    log::plain("no answer in 5 s");
    process::exit(1);
}

/// Asks at a URL or at an address in the form of a listen address.
fn read(place: &str, until: Instant) -> Result<(bool, Vec<u8>), String> {
    let socket = place.strip_prefix("unix:");
    let mut text = match ANY.iter().find_map(|any| place.strip_prefix(any)) {
        Some(port) => ["http://127.0.0.1:", port].concat(),
        None if socket.is_some() => "http://localhost".to_owned(),
        None if place.contains("://") => place.to_owned(),
        None => ["http://", place].concat(),
    };
    text.truncate(text.trim_end_matches('/').len());
    if !text.ends_with(PATH) {
        text.push_str(PATH);
    }
    let shown = if socket.is_some() { place } else { &text };
    let url = Url::parse(&text).map_err(|expected| [shown, ": expected ", expected].concat())?;
    let (deadline, max_body) = (until, MAX_ANSWER);
    let call = Call { method: "GET", url: &url, headers: &[], body: None, deadline, max_body };
    let answer = match socket {
        Some(path) => through(path, &call),
        None => Client::default().send(&call),
    };
    let why = match &answer {
        Err(failure) => failure.text.clone(),
        Ok(answer) => match lines(answer) {
            Some(health) => return Ok(health),
            None => ["status ", &answer.status.to_string(), FOREIGN].concat(),
        },
    };
    Err([shown, ": ", &why].concat())
}

/// Sends the request over a Unix socket; reading and writing are the same for both kinds of streams.
fn through(path: &str, call: &Call<'_>) -> Result<Answer, Failure> {
    match UnixStream::connect(path) {
        Ok(stream) => call_over(TcpStream::from(OwnedFd::from(stream)), call),
        Err(error) => Err(Failure { reason: "connect", text: error.to_string() }),
    }
}

/// The lines to print; none if the answer is not from an agent.
fn lines(answer: &Answer) -> Option<(bool, Vec<u8>)> {
    let Ok(Value::Object(all)) = json::parse(&answer.body) else { return None };
    let Some(Value::Text(status)) = find(all, "status") else { return None };
    let is_ok = status.is("ok") && answer.status == 200;
    if !is_ok && !status.is("failing") {
        return None;
    }
    let mut out = if is_ok { b"ok\n".to_vec() } else { Vec::new() };
    for list in ["reasons", "notes"] {
        let Some(Value::Array(troubles)) = find(all, list) else { return None };
        for trouble in troubles {
            let Value::Object(parts) = trouble else { return None };
            let mut line = if list == "notes" { b"note:".to_vec() } else { Vec::new() };
            // Part and name of the trouble, and the reason, in this order.
            for (key, part) in parts {
                let Value::Text(text) = part else { continue };
                if !line.is_empty() {
                    line.extend_from_slice(if key.is("reason") { b": " } else { b" " });
                }
                text.write(&mut line);
            }
            let line = str::from_utf8(&line).unwrap_or_default();
            out.extend_from_slice(shown(line, MAX_LINE).as_bytes());
            out.push(b'\n');
        }
    }
    if let Some(Value::Number(count)) = find(all, "left_out")
        && count != "0"
    {
        out.extend_from_slice(&[b"and ", count.as_bytes(), b" more\n"].concat());
    }
    Some((is_ok, out))
}

/// The value of a key, if it is there.
fn find<'a>(mut members: Members<'a>, name: &str) -> Option<Value<'a>> {
    members.find(|(key, _)| key.is(name)).map(|(_, value)| value)
}
