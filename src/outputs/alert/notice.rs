//! The notice about an alert: that it fires, or that it is resolved.

use super::text::put_pair;
use crate::base::clock::WallClock;

/// One alert as it is sent.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The name of the rule.
    pub name: String,
    /// Its labels with `alertname`, sorted.
    pub labels: Vec<(String, String)>,
    /// The annotations, filled in, in the order of the rule.
    pub annotations: Vec<(String, String)>,
    /// The value of the condition's left side, as text.
    pub value: String,
    /// Since when it fires.
    pub starts: WallClock,
    /// When it was resolved; `None` while it fires.
    pub ends: Option<WallClock>,
    /// The fingerprint of its labels.
    pub fingerprint: u64,
}

impl Notice {
    /// Whether it is resolved.
    pub fn is_resolved(&self) -> bool {
        self.ends.is_some()
    }

    /// `firing` or `resolved`.
    pub fn status(&self) -> &'static str {
        if self.is_resolved() { "resolved" } else { "firing" }
    }
}

/// The identity of a set of labels in Prometheus and Alertmanager: FNV-1a of names and values, each followed
/// by a byte that no text has.
pub fn fingerprint(labels: &[(String, String)]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x100_0000_01b3;
    let texts = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Labels in the form of series.
pub fn rendered(labels: &[(String, String)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in labels {
        put_pair(&mut text, 0, name.as_bytes(), value.as_bytes());
    }
    text
}
