#!/bin/sh
# prometheus-parse 0.2.5 (Rust), a parser of the text format for Rust: it cuts the labels at each comma, quoted or not, and
# drops a label whose value has an equals sign. What is left of a value may be a label that is not on the page, and series that
# differ there become one. A sample with a closing brace in a value, or with the colon of a recording rule in its name, is not
# there at all. parse() returns Ok for all of it. The format allows any character in a label value, and a colon in a name.
# Mount options, command lines and kernel texts, which exporters put in labels, are full of commas and equals signs.
#
# Seen: mount{options="rw,noatime"} 1          ->  mount {options="rw"} 1
#       mount{options="rw,relatime"} 2         ->  mount {options="rw"} 2
#       mount{options="rw,size=4k"} 3          ->  mount {options="rw", size="4k"} 3
#       boot{line="quiet root=/dev/sda1"} 4    ->  boot 4
#       unit{name="a@{b}"} 5                   ->  nothing
#       job:errors:rate5m 6                    ->  nothing
#
# Exits 0 while that is so, 1 when it changes, 2 when the crate cannot be built.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'END_TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
prometheus-parse = "=0.2.5"
END_TOML
cat >src/main.rs <<'END_RUST'
use prometheus_parse::{Scrape, Value};

fn main() {
    let scrape = Scrape::parse(std::io::stdin().lines()).expect("the parser takes the page");
    for sample in scrape.samples {
        let mut labels: Vec<String> = sample.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        labels.sort();
        let Value::Untyped(value) = sample.value else { continue };
        println!("{} {{{}}} {value}", sample.metric, labels.join(", "));
    }
}
END_RUST
CARGO_TARGET_DIR=$dir/target cargo build --quiet || exit 2
cat >page <<'END_PAGE'
mount{options="rw,noatime"} 1
mount{options="rw,relatime"} 2
mount{options="rw,size=4k"} 3
boot{line="quiet root=/dev/sda1"} 4
unit{name="a@{b}"} 5
job:errors:rate5m 6
END_PAGE
cat >expected <<'END_EXPECTED'
mount {options="rw"} 1
mount {options="rw"} 2
mount {options="rw", size="4k"} 3
boot {} 4
END_EXPECTED
target/debug/finding <page >found
cat found
cmp found expected || {
	echo "changed: prometheus-parse reads the page in another way"
	exit 1
}
