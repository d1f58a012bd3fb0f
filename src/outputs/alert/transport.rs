//! The transports of messages: what is sent, over which protocol, and what an answer means.

use super::json;
use super::mail::{Envelope, compose};
use super::notice::Notice;
use super::rule::RESEND;
use super::send_error::SendError;
use super::{sendmail, smtp};
use crate::base::clock::WallClock;
use crate::base::wire::{Url, basic};
use crate::outputs::answer_text::sentence;
use crate::settings::Alerting;
use crate::workers::{Answer, Call, Client, Failure, connect};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 16 << 10;

/// The port of SMTP relays.
const SMTP: u16 = 25;

/// How messages get to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    route: Route,
    /// The time for one message.
    timeout: Duration,
    /// How long an Alertmanager keeps an alert that is not sent again.
    lasts: Duration,
    external_url: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Route {
    Webhook(Url, Vec<(String, String)>),
    Alertmanager(Url, Vec<(String, String)>),
    Sendmail(Vec<String>, Envelope),
    Smtp(Url, Envelope),
}

impl Transport {
    /// Every transport in `settings`, and errors about those that are invalid.
    pub fn all(settings: &Alerting) -> (Vec<Transport>, Vec<String>) {
        let (mut routes, mut wrong) = (Vec::new(), Vec::new());
        let headers = |url: &Url| {
            let mut headers = settings.headers.clone();
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            let basic = url.user.as_ref().map(|(user, password)| basic(user, password));
            headers.extend(basic.map(|value| ("Authorization".to_owned(), value)));
            headers
        };
        for (text, is_manager) in urls(&settings.webhooks, &settings.alertmanagers) {
            match Url::parse(text) {
                Ok(url) if !is_manager => {
                    let headers = headers(&url);
                    routes.push(Route::Webhook(url, headers));
                }
                Ok(mut url) => {
                    let headers = headers(&url);
                    url.target = [url.target.trim_end_matches('/'), "/api/v2/alerts"].concat();
                    routes.push(Route::Alertmanager(url, headers));
                }
                Err(expected) => wrong.push(["a URL is wrong; expected: ", expected].concat()),
            }
        }
        if !settings.mail_to.is_empty() {
            match mail(settings) {
                Ok(route) => routes.push(route),
                Err(expected) => wrong.push(["alerting.smtp: expected: ", expected].concat()),
            }
        }
        let transport = |route| Transport {
            route,
            timeout: settings.timeout,
            // As in Prometheus: four transmissions may be lost.
            lasts: 4 * RESEND.min(settings.repeat).max(settings.interval),
            external_url: settings.external_url.clone(),
        };
        (routes.into_iter().map(transport).collect(), wrong)
    }

    /// Its name in metrics and logs, without anything secret.
    pub fn name(&self) -> String {
        match &self.route {
            Route::Webhook(url, _) => ["webhook:", &url.authority()].concat(),
            Route::Alertmanager(url, _) => ["alertmanager:", &url.authority()].concat(),
            Route::Sendmail(..) => "sendmail".to_owned(),
            Route::Smtp(url, _) => ["smtp:", &url.authority()].concat(),
        }
    }

    /// Whether it sends to an Alertmanager.
    pub fn is_manager(&self) -> bool {
        matches!(self.route, Route::Alertmanager(..))
    }

    /// Sends one message and waits for the result.
    ///
    /// # Errors
    ///
    /// The message was not delivered.
    pub fn send(&self, client: &mut Client, batch: &[Arc<Notice>]) -> Result<(), SendError> {
        let deadline = Instant::now() + self.timeout;
        let url = &self.external_url;
        let compose = |envelope| compose(batch, envelope, url, WallClock::now());
        match &self.route {
            Route::Webhook(to, headers) => {
                post(client, to, headers, &json::webhook(batch, url), deadline)
            }
            Route::Alertmanager(to, headers) => {
                let body = json::alertmanager(batch, url, WallClock::now(), self.lasts);
                post(client, to, headers, &body, deadline)
            }
            Route::Sendmail(command, envelope) => {
                sendmail::send(command, &compose(envelope), deadline)
            }
            Route::Smtp(to, envelope) => {
                let stream = connect(&to.host, to.port, deadline).map_err(failed)?;
                smtp::send(&stream, envelope, &compose(envelope), deadline)
            }
        }
    }
}

/// Webhooks, then Alertmanagers.
fn urls<'a>(
    webhooks: &'a [String],
    managers: &'a [String],
) -> impl Iterator<Item = (&'a String, bool)> {
    let webhooks = webhooks.iter().map(|url| (url, false));
    webhooks.chain(managers.iter().map(|url| (url, true)))
}

