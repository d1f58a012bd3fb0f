//! Lines over UDP.

use crate::counting::allocations;
use sysmetrics::inputs::push::{Rules, Statsd};
use sysmetrics::model::store::{Bounds, Store};
use sysmetrics::settings;

/// Lines of series that are there, and lines that are refused, through the socket.
pub fn allocate_nothing() {
    let now = std::time::Instant::now();
    let labels = vec![("env".to_owned(), "prod".to_owned())];
    let rules = Rules { prefix: "ns_".to_owned(), labels, ..Rules::default() };
    let (mut store, mut statsd) = (Store::new(Bounds::default(), now), Statsd::default());
    let listen = Some("127.0.0.1:0".to_owned());
    statsd.apply(statsd.prepare(&settings::Statsd { listen }).unwrap());
    let socket = statsd.fd().unwrap().try_clone_to_owned().unwrap();
    let address = std::net::UdpSocket::from(socket).local_addr().unwrap();
    let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagrams: [&[u8]; 5] = [
        b"page.views:1|c|@0.1|#zone:b,k:v\nload:7|g\nload:+1|g\n1st:320|ms|@0.1",
        b"sizes:1:2:3:4|h\nn,k=v:1|c",
        b"a\xff:1|c|#k:\xfe",
        b"x:1|s\nx\nx:1|g|#k",
        b"load:7|c",
    ];
    let mut round = || {
        for datagram in datagrams {
            client.send_to(datagram, address).unwrap();
        }
        statsd.turn(&rules, &mut store, now);
    };
    (0..3).for_each(|_| round());
    let before = allocations();
    (0..20).for_each(|_| round());
    assert_eq!(allocations() - before, 0, "in 20 turns");
    assert_eq!(store.len(), 2 + 2 * 14 + 3);
}
