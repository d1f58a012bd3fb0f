//! What a D-Bus peer sends.

use sysmetrics::kernel::read::dbus::{Kind, Message, Value, Values, length};

/// Whatever comes, a message is as long as it says, and its values lie within it.
pub fn message(bytes: &[u8]) {
    let Ok(Some(length)) = length(bytes) else { return };
    assert!(length >= 16);
    let Some(whole) = bytes.get(..length) else { return };
    let Some(message) = Message::parse(whole) else { return };
    assert!(message.kind != Kind::Other || message.reply_to == 0);
    assert!(message.signature.len() < 256);
    assert!(read(message.body.clone(), message.signature) <= length);
    // What stands behind it is none of it.
    let again = Message::parse(&bytes[..length]).unwrap();
    assert_eq!((again.kind, again.reply_to), (message.kind, message.reply_to));
}

/// Reads values of these types until one is torn; gives the bytes of all texts.
fn read(mut values: Values<'_>, types: &[u8]) -> usize {
    let mut sum = 0;
    for kind in types {
        let text = match kind {
            b'o' => values.path(),
            b's' => values.text(),
            b'g' => values.signature(),
            b'u' => values.uint32().map(|_| &b""[..]),
            b'y' => values.byte().map(|_| &b""[..]),
            b'v' => values.variant().map(|value| match value {
                Value::Text(text) => text,
                Value::Number(_) | Value::Switch(_) => b"",
            }),
            b'a' => {
                let Some(mut array) = values.array(8) else { return sum };
                while let Some(text) = array.text() {
                    sum += text.len();
                    array.align(8);
                }
                Some(&b""[..])
            }
            _ => None,
        };
        let Some(text) = text else { return sum };
        sum += text.len();
    }
    sum
}
