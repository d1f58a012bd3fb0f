//! The statistics of interfaces under the names of node_exporter's detailed view, where an option asks for
//! them in place of the network collector. Families that that collector wrote in the same scrape are left out. In
//! node_exporter's dialect they are gauges, as there.

use super::super::network::{detailed, stats};
use crate::base::dialect::Dialect;
use crate::kernel::read::netlink::Link;
use crate::kernel::read::{Shows, Table};
use crate::model::metric::{Kind, Sink};

/// The statistics of the interfaces that are shown.
pub struct Statistics {
    dialect: Dialect,
    table: Table<{ stats::WIDTH }>,
}

impl Statistics {
    pub fn new(dialect: Dialect) -> Statistics {
        Statistics { dialect, table: Table::default() }
    }

    /// Begins a dump.
    pub fn clear(&mut self) {
        self.table.clear();
    }

    /// Adds the next interface; one without statistics has no samples.
    pub fn push(&mut self, link: &Link<'_>) {
        let bytes = link.attributes.bytes(libc::IFLA_STATS64);
        if let Some((cells, known)) = bytes.and_then(stats::cells) {
            self.table.push_cells(link.name, &cells, known);
        }
    }

    /// Writes them; `network` are the families that the network collector wrote.
    pub fn write(&self, network: Shows, out: &mut dyn Sink) {
        detailed(self.dialect, &mut |column, is_common, family| {
            let is_written = match network {
                Shows::Nothing => false,
                Shows::Sums => is_common,
                Shows::Details => true,
            };
            if is_written {
                return;
            }
            match self.dialect {
                Dialect::Own => out.family(family),
                Dialect::Node => out.family(&family.of_kind(Kind::Gauge).foreign()),
            }
            out.column(family, self.table.column(column));
        });
    }
}
