//! Parses gpsd's reports: a JSON object per line (gpsd_json(5), protocol 3), of which `TPV` describes the fix and `SKY`
//! the satellites. Every field may be missing.

use crate::base::clock::WallClock;
use crate::base::json::{self, Members, Value};
use std::time::{Duration, Instant};

/// The most receivers that are followed; reports of others are left out.
const MAX_DEVICES: usize = 8;

/// Bytes of a receiver's name.
const MAX_NAME: usize = 128;

/// Older reports are not shown.
const MAX_AGE: Duration = Duration::from_secs(15);

/// The greatest mode, a fix in three dimensions.
const MAX_MODE: u64 = 3;

/// A mode from which on there is a fix.
const HAS_FIX: u64 = 2;

/// The fields of `TPV` that are numbers, in the order of `Fix::errors`.
const ERRORS: [&str; 5] = ["eph", "epx", "epy", "epv", "ept"];

/// The fix of a receiver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fix {
    /// 0 unknown, 1 none, 2 in two dimensions, 3 in three.
    pub mode: Option<u64>,
    /// Errors of the position in metres (in the plane, by longitude, by latitude, in height), and of the time in
    /// seconds.
    pub errors: [Option<f64>; ERRORS.len()],
    /// The receiver's clock ahead of the one here, in nanoseconds.
    pub offset: Option<i64>,
}

/// One receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    pub name: String,
    /// When it reported last.
    pub at: Instant,
    fix: Option<(Instant, Fix)>,
    /// The numbers of satellites seen and used.
    satellites: Option<(Instant, [u64; 2])>,
    hdop: Option<(Instant, f64)>,
}

/// All receivers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reports {
    pub devices: Vec<Device>,
}

impl Reports {
    /// Reads a line that was just received.
    ///
    /// # Errors
    ///
    /// The line is not an object with a class.
    pub fn take(&mut self, line: &[u8], now: Instant, wall: WallClock) -> Result<(), &'static str> {
        const EXPECTED: &str = "an object with a class";
        let Ok(Value::Object(members)) = json::parse(line) else { return Err(EXPECTED) };
        let text = |name: &str| match member(members, name) {
            Some(Value::Text(text)) => std::str::from_utf8(text.raw()).ok(),
            _ => None,
        };
        let class = text("class").ok_or(EXPECTED)?;
        if !matches!(class, "TPV" | "SKY") {
            return Ok(());
        }
        // A receiver without a name is the only one.
        let name = text("device").unwrap_or_default();
        let Some(device) = self.device(name, now) else { return Ok(()) };
        device.at = now;
        match class {
            "TPV" => device.take_fix(members, text("time"), now, wall),
            _ => device.take_sky(members, now),
        }
        Ok(())
    }

    fn device(&mut self, name: &str, now: Instant) -> Option<&mut Device> {
        let is_known = self.devices.iter().any(|device| device.name == name);
        if !is_known && self.devices.len() < MAX_DEVICES && name.len() <= MAX_NAME {
            let (fix, satellites, hdop) = (None, None, None);
            self.devices.push(Device { name: name.to_owned(), at: now, fix, satellites, hdop });
        }
        self.devices.iter_mut().find(|device| device.name == name)
    }
}

impl Device {
    /// Each report is complete: a missing value is unknown from now on.
    fn take_fix(
        &mut self,
        members: Members<'_>,
        time: Option<&str>,
        now: Instant,
        wall: WallClock,
    ) {
        let mode = member(members, "mode").and_then(whole).filter(|mode| *mode <= MAX_MODE);
        let has_fix = mode.is_some_and(|mode| mode >= HAS_FIX);
        // Without a fix the time may be that of the receiver's own clock.
        let time = time.filter(|_| has_fix).and_then(|t| WallClock::parse_rfc3339(t.as_bytes()));
        let offset = time.and_then(|time| difference(time, wall));
        let errors = ERRORS.map(|name| member(members, name).and_then(Value::number));
        self.fix = Some((now, Fix { mode, errors, offset }));
        self.hdop = self.hdop.filter(|_| has_fix);
    }

    /// Some receivers report the satellites and the precision separately.
    fn take_sky(&mut self, members: Members<'_>, now: Instant) {
        let reported = ["nSat", "uSat"].map(|name| member(members, name).and_then(whole));
        let counted = match member(members, "satellites") {
            Some(Value::Array(satellites)) => {
                let is_used = |satellite: &Value<'_>| match satellite {
                    Value::Object(members) => member(*members, "used") == Some(Value::Bool(true)),
                    _ => false,
                };
                let (seen, used) = (satellites.count(), satellites.filter(is_used).count());
                Some([seen as u64, used as u64])
            }
            _ => None,
        };
        // gpsd before 3.22 does not send the counts.
        let satellites = match (reported, counted) {
            ([Some(seen), Some(used)], _) => Some([seen, used]),
            (_, counted) => counted,
        };
        self.satellites = satellites.map(|counts| (now, counts)).or(self.satellites);
        let hdop = member(members, "hdop").and_then(Value::number);
        self.hdop = hdop.map(|hdop| (now, hdop)).or(self.hdop);
    }

    /// The fix, unless it is old.
    pub fn fix(&self, now: Instant) -> Option<&Fix> {
        self.fix.as_ref().filter(|(at, _)| is_recent(*at, now)).map(|(_, fix)| fix)
    }

    /// Satellites that are seen and used, unless that is old.
    pub fn satellites(&self, now: Instant) -> Option<[u64; 2]> {
        self.satellites.filter(|(at, _)| is_recent(*at, now)).map(|(_, counts)| counts)
    }

    /// The dilution of precision in the plane, unless it is old.
    pub fn hdop(&self, now: Instant) -> Option<f64> {
        self.hdop.filter(|(at, _)| is_recent(*at, now)).map(|(_, hdop)| hdop)
    }
}

