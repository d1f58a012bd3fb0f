use super::*;
use crate::base::dialect::Dialect;
use crate::base::sys::poll;
use crate::kernel::read::testing::Tree;
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

const MILLI: Duration = Duration::from_millis(1);

fn pressure(triggers: &[StallTrigger]) -> Pressure {
    Pressure { triggers: triggers.to_vec(), ..Pressure::default() }
}

const fn trigger(resource: &'static str, millis: u32) -> StallTrigger {
    let (stall, window) = (Duration::from_millis(millis as u64), Duration::from_secs(2));
    StallTrigger { resource, is_full: false, stall, window }
}

fn shown(stalls: &Stalls) -> Vec<String> {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Node, Format::Prometheus, &mut out, &mut lines);
    stalls.write_self_metrics(&mut text);
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(String::from).collect()
}

/// A trigger whose file says that tasks waited so long in all.
fn set_trigger(tree: &Tree, total: u64) -> Trigger {
    tree.put(
        "cpu",
        &format!("some avg10=0.00 avg60=0.00 avg300=0.00 total={total}\nfull total=9\n"),
    );
    let file = File::open(tree.0.join("cpu")).unwrap();
    let wanted = trigger("cpu", 100);
    let state = Ok(Source::new(file, &wanted));
    Trigger { wanted, texts: ["100ms".to_owned(), "2s".to_owned()], count: 0, state }
}

#[test]
fn until_windows_begin_anew_an_event_needs_the_whole_stall() {
    let (tree, start) = (Tree::new("stalls"), Instant::now());
    let mut trigger = set_trigger(&tree, 1_000_000);
    let event = |trigger: &mut Trigger, millis: u32, total: u64| {
        tree.put("cpu", &format!("some avg10=0.00 total={total}\n"));
        let Ok(source) = &mut trigger.state else { panic!() };
        source.is_true(&trigger.wanted, start + millis * MILLI)
    };
    let hour = 3_600_000;
    assert!(!event(&mut trigger, hour, 1_060_743), "as the kernel does, however late");
    assert!(!event(&mut trigger, hour + 2060, 1_160_742), "from the event before");
    assert!(event(&mut trigger, hour + 4060, 1_260_742));
    assert!(!event(&mut trigger, hour + 6070, 1_260_743));
    assert!(!event(&mut trigger, hour + 8000, 0), "what goes back is no growth");
    assert!(event(&mut trigger, hour + 8200, 0), "the kernel is believed");
    assert!(event(&mut trigger, 2 * hour, 0));
}

#[test]
fn a_trigger_that_cannot_be_set_is_reported_and_has_no_sample() {
    let (tree, now) = (Tree::new("stalls-none"), Instant::now());
    tree.put("proc/pressure/memory", "some avg10=0.00 total=1\n");
    let mut stalls = Stalls::default();
    let wanted = pressure(&[trigger("memory", 200), trigger("cpu", 1000)]);
    stalls.apply(stalls.prepare(&wanted, &tree.0.join("proc")));
    assert_eq!(tree.text("proc/pressure/memory"), "some avg10=0.00 total=1\n", "not written to");
    let lacking: Vec<_> = stalls.lacking().map(|(name, why)| format!("{name}: {why}")).collect();
    let [memory, cpu] = &lacking[..] else { panic!("{lacking:?}") };
    assert!(memory.starts_with("memory some 200ms in 2s: ") && memory.ends_with("a kernel's own"));
    assert!(cpu.starts_with("cpu some 1s in 2s: "), "{cpu}");
    for (errno, advice) in [
        (libc::ENOENT, "CONFIG_PSI"),
        (libc::EOPNOTSUPP, "psi=1"),
        (libc::EINVAL, "CAP_SYS_RESOURCE"),
        (libc::EPERM, "before Linux 6.4"),
        (libc::EROFS, "mount it writable"),
    ] {
        let why = super::lacking(&trigger("cpu", 1), &io::Error::from_raw_os_error(errno));
        assert!(why.contains(advice), "{why}");
    }
    assert!(shown(&stalls).is_empty());
    let mut ready = Vec::new();
    stalls.wait_on(&mut |one| ready.push(one));
    assert!(ready.is_empty() && !stalls.turn(&ready, now));
}

/// The file of interrupts has one line.
#[test]
fn interrupts_stop_all_tasks_or_the_kernel_has_none() {
    let tree = Tree::new("stalls-irq");
    tree.put("irq", "full avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n");
    let wanted = StallTrigger { is_full: true, ..trigger("irq", 100) };
    let file = File::open(tree.0.join("irq")).unwrap();
    assert_eq!(total(&file, &wanted), Some(2_500_000));
    assert_eq!(total(&file, &trigger("irq", 100)), None);
    for errno in [libc::ENOENT, libc::EOPNOTSUPP] {
        let why = super::lacking(&wanted, &io::Error::from_raw_os_error(errno));
        assert!(why.ends_with("CONFIG_IRQ_TIME_ACCOUNTING, Linux 6.1"), "{why}");
    }
    // The kernel's own, where it has one: a trigger that this user may set is set.
    let mut stalls = Stalls::default();
    stalls.apply(stalls.prepare(&pressure(&[wanted]), Path::new("/proc")));
    let is_there = Path::new(DIRECTORY).join("irq").exists();
    let refusal = stalls.lacking().next().map(|(name, why)| format!("{name}: {why}"));
    let lacks = |why: &str| refusal.as_ref().is_some_and(|refusal| refusal.contains(why));
    assert!(if is_there {
        refusal.is_none() || lacks("CAP_SYS_RESOURCE")
    } else {
        lacks("irq full")
    });
}

#[test]
fn counts_stay_with_their_trigger() {
    let tree = Tree::new("stalls-stay");
    let mut stalls = Stalls { triggers: vec![set_trigger(&tree, 1)] };
    stalls.triggers[0].count = 7;
    let both = pressure(&[trigger("memory", 200), trigger("cpu", 100)]);
    stalls.apply(stalls.prepare(&both, &tree.0));
    let sample = r#"sysmetrics_pressure_stalls_total{resource="cpu",kind="some",stall="100ms",window="2s"} 7"#;
    assert_eq!(shown(&stalls), [sample]);
    stalls.apply(stalls.prepare(&Pressure::default(), &tree.0));
    assert!(shown(&stalls).is_empty());
}

/// The kernel's own events, where it gives them to this user: more threads than CPUs stall each other.
#[test]
fn the_kernel_reports_a_stall() {
    let mut stalls = Stalls::default();
    let wanted = pressure(&[trigger("cpu", 1)]);
    stalls.apply(stalls.prepare(&wanted, Path::new("/proc")));
    if stalls.lacking().next().is_some() {
        return;
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let busy = (0..=thread::available_parallelism().map_or(1, usize::from)).map(|_| {
        let is_over = Arc::clone(&is_over);
        thread::spawn(move || while !is_over.load(Relaxed) {})
    });
    let busy: Vec<_> = busy.collect();
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        let mut ready = Vec::new();
        stalls.wait_on(&mut |one| ready.push(one));
        poll(&mut ready, Some(Duration::from_secs(5))).unwrap();
        if stalls.turn(&ready, Instant::now()) {
            break;
        }
    }
    is_over.store(true, Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(shown(&stalls)[0].ends_with(" 1"), "{:?}", shown(&stalls));
}
