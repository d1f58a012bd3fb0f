//! The page itself.

use super::super::*;

/// The page as it is written.
const PAGE: &str = include_str!("../page.html");

/// SHA-256 (FIPS 180-4), which names scripts that a browser may run.
mod sha256 {
    const fn root_bits(n: u64, cube: bool) -> u32 {
        // The first 32 bits of the fraction of the square or cube root of n, by bisection.
        let (mut low, mut high) = (0u128, 1u128 << 40);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let (power, whole) = if cube {
                (middle * middle * middle, (n as u128) << 96)
            } else {
                (middle * middle, (n as u128) << 64)
            };
            if power <= whole { low = middle } else { high = middle }
        }
        low as u32
    }

    fn primes() -> impl Iterator<Item = u64> {
        (2u64..).filter(|n| (2..*n).all(|d| n % d != 0))
    }

    pub fn of(text: &[u8]) -> [u8; 32] {
        let k: Vec<u32> = primes().take(64).map(|p| root_bits(p, true)).collect();
        let mut h: Vec<u32> = primes().take(8).map(|p| root_bits(p, false)).collect();
        let mut padded = text.to_vec();
        padded.push(0x80);
        while padded.len() % 64 != 56 {
            padded.push(0);
        }
        padded.extend((text.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            let mut w: Vec<u32> =
                block.chunks(4).map(|b| u32::from_be_bytes(b.try_into().unwrap())).collect();
            for i in 16..64 {
                let (a, b) = (w[i - 15], w[i - 2]);
                let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
                let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
                w.push([w[i - 16], s0, w[i - 7], s1].into_iter().fold(0, u32::wrapping_add));
            }
            let mut v = h.clone();
            for i in 0..64 {
                let (a, e) = (v[0], v[4]);
                let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let choice = (e & v[5]) ^ (!e & v[6]);
                let t1 = [v[7], s1, choice, k[i], w[i]].into_iter().fold(0, u32::wrapping_add);
                let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let majority = (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);
                v.rotate_right(1);
                v[4] = v[4].wrapping_add(t1);
                v[0] = t1.wrapping_add(s0).wrapping_add(majority);
            }
            for (h, v) in h.iter_mut().zip(v) {
                *h = h.wrapping_add(v);
            }
        }
        h.iter().flat_map(|h| h.to_be_bytes()).collect::<Vec<_>>().try_into().unwrap()
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=three.len()].copy_from_slice(three);
        let word = u32::from_be_bytes(word);
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63] as char;
            text.push(if at <= three.len() { letter } else { '=' });
        }
    }
    text
}

/// The page as it is packed: without indentation, and without lines that are comments.
fn packed() -> String {
    let lines = PAGE.split_inclusive('\n').map(|line| line.trim_start_matches(' '));
    lines.filter(|line| !line.starts_with("// ")).collect()
}

/// The text between the tags, of which there is one pair.
fn inside<'p>(page: &'p str, tag: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
    assert!(!rest.contains(&format!("<{tag}")), "one {tag}");
    rest.split_once(&format!("</{tag}>")).unwrap().0
}

#[test]
fn the_policy_names_the_page_s_own_script_and_style() {
    let abc = sha256::of(b"abc");
    assert_eq!(base64(&abc), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "SHA-256");
    let page = packed();
    for tag in ["style", "script"] {
        let hash = base64(&sha256::of(inside(&page, tag).as_bytes()));
        let expected = format!("{tag}-src 'sha256-{hash}'; ");
        assert!(POLICY.contains(&expected), "in src/outputs/status/page.rs: {expected}");
    }
}

#[test]
fn the_served_page_is_the_written_one() {
    let served = crate::workers::gunzip(PAGE_GZIP, MAX_PAGE);
    assert_eq!(served.as_deref(), Ok(packed().as_bytes()), "make page");
}

#[test]
fn the_page_is_one_piece() {
    for outside in ["http://", "https://", "//cdn", "src=", "@import", "url(", "innerHTML", "eval("]
    {
        let found = PAGE.replace("http://www.w3.org/2000/svg", "").contains(outside);
        assert!(!found, "{outside}");
    }
    for part in ["<noscript>", "/metrics", "/api/status", "lang=\"en\"", "class=\"skip\""] {
        assert!(PAGE.contains(part), "{part}");
    }
    assert!(!PAGE.contains(" style=") && !PAGE.contains(" onclick="), "the policy forbids it");
    assert!(PAGE.len() < MAX_PAGE, "{}", PAGE.len());
    assert!(PAGE_GZIP.len() <= 11_200, "{}: it is a part of every binary", PAGE_GZIP.len());
}

/// Browsers of 2018 show it: what came later would stop the whole script, or one part of it.
#[test]
fn the_page_is_written_for_old_browsers() {
    let later = [
        "?.",
        "??",
        "||=",
        "&&=",
        "catch{",
        "catch {",
        ".at(",
        ".flat(",
        "flatMap",
        "fromEntries",
        "replaceAll",
        "structuredClone",
        "AbortSignal",
        "matchAll",
        "allSettled",
        "ResizeObserver",
        "min(100%",
        "max(",
        "clamp(",
        "inset:",
        "aspect-ratio",
        "color-mix",
    ];
    let page = packed().replace("Math.max(", "").replace("minmax(", "");
    for word in later {
        assert!(!page.contains(word), "{word}");
    }
    assert!(!page.contains("href=\"/"), "links are relative: the agent may be behind a prefix");
}