fn is_recent(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) <= MAX_AGE
}

fn member<'a>(mut members: Members<'a>, name: &str) -> Option<Value<'a>> {
    members.find(|(key, _)| key.raw() == name.as_bytes()).map(|(_, value)| value)
}

/// A small whole number.
fn whole(value: Value<'_>) -> Option<u64> {
    match value {
        Value::Number(text) => text.parse::<u32>().ok().map(u64::from),
        _ => None,
    }
}

/// Nanoseconds from `here` to `there`.
fn difference(there: WallClock, here: WallClock) -> Option<i64> {
    let nanos = |clock: WallClock| i128::try_from(clock.since_epoch().as_nanos()).ok();
    i64::try_from(nanos(there)? - nanos(here)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report in the form of gpsd 3.22.
    const SKY: &str = r#"{"class":"SKY","device":"/dev/ttyACM0","xdop":1.05,"ydop":1.15,"vdop":1.70,"tdop":2.16,"hdop":1.20,"gdop":5.72,"pdop":2.10,"nSat":7,"uSat":5,"satellites":[{"PRN":1,"el":40.0,"az":83.0,"ss":46.0,"used":true,"gnssid":0,"svid":1},{"PRN":6,"el":10.0,"az":200.0,"ss":20.0,"used":false,"gnssid":0,"svid":6}]}"#;
    const TPV: &str = r#"{"class":"TPV","device":"/dev/ttyACM0","mode":3,"time":"2026-11-28T20:02:32.250Z","ept":0.005,"lat":48.117300000,"lon":11.516666667,"altHAE":592.3000,"epx":15.727,"epy":17.247,"epv":39.100,"track":0.0000,"speed":0.000,"eps":34.49,"epc":78.20,"geoidSep":46.900,"eph":22.800,"sep":39.900}"#;

    /// 2026-11-28T20:02:33Z.
    fn wall() -> WallClock {
        WallClock::at(Duration::from_secs(1_795_896_153))
    }

    fn taken(lines: &[&str]) -> Reports {
        let (mut reports, now) = (Reports::default(), Instant::now());
        for line in lines {
            reports.take(line.as_bytes(), now, wall()).unwrap();
        }
        reports
    }

    #[test]
    fn a_fix_and_the_sky() {
        let reports = taken(&[SKY, TPV]);
        let [device] = &reports.devices[..] else { panic!("{reports:?}") };
        let (now, later) = (device.at, device.at + Duration::from_secs(16));
        let expected = Fix {
            mode: Some(3),
            errors: [Some(22.8), Some(15.727), Some(17.247), Some(39.1), Some(0.005)],
            offset: Some(-750_000_000),
        };
        assert_eq!(device.fix(now), Some(&expected));
        assert_eq!((device.satellites(now), device.hdop(now)), (Some([7, 5]), Some(1.2)));
        assert_eq!(
            (device.fix(later), device.satellites(later), device.hdop(later)),
            (None, None, None)
        );
        assert_eq!(device.name, "/dev/ttyACM0");
    }

    #[test]
    fn without_a_fix_its_fields_are_gone() {
        let lost =
            r#"{"class":"TPV","device":"/dev/ttyACM0","mode":1,"time":"1999-08-22T00:00:00.000Z"}"#;
        let reports = taken(&[SKY, TPV, lost]);
        let device = &reports.devices[0];
        let expected = Fix { mode: Some(1), ..Fix::default() };
        assert_eq!(device.fix(device.at), Some(&expected));
        assert_eq!((device.hdop(device.at), device.satellites(device.at)), (None, Some([7, 5])));
    }

    #[test]
    fn satellites_are_counted_where_gpsd_does_not() {
        let old = SKY.replace(r#""nSat":7,"uSat":5,"#, "");
        let alone = r#"{"class":"SKY","device":"/dev/ttyACM0","hdop":0.9}"#;
        let reports = taken(&[&old, alone]);
        let device = &reports.devices[0];
        assert_eq!(
            (device.satellites(device.at), device.hdop(device.at)),
            (Some([2, 1]), Some(0.9))
        );
        let none = taken(&[r#"{"class":"SKY","satellites":[{"used":"yes"},7,{"used":true}]}"#]);
        let device = &none.devices[0];
        assert_eq!((&*device.name, device.satellites(device.at)), ("", Some([3, 1])));
    }

    #[test]
    fn other_lines_are_skipped_or_refused() {
        let version = r#"{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}"#;
        let odd =
            r#"{"class":"TPV","device":7,"mode":"3","time":5,"eph":1e999,"epx":null,"mode":2}"#;
        let reports = taken(&[version, odd]);
        let device = &reports.devices[0];
        assert_eq!(device.fix(device.at), Some(&Fix::default()), "the first of two counts");
        let reports = taken(&[version, r#"{"class":"TPV","mode":4}"#]);
        let device = &reports.devices[0];
        assert_eq!(device.fix(device.at), Some(&Fix::default()), "no mode that there is");
        let mut reports = Reports::default();
        for bad in ["", "[]", "{}", r#"{"class":7}"#, r#"{"class":"TPV""#, "GPRMC"] {
            assert!(reports.take(bad.as_bytes(), Instant::now(), wall()).is_err(), "{bad}");
        }
        for n in 0..20 {
            let line = format!(r#"{{"class":"TPV","device":"{n}","mode":1}}"#);
            reports.take(line.as_bytes(), Instant::now(), wall()).unwrap();
        }
        let names: Vec<_> = reports.devices.iter().map(|device| &*device.name).collect();
        assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}