fn mail(settings: &Alerting) -> Result<Route, &'static str> {
    let envelope = Envelope {
        name: settings.instance.clone(),
        from: settings.mail_from.clone(),
        to: settings.mail_to.clone(),
    };
    if settings.smtp.is_empty() {
        let command = settings.sendmail.split_whitespace().map(str::to_owned).collect();
        return Ok(Route::Sendmail(command, envelope));
    }
    let mut url = Url::parse(&["http://", &settings.smtp].concat())?;
    if url.target != "/" || url.user.is_some() {
        return Err("HOST:PORT of a relay");
    }
    // A URL without a port got that of HTTP.
    if url.port == 80 && !settings.smtp.ends_with(":80") {
        url.port = SMTP;
    }
    Ok(Route::Smtp(url, envelope))
}

fn failed(failure: Failure) -> SendError {
    SendError { reason: failure.reason, text: failure.text, again: true, after: None }
}

fn post(
    client: &mut Client,
    url: &Url,
    headers: &[(String, String)],
    body: &[u8],
    deadline: Instant,
) -> Result<(), SendError> {
    let body = Some(body);
    let call = Call { method: "POST", url, headers, body, deadline, max_body: MAX_ANSWER };
    let answer = client.deliver(&call).map_err(failed)?;
    judge(&answer)
}

fn judge(answer: &Answer) -> Result<(), SendError> {
    if answer.status / 100 == 2 {
        return Ok(());
    }
    // A network that requires a login answers so for every receiver, but only for a while.
    let is_redirect = matches!(answer.status, 300..400 | 511);
    let again = is_redirect || answer.status == 429 || answer.status / 100 == 5;
    let reason = if is_redirect { "redirect" } else { "status" };
    Err(SendError { reason, text: sentence(answer), again, after: answer.retry_after })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Alerting {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Alerting {
            interval: Duration::from_secs(15),
            repeat: Duration::from_secs(3600),
            timeout: Duration::from_secs(10),
            webhooks: texts(&["http://u:p@ops:9000/hook", "ftp://x"]),
            alertmanagers: texts(&["http://am:9093/", "http://am2/prefix"]),
            mail_to: texts(&["root"]),
            sendmail: "/usr/sbin/sendmail -t -i".to_owned(),
            ..Alerting::default()
        }
    }

    #[test]
    fn transports_are_those_of_the_settings() {
        let (transports, wrong) = Transport::all(&settings());
        let names: Vec<_> = transports.iter().map(Transport::name).collect();
        let expected = ["webhook:ops:9000", "alertmanager:am:9093", "alertmanager:am2", "sendmail"];
        assert_eq!(names, expected);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(transports[0].lasts, Duration::from_secs(240));
        let Route::Webhook(_, headers) = &transports[0].route else { panic!() };
        assert!(headers.iter().any(|(n, v)| n == "Authorization" && v.starts_with("Basic ")));
        let Route::Alertmanager(url, _) = &transports[2].route else { panic!() };
        assert_eq!(url.target, "/prefix/api/v2/alerts");
        let Route::Alertmanager(url, _) = &transports[1].route else { panic!() };
        assert_eq!(url.target, "/api/v2/alerts");
    }

    #[test]
    fn mail_goes_to_the_relay_if_there_is_one() {
        for (smtp, port) in [("relay", 25), ("relay:80", 80), ("[::1]:2525", 2525)] {
            let (transports, wrong) =
                Transport::all(&Alerting { smtp: smtp.to_owned(), ..settings() });
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            let Route::Smtp(url, envelope) = &transports[3].route else { panic!() };
            assert_eq!((url.port, envelope.from.as_str()), (port, ""));
        }
        for smtp in ["a b", "a/b"] {
            let (transports, wrong) =
                Transport::all(&Alerting { smtp: smtp.to_owned(), ..settings() });
            assert_eq!((transports.len(), wrong.len()), (3, 2), "{wrong:?}");
        }
    }

    #[test]
    fn the_status_decides_whether_to_retry() {
        let judged = |status| {
            let judged = judge(&Answer { status, ..Answer::default() });
            judged.map_err(|error| (error.reason, error.again))
        };
        assert_eq!(judged(200), Ok(()));
        assert_eq!(judged(204), Ok(()));
        for (status, reason, again) in [
            (400, "status", false),
            (404, "status", false),
            (429, "status", true),
            (500, "status", true),
            (503, "status", true),
            (302, "redirect", true),
            (308, "redirect", true),
            (511, "redirect", true),
        ] {
            assert_eq!(judged(status), Err((reason, again)), "{status}");
        }
        for (body, text) in
            [("", "it answers 400"), (" no such hook\n", "it answers 400: no such hook")]
        {
            let answer = Answer { status: 400, body: body.into(), ..Answer::default() };
            assert_eq!(judge(&answer).unwrap_err().text, text);
        }
    }
}
