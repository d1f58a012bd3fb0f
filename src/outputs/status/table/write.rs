//! Tables as JSON.

use super::Table;
use crate::outputs::status::columns::Form;
use crate::outputs::status::json::Json;

impl Table {
    /// Writes the members of a row's object; without such a row all are null.
    pub fn write_members(&self, row: usize, json: &mut Json<'_>) {
        let mut last = "";
        for (at, column) in self.columns.iter().enumerate() {
            let key = column.second();
            if column.form != Form::Hidden && key != last {
                last = key;
                json.name(key);
                json.cell(self.cell(row, at));
            }
        }
    }

    /// Writes the members of the object that has a number for each row.
    pub fn write_numbers(&self, json: &mut Json<'_>) {
        for row in 0..self.rows.len() {
            let [name, ..] = self.key(row);
            json.key(name);
            json.cell(self.cell(row, 0));
        }
    }

    /// Writes an object for each row, to which `more` adds members.
    pub fn write_rows(
        &self,
        json: &mut Json<'_>,
        more: &mut dyn FnMut(&Table, usize, &mut Json<'_>),
    ) {
        for row in 0..self.rows.len() {
            json.open(b"{");
            for ((_, name), text) in self.part.labels().iter().zip(self.key(row)) {
                json.text_of(name, text);
            }
            self.write_members(row, json);
            more(self, row, json);
            json.close(b"}");
        }
    }
}
