use super::*;
use crate::model::metric::{Buffer, Row, Unit, counter, gauge};
use crate::outputs::status::json::Json;

const READ: Row<'_> = counter("disk_read_bytes_total", Unit::One, "R.", &["device"]);
const SIZE: Row<'_> = gauge("disk_size_bytes", Unit::One, "S.", &["device"]);
const DROPPED: Row<'_> = counter("push_refused_total", Unit::One, "R.", &["group", "reason"]);

fn text(write: impl Fn(&mut Json<'_>)) -> String {
    let mut out = Buffer::default();
    write(&mut Json::new(&mut out));
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

#[test]
fn samples_of_one_row_and_column_are_added_up() {
    let place = Place::of(&DROPPED).unwrap();
    let mut table = Table::of(place.part);
    for (cpu, mode, ticks) in [("0", "user", 150), ("0", "idle", 7), ("1", "user", 275)] {
        let labels = [Label::from(cpu), Label::from(mode)];
        table.add(&place, &labels, Value::Centi(ticks), 0);
    }
    assert_eq!(text(|json| table.write_numbers(json)), "\"user\":4.25,\"idle\":0.07");
    table.add(&place, &["0".into(), "user".into()], Value::Int(1), 0);
    assert_eq!(text(|json| table.write_numbers(json)), "\"user\":5.25,\"idle\":0.07");
    let beyond = sum(Value::Centi(u64::MAX), Value::Centi(u64::MAX));
    assert_eq!(beyond, Value::Float(u64::MAX as f64 / 50.0));
}

#[test]
fn rows_after_a_mark_are_rewound() {
    let [read, size] = [READ, SIZE].map(|family| Place::of(&family).unwrap());
    let mut table = Table::of(read.part);
    table.add(&size, &["sda".into()], Value::Int(9), 4);
    assert_eq!(table.len(), 0, "it makes no row");
    table.add(&read, &["sda".into()], Value::Int(1), 5);
    table.add(&size, &["sda".into()], Value::Int(9), 7);
    table.add(&size, &["sdb".into()], Value::Int(9), 8);
    table.rewind(8);
    assert_eq!(table.number_of(0, "size_bytes"), Some(Value::Int(9)));
    table.first_more = 7;
    table.rewind(6);
    assert_eq!((table.len(), table.number_of(0, "size_bytes")), (1, None));
    assert_eq!((table.number_of(0, "read_bytes"), table.left_out()), (Some(Value::Int(1)), 0));
    table.rewind(5);
    assert_eq!(table.len(), 0);
}

/// Compared with each other, on one machine: a sample without a row was once compared with each row,
/// which took 200 times as long.
#[test]
fn samples_without_room_take_little_time() {
    let place = Place::of(&READ).unwrap();
    let name = |n: usize| format!("a disk with a name {n:04}");
    let names: Vec<_> = (0..MAX_ROWS * 2).map(name).collect();
    let (inside, outside) = names.split_at(MAX_ROWS);
    let mut table = Table::of(place.part);
    let mut least = |names: &[String]| {
        let mut time = || {
            let start = std::time::Instant::now();
            for name in names {
                table.add(&place, &[(&**name).into()], Value::Int(1), 0);
            }
            start.elapsed()
        };
        (0..5).map(|_| time()).min().unwrap()
    };
    let (found, missing) = (least(inside), least(outside));
    assert!(missing < found * 20, "{missing:?}, {found:?}");
    assert_eq!((table.len(), table.left_out()), (MAX_ROWS, 5 * MAX_ROWS as u64));
}

#[test]
fn rows_and_bytes_are_bounded() {
    let place = Place::of(&READ).unwrap();
    let mut table = Table::of(place.part);
    for _ in 0..2 {
        for i in 0..MAX_ROWS + 3 {
            table.add(&place, &[i.to_string().as_bytes().into()], Value::Int(1), i);
        }
        assert_eq!((table.len(), table.left_out()), (MAX_ROWS, 3));
        table.add(&place, &["7".into()], Value::Int(1), 0);
        assert_eq!(table.number_of(7, "read_bytes"), Some(Value::Int(2)));
        table.clear();
    }
    let long = [b'x'; MAX_BYTES / 2];
    for name in [&long[..], &long[1..], &long[2..]] {
        table.add(&place, &[name.into()], Value::Int(1), 0);
    }
    assert_eq!((table.len(), table.left_out()), (2, 1));
}
