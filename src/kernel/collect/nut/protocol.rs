//! The text protocol of upsd (docs/net-protocol.txt of NUT): lists between `BEGIN LIST …` and `END LIST …`,
//! and `ERR CODE`. Words that are quoted may hold blanks; a quote or a backslash in them has a backslash before
//! it.

use crate::kernel::read::scan;

/// Words of a line that are read.
const MAX_WORDS: usize = 4;

/// The most UPSes of one server.
pub const MAX_UPS: usize = 16;

/// Bytes of a UPS's name.
const MAX_NAME: usize = 64;

/// Bytes of a text that is shown.
const MAX_TEXT: usize = 128;

/// Flags of `ups.status`, in the order of their bits (docs/new-drivers.txt).
pub const FLAGS: [&str; 15] = [
    "OL", "OB", "LB", "HB", "RB", "CHRG", "DISCHRG", "BYPASS", "CAL", "OFF", "OVER", "TRIM",
    "BOOST", "FSD", "ALARM",
];

/// The states of the driver, and upsd's error codes for them.
pub const STATES: [(&str, &str); 6] = [
    ("ok", ""),
    ("data_stale", "DATA-STALE"),
    ("driver_not_connected", "DRIVER-NOT-CONNECTED"),
    ("unknown_ups", "UNKNOWN-UPS"),
    ("access_denied", "ACCESS-DENIED"),
    ("other_error", ""),
];

/// Variables that are numbers.
pub const NUMBERS: [&str; 11] = [
    "battery.charge",
    "battery.runtime",
    "battery.voltage",
    "ups.load",
    "ups.realpower",
    "ups.realpower.nominal",
    "ups.temperature",
    "input.voltage",
    "input.frequency",
    "output.voltage",
    "battery.charge.low",
];

/// One UPS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ups {
    pub name: String,
    /// Description, manufacturer and model.
    pub texts: [Vec<u8>; 3],
    /// The index in `STATES`.
    pub state: usize,
    /// In thousandths, in the order of `NUMBERS`.
    pub numbers: [Option<i64>; NUMBERS.len()],
    /// Bits of `FLAGS`, and how many flags are not among them.
    pub status: Option<(u32, u64)>,
}

/// Whether `text` is a complete answer.
pub fn is_whole(text: &[u8]) -> bool {
    let Some(text) = text.strip_suffix(b"\n") else { return false };
    let last = memchr::memrchr(b'\n', text).and_then(|at| text.get(at + 1..)).unwrap_or(text);
    last.starts_with(b"END LIST") || last.starts_with(b"ERR ")
}

/// Why there is no list.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The index in `STATES`.
    State(usize),
    /// It is not an answer to the request.
    Broken,
}

/// Passes the words of each line of the answer to `LIST {of}` to `each`, except those of `head`.
fn list(
    text: &[u8],
    of: &str,
    head: &str,
    each: &mut dyn FnMut(&[Vec<u8>]),
) -> Result<(), Refusal> {
    let mut lines = scan::lines(text).map(<[u8]>::trim_ascii_end);
    let first = lines.next().unwrap_or_default();
    if let Some(error) = first.strip_prefix(b"ERR ") {
        let code = scan::text(error).split(' ').next().unwrap_or_default();
        let known = STATES.iter().position(|(_, known)| !known.is_empty() && *known == code);
        return Err(Refusal::State(known.unwrap_or(STATES.len() - 1)));
    }
    if first.strip_prefix(b"BEGIN LIST ") != Some(of.as_bytes()) {
        return Err(Refusal::Broken);
    }
    for line in lines {
        if line.strip_prefix(b"END LIST ") == Some(of.as_bytes()) {
            return Ok(());
        }
        // A line that cannot be read is skipped.
        let words = line.strip_prefix(head.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        if let Some(words) = words.and_then(words_of) {
            each(&words);
        }
    }
    Err(Refusal::Broken)
}

/// The words of a line; `None` if a quote is not closed.
fn words_of(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut words, mut rest) = (Vec::new(), line.iter().copied().peekable());
    while words.len() < MAX_WORDS {
        while rest.next_if_eq(&b' ').is_some() {}
        let mut word = Vec::new();
        match rest.peek() {
            None => break,
            Some(b'"') => {
                rest.next();
                loop {
                    match rest.next()? {
                        b'"' => break,
                        b'\\' => word.push(rest.next()?),
                        byte => word.push(byte),
                    }
                }
            }
            Some(_) => {
                while let Some(byte) = rest.next_if(|byte| *byte != b' ') {
                    word.push(byte);
                }
            }
        }
        words.push(word);
    }
    Some(words)
}

