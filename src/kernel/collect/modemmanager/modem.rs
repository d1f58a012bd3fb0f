//! Parses `GetManagedObjects` about modems, and a bearer's answer about its traffic.

use crate::kernel::collect::growth::Counts;
use crate::kernel::read::dbus::Values;
use crate::kernel::read::scan;

/// Modems, connections of one, and bytes of a text; a box has one or two.
const MAX_MODEMS: usize = 16;
pub const MAX_BEARERS: usize = 16;
const MAX_TEXT: usize = 128;

/// The types of the answer, and of a dictionary.
pub const OBJECTS: &[u8] = b"a{oa{sa{sv}}}";
pub const DICTIONARY: &[u8] = b"a{sv}";

/// What the names of all interfaces begin with.
const PREFIX: &[u8] = b"org.freedesktop.ModemManager1.";

/// Properties of `Modem.Signal`, with the bits of `AccessTechnologies` that mean the same
/// (MMModemAccessTechnology).
pub const TECHNOLOGIES: [(&str, &str, u32); 6] = [
    ("Gsm", "gsm", 0b0001_1110),
    ("Umts", "umts", 0b0011_1110_0000),
    ("Cdma", "cdma", 1 << 10),
    ("Evdo", "evdo", 0b111 << 11),
    ("Lte", "lte", 1 << 14 | 1 << 16 | 1 << 17),
    ("Nr5g", "nr5g", 1 << 15),
];

/// Keys of their dictionaries, in the order of the families.
const LEVELS: [&str; 6] = ["rssi", "rsrp", "rsrq", "snr", "rscp", "ecio"];

/// No level is as large; an unknown one may be reported as the smallest number of all.
const MAX_LEVEL: f64 = 1000.0;

/// Keys of a bearer's statistics: of all its connections since 1.14, and of the last one before.
const TRAFFIC: [(&str, &str); 5] = [
    ("total-rx-bytes", "rx-bytes"),
    ("total-tx-bytes", "tx-bytes"),
    ("total-duration", "duration"),
    ("attempts", ""),
    ("failed-attempts", ""),
];

/// A modem; `None` for values that are missing.
#[derive(Debug, Default, PartialEq)]
pub struct Modem {
    pub path: Vec<u8>,
    /// The port, such as cdc-wdm0.
    pub port: Vec<u8>,
    pub model: Vec<u8>,
    pub manufacturer: Vec<u8>,
    pub operator: Vec<u8>,
    /// MMModemState: -1 failed to 11 connected.
    pub state: Option<i32>,
    /// MMModem3gppRegistrationState.
    pub registration: Option<u32>,
    /// The signal quality in per cent.
    pub quality: Option<u32>,
    pub technologies: Option<u32>,
    /// How often levels are measured, in seconds; 0 means never.
    pub interval: Option<u32>,
    /// By technology and key, in dBm or dB.
    pub levels: [[Option<f64>; LEVELS.len()]; TECHNOLOGIES.len()],
    /// Paths of its connections, with one more than `MAX_BEARERS` if there are too many.
    pub bearers: Vec<Vec<u8>>,
}

/// The modems in an answer, and whether there are more than the limit; `None` if it is truncated.
pub fn modems(mut body: Values<'_>) -> Option<(Vec<Modem>, bool)> {
    let (mut all, mut has_more) = (Vec::new(), false);
    let mut objects = body.array(8)?;
    while !objects.is_empty() {
        objects.align(8);
        let path = objects.path()?;
        let mut interfaces = objects.array(8)?;
        let mut modem = Modem { path: path.to_vec(), ..Modem::default() };
        let mut is_modem = false;
        while !interfaces.is_empty() {
            interfaces.align(8);
            let name = interfaces.text()?;
            let name = scan::text(name.strip_prefix(PREFIX).unwrap_or_default());
            is_modem |= name == "Modem";
            each(&mut interfaces, &mut |key, kind, value| modem.take([name, key], kind, value))?;
        }
        if is_modem && all.len() < MAX_MODEMS {
            all.push(modem);
        } else {
            has_more |= is_modem;
        }
    }
    Some((all, has_more))
}

/// Receives key, type and value of an entry; returns `None` if that is truncated.
type Take<'a> = dyn FnMut(&str, &[u8], &mut Values<'_>) -> Option<()> + 'a;

