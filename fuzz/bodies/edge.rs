//! What programs beside the agent say: upsd, chronyd, gpsd, ModemManager and ubusd; the file that counts starts of the
//! machine; and records of the kernel's log, into which any program may write.

use sysmetrics::kernel::collect::boot::Boots;

/// A file of starts that is taken means what it means when it is written again.
pub fn boot_state(bytes: &[u8]) {
    if let Some(boots) = Boots::parse(bytes) {
        let again = Boots::parse(&boots.render());
        assert_eq!(again, Some(boots));
    }
}

/// The head of a record says what it says when it is taken apart the simple way.
pub fn kernel_log(bytes: &[u8]) {
    use sysmetrics::kernel::collect::kernel_log::Record;
    let text = String::from_utf8_lossy(bytes);
    let naive = || {
        let fields: Vec<&str> = text.split_once(';')?.0.split(',').collect();
        let number = |at: usize| {
            let field: &&str = fields.get(at)?;
            field.bytes().all(|byte| byte.is_ascii_digit()).then(|| field.parse::<u64>().ok())?
        };
        let (priority, number, _) = (number(0)?, number(1)?, number(2)?);
        (fields.len() > 3 && priority < 1024).then_some((priority, number))
    };
    let expected = naive().map(|(priority, number)| Record {
        level: (priority < 8).then_some(priority as usize),
        number,
    });
    assert_eq!(Record::of(bytes), expected);
}

/// Whatever upsd says, what is kept of it is bounded, and a name can be asked for.
pub fn nut(bytes: &[u8]) {
    use sysmetrics::kernel::collect::nut::{Ups, upses};
    if let Ok((all, _)) = upses(bytes) {
        assert!(all.len() <= 16);
        for ups in &all {
            assert!((1..=64).contains(&ups.name.len()));
            assert!(ups.name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
            assert!(ups.texts.iter().all(|text| text.len() <= 128));
        }
    }
    let mut ups = Ups { name: "rack".to_owned(), ..Ups::default() };
    if ups.read(bytes).is_ok() {
        assert!(ups.state < 6 && ups.texts.iter().all(|text| text.len() <= 128));
        assert!(ups.status.is_none_or(|(bits, _)| bits < 1 << 15));
    }
}

/// Numbers of chrony's own form are finite, whatever they are.
pub fn chrony(bytes: &[u8]) {
    use sysmetrics::kernel::collect::chrony::Tracking;
    let sequence = bytes.get(16..20).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    if let Ok(tracking) = Tracking::of(bytes, u32::from_be_bytes(sequence)) {
        assert!(bytes.len() >= 104 && tracking.floats.iter().all(|number| number.is_finite()));
    }
}

/// Whatever gpsd reports, line by line, what is kept of it is bounded and finite.
pub fn gpsd(bytes: &[u8]) {
    use std::time::{Duration, Instant};
    use sysmetrics::base::clock::WallClock;
    use sysmetrics::kernel::collect::gpsd::Reports;
    let (mut reports, now) = (Reports::default(), Instant::now());
    let wall = WallClock::at(Duration::from_secs(1_795_896_153));
    for line in bytes.split(|byte| *byte == b'\n') {
        let _ = reports.take(line, now, wall);
    }
    assert!(reports.devices.len() <= 8);
    for device in &reports.devices {
        assert!(device.name.len() <= 128);
        let errors = device.fix(now).map(|fix| fix.errors).unwrap_or_default();
        assert!(errors.into_iter().chain([device.hdop(now)]).flatten().all(f64::is_finite));
        assert!(device.fix(now + Duration::from_secs(16)).is_none());
    }
}

/// Whatever ModemManager says of modems and their bearers, in either byte order, what is kept is bounded.
pub fn modemmanager(bytes: &[u8]) {
    use sysmetrics::kernel::collect::modemmanager::{Bearer, modems};
    use sysmetrics::kernel::read::dbus::Values;
    for is_big_endian in [false, true] {
        let values = Values::new(bytes, is_big_endian);
        if let Some((all, _)) = modems(values.clone()) {
            assert!(all.len() <= 16);
            for modem in &all {
                let texts = [&modem.port, &modem.model, &modem.manufacturer, &modem.operator];
                assert!(texts.iter().all(|text| text.len() <= 128) && modem.bearers.len() <= 17);
                let levels = modem.levels.iter().flatten().flatten();
                assert!(levels.into_iter().all(|level| level.abs() < 1000.0));
            }
        }
        let _ = Bearer::of(values);
    }
}

/// A table of ubus that is taken is whole: each value of it is found again, to the last table.
pub fn ubus(bytes: &[u8]) {
    use sysmetrics::kernel::read::ubus::{Attributes, Table, Value};
    fn walk(table: Table<'_>, depth: usize) -> usize {
        assert!(depth <= 17);
        let inner = |value| match value {
            Value::Table(table) => 1 + walk(table, depth + 1),
            _ => 1,
        };
        table.fields().map(|(_, value)| inner(value)).sum()
    }
    assert!(Attributes(bytes).all(|one| one.data.len() + 4 <= bytes.len()));
    if let Some(table) = Table::parse(bytes) {
        assert!(walk(table, 0) <= bytes.len() / 4);
        assert_eq!(table.fields().count(), Attributes(bytes).count());
    }
}
