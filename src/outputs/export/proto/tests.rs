//! Bytes by hand from the encoding guide, and there and back.

use super::*;

fn written(write: impl FnOnce(&mut Proto<'_>)) -> Vec<u8> {
    let mut out = b"before".to_vec();
    write(&mut Proto::new(&mut out));
    assert_eq!(&out[..6], b"before");
    out.split_off(6)
}

#[test]
fn writes_what_the_guide_has() {
    assert_eq!(written(|p| p.varint(1, 150)), [0x08, 0x96, 0x01]);
    assert_eq!(written(|p| p.bytes(2, b"testing")), *b"\x12\x07testing");
    assert_eq!(written(|p| p.message(3, 0, |p| p.varint(1, 150))), [0x1a, 3, 0x08, 0x96, 0x01]);
    assert_eq!(written(|p| p.packed_fixed64(6, &[])), [0_u8; 0]);
    assert_eq!(written(|p| p.packed_fixed64(1, &[2])), [0x0a, 8, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(written(|p| p.packed_doubles(16, &[1.0])), *b"\x82\x01\x08\0\0\0\0\0\0\xf0\x3f");
    assert_eq!(written(|p| p.double(4, -0.0)), [0x21, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    assert_eq!(written(|p| p.fixed64(3, 0x0102)), [0x19, 2, 1, 0, 0, 0, 0, 0, 0]);
    let longest = [0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert_eq!(written(|p| p.varint(1, u64::MAX)), longest);
}

#[test]
fn a_length_is_as_long_as_it_prints() {
    for shift in 0..64 {
        for n in [(1u64 << shift) - 1, 1 << shift, (1 << shift) | 1] {
            let mut out = Vec::new();
            put_varint(&mut out, n);
            assert_eq!(varint_len(n), out.len(), "{n}");
        }
    }
    assert_eq!(varint_len(u64::MAX), 10);
}

#[test]
fn a_wrong_guess_moves_what_was_written() {
    let text: Vec<u8> = (0..20_000u32).map(|n| n as u8).collect();
    for length in [0, 1, 100, 127, 128, 129, 16_383, 16_384, 20_000] {
        for guess in [0, 127, 128, 16_383, 16_384, 3_000_000] {
            let out = written(|p| {
                p.message(1, guess, |p| p.message(2, guess, |p| p.out.extend(&text[..length])));
                p.varint(3, 7);
            });
            let mut inner = vec![0x12];
            put_varint(&mut inner, length as u64);
            inner.extend(&text[..length]);
            let mut naive = vec![0x0a];
            put_varint(&mut naive, inner.len() as u64);
            naive.extend(inner);
            naive.extend([0x18, 7]);
            assert!(out == naive, "{length} {guess}");
        }
    }
}

#[test]
fn reads_what_it_writes() {
    let out = written(|p| {
        p.varint(1, u64::MAX);
        p.fixed64(2, 7);
        p.bytes(3000, b"abc");
        p.out.extend(b"\x25\x04\x03\x02\x01");
    });
    let mut fields = Fields::of(&out);
    let all: Vec<_> = fields.by_ref().collect();
    assert_eq!(
        all,
        [
            (1, Wire::Varint(u64::MAX)),
            (2, Wire::Fixed64(7)),
            (3000, Wire::Bytes(b"abc")),
            (4, Wire::Fixed32(0x0102_0304)),
        ]
    );
    assert!(!fields.is_broken());
    // Cut anywhere but between fields it is damaged, and gives what came before.
    for n in 0..out.len() {
        let mut fields = Fields::of(&out[..n]);
        let count = fields.by_ref().count();
        assert_eq!(fields.by_ref().next(), None);
        assert_eq!(fields.is_broken(), ![0, 11, 20, 27].contains(&n), "{n}");
        assert_eq!(count, [11, 20, 27, 32].iter().filter(|end| **end <= n).count());
    }
}

#[test]
fn damage_is_no_field() {
    for bytes in [
        &b"\x00\x01"[..],                                    // field 0
        b"\x0b\x0c",                                         // a group
        b"\x0f\x01",                                         // no wire type
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",     // more than 64 bits
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x01", // eleven bytes
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",    // longer than anything
        b"\xf8\xff\xff\xff\xff\x01\x01",                     // a tag of more than 32 bits
    ] {
        let mut fields = Fields::of(bytes);
        assert_eq!(fields.next(), None, "{bytes:?}");
        assert!(fields.is_broken(), "{bytes:?}");
    }
    // A longer varint than needed is legal to read.
    assert_eq!(Fields::of(b"\x88\x00\x81\x00").next(), Some((1, Wire::Varint(1))));
}
