//! Graphics cards of AMD: `/sys/class/drm/cardN/device` of the driver amdgpu: how busy the card is in per
//! cent, and its memory in bytes (Documentation/gpu/amdgpu/driver-misc.rst, since 4.19). Which files exist
//! depends on the card. Other drivers do not have them.

use super::gathered::Gathered;
use super::hwmon::clean;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Dir, Names, scan};
use crate::model::metric::{Family, Sink, Unit::Centi, Unit::One, Value, families, gauge};
use crate::settings::Subject;
use std::path::Path;

const BASE: &str = "/sys/class/drm";

/// The longest text that is read.
const MAX_TEXT: usize = 1024;

const CARD: &[&str] = &["card"];
const ABOUT: &[&str] =
    &["card", "memory_vendor", "power_performance_level", "unique_id", "chip", "vendor"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 9] = families![
    gauge("drm_card_info",                  One,   "The card and its properties.",           ABOUT),
    gauge("drm_gpu_busy_percent",           One,   "How busy the card is.",                  CARD).only_node(),
    gauge("drm_gpu_busy_ratio",             Centi, "How busy the card is.",                  CARD).only_own(),
    gauge("drm_memory_gtt_size_bytes",      One,   "Memory of the machine that the card can use.", CARD),
    gauge("drm_memory_gtt_used_bytes",      One,   "Memory of the machine that the card uses.", CARD),
    gauge("drm_memory_vis_vram_size_bytes", One,   "Memory of the card that the processor sees.", CARD),
    gauge("drm_memory_vis_vram_used_bytes", One,   "The same, as far as it is used.",        CARD),
    gauge("drm_memory_vram_size_bytes",     One,   "Memory of the card.",                    CARD),
    gauge("drm_memory_vram_used_bytes",     One,   "Memory of the card that is used.",       CARD),
];

/// A file with a number, and its families.
static FILES: [(&[u8], &[&Family<'static>]); 7] = [
    (b"gpu_busy_percent", &[&FAMILIES[1], &FAMILIES[2]]),
    (b"mem_info_gtt_total", &[&FAMILIES[3]]),
    (b"mem_info_gtt_used", &[&FAMILIES[4]]),
    (b"mem_info_vis_vram_total", &[&FAMILIES[5]]),
    (b"mem_info_vis_vram_used", &[&FAMILIES[6]]),
    (b"mem_info_vram_total", &[&FAMILIES[7]]),
    (b"mem_info_vram_used", &[&FAMILIES[8]]),
];

/// Files whose text is a label.
const TEXTS: [&[u8]; 3] =
    [b"mem_info_vram_vendor", b"power_dpm_force_performance_level", b"unique_id"];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "drm",
        node_name: "drm",
        on: false,
        help: "graphics cards of AMD, from /sys/class/drm",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Drm {
        links: setup.root.dir(BASE),
        place: Subtree::new(setup.root, BASE),
        entries: Names::default(),
        chips: Vec::new(),
        gathered: Gathered::new(BASE),
    })
}

struct Drm {
    /// Never open; used to read the links to the cards.
    links: Dir,
    place: Subtree,
    entries: Names,
    /// Cards and the names of their chips, which do not change.
    chips: Vec<(Vec<u8>, String)>,
    gathered: Gathered,
}

impl Collector for Drm {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Drm { links, place, entries, chips, gathered } = self;
        let errors = &mut *scrape.errors;
        let Some(opened) = errors.unless_absent(place.open()) else { return Ok(()) };
        opened.list(&[], entries, errors);
        gathered.begin();
        let has_gone = |card: &[u8]| !(0..).map_while(|at| entries.get(at)).any(|it| it == card);
        chips.retain(|(card, _)| !has_gone(card));
        for card in (0..).map_while(|at| entries.get(at)).filter(|name| is_card(name)) {
            let mut text = [0; MAX_TEXT];
            let read = opened.read(&[card, b"device/uevent"], &mut text);
            let about = errors.unless_absent(read).unwrap_or_default();
            if !scan::lines(about).any(|line| line == b"DRIVER=amdgpu") {
                continue;
            }
            let known = chips.iter().position(|(known, _)| known == card);
            let at = known.unwrap_or_else(|| {
                chips.push((card.to_vec(), chip(links, card)));
                chips.len() - 1
            });
            let chip = chips.get(at).map(|(_, chip)| chip.as_bytes()).unwrap_or_default();
            about_card(&opened, card, chip, errors, gathered);
            numbers(&opened, card, errors, gathered);
        }
        gathered.write_rows(errors, out);
        Ok(())
    }
}

