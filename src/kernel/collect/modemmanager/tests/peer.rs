//! The answers of a made-up ModemManager.

use crate::kernel::read::dbus::testing::{Body, Reply};

const PREFIX: &str = "org.freedesktop.ModemManager1.";
pub const MODEM_0: &str = "/org/freedesktop/ModemManager1/Modem/0";

fn text_of(kind: &'static str, text: &'static str) -> impl FnOnce(&mut Body) {
    assert!(kind == "s" || kind == "o");
    move |body| body.text(text)
}

/// The name of an interface, and what writes its properties.
pub type Interface<'a> = (&'a str, &'a dyn Fn(&mut Body));

/// An object with these interfaces.
pub fn object(body: &mut Body, path: &str, interfaces: &[Interface<'_>]) {
    body.align(8);
    body.text(path);
    body.list(8, |body| {
        for (name, properties) in interfaces {
            body.align(8);
            body.text(name);
            body.list(8, properties);
        }
    });
}

/// `Modem` in a state, at a port, with these bearers; as ModemManager 1.20 has it, though shorter.
pub fn properties<'a>(state: i32, port: &'a str, bearers: &'a [&str]) -> impl Fn(&mut Body) + 'a {
    move |body| {
        body.entry("Sim", "o", text_of("o", "/org/freedesktop/ModemManager1/SIM/0"));
        body.entry("Bearers", "ao", |body| {
            body.list(4, |body| bearers.iter().for_each(|path| body.text(path)));
        });
        body.entry("UnlockRetries", "a{uu}", |body| {
            body.list(8, |body| {
                body.align(8);
                body.uint32(3);
                body.uint32(10);
            });
        });
        body.entry("Ports", "a(su)", |body| {
            body.list(8, |body| {
                body.align(8);
                body.text(port);
                body.uint32(6);
            });
        });
        body.entry("EquipmentIdentifier", "s", text_of("s", "490154203237518"));
        body.entry("Model", "s", text_of("s", "EM7455"));
        body.entry("Manufacturer", "s", text_of("s", "Sierra"));
        body.entry("PrimaryPort", "s", |body| body.text(port));
        body.entry("State", "i", |body| body.uint32(state.cast_unsigned()));
        body.entry("SignalQuality", "(ub)", |body| {
            body.align(8);
            body.uint32(if state > 0 { 57 } else { 0 });
            body.uint32((state > 0).into());
        });
        body.entry("AccessTechnologies", "u", |body| body.uint32(1 << 14));
    }
}

pub fn lte(body: &mut Body) {
    body.entry("Rate", "u", |body| body.uint32(30));
    body.entry("Nr5g", "a{sv}", |body| body.list(8, |_| {}));
    body.entry("Lte", "a{sv}", |body| {
        body.list(8, |body| {
            for (key, level) in [("rssi", -61.0), ("rsrp", -92.5), ("snr", 8.4), ("rsrq", f64::MIN)]
            {
                body.entry(key, "d", |body| body.double(level));
            }
            body.entry("error-rate", "d", |body| body.double(1.0));
            body.entry("made-up", "s", text_of("s", "x"));
        });
    });
}

pub fn silent(body: &mut Body) {
    body.entry("Rate", "u", |body| body.uint32(0));
    body.entry("Lte", "a{sv}", |body| body.list(8, |_| {}));
}

fn registered(body: &mut Body) {
    body.entry("Imei", "s", text_of("s", "490154203237518"));
    body.entry("RegistrationState", "u", |body| body.uint32(5));
    body.entry("OperatorName", "s", text_of("s", "Example"));
}

pub fn objects(write: impl FnOnce(&mut Body)) -> Reply {
    let mut body = Body::default();
    body.list(8, write);
    Reply::Values("a{oa{sa{sv}}}", body)
}

pub fn name(interface: &str) -> String {
    [PREFIX, interface].concat()
}

/// One that is connected, one that failed, and an object that is no modem.
pub fn two(signal: &dyn Fn(&mut Body), bearers: &[&str]) -> Reply {
    let (modem, signals, network) = (name("Modem"), name("Modem.Signal"), name("Modem.Modem3gpp"));
    objects(|body| {
        let first = properties(11, "cdc-wdm0", bearers);
        let all: [Interface<'_>; 3] =
            [(&modem, &first), (&signals, signal), (&network, &registered)];
        object(body, MODEM_0, &all);
        let second = properties(-1, "ttyUSB2", &[]);
        object(body, "/org/freedesktop/ModemManager1/Modem/7", &[(&modem, &second)]);
        object(body, "/other", &[(&signals, &silent)]);
    })
}

pub fn bearer(is_connected: bool, bytes: u64) -> Reply {
    let mut body = Body::default();
    body.list(8, |body| {
        body.entry("Interface", "s", text_of("s", "wwan0"));
        body.entry("Connected", "b", |body| body.uint32(is_connected.into()));
        body.entry("Ip4Config", "a{sv}", |body| body.list(8, |_| {}));
        body.entry("Stats", "a{sv}", |body| {
            body.list(8, |body| {
                body.entry("rx-bytes", "t", |body| body.uint64(3));
                body.entry("total-rx-bytes", "t", |body| body.uint64(bytes));
                body.entry("total-tx-bytes", "t", |body| body.uint64(bytes * 2));
                body.entry("duration", "u", |body| body.uint32(4));
                body.entry("attempts", "u", |body| body.uint32(5));
            });
        });
    });
    Reply::Values("a{sv}", body)
}
