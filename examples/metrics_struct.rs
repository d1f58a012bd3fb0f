//! All metrics of a program in one struct: handles are made once and kept, so that each use is one
//! atomic operation, and no name is written twice.
//!
//! `cargo run --example metrics_struct --features recorder`

use std::error::Error;
use sysmetrics::{Counter, Gauge, Histogram, Registry};

/// What the shop counts.
struct Metrics {
    orders: Counter,
    orders_refused: Counter,
    baskets: Gauge,
    price: Histogram,
}

impl Metrics {
    fn new(registry: &Registry) -> Metrics {
        registry.describe("shop_orders_total", "Orders, by outcome.");
        registry.describe("shop_baskets", "Baskets that are being filled.");
        registry.describe("shop_order_euros", "What orders cost.");
        let orders = |outcome| registry.counter("shop_orders_total", &[("outcome", outcome)]);
        Metrics {
            orders: orders("taken"),
            orders_refused: orders("refused"),
            baskets: registry.gauge("shop_baskets", &[]),
            price: registry.histogram_with_buckets("shop_order_euros", &[], &[10.0, 50.0, 100.0]),
        }
    }
}

/// A part of the program, which has what it needs by reference.
struct Shop<'a> {
    metrics: &'a Metrics,
}

impl Shop<'_> {
    fn order(&self, price: Option<f64>, trace: &str) {
        self.metrics.baskets.decrement(1.0);
        match price {
            // In OpenMetrics the bucket leads to the trace of an order that is in it.
            Some(price) => {
                self.metrics.orders.inc();
                self.metrics.price.record_with_exemplar(price, &[("trace_id", trace)]);
            }
            None => self.metrics.orders_refused.inc(),
        }
    }
}

fn page() -> String {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry);
    let shop = Shop { metrics: &metrics };
    metrics.baskets.set(5.0);
    shop.order(Some(42.5), "4bf92f");
    shop.order(Some(7.0), "a3ce92");
    shop.order(None, "00f067");
    registry.render()
}

fn main() -> Result<(), Box<dyn Error>> {
    // A program serves it: `let serving = registry.serve(([127, 0, 0, 1], 9000))?;`
    print!("{}", page());
    Ok(())
}

#[cfg(test)]
#[test]
fn prints_its_page() {
    let page = page();
    println!("{page}");
    assert_eq!(
        page,
        "# HELP shop_baskets Baskets that are being filled.\n# TYPE shop_baskets gauge\n\
         shop_baskets 2\n\
         # HELP shop_order_euros What orders cost.\n# TYPE shop_order_euros histogram\n\
         shop_order_euros_bucket{le=\"10\"} 1\nshop_order_euros_bucket{le=\"50\"} 2\n\
         shop_order_euros_bucket{le=\"100\"} 2\nshop_order_euros_bucket{le=\"+Inf\"} 2\n\
         shop_order_euros_sum 49.5\nshop_order_euros_count 2\n\
         # HELP shop_orders_total Orders, by outcome.\n# TYPE shop_orders_total counter\n\
         shop_orders_total{outcome=\"refused\"} 1\nshop_orders_total{outcome=\"taken\"} 2\n"
    );
}