/// The UPSes in the answer to `LIST UPS`, and whether some were left out: too many, or with an invalid name.
///
/// # Errors
///
/// The text is not such an answer.
pub fn upses(text: &[u8]) -> Result<(Vec<Ups>, bool), Refusal> {
    let (mut all, mut has_more): (Vec<Ups>, bool) = (Vec::new(), false);
    list(text, "UPS", "UPS", &mut |words| {
        let [name, rest @ ..] = words else { return };
        let name = scan::text(name);
        // The name is used in requests.
        let is_name = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        let is_good = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_name);
        let is_new = !all.iter().any(|ups| ups.name == name);
        if !is_good || !is_new || all.len() >= MAX_UPS {
            has_more = true;
            return;
        }
        let texts = [shown(rest.first()), Vec::new(), Vec::new()];
        all.push(Ups { name: name.to_owned(), texts, ..Ups::default() });
    })?;
    Ok((all, has_more))
}

fn shown(text: Option<&Vec<u8>>) -> Vec<u8> {
    let text = text.map(Vec::as_slice).unwrap_or_default();
    text.get(..MAX_TEXT).unwrap_or(text).to_vec()
}

impl Ups {
    /// Drops all but its name and description, which are from the list: the answer is not usable.
    pub fn drop_values(&mut self) {
        let Ups { name, texts: [description, ..], .. } = std::mem::take(self);
        let texts = [description, Vec::new(), Vec::new()];
        *self = Ups { name, texts, state: STATES.len() - 1, ..Ups::default() };
    }

    /// Reads the answer to `LIST VAR {name}`. A variable that comes twice counts as it came last.
    ///
    /// # Errors
    ///
    /// The text is not such an answer. An answer about the driver's state is not an error.
    pub fn read(&mut self, text: &[u8]) -> Result<(), Refusal> {
        let of = ["VAR ", &self.name].concat();
        let Ups { texts: [_, manufacturer, model], numbers, status, .. } = self;
        let read = list(text, &of, &of, &mut |words| {
            let [variable, value, ..] = words else { return };
            let variable = scan::text(variable);
            match variable {
                "ups.status" => *status = Some(flags(value)),
                "ups.mfr" => *manufacturer = shown(Some(value)),
                "ups.model" => *model = shown(Some(value)),
                _ => {
                    let at = NUMBERS.iter().position(|known| *known == variable);
                    if let Some(number) = at.and_then(|at| numbers.get_mut(at)) {
                        *number = thousandths(value);
                    }
                }
            }
        });
        match read {
            Err(Refusal::State(state)) => self.state = state,
            other => other?,
        }
        Ok(())
    }
}

/// Parses a status: the bits of known flags, and the number of unknown ones.
fn flags(status: &[u8]) -> (u32, u64) {
    let (mut bits, mut unknown) = (0, 0);
    for flag in scan::fields(status) {
        match FLAGS.iter().position(|known| known.as_bytes() == flag) {
            Some(at) => bits |= 1 << at,
            None => unknown += 1,
        }
    }
    (bits, unknown)
}

/// Parses a decimal number in thousandths; further digits are left out.
pub fn thousandths(text: &[u8]) -> Option<i64> {
    let (is_minus, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = match memchr::memchr(b'.', digits) {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
        None => (digits, &b""[..]),
    };
    if !part.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut thousandths = i64::try_from(scan::uint(whole)?).ok()?;
    for at in 0..3 {
        let digit = part.get(at).map_or(0, |digit| digit - b'0');
        thousandths = thousandths.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some(if is_minus { -thousandths } else { thousandths })
}

#[cfg(test)]
mod tests;
