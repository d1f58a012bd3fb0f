use super::offer;
use crate::model::metric::{Histogram, Point};
use crate::model::store::*;

fn of<'a>(group: Group, name: &'a str, labels: &'a str) -> Offer<'a> {
    let ttl = if group == Group::SHARED { Duration::from_secs(9) } else { Duration::ZERO };
    Offer { group, ttl, help: "", ..offer(name, Kind::Gauge, labels, Change::Set(1.0)) }
}

/// Offers series or families until `reason`; returns how many were stored.
fn fill(store: &mut Store, group: Group, families: bool, reason: Reason) -> usize {
    let now = Instant::now();
    for n in 0.. {
        let number = format!("{group:?}{n:03}").replace(|c: char| !c.is_ascii_alphanumeric(), "");
        let labels = format!("l=\"{number}\"");
        let done = match families {
            true => store.take(&of(group, &number, ""), now),
            false => store.take(&of(group, "n", &labels), now),
        };
        if done.is_err() {
            assert_eq!(done, Err(reason));
            return n;
        }
    }
    0
}

#[test]
fn no_source_takes_the_room_of_others() {
    let now = Instant::now();
    let few = Bounds { series: 80, families: 80, ..Bounds::default() };
    let most = Bounds::default();
    for (bounds, families, reason) in [
        (Bounds { series: few.series, ..most }, false, Reason::Series),
        (Bounds { families: few.families, ..most }, true, Reason::Families),
    ] {
        let mut store = Store::new(bounds, now);
        let (target, pushed) = (store.open_group(), store.open_pushed());
        let another = store.open_pushed();
        let most = if families { 60 } else { 80 };
        assert_eq!(fill(&mut store, target, families, reason), most);
        assert!(!store.was_full(now, Duration::from_secs(60)), "that is the target's");
        assert_eq!(fill(&mut store, pushed, families, reason), (80 - most).max(20 / 3));
        assert!(store.was_full(now, Duration::from_secs(60)));
        // Pushed groups are one source. There are four of them.
        assert_eq!(fill(&mut store, another, families, reason), 0);
        assert_eq!(fill(&mut store, Group::SHARED, families, reason), 20 / 3);
        let late = store.open_group();
        assert_eq!(fill(&mut store, late, families, reason), 20 / 4);
        store.close_group(target);
        assert_eq!(fill(&mut store, Group::SHARED, families, reason), 80 - (80 - most).max(6) - 5);
        // One source alone may have all of it.
        let mut store = Store::new(bounds, now);
        assert_eq!(fill(&mut store, Group::SHARED, families, reason), 80);
    }
    // For bytes, each series counts with its own size.
    let mut store = Store::new(most, now);
    store.limit_bytes(800);
    let target = store.open_group();
    let taken = fill(&mut store, target, true, Reason::Bytes);
    assert_eq!(taken, 600 / "Group2000".len());
    store.close_group(target);
    assert!(fill(&mut store, Group::SHARED, false, Reason::Bytes) > 40);
}

/// The counted amounts are the real ones, whatever came and went.
#[test]
fn amounts_are_those_of_what_is_there() {
    let start = Instant::now();
    let mut store = Store::new(Bounds { series: 60, families: 7, ..Bounds::default() }, start);
    store.limit_bytes(900);
    let mut groups = vec![Group::SHARED, store.open_group(), store.open_pushed()];
    let mut seed = 5u64;
    for round in 0..40_000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let random = |from: u32, n: u64| (seed >> from) % n;
        let now = start + Duration::from_millis(round * 10);
        let who = random(33, groups.len() as u64) as usize;
        let group = groups[who];
        let (name, labels) = (format!("n{}", random(37, 9)), format!("l=\"{}\"", random(41, 40)));
        match random(48, 40) {
            0 if who > 0 => store.begin(group),
            1 if who > 0 => store.end(group),
            2 if who > 0 => store.drop_metric(group, &name),
            3 if who > 0 => {
                store.close_group(group);
                let is_pushed = random(20, 2) == 0;
                groups[who] = if is_pushed { store.open_pushed() } else { store.open_group() };
            }
            4 if groups.len() < 6 => groups.push(store.open_group()),
            _ => {
                let ttl = Duration::from_millis([0, 1000, 4000][random(15, 3) as usize]);
                let ttl = if who == 0 && ttl.is_zero() { Duration::from_millis(500) } else { ttl };
                let plain = Offer { ttl, ..of(group, &name, &labels) };
                // Histograms with bounds and texts that change, and numbers of the same names.
                let length = random(21, 4) as usize;
                let texts = ["", "1,+Inf,", "1,2,+Inf,", "1,2,3.000,+Inf,"][length];
                let (bounds, counts) = (&[1.0, 2.0, 3.0][..length], &[4; 4][..=length]);
                let point = Point::Histogram(Histogram { bounds, counts, sum: 1.5 });
                let _ = store.take(
                    &match random(25, 4) {
                        0 if who > 0 => {
                            let change = Change::ReplaceAs(point, texts);
                            Offer { kind: Kind::Histogram, change, ..plain }
                        }
                        1 => Offer { kind: Kind::Untyped, ..plain },
                        _ => plain,
                    },
                    now,
                );
            }
        }
        if round % 50 > 0 {
            continue;
        }
        let (mut all, mut sum) = (Amount::default(), Amount::default());
        for series in store.series.iter().filter(|series| series.family != NONE) {
            all.add(series.amount());
        }
        store.families.all().for_each(|known| all.add(known.amount()));
        assert_eq!(store.held, all, "round {round}");
        let mut accounts: Vec<_> = groups.iter().map(|g| store.groups.account(*g)).collect();
        accounts.extend([Group::SHARED, Group::PUSHED]);
        accounts.sort_by_key(|account| format!("{account:?}"));
        accounts.dedup();
        accounts.iter().for_each(|account| sum.add(store.groups.held(*account)));
        assert_eq!(sum, all, "round {round}: {accounts:?}");
        assert_eq!(store.groups.sources(), accounts.len());
    }
}
