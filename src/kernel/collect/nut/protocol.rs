//! The text protocol of upsd (docs/net-protocol.txt of NUT): lists between `BEGIN LIST …` and `END LIST …`,
//! and `ERR CODE`. Words that are quoted may hold blanks; a quote or a backslash in them has a backslash before
//! it.

use crate::kernel::read::scan;

/// Words of a line that are looked at.
const MAX_WORDS: usize = 4;

/// UPSes of one server.
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

/// What upsd says of the driver, and the code of its error.
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
    /// What upsd, and the driver, say of it: description, manufacturer, model.
    pub texts: [Vec<u8>; 3],
    /// Which of `STATES`.
    pub state: usize,
    /// In thousandths, in the order of `NUMBERS`.
    pub numbers: [Option<i64>; NUMBERS.len()],
    /// Bits of `FLAGS`, and how many flags are not among them.
    pub status: Option<(u32, u64)>,
}

/// Whether `text` is a whole answer.
pub fn is_whole(text: &[u8]) -> bool {
    let Some(text) = text.strip_suffix(b"\n") else { return false };
    let last = memchr::memrchr(b'\n', text).and_then(|at| text.get(at + 1..)).unwrap_or(text);
    last.starts_with(b"END LIST") || last.starts_with(b"ERR ")
}

/// Why there is no list.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Which of `STATES`.
    State(usize),
    /// It is no answer to the question.
    Broken,
}

/// Hands the words of each line of the answer to `LIST {of}` to `each`, without those of `head`.
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
        // Of a line that cannot be read there is nothing.
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

/// The UPSes in the answer to `LIST UPS`, and whether some were left out: too many, or named as none is.
///
/// # Errors
///
/// It is no such answer.
pub fn upses(text: &[u8]) -> Result<(Vec<Ups>, bool), Refusal> {
    let (mut all, mut has_more): (Vec<Ups>, bool) = (Vec::new(), false);
    list(text, "UPS", "UPS", &mut |words| {
        let [name, rest @ ..] = words else { return };
        let name = scan::text(name);
        // The name goes into questions.
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
    /// Reads the answer to `LIST VAR {name}`. A variable that comes twice counts as it came last.
    ///
    /// # Errors
    ///
    /// It is no such answer. One that tells of the driver is.
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

/// The set that a status is: bits of those that are known, and how many are not.
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

/// A decimal number in thousandths; digits behind them are left out.
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
mod tests {
    use super::*;

    const UPSES: &[u8] = b"BEGIN LIST UPS\nUPS rack \"The \\\"big\\\" one \\\\ cellar\"\nUPS b-2 \"\"\nEND LIST UPS\n";

    #[test]
    fn upses_and_their_descriptions() {
        let (all, has_more) = upses(UPSES).unwrap();
        assert!(!has_more);
        let names: Vec<_> = all.iter().map(|ups| (&*ups.name, &*ups.texts[0])).collect();
        assert_eq!(names, [("rack", &b"The \"big\" one \\ cellar"[..]), ("b-2", b"")]);
        // Names that cannot be asked for, that come twice, and lines that are not closed.
        let odd = b"BEGIN LIST UPS\nUPS a\nUPS \"x y\" \"d\"\nUPS a \"again\"\nUPS b \"open\nVAR a b\nUPS\nEND LIST UPS\n";
        let (all, has_more) = upses(odd).unwrap();
        assert_eq!((all.len(), &*all[0].name, has_more), (1, "a", true));
        let many: String = (0..20).map(|n| format!("UPS u{n} \"\"\n")).collect();
        let (all, has_more) =
            upses(format!("BEGIN LIST UPS\n{many}END LIST UPS\n").as_bytes()).unwrap();
        assert_eq!((all.len(), has_more), (MAX_UPS, true));
    }

    #[test]
    fn variables_are_numbers_texts_and_a_set() {
        let mut ups = Ups { name: "rack".to_owned(), ..Ups::default() };
        let text = b"BEGIN LIST VAR rack\n\
            VAR rack battery.charge \"97.5\"\nVAR rack battery.runtime \"1830\"\n\
            VAR rack battery.voltage \"27.1349\"\nVAR rack ups.load \"12\"\n\
            VAR rack ups.temperature \"-3.25\"\nVAR rack input.voltage \"n/a\"\n\
            VAR rack ups.status \"OB DISCHRG LB  ECO HE OB\"\nVAR rack ups.mfr \"APC\"\n\
            VAR rack ups.model \"Back-UPS \\\"RS\\\"\"\nVAR other ups.load \"99\"\n\
            VAR rack ups.load.extra \"1\"\nEND LIST VAR rack\n";
        ups.read(text).unwrap();
        let numbers = [Some(97_500), Some(1_830_000), Some(27_134), Some(12_000), None, None];
        assert_eq!(ups.numbers[..6], numbers);
        assert_eq!(ups.numbers[6..], [Some(-3250), None, None, None, None]);
        // OB is bit 1, LB bit 2, DISCHRG bit 6.
        assert_eq!(ups.status, Some((0b100_0110, 2)));
        assert_eq!(ups.texts[1..], [b"APC".to_vec(), b"Back-UPS \"RS\"".to_vec()]);
        assert_eq!(STATES[ups.state].0, "ok");
    }

    #[test]
    fn errors_are_states_of_the_driver() {
        for (text, state) in [
            ("ERR DATA-STALE\n", "data_stale"),
            ("ERR DRIVER-NOT-CONNECTED\r\n", "driver_not_connected"),
            ("ERR UNKNOWN-UPS extra\n", "unknown_ups"),
            ("ERR ACCESS-DENIED\n", "access_denied"),
            ("ERR FEATURE-NOT-CONFIGURED\n", "other_error"),
        ] {
            let mut ups = Ups { name: "a".to_owned(), ..Ups::default() };
            assert_eq!((ups.read(text.as_bytes()), STATES[ups.state].0), (Ok(()), state), "{text}");
        }
        for broken in [
            "",
            "BEGIN LIST VAR b\nEND LIST VAR b\n",
            "BEGIN LIST VAR a\nVAR a x \"1\"\n",
            "BEGIN LIST VAR a\nEND LIST VAR b\n",
            "OK\n",
        ] {
            let mut ups = Ups { name: "a".to_owned(), ..Ups::default() };
            assert_eq!(ups.read(broken.as_bytes()), Err(Refusal::Broken), "{broken}");
        }
        assert_eq!(upses(b"ERR ACCESS-DENIED\n").unwrap_err(), Refusal::State(4));
    }

    #[test]
    fn an_answer_is_whole_with_its_last_line() {
        assert!(is_whole(UPSES) && is_whole(b"ERR DATA-STALE\n"));
        for cut in 0..UPSES.len() {
            assert!(!is_whole(&UPSES[..cut]), "{cut}");
        }
    }

    #[test]
    fn numbers_are_thousandths() {
        for (text, expected) in [
            ("0", Some(0)),
            ("100.0", Some(100_000)),
            ("0.0019", Some(1)),
            ("-0.5", Some(-500)),
            ("9223372036854775", Some(9_223_372_036_854_775_000)),
            ("9223372036854776", None),
            ("12.", Some(12_000)),
            (".5", None),
            ("1e3", None),
            ("1.x", None),
            ("", None),
            ("-", None),
            (" 1", None),
        ] {
            assert_eq!(thousandths(text.as_bytes()), expected, "{text}");
        }
    }
}
