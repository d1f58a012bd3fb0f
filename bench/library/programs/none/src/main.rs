//! A program that counts, and tells nobody.

fn main() {
    metrics::counter!("started_total").increment(1);
    std::thread::park();
}
