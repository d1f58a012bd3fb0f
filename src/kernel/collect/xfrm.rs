//! Packets that IPsec lost: `/proc/net/xfrm_stat`, a line `XfrmInError 12` for each reason
//! (Documentation/networking/xfrm_proc.rst). Which exist depends on the kernel: the last four rows of the
//! table came with 6.10 to 6.14, and node_exporter does not know them. A kernel without
//! CONFIG_XFRM_STATISTICS has no such file. Keys that are not in the table are newer than this release.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families};
use crate::settings::{Dialect, Subject};

const PATH: &str = "/proc/net/xfrm_stat";
const EXPECTED: &str = "a name that comes once, and an integer";

/// The kernel's name of a row is `Xfrm` and the text between these, without underscores.
const PREFIX: &str = "xfrm_";
const SUFFIX: &str = "_packets_total";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 32] = families![
    counter("xfrm_in_error_packets_total",                 Unit::One, "Packets received with an error that has no counter of its own.",                        &[]),
    counter("xfrm_in_buffer_error_packets_total",          Unit::One, "Packets received when there was no memory.",                                            &[]),
    counter("xfrm_in_hdr_error_packets_total",             Unit::One, "Packets received with a bad header.",                                                   &[]),
    counter("xfrm_in_no_states_packets_total",             Unit::One, "Packets received for which no state was found: wrong SPI, address or protocol.",        &[]),
    counter("xfrm_in_state_proto_error_packets_total",     Unit::One, "Packets received that the protocol of their state refused, as with a wrong key.",       &[]),
    counter("xfrm_in_state_mode_error_packets_total",      Unit::One, "Packets received that the mode of their state refused.",                                &[]),
    counter("xfrm_in_state_seq_error_packets_total",       Unit::One, "Packets received whose sequence number is outside the window.",                         &[]),
    counter("xfrm_in_state_expired_packets_total",         Unit::One, "Packets received for a state that had expired.",                                        &[]),
    counter("xfrm_in_state_mismatch_packets_total",        Unit::One, "Packets received that an option of their state does not fit, as UDP encapsulation.",    &[]),
    counter("xfrm_in_state_invalid_packets_total",         Unit::One, "Packets received for a state that is not valid.",                                       &[]),
    counter("xfrm_in_tmpl_mismatch_packets_total",         Unit::One, "Packets received whose states no template of a policy fits.",                           &[]),
    counter("xfrm_in_no_pols_packets_total",               Unit::One, "Packets received whose states no policy fits.",                                         &[]),
    counter("xfrm_in_pol_block_packets_total",             Unit::One, "Packets received that a policy blocks.",                                                &[]),
    counter("xfrm_in_pol_error_packets_total",             Unit::One, "Packets received with an error in their policy.",                                       &[]),
    counter("xfrm_out_error_packets_total",                Unit::One, "Packets not sent because of an error that has no counter of its own.",                  &[]),
    counter("xfrm_out_bundle_gen_error_packets_total",     Unit::One, "Packets not sent because their bundle could not be made.",                              &[]),
    counter("xfrm_out_bundle_check_error_packets_total",   Unit::One, "Packets not sent because their bundle was not valid.",                                  &[]),
    counter("xfrm_out_no_states_packets_total",            Unit::One, "Packets not sent for lack of a state.",                                                 &[]),
    counter("xfrm_out_state_proto_error_packets_total",    Unit::One, "Packets not sent because of an error in the protocol of their state.",                  &[]),
    counter("xfrm_out_state_mode_error_packets_total",     Unit::One, "Packets not sent because of an error in the mode of their state.",                      &[]),
    counter("xfrm_out_state_seq_error_packets_total",      Unit::One, "Packets not sent because the sequence number overflowed.",                              &[]),
    counter("xfrm_out_state_expired_packets_total",        Unit::One, "Packets not sent because their state had expired.",                                     &[]),
    counter("xfrm_out_pol_block_packets_total",            Unit::One, "Packets not sent because a policy blocks them.",                                        &[]),
    counter("xfrm_out_pol_dead_packets_total",             Unit::One, "Packets not sent because their policy was being removed.",                              &[]),
    counter("xfrm_out_pol_error_packets_total",            Unit::One, "Packets not sent because of an error in their policy.",                                 &[]),
    counter("xfrm_fwd_hdr_error_packets_total",            Unit::One, "Packets not forwarded because their route does not allow it.",                          &[]),
    counter("xfrm_out_state_invalid_packets_total",        Unit::One, "Packets not sent because their state is not valid.",                                    &[]),
    counter("xfrm_acquire_error_packets_total",            Unit::One, "Packets dropped because their state was not complete when it was used.",                &[]),
    counter("xfrm_out_state_dir_error_packets_total",      Unit::One, "Packets not sent because their state is for the other direction.",                      &[]).only_own(),
    counter("xfrm_in_state_dir_error_packets_total",       Unit::One, "Packets received for a state of the other direction.",                                  &[]).only_own(),
    counter("xfrm_in_iptfs_error_packets_total",           Unit::One, "Packets received that IP-TFS refused.",                                                 &[]).only_own(),
    counter("xfrm_out_no_queue_space_packets_total",       Unit::One, "Packets not sent because the queue of their state was full.",                           &[]).only_own(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "xfrm",
        node_name: "xfrm",
        on: false,
        help: "packets that IPsec lost, from /proc/net/xfrm_stat",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Xfrm { file: setup.files.whole(PATH) })
}