/// Passes every entry of a dictionary `a{sv}` to `take`.
pub fn each(values: &mut Values<'_>, take: &mut Take<'_>) -> Option<()> {
    let mut entries = values.array(8)?;
    while !entries.is_empty() {
        entries.align(8);
        let key = scan::text(entries.text()?);
        let (kind, mut value) = entries.any()?;
        take(key, kind, &mut value)?;
    }
    Some(())
}

impl Modem {
    /// Reads a property, by its interface and name. One of another type than is documented is skipped.
    fn take(&mut self, name: [&str; 2], kind: &[u8], value: &mut Values<'_>) -> Option<()> {
        match (name, kind) {
            (["Modem", "State"], b"i") => self.state = Some(value.int32()?),
            (["Modem", "AccessTechnologies"], b"u") => self.technologies = Some(value.uint32()?),
            (["Modem", "SignalQuality"], b"(ub)") => {
                value.align(8);
                self.quality = Some(value.uint32()?);
            }
            (["Modem", "PrimaryPort"], b"s") => self.port = text(value)?,
            (["Modem", "Model"], b"s") => self.model = text(value)?,
            (["Modem", "Manufacturer"], b"s") => self.manufacturer = text(value)?,
            (["Modem", "Bearers"], b"ao") => {
                let mut paths = value.array(4)?;
                while !paths.is_empty() && self.bearers.len() <= MAX_BEARERS {
                    self.bearers.push(paths.path().filter(|path| path.len() <= MAX_TEXT)?.to_vec());
                }
            }
            (["Modem.Modem3gpp", "RegistrationState"], b"u") => {
                self.registration = Some(value.uint32()?);
            }
            (["Modem.Modem3gpp", "OperatorName"], b"s") => self.operator = text(value)?,
            (["Modem.Signal", "Rate"], b"u") => self.interval = Some(value.uint32()?),
            (["Modem.Signal", key], DICTIONARY) => {
                let mut rows = TECHNOLOGIES.iter().zip(&mut self.levels);
                if let Some((_, levels)) = rows.find(|((property, ..), _)| *property == key) {
                    each(value, &mut |key, kind, value| level(levels, key, kind, value))?;
                }
            }
            _ => {}
        }
        Some(())
    }
}

fn level(
    levels: &mut [Option<f64>; LEVELS.len()],
    key: &str,
    kind: &[u8],
    value: &mut Values<'_>,
) -> Option<()> {
    let mut places = LEVELS.iter().zip(levels);
    if let Some((_, level)) = places.find(|(name, _)| **name == key)
        && kind == b"d"
    {
        *level = Some(value.double()?).filter(|level| level.abs() < MAX_LEVEL);
    }
    Some(())
}

fn text(value: &mut Values<'_>) -> Option<Vec<u8>> {
    let text = value.text()?;
    Some(text.get(..text.len().min(MAX_TEXT)).unwrap_or_default().to_vec())
}

/// A connection.
#[derive(Debug, Default, PartialEq)]
pub struct Bearer {
    pub is_connected: bool,
    /// Bytes received and sent, seconds connected, attempts to connect, and those that failed.
    pub traffic: Counts,
}

impl Bearer {
    /// Parses the answer of `GetAll`; `None` if it is truncated.
    pub fn of(mut body: Values<'_>) -> Option<Bearer> {
        let mut bearer = Bearer::default();
        each(&mut body, &mut |key, kind, value| {
            match (key, kind) {
                ("Connected", b"b") => bearer.is_connected = value.uint32()? == 1,
                ("Stats", DICTIONARY) => {
                    each(value, &mut |key, kind, value| bearer.take(key, kind, value))?;
                }
                _ => {}
            }
            Some(())
        })?;
        Some(bearer)
    }

    fn take(&mut self, key: &str, kind: &[u8], value: &mut Values<'_>) -> Option<()> {
        let number = match kind {
            b"t" => value.uint64()?,
            b"u" => value.uint32()?.into(),
            _ => return Some(()),
        };
        for ((all, last), count) in TRAFFIC.iter().zip(&mut self.traffic) {
            if key == *all {
                *count = Some(number);
            } else if key == *last {
                *count = count.or(Some(number));
            }
        }
        Some(())
    }
}
