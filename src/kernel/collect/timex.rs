//! How the kernel disciplines its clock: adjtimex(2), which only reads (since 2.0; the fields of pulse per
//! second are 0 without `CONFIG_NTP_PPS`). Frequencies are parts per million with a binary fraction of 16
//! bits, shown as ratios with nine places. Offset and jitter are in nanoseconds where the status
//! has STA_NANO, else in microseconds. A container or sandbox may refuse the call; then there are no values.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys::{self, ClockState};
use crate::model::metric::{Family, Sink, Unit::*, counter, families, gauge};
use crate::settings::Subject;
use std::io;

const CALL: &str = "adjtimex(2)";
const NONE: &[&str] = &[];

/// Parts per billion, as a ratio.
const WHOLE: i64 = 1_000_000_000;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 17] = families![
    gauge(  "timex_sync_status",                  One,    "Whether the clock is synchronised to a reliable source.",    NONE),
    gauge(  "timex_offset_seconds",               Nanos,  "Offset of the clock from the reference clock.",              NONE),
    gauge(  "timex_frequency_adjustment_ratio",   Nanos,  "How fast the clock is made to run; 1 is its own speed.",     NONE),
    gauge(  "timex_maxerror_seconds",             Micros, "Largest error that the clock may have.",                     NONE),
    gauge(  "timex_estimated_error_seconds",      Micros, "Estimated error of the clock.",                              NONE),
    gauge(  "timex_status",                       One,    "Bits of the clock's status.",                                NONE),
    gauge(  "timex_loop_time_constant",           One,    "Time constant of the phase-locked loop.",                    NONE),
    gauge(  "timex_tick_seconds",                 Micros, "Time between two ticks of the clock.",                       NONE),
    gauge(  "timex_pps_frequency_hertz|timex_pps_frequency_ratio", Nanos, "Frequency offset by the pulse per second.",  NONE),
    gauge(  "timex_pps_jitter_seconds",           Nanos,  "Jitter of the pulse per second.",                            NONE),
    gauge(  "timex_pps_shift_seconds|timex_pps_shift", One, "Binary logarithm of the calibration interval in seconds.", NONE),
    gauge(  "timex_pps_stability_hertz|timex_pps_stability_ratio", Nanos, "Stability of the pulse per second's frequency.", NONE),
    counter("timex_pps_jitter_total",             One,    "Pulses whose jitter was too large.",                         NONE),
    counter("timex_pps_calibration_total",        One,    "Calibration intervals.",                                     NONE),
    counter("timex_pps_error_total",              One,    "Calibrations that failed.",                                  NONE),
    counter("timex_pps_stability_exceeded_total", One,    "Calibrations whose frequency changed too much.",             NONE),
    gauge(  "timex_tai_offset_seconds",           One,    "International Atomic Time ahead of UTC.",                    NONE),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "timex",
        node_name: "timex",
        on: true,
        help: "discipline of the clock, from adjtimex(2)",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open: |_: &mut Setup<'_>| Box::new(Timex),
};

struct Timex;

impl Collector for Timex {
    fn collect(&mut self, _: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let clock = sys::clock_state().map_err(|e| refusal(&e))?;
        for (family, raw) in FAMILIES.iter().zip(values(&clock)) {
            out.single(family, family.signed(raw));
        }
        Ok(())
    }
}

/// Why there are no values. That the call is not permitted is no fault.
fn refusal(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Error::Unsupported(CALL.into()),
        _ => Error::of(CALL, error),
    }
}

/// In the order and the units of the families.
fn values(clock: &ClockState) -> [i64; FAMILIES.len()] {
    let nanos = |raw: i64| if clock.is_nano { raw } else { raw.saturating_mul(1000) };
    [
        clock.is_synchronised.into(),
        nanos(clock.offset),
        WHOLE.saturating_add(billionths(clock.freq)),
        clock.maxerror,
        clock.esterror,
        clock.status,
        clock.constant,
        clock.tick,
        billionths(clock.ppsfreq),
        nanos(clock.jitter),
        clock.shift,
        billionths(clock.stabil),
        clock.jitcnt,
        clock.calcnt,
        clock.errcnt,
        clock.stbcnt,
        clock.tai,
    ]
}

/// A frequency of the kernel's, rounded to parts per billion.
fn billionths(raw: i64) -> i64 {
    let doubled = (i128::from(raw) * 2000) >> 16;
    i64::try_from((doubled + 1) >> 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};
    use crate::model::metric::Value;

    #[test]
    fn units_are_those_of_the_families() {
        let clock = ClockState {
            is_synchronised: true,
            is_nano: true,
            offset: -1_234_567,
            freq: -819_200, // 12.5 parts per million slower
            maxerror: 16_000_001,
            esterror: 17,
            status: 0x2001,
            constant: 7,
            tick: 10_000,
            ppsfreq: 65_536,
            jitter: 19,
            shift: 4,
            stabil: 32_768,
            jitcnt: 21,
            calcnt: 22,
            errcnt: 23,
            stbcnt: 24,
            tai: 37,
        };
        let shown = |clock: &ClockState| -> Vec<Value> {
            FAMILIES.iter().zip(values(clock)).map(|(family, raw)| family.signed(raw)).collect()
        };
        let (int, micros) = (Value::Int, |n| Value::Fixed(n, 6));
        let expected = [
            int(1),
            Value::Minus(1_234_567, 9),
            Value::Nano(999_987_500),
            micros(16_000_001),
            micros(17),
            int(0x2001),
            int(7),
            micros(10_000),
            Value::Nano(1000),
            Value::Nano(19),
            int(4),
            Value::Nano(500),
            int(21),
            int(22),
            int(23),
            int(24),
            int(37),
        ];
        assert_eq!(shown(&clock), expected);
        let micro = ClockState { is_nano: false, is_synchronised: false, ..clock };
        let micro = shown(&micro);
        assert_eq!((micro[0], micro[1]), (int(0), Value::Minus(1_234_567_000, 9)));
        assert_eq!(micro[9], Value::Nano(19_000));
        // Rounded, not cut: 0.5 parts per billion is 32.768.
        assert_eq!([-33, -32, 32, 33, 65].map(billionths), [-1, 0, 0, 1, 1]);
    }

    #[test]
    fn a_call_that_is_not_permitted_is_no_error() {
        let of = |errno| refusal(&io::Error::from_raw_os_error(errno));
        assert_eq!(of(libc::EPERM), Error::Unsupported(CALL.into()));
        assert_eq!(of(libc::EACCES), Error::Unsupported(CALL.into()));
        assert_eq!(of(libc::EFAULT), Error::Read(CALL.into(), libc::EFAULT));
    }

    #[test]
    fn the_running_kernel_is_queried() {
        let mut timex = Tree::new("timex").open(&SPEC, Dialect::Own, &[]);
        if sys::clock_state().is_ok() {
            assert_eq!(scrape(&mut timex, Dialect::Own, &["timex"]).0.len(), FAMILIES.len());
        }
    }
}
