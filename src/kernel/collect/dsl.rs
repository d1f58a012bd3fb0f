//! The DSL line of a router with OpenWrt and a modem of Lantiq: reported by its daemon over ubus (object `dsl`, method
//! `metrics`; dsl_cpe_ubus.c of OpenWrt, since 21.02). Off by default. A thread asks once in `interval`, since the
//! daemon asks the modem, which takes its time; `dsl_age_seconds` is the age of the answer.
//!
//! Without root an access list in `/usr/share/acl.d` is needed. `near` is this end, `far` the exchange. Kinds of
//! seconds: `fecs` with corrected errors, `es` errored, `ses` severely errored, `loss` without signal, `lofs` without
//! frames, `uas` unavailable. Kinds of errors: `crc_p` and `crcp_p` check sums, `cv_p` and `cvp_p` code violations,
//! `hec` and `ibe` headers and bits of cells. They count from the start of the daemon. Values that a modem does not
//! report have no sample.

use super::slow::Found;
use super::ubus::{Poller, Query, info, number};
use super::{Collector, Setup, Spec};
use crate::kernel::read::ubus::{Table, Value};
use crate::model::metric::{Family, Unit::*, counter, families, gauge, named};
use crate::settings::{CollectorOption, Subject, duration, path};
use std::path::PathBuf;
use std::time::Duration;

const NONE: &[&str] = &[];
const DIRECTION: &[&str] = &["direction"];
const KIND: &[&str] = &["end", "kind"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 18] = families![
    gauge(  "dsl_up",                                    One,    "Whether the line is synchronised.",                NONE).own_prefix(),
    gauge(  "dsl_uptime_seconds",                        One,    "Time since the line is synchronised.",             NONE).own_prefix(),
    gauge(  "dsl_state",                                 One,    "Always 1; the label is the state of the line.",    &["state"]).own_prefix(),
    gauge(  "dsl_line_info",                             One,    "Always 1; the labels say how the line is used.",   &["mode", "profile", "annex"]).own_prefix(),
    gauge(  "dsl_modem_info",                            One,    "Always 1; the labels identify the modem.",         &["chipset", "firmware", "driver"]).own_prefix(),
    gauge(  "dsl_exchange_info",                         One,    "Always 1; the labels identify the far end.",       &["vendor", "system_vendor"]).own_prefix(),
    gauge(  "dsl_data_rate_bytes_per_second",            Millis, "Rate of the line.",                                DIRECTION).own_prefix(),
    gauge(  "dsl_attainable_data_rate_bytes_per_second", Millis, "Rate that the line could have.",                   DIRECTION).own_prefix(),
    gauge(  "dsl_line_attenuation_decibels",             One,    "Attenuation of the line.",                         DIRECTION).own_prefix(),
    gauge(  "dsl_signal_attenuation_decibels",           One,    "Attenuation of the signal.",                       DIRECTION).own_prefix(),
    gauge(  "dsl_snr_margin_decibels",                   One,    "Signal-to-noise ratio beyond what is needed.",     DIRECTION).own_prefix(),
    gauge(  "dsl_transmit_power_dbm",                    One,    "Power that is sent.",                              DIRECTION).own_prefix(),
    gauge(  "dsl_interleave_delay_seconds",              Micros, "Delay by interleaving.",                           DIRECTION).own_prefix(),
    counter("dsl_errored_seconds_total",                 One,    "Seconds with errors, by kind.",                    KIND).own_prefix(),
    counter("dsl_errors_total",                          One,    "Errors, by kind.",                                 KIND).own_prefix(),
    counter("dsl_retransmissions_total",                 One,    "Units that were damaged or sent again, by kind.",  KIND).own_prefix(),
    counter("dsl_vectoring_reports_total",               One,    "Reports of errors for vectoring, by what became of them.", &["result"]).own_prefix(),
    gauge(  "dsl_age_seconds",                           Millis, "Time since the daemon was asked.",                 NONE).own_prefix(),
];

