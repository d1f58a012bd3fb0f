//! The characters of names.

/// Whether `text` is made of letters, digits and `more`, no digit first, and not empty.
pub fn is_name(text: &str, more: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    text.chars().all(letter) && text.starts_with(|c: char| !c.is_ascii_digit())
}

/// Whether `text` is made of letters, digits and `more`, and not empty.
pub fn is_word(text: &str, more: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    !text.is_empty() && text.chars().all(letter)
}

/// Whether `text` is an address for mail that cannot be mistaken for an option of a mail program or
/// for two addresses.
pub fn is_mail(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&b));
    let parts = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    plain && parts && !text.starts_with('-')
}
