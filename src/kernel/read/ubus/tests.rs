//! Tables of all types, whole and broken.

use super::testing::Written;
use super::{Table, Value};

/// Types of numbers.
const INT64: u8 = 4;
const INT32: u8 = 5;
const INT16: u8 = 6;
const INT8: u8 = 7;

fn written() -> Vec<u8> {
    let mut all = Written::default();
    all.text("state", "Showtime");
    all.int("up", INT8, &[1]);
    all.int("short", INT16, &[1, 2]);
    all.int("uptime", INT32, &0xffff_fff0_u32.to_be_bytes());
    all.int("long", INT64, &(1_u64 << 40).to_be_bytes());
    all.float("snr", -3.5);
    all.table("near", |near| near.int("es", INT32, &7_u32.to_be_bytes()));
    all.0
}

#[test]
fn values_of_all_types() {
    let bytes = written();
    let table = Table::parse(&bytes).unwrap();
    assert_eq!(table.text("state"), b"Showtime");
    assert_eq!(table.get("up"), Some(Value::Int(1)));
    assert_eq!(table.get("short"), Some(Value::Int(0x102)));
    assert_eq!(table.get("uptime"), Some(Value::Int(0xffff_fff0)));
    assert_eq!(table.get("long"), Some(Value::Int(1 << 40)));
    assert_eq!(table.get("snr"), Some(Value::Float(-3.5)));
    assert_eq!(table.table("near").get("es"), Some(Value::Int(7)));
    assert_eq!((table.text("up"), table.table("far").get("es")), (&b""[..], None));
    assert_eq!(table.fields().count(), 7);
}

#[test]
fn a_table_cut_anywhere_is_refused() {
    let bytes = written();
    let is_table = |end: &usize| Table::parse(&bytes[..*end]).is_some();
    let mut ends: Vec<usize> = (0..=bytes.len()).filter(is_table).collect();
    // Only between two of the values, or in the zeros after one.
    ends.iter_mut().for_each(|end| *end = end.next_multiple_of(4));
    ends.dedup();
    assert_eq!(ends.len(), 8, "{ends:?}");
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0xff;
        if let Some(table) = Table::parse(&broken) {
            assert!(table.fields().count() <= 7);
        }
    }
}

#[test]
fn tables_in_tables_have_an_end() {
    let nested = |depth: usize| {
        let mut all = Written::default();
        (0..depth).for_each(|_| {
            let inner = std::mem::take(&mut all).0;
            all.table("t", |table| table.0 = inner);
        });
        all.0
    };
    assert!(Table::parse(&nested(16)).is_some());
    assert!(Table::parse(&nested(17)).is_none());
}
