//! Temperatures: the highest one, and a list of them under familiar names.

use super::columns::Part;
use super::json::{Cell, Json};
use super::table::Table;
use crate::model::metric::Value;

/// The most sensors that are shown.
const MAX_SENSORS: usize = 64;

/// Bytes of each part of a sensor's name that are shown.
const MAX_NAME: usize = 64;

/// The tables with sensors.
pub struct Sensors<'a> {
    pub chips: &'a Table,
    pub labels: &'a Table,
    pub temperatures: &'a Table,
    pub zones: &'a Table,
}

impl Sensors<'_> {
    /// Writes an object for each sensor, then the highest temperature; returns how many are left out.
    pub fn write(&self, json: &mut Json<'_>) -> u64 {
        let mut highest: Option<(f64, &Table, usize)> = None;
        let mut count = 0;
        json.inside("temperatures", b"[");
        for table in [self.temperatures, self.zones] {
            for row in 0..table.len() {
                if let Some(celsius) = table.number_of(row, "celsius").map(Value::as_f64)
                    && highest.is_none_or(|(most, ..)| celsius > most)
                {
                    highest = Some((celsius, table, row));
                }
                count += 1;
                if count <= MAX_SENSORS {
                    self.write_one(table, row, json);
                }
            }
        }
        json.close(b"]");
        json.inside("temperature", b"{");
        json.number_of(
            "celsius",
            highest.and_then(|(_, table, row)| table.number_of(row, "celsius")),
        );
        json.name("sensor");
        match highest {
            Some((_, table, row)) => {
                let [chip, sensor, ..] = table.key(row).map(short);
                json.texts(&[chip, b" ", sensor]);
            }
            None => json.cell(Cell::Unknown),
        }
        json.close(b"}");
        count.saturating_sub(MAX_SENSORS) as u64
    }

    fn write_one(&self, table: &Table, row: usize, json: &mut Json<'_>) {
        json.open(b"{");
        json.name("sensor");
        let key = table.key(row);
        let [first, second, ..] = key.map(short);
        if table.part() == Part::Zones {
            let blank: &[u8] = if second.is_empty() { b"" } else { b" " };
            json.texts(&[second, blank, b"zone", first]);
        } else {
            let label = self.labels.find(key).map(|at| self.labels.cell_of(at, "label"));
            let (open, label, close): (&[u8], &[u8], &[u8]) = match label {
                Some(Cell::Text(label)) => (b" (", label, b")"),
                _ => (b"", b"", b""),
            };
            let [chip, ..] = key;
            json.texts(&[short(self.chip(chip)), b" ", second, open, short(label), close]);
        }
        for name in ["celsius", "critical_celsius"] {
            json.number_of(name, table.number_of(row, name));
        }
        json.close(b"}");
    }

    /// The driver's name of the chip, unless another chip has the same name.
    fn chip<'a>(&'a self, chip: &'a [u8]) -> &'a [u8] {
        let name = |row| match self.chips.cell_of(row, "chip_name") {
            Cell::Text(name) => Some(name),
            _ => None,
        };
        let Some(own) = self.chips.find([chip, b"", b"", b""]).and_then(name) else { return chip };
        let same = (0..self.chips.len()).filter(|row| name(*row) == Some(own));
        if same.take(2).count() > 1 { chip } else { own }
    }
}

fn short(name: &[u8]) -> &[u8] {
    name.get(..name.len().min(MAX_NAME)).unwrap_or_default()
}
