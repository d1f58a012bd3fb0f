//! Segments of the spool.

/// Payloads of any bytes become frames that can be looked at, or nothing. Before each stands its
/// length in two bytes.
#[cfg(feature = "hub")]
pub fn spool_payload(bytes: &[u8]) {
    use sysmetrics::outputs::spool::Decoder;

    let (mut decoder, mut rest) = (Decoder::new(1), bytes);
    while let [low, high, after @ ..] = rest {
        let size = usize::from(u16::from_le_bytes([*low, *high]));
        let (payload, after) = after.split_at(after.len().min(size));
        rest = after;
        let Some((frame, lost)) = decoder.read(payload) else { continue };
        assert_eq!(frame.states.len(), frame.table.series());
        assert_eq!(frame.slots.len(), frame.table.slots());
        assert!(lost <= frame.states.len() as u64);
        let mut seen = 0;
        for family in frame.view(0).families() {
            for series in family.series() {
                assert!(series.reading().is_some() && series.labels().len() < 256);
                seen += 1;
            }
        }
        assert!(seen <= frame.len());
    }
}

/// Without the hub nothing waits.
#[cfg(not(feature = "hub"))]
pub fn spool_payload(_: &[u8]) {}
