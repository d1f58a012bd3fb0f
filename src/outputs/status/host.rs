//! The kernel's facts about the machine; read again each time, with nothing kept.

use super::json::Json;
use crate::kernel::read::Root;
use crate::model::metric::Value;

/// The longest text that is read from a file: host names have at most 64 bytes.
const MAX_TEXT: usize = 256;

/// Writes the object about the host.
pub fn write(root: &Root, json: &mut Json<'_>) {
    let text = |path| {
        let file = root.read(path).ok()?;
        let text = file.trim_ascii();
        let text = text.get(..text.len().min(MAX_TEXT)).filter(|text| !text.is_empty())?;
        Some(text.to_vec())
    };
    json.inside("host", b"{");
    for (key, path) in
        [("name", "/proc/sys/kernel/hostname"), ("kernel", "/proc/sys/kernel/osrelease")]
    {
        match text(path) {
            Some(text) => json.text_of(key, &text),
            None => json.number_of(key, None),
        }
    }
    let uptime = text("/proc/uptime").and_then(|text| seconds(&text));
    json.number_of("uptime_seconds", uptime);
    json.close(b"}");
}

/// The first number of `/proc/uptime`: seconds with two decimals.
fn seconds(text: &[u8]) -> Option<Value> {
    let word = text.split(u8::is_ascii_whitespace).next()?;
    let number = crate::base::float::float(std::str::from_utf8(word).ok()?)?;
    number.is_finite().then_some(Value::Float(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_a_number_or_null() {
        assert_eq!(seconds(b"2162.79 4100.00\n"), Some(Value::Float(2162.79)));
        for bad in ["", "x", "inf 1", "nan"] {
            assert_eq!(seconds(bad.as_bytes()), None, "{bad}");
        }
    }
}
