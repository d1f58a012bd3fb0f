use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};
use crate::kernel::read::Files;
use std::thread::sleep;

fn samples(opened: &mut Opened) -> (Vec<String>, u64) {
    scrape(opened, Dialect::Own, &["raspberrypi"])
}

fn lines(low: Option<u64>, samples: u64, low_samples: u64) -> Vec<String> {
    let mut lines = Vec::from_iter(low.map(|low| format!("raspberrypi_undervoltage {low}")));
    lines.push(format!("raspberrypi_undervoltage_samples_total {samples}"));
    lines.push(format!("raspberrypi_undervoltage_low_samples_total {low_samples}"));
    lines
}

fn pi(name: &str, alarm: &str) -> Tree {
    let tree = Tree::new(name);
    tree.put("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
    tree.put("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
    tree.put("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm);
    tree
}

#[test]
fn readings_are_counted_and_those_with_low_voltage() {
    let tree = pi("raspberrypi", "0\n");
    let mut once = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(samples(&mut once), (lines(Some(0), 1, 0), 0));
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
    assert_eq!(samples(&mut once), (lines(Some(1), 2, 1), 0));
    for bad in ["", "2\n", "yes\n", "-1\n"] {
        tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", bad);
        assert_eq!(samples(&mut once), (lines(None, 2, 1), 1), "{bad:?}");
    }
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
    assert_eq!(samples(&mut once), (lines(Some(0), 3, 1), 0));
}

#[test]
fn an_alarm_that_was_never_read_has_no_count() {
    let tree = pi("raspberrypi-bad", "\n");
    assert_eq!(samples(&mut tree.open(&SPEC, Dialect::Own, &[])), (vec![], 1));
    for absent in ["sys/class/hwmon/hwmon1/in0_lcrit_alarm", "sys/class/hwmon/hwmon1/name"] {
        tree.remove(absent);
        assert!(tree.open(&SPEC, Dialect::Own, &[]).is_unsupported());
    }
    assert!(Tree::new("raspberrypi-none").open(&SPEC, Dialect::Own, &[]).is_unsupported());
}

#[test]
fn a_thread_looks_between_scrapes_and_a_device_may_go() {
    let tree = pi("raspberrypi-thread", "1\n");
    let root = tree.root();
    let mut pi = RaspberryPi {
        listing: Listing::new(root.dir(DIRECTORY)),
        root: root.clone(),
        sampler: None,
        is_serving: false,
        looked_at: None,
        period: Duration::from_millis(1),
    };
    pi.serving(true);
    assert!(matches!(pi.sampler, Some(Sampler::Thread(_))));
    let begun = Instant::now();
    let counts = |pi: &RaspberryPi| match &pi.sampler {
        Some(Sampler::Thread(thread)) => thread.with(|voltage| voltage.counts),
        _ => panic!("no thread"),
    };
    while counts(&pi).low < 5 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(1));
    }
    let Counts { samples, low, last, .. } = counts(&pi);
    assert!(last == Some(Ok(true)) && samples == low);
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "");
    tree.remove("sys/class/hwmon/hwmon1/in0_lcrit_alarm");
    let (files, errors) = (Files::new(&root), PartialErrors::default());
    let collector: Box<dyn Collector> = Box::new(pi);
    let mut opened = Opened { collector, files, errors, textfiles: Default::default() };
    while outcome(&mut opened).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(1));
    }
    assert!(opened.is_unsupported());
}

#[test]
fn flags_are_shown_now_and_lately() {
    let tree = pi("raspberrypi-flags", "0\n");
    // The firmware of a stored machine is not queried.
    tree.put("dev/vcio", "");
    let mut opened = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(samples(&mut opened), (lines(Some(0), 1, 0), 0));
    struct Flags(u32);
    impl Collector for Flags {
        fn collect(&mut self, _: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
            firmware::write(&FAMILIES[3], self.0, out);
            Ok(())
        }
    }
    opened.collector = Box::new(Flags(0x8_0005));
    let line = |flag: &str, when: &str, is: u64| {
        format!(r#"raspberrypi_firmware_flag{{flag="{flag}",when="{when}"}} {is}"#)
    };
    let expected = [
        line("undervoltage", "now", 1),
        line("undervoltage", "lately", 0),
        line("frequency_capped", "now", 0),
        line("frequency_capped", "lately", 0),
        line("throttled", "now", 1),
        line("throttled", "lately", 0),
        line("soft_temperature_limit", "now", 0),
        line("soft_temperature_limit", "lately", 1),
    ];
    assert_eq!(samples(&mut opened), (expected.to_vec(), 0));
}
