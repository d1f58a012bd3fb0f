//! Damage to a file of the kernel.

use std::fs;
use std::path::Path;

/// One kind.
pub struct Damage {
    pub name: &'static str,
    pub make: fn(&Path, &[u8]),
    /// Whether whoever has the file open reads what is there now.
    pub in_place: bool,
    /// Whether nothing is left that could be a value.
    pub says_nothing: bool,
}

#[rustfmt::skip] // a table
pub const DAMAGES: &[Damage] = &[
    Damage { name: "emptied",           in_place: true,  says_nothing: true,  make: |path, _| write(path, b"") },
    Damage { name: "cut in the middle", in_place: true,  says_nothing: false, make: |path, text| write(path, &text[..text.len() / 2]) },
    Damage { name: "of NULs",           in_place: true,  says_nothing: false, make: |path, text| write(path, &vec![0; text.len()]) },
    Damage { name: "of one long line",  in_place: true,  says_nothing: false, make: |path, _| write(path, &[b'x'; 100_000]) },
    Damage { name: "of words",          in_place: true,  says_nothing: true,  make: |path, text| write(path, &with_numbers(text, "many")) },
    Damage { name: "of negatives",      in_place: true,  says_nothing: false, make: |path, text| write(path, &with_numbers(text, "-7")) },
    Damage { name: "of large numbers",  in_place: true,  says_nothing: false, make: |path, text| write(path, &with_numbers(text, "99999999999999999999")) },
    Damage { name: "made a directory",  in_place: false, says_nothing: true,  make: |path, _| { fs::remove_file(path).unwrap(); fs::create_dir(path).unwrap() } },
    Damage { name: "removed",           in_place: false, says_nothing: true,  make: |path, _| fs::remove_file(path).unwrap() },
];

fn write(path: &Path, text: &[u8]) {
    fs::write(path, text).unwrap();
}

/// As it was.
pub fn undo(path: &Path, text: &[u8]) {
    if path.is_dir() {
        fs::remove_dir(path).unwrap();
    }
    write(path, text);
}

/// `text` with another word in the place of each number.
fn with_numbers(text: &[u8], word: &str) -> Vec<u8> {
    let mut made = Vec::new();
    // Digits that belong to a name stay.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    for piece in text.chunk_by(|a, b| is_name(*a) == is_name(*b)) {
        let is_number = piece.iter().all(|byte| byte.is_ascii_digit() || b"-.".contains(byte));
        made.extend_from_slice(if is_number && is_name(piece[0]) {
            word.as_bytes()
        } else {
            piece
        });
    }
    made
}
