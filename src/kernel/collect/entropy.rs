//! Random numbers: `/proc/sys/kernel/random/entropy_avail` and `poolsize`, the bits of entropy that the
//! kernel holds and could hold (random(4)). Since 5.18 the first stays at 256 once the pool was filled. The second
//! is a constant of the kernel, which is read until it is known.
//! Our own dialect shows bytes.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const AVAILABLE: &str = "/proc/sys/kernel/random/entropy_avail";
const POOL: &str = "/proc/sys/kernel/random/poolsize";

/// Thousandths of a byte in a bit.
const BIT: u64 = 125;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 4] = families![
    gauge("entropy_available_bits",  Unit::One,    "Bits of entropy that are available.",   &[]).only_node(),
    gauge("entropy_pool_size_bits",  Unit::One,    "Bits of entropy that the pool holds.",  &[]).only_node(),
    gauge("entropy_available_bytes", Unit::Millis, "Bytes of entropy that are available.",  &[]).only_own(),
    gauge("entropy_pool_size_bytes", Unit::Millis, "Bytes of entropy that the pool holds.", &[]).only_own(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "entropy",
        node_name: "entropy",
        on: true,
        help: "entropy for random numbers, from /proc/sys/kernel/random",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let [available, pool] = [AVAILABLE, POOL].map(|path| setup.files.whole(path));
    Box::new(Entropy { available, pool, size: None })
}

struct Entropy {
    available: FileId,
    pool: FileId,
    /// The size of the pool, in bits and in thousandths of a byte.
    size: Option<[u64; 2]>,
}

impl Collector for Entropy {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let [available, pool, own_available, own_pool] = &FAMILIES;
        let text = files.read(self.available).map_err(Error::of_optional)?;
        let bits = size(AVAILABLE, text, errors);
        write([available, own_available], bits, out);
        if self.size.is_none()
            && let Some(text) = errors.unless_absent(files.read(self.pool))
        {
            self.size = size(POOL, text, errors);
        }
        write([pool, own_pool], self.size, out);
        errors.unless_all(usize::from(bits.is_some() || self.size.is_some()))
    }
}

/// The bits in `text`, and the same in thousandths of a byte.
fn size(path: &'static str, text: &[u8], errors: &mut PartialErrors) -> Option<[u64; 2]> {
    let raw = scan::uint(text.trim_ascii_end());
    let size = raw.and_then(|raw| Some([raw, raw.checked_mul(BIT)?]));
    if size.is_none() {
        errors.refuse(path, "an integer", text);
    }
    size
}

/// Writes a size in node_exporter's dialect and in ours.
fn write(families: [&Family<'_>; 2], size: Option<[u64; 2]>, out: &mut dyn Sink) {
    for (family, raw) in families.into_iter().zip(size.into_iter().flatten()) {
        out.single(family, family.value(raw));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn lines(tree: &Tree, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(&mut tree.open(&SPEC, dialect, &[]), dialect, &["_"])
    }

    #[test]
    fn node_exporter_shows_bits_and_we_show_bytes() {
        let tree = Tree::new("entropy");
        tree.put("proc/sys/kernel/random/entropy_avail", "1337\n");
        tree.put("proc/sys/kernel/random/poolsize", "4096\n");
        let node = ["entropy_available_bits 1337", "entropy_pool_size_bits 4096"];
        assert_eq!(lines(&tree, Dialect::Node), (node.map(String::from).to_vec(), 0));
        let own = ["entropy_available_bytes 167.125", "entropy_pool_size_bytes 512"];
        let mut entropy = tree.open(&SPEC, Dialect::Own, &[]);
        let mut lines = || scrape(&mut entropy, Dialect::Own, &["_"]);
        assert_eq!(lines(), (own.map(String::from).to_vec(), 0));
        tree.put("proc/sys/kernel/random/entropy_avail", "8\n");
        tree.remove("proc/sys/kernel/random/poolsize");
        let own = ["entropy_available_bytes 1", own[1]];
        assert_eq!(lines(), (own.map(String::from).to_vec(), 0), "a constant is read once");
    }

    #[test]
    fn each_bad_file_drops_only_its_sample() {
        let tree = Tree::new("entropy-bad");
        let mut entropy = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(entropy.failure(), Some(Error::Unsupported(_))));
        tree.put("proc/sys/kernel/random/entropy_avail", "256\n");
        let expected = vec!["entropy_available_bits 256".to_owned()];
        assert_eq!(lines(&tree, Dialect::Node), (expected.clone(), 0));
        tree.put("proc/sys/kernel/random/poolsize", "18446744073709551615\n");
        assert_eq!(lines(&tree, Dialect::Node), (expected, 1));
        tree.put("proc/sys/kernel/random/entropy_avail", "-1\n");
        let nothing = tree.open(&SPEC, Dialect::Node, &[]).failure();
        assert!(matches!(nothing, Some(Error::Parse(_))), "nothing is left");
    }
}