/// `card0`, but neither `card0-DP-1`, which is a connector, nor `card10`, as in node_exporter.
fn is_card(name: &[u8]) -> bool {
    matches!(name, [b'c', b'a', b'r', b'd', digit] if digit.is_ascii_digit())
}

/// The name of the card's chip in hwmon: the bus and the address of its device.
fn chip(links: &Dir, card: &[u8]) -> String {
    let device = [&String::from_utf8_lossy(card), "/device"].concat();
    let target = links.target(&device).unwrap_or_default();
    let part = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        clean(&name.to_string_lossy())
    };
    let (bus, address) = (part(target.parent()), part(Some(&target)));
    let underscore = if bus.is_empty() || address.is_empty() { "" } else { "_" };
    if address.is_empty() { address } else { [&bus, underscore, &address].concat() }
}

/// Writes the card and its labels.
fn about_card(
    opened: &Opened,
    card: &[u8],
    chip: &[u8],
    errors: &mut PartialErrors,
    gathered: &mut Gathered,
) {
    let [info, ..] = &FAMILIES;
    let mut texts = [[0; MAX_TEXT]; 3];
    let mut labels = [card, b"", b"", b"", chip, b"amd"];
    let files = TEXTS.iter().zip(&mut texts);
    for ((file, text), label) in files.zip(labels.iter_mut().skip(1)) {
        let read = opened.read(&[card, b"device", file], text);
        *label = errors.unless_absent(read).unwrap_or_default();
    }
    gathered.push(info, &labels, Value::Int(1));
}

/// Writes the counters of the card.
fn numbers(opened: &Opened, card: &[u8], errors: &mut PartialErrors, gathered: &mut Gathered) {
    for (file, families) in &FILES {
        let (mut text, path) = ([0; MAX_TEXT], [card, b"device", file]);
        let Some(text) = errors.unless_absent(opened.read(&path, &mut text)) else { continue };
        match scan::uint(text) {
            Some(raw) => families.iter().for_each(|f| gathered.push(f, &[card], f.value(raw))),
            None => errors.refuse(opened.place(&path), "an integer", text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};
    use std::os::unix::fs::symlink;

    #[test]
    fn every_file_of_amd_cards() {
        let tree = Tree::new("drm");
        let device = "sys/devices/pci0000:00/0000:09:00.0";
        let put = |file: &str, text: &str| tree.put(&format!("{device}/{file}"), text);
        put("uevent", "DRIVER=amdgpu\nPCI_CLASS=30000\n");
        put("gpu_busy_percent", "4\n");
        put("mem_info_gtt_total", "1\n");
        put("mem_info_gtt_used", "2\n");
        put("mem_info_vis_vram_total", "3\n");
        put("mem_info_vram_total", "5\n");
        put("mem_info_vram_used", "many\n");
        put("mem_info_vram_vendor", "samsung\n");
        put("unique_id", "0123\n");
        for card in ["card0", "card0-DP-1", "card10"] {
            tree.put(&format!("sys/class/drm/{card}/dev"), "226:0");
            symlink(tree.0.join(device), tree.0.join(format!("sys/class/drm/{card}/device")))
                .unwrap();
        }
        tree.put("sys/class/drm/card1/device/uevent", "DRIVER=i915\n");
        let expected = [
            "drm_card_info{card=\"card0\",memory_vendor=\"samsung\",power_performance_level=\"\",\
             unique_id=\"0123\",chip=\"pci0000:00_0000:09:00_0\",vendor=\"amd\"} 1",
            "drm_gpu_busy_percent{card=\"card0\"} 4",
            "drm_memory_gtt_size_bytes{card=\"card0\"} 1",
            "drm_memory_gtt_used_bytes{card=\"card0\"} 2",
            "drm_memory_vis_vram_size_bytes{card=\"card0\"} 3",
            "drm_memory_vram_size_bytes{card=\"card0\"} 5",
        ];
        let expected = expected.map(String::from).to_vec();
        let mut drm = tree.open(&SPEC, Dialect::Node, &[]);
        for _ in 0..2 {
            assert_eq!(scrape(&mut drm, Dialect::Node, &["drm"]), (expected.clone(), 1));
        }
        let mut drm = tree.open(&SPEC, Dialect::Own, &[]);
        let busy = scrape(&mut drm, Dialect::Own, &["busy"]).0;
        assert_eq!(busy, ["drm_gpu_busy_ratio{card=\"card0\"} 0.04"]);
        let mut none = Tree::new("drm-none").open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut none, Dialect::Node, &["drm"]), (vec![], 0));
    }
}