/// The values of each direction: name, family, and the factor. Rates are in bits.
static DIRECTED: [(&str, &Family<'_>, u64); 7] = [
    ("data_rate", named(FAMILIES, "dsl_data_rate_bytes_per_second"), 125),
    ("attndr", named(FAMILIES, "dsl_attainable_data_rate_bytes_per_second"), 125),
    ("latn", named(FAMILIES, "dsl_line_attenuation_decibels"), 1),
    ("satn", named(FAMILIES, "dsl_signal_attenuation_decibels"), 1),
    ("snr", named(FAMILIES, "dsl_snr_margin_decibels"), 1),
    ("actatp", named(FAMILIES, "dsl_transmit_power_dbm"), 1),
    ("interleave_delay", named(FAMILIES, "dsl_interleave_delay_seconds"), 1),
];

/// Those that may be below zero.
const LEVELS: [&str; 4] = ["latn", "satn", "snr", "actatp"];

/// The counters of each end.
static COUNTED: [(&Family<'_>, &[&str]); 3] = [
    (named(FAMILIES, "dsl_errored_seconds_total"), &["fecs", "es", "ses", "loss", "uas", "lofs"]),
    (named(FAMILIES, "dsl_errors_total"), &["hec", "ibe", "crc_p", "crcp_p", "cv_p", "cvp_p"]),
    (
        named(FAMILIES, "dsl_retransmissions_total"),
        &[
            "rx_corrupted",
            "rx_uncorrected_protected",
            "rx_retransmitted",
            "rx_corrected",
            "tx_retransmitted",
        ],
    ),
];

const REPORTS: &Family<'_> = named(FAMILIES, "dsl_vectoring_reports_total");

static SOCKET: CollectorOption<PathBuf> =
    path("socket", "socket of ubusd").default("/var/run/ubus/ubus.sock");
static INTERVAL: CollectorOption<Duration> =
    duration("interval", [30_000, 3_600_000], "how often the daemon is asked").default("60s");

static QUERY: Query = Query {
    object: "dsl",
    method: "metrics",
    read: read_answer,
    age: named(FAMILIES, "dsl_age_seconds"),
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "dsl",
        node_name: "",
        on: false,
        help: "the DSL line of a router with OpenWrt, over ubus",
        options: &[&SOCKET.row, &INTERVAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Poller::new(setup, &QUERY, &SOCKET, &INTERVAL))
}

fn read_answer(line: Table<'_>, found: &mut Found) {
    let [up, uptime, state, about, modem, exchange, ..] = &FAMILIES;
    number(up, [b""; 3], line.get("up"), 1, found);
    number(uptime, [b""; 3], line.get("uptime"), 1, found);
    info(state, [line.text("state"), b"", b""], found);
    info(about, [line.text("mode"), line.text("profile"), line.text("annex")], found);
    let versions = ["chipset", "firmware_version", "driver_version"];
    info(modem, versions.map(|name| line.text(name)), found);
    let far = line.table("atu_c");
    info(exchange, [far.text("vendor"), far.text("system_vendor"), b""], found);
    for (name, label) in [("downstream", "down"), ("upstream", "up")] {
        let direction = line.table(name);
        for (key, family, times) in &DIRECTED {
            let value = direction.get(key);
            let value = if LEVELS.contains(key) { value.map(signed) } else { value };
            number(family, [label.as_bytes(), b"", b""], value, *times, found);
        }
    }
    for end in ["near", "far"] {
        let errors = line.table("errors").table(end);
        for (family, kinds) in &COUNTED {
            for kind in *kinds {
                let labels = [end.as_bytes(), kind.as_bytes(), b""];
                number(family, labels, errors.get(kind), 1, found);
            }
        }
    }
    for result in ["sent", "discarded"] {
        let reports = line.table("erb").get(result);
        number(REPORTS, [result.as_bytes(), b"", b""], reports, 1, found);
    }
}

/// The level in a value. Lantiq's daemon sends fractions; those of other modems send whole numbers of 32 bits.
fn signed(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Int(bits) => {
            u32::try_from(bits).map_or(value, |bits| Value::Float(bits.cast_signed().into()))
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ubus::tests::{failure, opened, samples};
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::read::ubus::testing::{Reply, Written};

    fn line() -> Vec<u8> {
        let mut line = Written::default();
        line.text("chipset", "Lantiq-VRX200");
        line.text("firmware_version", "5.7.9.5.1.7");
        line.text("state", "Showtime with TC-Layer sync");
        line.switch("up", true);
        line.short("uptime", 86_411);
        line.table("atu_c", |far| far.text("vendor", "Broadcom 177.197"));
        line.text("profile", "17a");
        line.table("upstream", |up| {
            up.short("data_rate", 39_999_000);
            up.float("snr", 6.2);
            up.short("actatp", 4_294_967_283);
        });
        line.table("downstream", |down| {
            down.short("interleave_delay", 160);
            down.short("data_rate", 99_999_001);
            down.float("latn", 12.5);
            down.float("satn", f64::NAN);
            down.float("actatp", -3.5);
            down.short("attndr", 123_456_000);
        });
        line.table("errors", |errors| {
            errors.table("near", |near| {
                near.short("es", 31);
                near.short("crc_p", 3_000_000_000);
                near.short("rx_corrupted", 77);
                near.text("ses", "many");
            });
            errors.table("far", |far| far.short("uas", 62));
        });
        line.table("erb", |erb| erb.short("sent", 9));
        line.0
    }

    #[test]
    fn a_line_in_base_units_in_both_dialects() {
        let expected = [
            "dsl_up 1",
            "dsl_uptime_seconds 86411",
            r#"dsl_state{state="Showtime with TC-Layer sync"} 1"#,
            r#"dsl_line_info{mode="",profile="17a",annex=""} 1"#,
            r#"dsl_modem_info{chipset="Lantiq-VRX200",firmware="5.7.9.5.1.7",driver=""} 1"#,
            r#"dsl_exchange_info{vendor="Broadcom 177.197",system_vendor=""} 1"#,
            r#"dsl_data_rate_bytes_per_second{direction="down"} 12499875.125"#,
            r#"dsl_data_rate_bytes_per_second{direction="up"} 4999875"#,
            r#"dsl_attainable_data_rate_bytes_per_second{direction="down"} 15432000"#,
            r#"dsl_line_attenuation_decibels{direction="down"} 12.5"#,
            r#"dsl_snr_margin_decibels{direction="up"} 6.2"#,
            r#"dsl_transmit_power_dbm{direction="down"} -3.5"#,
            r#"dsl_transmit_power_dbm{direction="up"} -13"#,
            r#"dsl_interleave_delay_seconds{direction="down"} 0.000160"#,
            r#"dsl_errored_seconds_total{end="far",kind="uas"} 62"#,
            r#"dsl_errored_seconds_total{end="near",kind="es"} 31"#,
            r#"dsl_errors_total{end="near",kind="crc_p"} 3000000000"#,
            r#"dsl_retransmissions_total{end="near",kind="rx_corrupted"} 77"#,
            r#"dsl_vectoring_reports_total{result="sent"} 9"#,
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let (mut dsl, _bus) = opened(&SPEC, dialect, |object, method| match (object, method) {
                ("dsl", None) => Reply::Object(0x1234_5678),
                ("dsl", Some("metrics")) => Reply::Table(line()),
                _ => Reply::Status(4),
            });
            assert_eq!(samples(&mut dsl, dialect), expected);
        }
    }

    #[test]
    fn a_refusal_is_reported_with_advice() {
        let (mut dsl, _bus) = opened(&SPEC, Dialect::Own, |_, _| Reply::Status(6));
        let expected = "ubus/dsl: expected an access list in /usr/share/acl.d that allows it";
        assert!(failure(&mut dsl).starts_with(expected), "{}", failure(&mut dsl));
    }
}
