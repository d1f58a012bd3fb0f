//! Round trips of pages, whatever changed since they were planned, with another decompressor.

use crate::base::wire::deflate::tests::{Noise, round};
use crate::base::wire::deflate::{Deflater, MAX_KEPT, Page};
use miniz_oxide::deflate::compress_to_vec;

/// A family: its name, and label values of its series.
type Family = (String, Vec<String>);

fn families(count: usize, noise: &mut Noise) -> Vec<Family> {
    let family = |i: usize| {
        let series = (0..noise.next(12)).map(|n| format!("eth{n}")).collect();
        (format!("node_{}_{i}_total", ["disk", "network", "cpu"][i % 3]), series)
    };
    (0..count).map(family).collect()
}

/// The page of these families; `value` returns the value of each series.
fn page(families: &[Family], mut value: impl FnMut() -> String) -> Vec<u8> {
    let mut text = String::new();
    for (name, series) in families {
        text += &format!("# HELP {name} How often {name} happened.\n# TYPE {name} counter\n");
        if series.is_empty() {
            text += &format!("{name} {}\n", value());
        }
        for label in series {
            text += &format!("{name}{{device=\"{label}\"}} {}\n", value());
        }
    }
    text.into_bytes()
}

/// The address of the plan, as long as it is the same one.
fn plan(deflater: &Deflater) -> Option<*const u8> {
    deflater.planned.as_ref().map(|(page, _)| page.literals.as_ptr())
}

#[test]
fn values_of_any_length() {
    let mut noise = Noise(1);
    let families = families(80, &mut noise);
    let mut deflater = Deflater::default();
    let mut next = || "7".repeat(1 + noise.next(4) * noise.next(5));
    let first = page(&families, &mut next);
    round(&mut deflater, &first);
    let kept = plan(&deflater);
    for _ in 0..50 {
        let deflated = round(&mut deflater, &page(&families, &mut next));
        assert!(deflated < first.len() / 5, "{deflated} of {}", first.len());
        assert_eq!(plan(&deflater), kept, "it is not planned anew");
    }
}

/// The same page compresses to the same bits, however it got there.
#[test]
fn bits_follow_the_distances() {
    let mut noise = Noise(2);
    let families = families(60, &mut noise);
    let of = |longer: usize| {
        let mut at = 0;
        page(&families, || {
            at += 1;
            if at == longer { "12345678".into() } else { "1".into() }
        })
    };
    let (mut fresh, mut used) = (Deflater::default(), Deflater::default());
    round(&mut fresh, &of(0));
    round(&mut used, &of(0));
    let size = round(&mut fresh, &of(0));
    for longer in (1..200).chain([3, 3, 9, 0]) {
        round(&mut used, &of(longer));
    }
    assert_eq!(round(&mut used, &of(0)), size);
}

#[test]
fn series_and_families_that_come_and_go() {
    let mut noise = Noise(3);
    let mut families = families(50, &mut noise);
    let mut deflater = Deflater::default();
    for turn in 0..400 {
        let (at, n) = (noise.next(families.len()), noise.next(40));
        match noise.next(12) {
            0 => families[at].1.push(format!("wlan{n}")),
            1 => drop(families[at].1.pop()),
            2 if families.len() > 2 => drop(families.remove(at)),
            3 => families.insert(at, (format!("node_new_{turn}"), vec!["} 7".into(); n / 8])),
            4 => families[at].0.push('x'),
            _ => {}
        }
        let text = page(&families, || noise.next(100_000).to_string());
        let end = if n == 0 { noise.next(text.len()) } else { text.len() };
        round(&mut deflater, &text[..end]);
    }
}

/// Lines that no exposition would have.
#[test]
fn whatever_begins_like_a_page() {
    let mut noise = Noise(4);
    let pieces: [&[u8]; 12] = [
        b"# ",
        b"\n",
        b"\n\n",
        b" ",
        b"{",
        b"} ",
        b"1",
        b"name",
        b"\xff\x00",
        b"# HELP a b\n",
        b"name{a=\"b\"} 5\n",
        b"\n# {x=\"y\"} 0.5 17\n",
    ];
    let mut deflater = Deflater::default();
    let mut text = Vec::new();
    for _ in 0..600 {
        if noise.next(3) == 0 {
            text = b"# ".to_vec();
            let count = noise.next(300);
            text.extend((0..count).flat_map(|_| pieces[noise.next(12)]));
        } else if text.len() > 2 {
            let at = 2 + noise.next(text.len() - 2);
            text[at] = b"0123456789\n {"[noise.next(13)];
        }
        round(&mut deflater, &text);
    }
}

/// Values grow until a source exceeds the longest distance.
#[test]
fn distances_that_become_too_long() {
    let mut noise = Noise(5);
    let families = families(100, &mut noise);
    let mut deflater = Deflater::default();
    for length in [1, 20, 60, 120, 200, 254, 255, 256, 400, 1] {
        for _ in 0..3 {
            let value = || (0..length).map(|_| char::from(b'0' + noise.next(10) as u8)).collect();
            round(&mut deflater, &page(&families, value));
        }
    }
}

/// A help text with more bits than can be counted.
#[test]
fn one_stretch_of_many_bits() {
    let mut noise = Noise(9);
    for length in [1_000, 8_000, 12_000, 30_000, 60_000] {
        let help: String = (0..length).map(|_| char::from(b' ' + noise.next(90) as u8)).collect();
        let mut deflater = Deflater::default();
        for value in ["1", "22", "1", "1"] {
            let text = format!(
                "# TYPE a gauge\na {value}\n# HELP b {help}\nb {value}\nb{{c=\"a gauge\"}} 1\n"
            );
            round(&mut deflater, text.as_bytes());
        }
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let mut noise = Noise(6);
    for count in [100, 400, 20_000] {
        let families = families(count, &mut noise);
        let mut deflater = Deflater::default();
        for _ in 0..3 {
            round(&mut deflater, &page(&families, || noise.next(1000).to_string()));
        }
        let (kept, _) = deflater.planned.as_ref().unwrap();
        assert!(kept.memory() < MAX_KEPT, "{count} families: {} bytes", kept.memory());
    }
}

#[test]
fn a_planned_page_is_smaller_than_by_level_1() {
    let mut noise = Noise(7);
    let mut deflater = Deflater::default();
    let families = families(100, &mut noise);
    for _ in 0..3 {
        let text = page(&families, || noise.next(100_000_000).to_string());
        let (ours, theirs) = (round(&mut deflater, &text), compress_to_vec(&text, 1).len());
        assert!(ours * 100 < theirs * 97, "{ours} bytes, {theirs} by level 1");
    }
}

/// Pages that all differ from the one before are hardly ever planned.
#[test]
fn plans_that_do_not_hold_are_made_less_often() {
    let mut noise = Noise(8);
    let mut deflater = Deflater::default();
    let mut plans = 0;
    for turn in 0..300 {
        let mut text = page(&families(20, &mut noise), || "1".into());
        text.splice(2..6, format!("{turn}").bytes());
        round(&mut deflater, &text);
        plans += usize::from(deflater.planned.is_some());
    }
    assert!(plans < 12, "{plans}");
}

impl Page {
    /// Bytes in use; unused room was not touched.
    fn memory(&self) -> usize {
        self.stretches.len() * size_of::<super::Stretch>()
            + self.starts.len() * size_of::<u32>()
            + self.operations.len() * size_of::<super::Operation>()
            + self.literals.len()
            + self.bits.len()
            + self.piece.len()
    }
}
