//! How long a point takes, and how small gzip makes it.

use super::*;
use std::time::Instant;

/// `cargo test --release --lib how_long -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_long_a_point_takes() {
    let mut made = Made::new();
    for family in 0..55 {
        made.family(&format!("sysmetrics_family_{family}_total"), Kind::Counter, "What it counts.");
        for series in 0..10 {
            let device = format!("disk{series}");
            let labels = [("device", &*device), ("instance", "box-1"), ("mode", "read")];
            made.number(&labels, Value::Centi(family * 1_000_003 + series));
        }
    }
    let frame = made.frame();
    let view = frame.view(BOOT);
    let resource = [("host.name".to_owned(), "box-1".to_owned())];
    let mut out = Vec::new();
    let mut time = |what: &str, encode: &mut dyn FnMut(&mut Vec<u8>) -> u64| {
        let mut once = |out: &mut Vec<u8>| {
            out.clear();
            let start = Instant::now();
            encode(out);
            start.elapsed().as_nanos()
        };
        let mut all: Vec<_> = (0..4000).map(|_| once(&mut out)).collect();
        all.sort_unstable();
        let (nanos, least) = (all[2000] / 550, all[0] / 550);
        println!("{what}: {nanos} ns a point, at least {least}, {} bytes", out.len());
    };
    time("otlp", &mut |out| encode(&view, &resource, out));
    time("otlp json", &mut |out| encode_json(&view, &resource, out));
    let (mut plain, mut packed) = (Vec::new(), Vec::new());
    encode(&view, &resource, &mut plain);
    let mut gzip = crate::base::wire::Gzip::default();
    time("otlp gzip", &mut |_| {
        packed.clear();
        gzip.append(&plain, &mut packed);
        packed.len() as u64
    });
    println!("{} bytes, {} packed", plain.len(), packed.len());
}
