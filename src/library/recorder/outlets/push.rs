//! Pushes to a Pushgateway, or to any server that accepts text by PUT or POST: the whole page, at an interval.
//! A failure is logged, at most once a minute, and the next push is the retry.

use crate::base::log::{self, Limiter};
use crate::base::wire::{self, Url};
use crate::library::recorder::PrometheusHandle;
use crate::outputs::expose::Format;
use crate::workers::{Call, Client};
use std::thread;
use std::time::{Duration, Instant};

/// How long a push may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 << 10;

/// The destination, interval and method of pushes.
#[derive(Clone, Debug)]
pub struct Push {
    pub url: Url,
    pub interval: Duration,
    /// User and password.
    pub user: Option<(String, String)>,
    pub by_post: bool,
}

impl Push {
    /// Pushes after each interval, for ever.
    pub fn run(&self, handle: &PrometheusHandle) {
        let (mut client, mut limiter, mut body) =
            (Client::for_plain_samples(), Limiter::default(), vec![]);
        loop {
            thread::sleep(self.interval);
            body.clear();
            handle.render_into(&mut body, Format::Prometheus);
            let done = self.push(&mut client, &body);
            let Err(why) = done else { continue };
            if let Some(held_back) = limiter.pass(Instant::now()) {
                let fields: [log::Field<'_>; 3] =
                    [("endpoint", &self.url), ("error", &why), ("repeated", &held_back)];
                log::error("metrics were not pushed", &fields);
            }
        }
    }

    /// Sends one push; the error is the answer of the peer.
    fn push(&self, client: &mut Client, body: &[u8]) -> Result<(), String> {
        let mut headers =
            vec![("Content-Type".to_owned(), Format::Prometheus.content_type().to_owned())];
        if let Some((user, password)) = &self.user {
            headers.push(("Authorization".to_owned(), wire::basic(user, password)));
        }
        let call = Call {
            method: if self.by_post { "POST" } else { "PUT" },
            url: &self.url,
            headers: &headers,
            body: Some(body),
            deadline: Instant::now() + PATIENCE,
            max_body: MAX_ANSWER,
        };
        let answer = client.send(&call).map_err(|failure| failure.to_string())?;
        match answer.status {
            200..300 => Ok(()),
            status => {
                let text = String::from_utf8_lossy(&answer.body);
                let first = text.lines().next().unwrap_or_default();
                Err(format!("the answer is {status} {first}"))
            }
        }
    }
}
