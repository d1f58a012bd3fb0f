//! Prepares a frame for sending, without samples that the receiver would refuse as out of order.

use super::Delivery;
use super::parts::{by_delta, by_stamp};
use super::stamped::Stale;
use crate::model::frame::Frame;
use crate::settings::{ExportKind, Order};

impl Delivery {
    /// The parts in which a frame is sent, the last first, and the samples that are left out.
    pub(super) fn parts(&self, frame: Frame, boot: i64) -> (Vec<Frame>, Stale) {
        let kind = self.export.kind;
        let parted = if kind == ExportKind::Otlp { None } else { by_delta(&frame) };
        let (frame, deltas) = parted.map_or((frame, 0), |(others, deltas)| (others, deltas.len()));
        if kind != ExportKind::RemoteWrite {
            return (vec![frame], Stale { deltas, ..Stale::default() });
        }
        let (own, mut stamped) = match by_stamp(&frame) {
            Some((own, stamped)) => (Some(own), stamped),
            None => (None, frame),
        };
        let stale = match self.export.order {
            Order::Time => self.sent.leave_out(&mut stamped, boot),
            Order::Fresh => Stale::default(),
        };
        let mut parts = vec![stamped];
        parts.extend(own);
        (parts, Stale { deltas, ..stale })
    }

    /// Counts the samples that were left out.
    pub(super) fn leave_out(&self, stale: Stale) {
        if stale.count > 0 {
            self.tally.drop_samples("stale", stale.count);
        }
        if stale.deltas > 0 {
            self.tally.drop_samples("invalid", stale.deltas);
        }
        if stale.is_older {
            self.note_late("samples are not later than those before them, and were left out");
        }
    }
}
