//! The addresses to listen on, which several rows set together.

use crate::base::address::Listen;
use crate::settings::problem::{Origin, Refusal};
use crate::settings::resolve::resolved::Resolved;
use crate::settings::table::{Catalogue, Role};
use crate::settings::types::{Served, Value};

/// The most addresses to listen on.
const MAX_LISTEN: usize = 8;
/// The file, the environment, the command line.
const LAYERS: usize = 3;

const TOGETHER: &str = "listen together with host or port; keep listen, which sets both";
const NOT_ONE: &str =
    "changes the one TCP address that listen gives, but it gives none or several; use listen";

/// Replaces the endpoint by host, port and path, unless the same source sets those.
pub fn split_endpoint<'a>(catalogue: &'a Catalogue, parsed: &mut Vec<Resolved<'a>>) {
    for layer in 0..LAYERS {
        let of_layer = |one: &Resolved<'_>| one.layer() == Some(layer);
        let found = parsed.iter().rfind(|one| one.row.is(Role::Endpoint) && of_layer(one));
        let Some((origin, served)) =
            found.and_then(|one| Some((one.origin.clone(), Served::parse(one.value.text())?)))
        else {
            continue;
        };
        let (host, port) = (served.host, served.port.map(|port| port.to_string()));
        let path = served.path.map(str::to_owned);
        let mut at = parsed.iter().position(of_layer).unwrap_or(0);
        for (role, text) in [(Role::Host, host), (Role::Port, port), (Role::MetricsPath, path)] {
            let row = catalogue.rows.iter().find(|row| row.is(role));
            let (Some(row), Some(text)) = (row, text) else { continue };
            let number = text.parse().unwrap_or(0);
            let (value, origin) = (Value::new(text, number), origin.clone());
            parsed.insert(at, Resolved { row, value, origin, element: None });
            at += 1;
        }
    }
}

/// The addresses: each layer may replace them, or change host and port of the only one. `parsed` is in
/// the order of the layers.
pub fn listen(
    parsed: &[Resolved<'_>],
    default: &str,
    refusal: &mut Refusal,
) -> (Vec<Listen>, Option<Origin>) {
    let mut all: Vec<Listen> = Listen::parse(default).into_iter().collect();
    let (mut from, mut named_in) = (None, None);
    // Addresses first, then what changes them.
    for layer in 0..LAYERS {
        for part in [Role::Listen, Role::Host, Role::Port] {
            for one in parsed.iter().filter(|one| one.row.is(part) && one.layer() == Some(layer)) {
                let Some(origin) = &one.origin else { continue };
                if part == Role::Listen {
                    if named_in != Some(layer) {
                        named_in = Some(layer);
                        all.clear();
                    }
                    all.extend(Listen::parse(one.value.text()));
                } else if named_in == Some(layer) {
                    refusal.add(origin.clone(), TOGETHER.to_owned());
                } else if !replace(&mut all, part, &one.value) {
                    refusal.add(origin.clone(), NOT_ONE.to_owned());
                }
                from = Some(origin);
            }
        }
    }
    if let Some(origin) = from.filter(|_| all.len() > MAX_LISTEN) {
        let text = ["more than ", &MAX_LISTEN.to_string(), " addresses"].concat();
        refusal.add(origin.clone(), text);
    }
    (all, from.cloned())
}

/// Changes the only TCP address; false if there is not exactly one.
fn replace(all: &mut [Listen], part: Role, value: &Value) -> bool {
    let mut tcp = all.iter_mut().filter_map(|listen| match listen {
        Listen::Tcp(host, port) => Some((host, port)),
        Listen::Unix(_) | Listen::Vsock(_) => None,
    });
    let (Some((host, port)), None) = (tcp.next(), tcp.next()) else { return false };
    match part {
        Role::Host => *host = value.string(),
        _ => *port = u16::try_from(value.number).unwrap_or(*port),
    }
    true
}
