use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::read::testing::Tree;
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};

fn settings() -> settings::Peaks {
    let exclude_devices = "^lo".to_owned();
    settings::Peaks { are_on: true, window: 15 * SECOND, exclude_devices }
}

/// A machine that used these ticks of these so far.
fn put(tree: &Tree, [used, idle]: [u64; 2], running: u64, available: u64, [rx, tx]: [u64; 2]) {
    let stat =
        format!("cpu  {used} 0 0 {idle} 0 0 0 0 9 9\ncpu0 1 1 1 1\nprocs_running {running}\n");
    tree.put("proc/stat", &stat);
    tree.put(
        "proc/meminfo",
        &format!("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n"),
    );
    let line = |name, rx, tx| format!("{name:>6}: {rx} 1 2 3 4 5 6 7 {tx} 9 10 11 12 13 14 15\n");
    let head = "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n";
    tree.put("proc/net/dev", &[head, &line("lo", 5, 5), &line("eth0", rx, tx)].concat());
}

fn shown(peaks: &Peaks) -> Vec<String> {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Node, Format::Prometheus, &mut out, &mut lines);
    peaks.write_self_metrics(&mut text);
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.strip_prefix("sysmetrics_peak_").unwrap().to_owned()).collect()
}

#[test]
fn the_highest_second_of_the_window_is_shown() {
    let (tree, start) = (Tree::new("peaks"), Instant::now());
    let mut peaks = Peaks::default();
    peaks.apply(&settings(), &tree.paths(), start);
    let at = |second: u32, peaks: &mut Peaks| {
        let now = start + second * SECOND;
        assert!(peaks.deadline().is_some_and(|deadline| deadline <= now));
        peaks.turn(now);
    };
    put(&tree, [0, 0], 1, 900, [0, 0]);
    at(0, &mut peaks);
    let begin = [
        "window_seconds 15",
        "runnable_tasks 0",
        "memory_used_bytes 102400",
        "network_devices_left_out 0",
    ];
    assert_eq!(shown(&peaks), begin, "what takes two looks is not there yet");
    put(&tree, [90, 10], 8, 250, [5000, 700]);
    at(1, &mut peaks);
    put(&tree, [100, 100], 2, 900, [6000, 701]);
    at(2, &mut peaks);
    let burst = [
        "window_seconds 15",
        "cpu_usage_ratio 0.900",
        "runnable_tasks 7",
        "memory_used_bytes 768000",
        "network_receive_bytes_per_second{device=\"eth0\"} 5000",
        "network_transmit_bytes_per_second{device=\"eth0\"} 700",
        "network_devices_left_out 0",
    ];
    assert_eq!(shown(&peaks), burst);
    // A counter that begins anew, and idle time that goes back, are no peaks.
    put(&tree, [110, 99], 2, 900, [7, 7]);
    for second in 3..17 {
        at(second, &mut peaks);
        assert_eq!(shown(&peaks)[1..6], burst[1..6], "{second}");
    }
    at(17, &mut peaks);
    let after = shown(&peaks);
    assert!(after.contains(&"runnable_tasks 1".to_owned()), "{after:?}");
    assert!(after.contains(&"memory_used_bytes 102400".to_owned()), "{after:?}");
}

#[test]
fn unreadable_and_old_readings_make_no_peak() {
    let (tree, start) = (Tree::new("peaks-bad"), Instant::now());
    let mut peaks = Peaks::default();
    assert!(peaks.deadline().is_none() && shown(&peaks).is_empty());
    peaks.apply(&settings(), &tree.paths(), start);
    peaks.turn(start);
    assert_eq!(shown(&peaks), ["window_seconds 15", "network_devices_left_out 0"]);
    put(&tree, [0, 0], 1, 2000, [0, 0]);
    peaks.turn(start + SECOND);
    put(&tree, [50, 50], 1, 2000, [100, 100]);
    peaks.turn(start + 60 * SECOND);
    assert_eq!(
        shown(&peaks),
        ["window_seconds 15", "runnable_tasks 0", "network_devices_left_out 0"]
    );
    let lines: String = (0..40).map(|n| format!("e{n}: 1 1 1 1 1 1 1 1 1\nbad{n}: x\n")).collect();
    tree.put("proc/net/dev", &lines);
    peaks.turn(start + 61 * SECOND);
    assert!(
        shown(&peaks).contains(&"network_devices_left_out 9".to_owned()),
        "one is gone just now"
    );
    peaks.turn(start + 62 * SECOND);
    assert!(shown(&peaks).contains(&"network_devices_left_out 8".to_owned()));
    // The same settings go on, others begin anew.
    peaks.apply(&settings(), &tree.paths(), start);
    assert_eq!(peaks.deadline(), Some(start + 62 * SECOND + SECOND / 2));
    peaks.apply(&settings::Peaks::default(), &tree.paths(), start);
    assert!(peaks.deadline().is_none());
}
