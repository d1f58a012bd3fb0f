//! Reads requests into one line for each sample, as a receiver would.

use crate::model::frame::testing::Made;
use crate::outputs::export::remote_write::{Writer, parts};
use crate::settings::RemoteWriteVersion;

pub const BOOT: i64 = 1_800_000_000_250;
pub const ONE: RemoteWriteVersion = RemoteWriteVersion::One;
pub const TWO: RemoteWriteVersion = RemoteWriteVersion::Two;

/// What a field has.
#[derive(Clone, Debug, PartialEq)]
enum Field<'a> {
    Varint(u64),
    Double(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut n, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        n |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return n;
        }
    }
}

/// A decoder of messages that does nothing else.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Varint(varint(&mut bytes)),
            1 => {
                let (eight, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Double(u64::from_le_bytes(eight.try_into().unwrap()))
            }
            2 => {
                let len = varint(&mut bytes) as usize;
                let (text, rest) = bytes.split_at(len);
                bytes = rest;
                Field::Bytes(text)
            }
            other => panic!("wire type {other}"),
        };
        all.push((tag >> 3, field));
    }
    all
}

fn bytes<'a>(field: &Field<'a>) -> &'a [u8] {
    let Field::Bytes(bytes) = field else { panic!("{field:?}") };
    bytes
}

fn text(field: &Field<'_>) -> String {
    String::from_utf8(bytes(field).to_vec()).unwrap()
}

/// `{a="b",…} value time`.
fn shown(labels: &[(String, String)], bits: u64, rest: &[i64]) -> String {
    for pair in labels.windows(2) {
        assert!(pair[0].0 < pair[1].0, "sorted, none twice: {labels:?}");
    }
    assert!(labels.iter().all(|(k, v)| !k.is_empty() && !v.is_empty()));
    let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
    let value = match bits {
        parts::STALE => "stale".to_owned(),
        bits => f64::from_bits(bits).to_string(),
    };
    format!("{} {value} {rest:?}", labels.join(","))
}

fn sample(field: &Field<'_>) -> (u64, Vec<i64>) {
    let parts = fields(bytes(field));
    let (1, Field::Double(bits)) = parts[0] else { panic!("{parts:?}") };
    let times = parts[1..].iter().enumerate().map(|(at, (number, field))| {
        assert_eq!(*number, at as u64 + 2);
        let Field::Varint(n) = field else { panic!("{field:?}") };
        *n as i64
    });
    (bits, times.collect())
}

/// Labels of what leaves.
type More = [(String, String)];

fn plain(
    version: RemoteWriteVersion,
    made: &Made,
    more: &More,
    writer: &mut Writer,
) -> (Vec<u8>, u64) {
    let mut out = b"before".to_vec();
    let count = writer.encode(version, &made.frame().view(BOOT), more, &mut out);
    let block = out.strip_prefix(b"before").unwrap();
    (snap::raw::Decoder::new().decompress_vec(block).unwrap(), count)
}

pub fn one(made: &Made, writer: &mut Writer) -> Vec<String> {
    one_with(made, &[], writer)
}

pub fn one_with(made: &Made, more: &More, writer: &mut Writer) -> Vec<String> {
    let (plain, count) = plain(ONE, made, more, writer);
    let shown: Vec<_> = fields(&plain)
        .iter()
        .map(|(number, series)| {
            assert_eq!(*number, 1);
            let parts = fields(bytes(series));
            let (last, labels) = parts.split_last().unwrap();
            let labels: Vec<_> = labels
                .iter()
                .map(|(number, label)| {
                    let pair = fields(bytes(label));
                    assert_eq!((*number, pair.len(), pair[0].0, pair[1].0), (1, 2, 1, 2));
                    (text(&pair[0].1), text(&pair[1].1))
                })
                .collect();
            assert_eq!(last.0, 2);
            let (bits, times) = sample(&last.1);
            shown(&labels, bits, &times)
        })
        .collect();
    assert_eq!(shown.len() as u64, count);
    shown
}

pub fn two(made: &Made, writer: &mut Writer) -> Vec<String> {
    two_with(made, &[], writer)
}

pub fn two_with(made: &Made, more: &More, writer: &mut Writer) -> Vec<String> {
    let (plain, count) = plain(TWO, made, more, writer);
    let all = fields(&plain);
    let symbols: Vec<_> = all.iter().filter(|(n, _)| *n == 4).map(|(_, f)| text(f)).collect();
    let mut distinct = symbols.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), symbols.len(), "each text once");
    assert_eq!(symbols[0], "");
    let shown: Vec<_> = all[symbols.len()..]
        .iter()
        .map(|(number, series)| {
            assert_eq!(*number, 5);
            let parts = fields(bytes(series));
            assert_eq!(parts.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1, 2, 5]);
            let (mut packed, mut refs) = (bytes(&parts[0].1), Vec::new());
            while !packed.is_empty() {
                refs.push(symbols[varint(&mut packed) as usize].clone());
            }
            let labels: Vec<_> =
                refs.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let (bits, times) = sample(&parts[1].1);
            let [(1, Field::Varint(kind)), (3, Field::Varint(help))] =
                fields(bytes(&parts[2].1))[..]
            else {
                panic!("metadata")
            };
            let help = &symbols[help as usize];
            format!("{} {kind} {help:?}", shown(&labels, bits, &times))
        })
        .collect();
    assert_eq!(shown.len() as u64, count);
    shown
}
