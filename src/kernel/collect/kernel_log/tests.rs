use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, scrape};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

/// The collector with a socket in the place of the device: a datagram is a record.
fn opened(tree: &Tree) -> (Opened, UnixDatagram) {
    let (ours, kernel) = UnixDatagram::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut it = tree.open(&SPEC, Dialect::Own, &[]);
    let file = Some(File::from(OwnedFd::from(ours)));
    it.collector = Box::new(KernelLog { path: None, file, counts: Counts::default() });
    (it, kernel)
}

fn samples(it: &mut Opened) -> (Vec<String>, u64) {
    let (lines, errors) = scrape(it, Dialect::Own, &["kernel_log"]);
    let lines = lines.iter().map(|line| line.strip_prefix("kernel_log_messages_").unwrap());
    (lines.filter(|line| !line.ends_with(" 0")).map(String::from).collect(), errors)
}

#[test]
fn messages_are_counted_by_level_and_gaps_as_lost() {
    let tree = Tree::new("kernel-log");
    let (mut it, kernel) = opened(&tree);
    let (all, _) = scrape(&mut it, Dialect::Own, &["kernel_log"]);
    assert_eq!(all.len(), LEVELS.len() + 1);
    for record in [
        "6,339,5140900,-;NET: Registered protocol family 10\n",
        "3,340,5690716,c,caller=T12;udevd: a;b,c\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n",
        "30,341,5690717,-;systemd[1]: of a program\n",
        "6,345,5690718,-;behind a gap of three\n",
    ] {
        kernel.send(record.as_bytes()).unwrap();
    }
    let expected = ["total{level=\"err\"} 1", "total{level=\"info\"} 2", "lost_total 3"];
    assert_eq!(samples(&mut it), (expected.map(String::from).to_vec(), 0));
    kernel.send(b"no record").unwrap();
    kernel.send(b"0,346,1,-;the last\n").unwrap();
    let (lines, errors) = samples(&mut it);
    assert_eq!((lines[0].as_str(), errors), ("total{level=\"emerg\"} 1", 1));
    for number in 347..347 + 100 {
        kernel.send(format!("7,{number},1,-;many\n").as_bytes()).unwrap();
        it.error();
    }
    assert!(samples(&mut it).0.contains(&"total{level=\"debug\"} 100".to_owned()));
}

/// What a read of the device may answer, in this order.
fn taken(answers: &[Result<&str, i32>]) -> (Counts, Result<(), Error>) {
    let tree = Tree::new("kernel-log-answers");
    let mut it = tree.open(&SPEC, Dialect::Own, &[]);
    let mut counts = Counts { record: vec![0; MAX_RECORD].into(), ..Counts::default() };
    let mut answers = answers.iter();
    let Opened { files, errors, textfiles, .. } = &mut it;
    let mut scrape = Scrape { files, errors, textfiles, now: std::time::Instant::now() };
    let mut read = |to: &mut [u8]| match answers.next() {
        Some(Ok(text)) => {
            to[..text.len()].copy_from_slice(text.as_bytes());
            Ok(text.len())
        }
        Some(Err(errno)) => Err(io::Error::from_raw_os_error(*errno)),
        None => Err(io::ErrorKind::WouldBlock.into()),
    };
    let done = counts.take(&mut read, &mut scrape);
    (counts, done)
}

#[test]
fn overwritten_and_overlong_records_are_skipped() {
    let (counts, done) = taken(&[
        Ok("4,7,1,-;a\n"),
        Err(libc::EPIPE),
        Ok("4,20,1,-;b\n"),
        Err(libc::EINVAL),
        Ok("4,22,1,-;c\n"),
    ]);
    assert_eq!((counts.levels[4], counts.lost, done), (3, 13, Ok(())));
    let (counts, _) = taken(&[Err(libc::EPIPE), Ok("4,20,1,-;b\n")]);
    assert_eq!((counts.levels[4], counts.lost), (1, 1), "at least one");
    let (_, done) = taken(&[Err(libc::EPERM)]);
    assert_eq!(done, Err(Error::Read(PATH.into(), libc::EPERM)));
    // As many as a scrape may read.
    let many = [Ok("4,1,1,-;a\n"); MAX_RECORDS + 9];
    assert_eq!(taken(&many).0.levels[4], MAX_RECORDS as u64);
    assert_eq!(taken(&[Err(libc::EPIPE); MAX_RECORDS + 9]).1, Ok(()));
}

#[test]
fn a_cut_head_is_not_parsed() {
    let of = |text: &str| Record::of(text.as_bytes()).map(|record| (record.level, record.number));
    assert_eq!(of("7,0,0,-;"), Some((Some(7), 0)));
    assert_eq!(of("8,1,0,-;"), Some((None, 1)), "of a program");
    assert_eq!(of("1023,1,0,-,more;"), Some((None, 1)));
    for bad in
        ["", ";", "6,1,2,-", "6,1,2;x", "1024,1,2,-;x", "-1,1,2,-;x", "6,x,2,-;x", "6;1,2,-;"]
    {
        assert_eq!(of(bad), None, "{bad}");
    }
}

#[test]
fn a_stored_tree_has_no_log() {
    let tree = Tree::new("kernel-log-none");
    tree.put("dev/kmsg", "6,1,1,-;x\n");
    let mut it = tree.open(&SPEC, Dialect::Own, &[]);
    it.collector.serving(true);
    assert_eq!(it.error(), Some(Error::Unsupported(PATH.into())));
}