struct Xfrm {
    file: FileId,
}

impl Collector for Xfrm {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let mut came = [false; FAMILIES.len()];
        let text = files.read(self.file).map_err(Error::of_optional)?;
        for line in scan::lines(text) {
            let mut words = scan::fields(line);
            let key = words.next().unwrap_or_default();
            let mut rows = FAMILIES.iter().zip(&mut came);
            let Some((family, is_repeated)) = rows.find(|(family, _)| is_named(family, key)) else {
                continue;
            };
            match words.uint().flatten().filter(|_| !*is_repeated) {
                Some(raw) => {
                    out.single(family, family.value(raw));
                }
                None => errors.refuse(PATH, EXPECTED, line),
            }
            *is_repeated = true;
        }
        // The kernel writes all that it has, also those that are 0.
        if came.contains(&true) { Ok(()) } else { Err(Error::parse(PATH, EXPECTED, text)) }
    }
}

/// Whether the kernel calls the family `key`: `XfrmInHdrError` is `xfrm_in_hdr_error_packets_total`.
fn is_named(family: &Family<'_>, key: &[u8]) -> bool {
    let name = family.named(Dialect::Own).map(|(name, _)| name);
    let reason = name.and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    let Some((reason, key)) = reason.zip(key.strip_prefix(b"Xfrm")) else { return false };
    let mut words = reason.split('_');
    let mut parts = key.chunk_by(|_, next| !next.is_ascii_uppercase());
    let is_same = |word: &str, part: &[u8]| {
        part.first().is_some_and(u8::is_ascii_uppercase)
            && part.eq_ignore_ascii_case(word.as_bytes())
    };
    words.all(|word| parts.next().is_some_and(|part| is_same(word, part))) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    /// The keys of Linux 6.18.
    const KEYS: &str = "XfrmInError XfrmInBufferError XfrmInHdrError XfrmInNoStates XfrmInStateProtoError \
        XfrmInStateModeError XfrmInStateSeqError XfrmInStateExpired XfrmInStateMismatch XfrmInStateInvalid \
        XfrmInTmplMismatch XfrmInNoPols XfrmInPolBlock XfrmInPolError XfrmOutError XfrmOutBundleGenError \
        XfrmOutBundleCheckError XfrmOutNoStates XfrmOutStateProtoError XfrmOutStateModeError \
        XfrmOutStateSeqError XfrmOutStateExpired XfrmOutPolBlock XfrmOutPolDead XfrmOutPolError \
        XfrmFwdHdrError XfrmOutStateInvalid XfrmAcquireError XfrmOutStateDirError XfrmInStateDirError \
        XfrmInIptfsError XfrmOutNoQueueSpace";

    #[test]
    fn every_reason_has_its_family() {
        let tree = Tree::new("xfrm");
        let text = KEYS.split(' ').zip(1..).map(|(key, n)| format!("{key:24}\t{n}\n"));
        tree.put("proc/net/xfrm_stat", &text.collect::<String>());
        let (own, errors) = lines(&mut tree.open(&SPEC, Dialect::Own, &[]), Dialect::Own);
        assert_eq!((own.len(), errors), (FAMILIES.len(), 0));
        for (place, (line, family)) in own.iter().zip(FAMILIES).enumerate() {
            let (name, _) = family.named(Dialect::Own).unwrap();
            assert_eq!(*line, format!("{name} {}", place + 1));
        }
        let (node, _) = lines(&mut tree.open(&SPEC, Dialect::Node, &[]), Dialect::Node);
        assert_eq!(node, own[..28]);
    }

    #[test]
    fn a_bad_line_is_left_out() {
        let tree = Tree::new("xfrm-bad");
        let mut xfrm = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(xfrm.failure(), Some(Error::Unsupported(_))));
        tree.put(
            "proc/net/xfrm_stat",
            "XfrmInError\nXfrmInError 1\nXfrmInHdrError -1\nxfrmInPolError 2\nXfrminNoPols 3\n\
            XfrmInBuffer 4\nXfrmInBufferErrors 5\nXfrmNewError 6\n\nXfrmOutError 7",
        );
        let expected = vec!["xfrm_out_error_packets_total 7".to_owned()];
        assert_eq!(lines(&mut xfrm, Dialect::Node), (expected, 3));
    }
}
