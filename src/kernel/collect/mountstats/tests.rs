use super::*;
use crate::kernel::collect::testing::{Tree, outcome, scrape};

/// An export that is mounted twice, one by another protocol, and two that are no NFS.
const STATS_TEXT: &str = "\
device rootfs mounted on / with fstype rootfs
no device mounted on /none with fstype odd
device box:/a mounted on /mnt/a with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2,addr=10.0.0.9
\tage:\t11
\tevents:\t21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 99 39 40 41 42 43 44 45 46
\tbytes:\t51 52 53 54 55 56 57 58
\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)
\txprt:\ttcp 832 61 62 98 63 64 65 66 97 67 68 69 70
\txprt:\ttcp 833 161 162 98 163 164 165 166 97 167 168 169 170
\tper-op statistics
\t        NULL: 71 72 73 74 75 76 77 78 79
\t        READ: 81 82 83 84 85 18446743919241604546 87 88

device box:/a mounted on /mnt/b with fstype nfs4 statvers=1.1
\tage:\t12
\txprt:\ttcp 832 1 1 1 1 1 1 1 1 1 1 1 1
\tper-op statistics

device box:/u mounted on /mnt/u with fstype nfs statvers=1.1
\tage:\t13
\tevents:\t1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
\tbytes:\t1 1 1 1 1 1 1 1
\txprt:\tudp 834 261 264 265 266 97 267 268 269 270
\tper-op statistics
";
const INFO_TEXT: &str = "\
21 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw,addr=1.2.3.4
22 21 0:42 / /mnt/a rw shared:144 - nfs4 box:/a rw,clientaddr=10.0.0.5,addr=10.0.0.1
23 21 0:42 / /mnt/b rw - nfs4 box:/a rw,addr=10.0.0.1,local_lock=none
24 21 0:44 / /mnt/u rw - nfs box:/u rw,mountaddr=10.0.0.7,addr=10.0.0.2
";

fn tree(name: &str) -> Tree {
    let tree = Tree::new(name);
    tree.put("proc/self/mountstats", STATS_TEXT);
    tree.put("proc/self/mountinfo", INFO_TEXT);
    tree
}

const A: &str = r#"export="box:/a",protocol="tcp",mountaddr="10.0.0.1""#;
const U: &str = r#"export="box:/u",protocol="udp",mountaddr="10.0.0.2""#;

fn values(samples: &[String], labels: &str) -> Vec<String> {
    let of = samples.iter().filter(|sample| sample.contains(&format!("{{{labels}}}")));
    of.map(|sample| sample.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn every_number_goes_to_its_family_and_a_shared_export_comes_once() {
    let tree = tree("mountstats");
    let mut own = tree.open(&SPEC, Dialect::Own, &[]);
    let (samples, errors) = scrape(&mut own, Dialect::Own, &["nfs_"]);
    assert_eq!(errors, 0);
    let points = [(A, "/mnt/a"), (A, "/mnt/b"), (U, "/mnt/u")];
    let points = points.map(|(labels, at)| {
        format!("mountstats_nfs_mountpoint_info{{{labels},mountpoint=\"{at}\"}} 1")
    });
    assert_eq!(samples[..3], points);
    let numbers = |all: &[std::ops::RangeInclusive<u64>]| -> Vec<String> {
        all.iter().cloned().flatten().map(|n| n.to_string()).collect()
    };
    assert_eq!(values(&samples, A), numbers(&[11..=11, 51..=58, 21..=46]));
    for (index, first) in [(0, 61), (1, 161)] {
        let labels = format!("{A},transport=\"{index}\"");
        assert_eq!(values(&samples, &labels), numbers(&[first..=first + 9]));
    }
    let labels = format!("{U},transport=\"0\"");
    assert_eq!(values(&samples, &labels), numbers(&[261..=261, 264..=270]));
    let null = values(&samples, &format!("{A},operation=\"NULL\""));
    assert_eq!(null, ["71", "72", "73", "74", "75", "0.076", "0.077", "0.078", "79"]);
    let read = values(&samples, &format!("{A},operation=\"READ\""));
    let cut = (18446743919241604546u64 % (1 << 53)).to_string();
    let cut = format!("{}.{}", &cut[..cut.len() - 3], &cut[cut.len() - 3..]);
    assert_eq!(read, ["81", "82", "83", "84", "85", &cut, "0.087", "0.088"]);
}

#[test]
fn node_exporter_shows_0_for_missing_values() {
    let tree = tree("mountstats-node");
    let mut node = tree.open(&SPEC, Dialect::Node, &[]);
    let (samples, errors) = scrape(&mut node, Dialect::Node, &["nfs_"]);
    assert_eq!(errors, 0);
    let udp = values(&samples, &format!("{U},transport=\"0\""));
    assert_eq!(udp[..4], ["261", "0", "0", "264"]);
    assert_eq!(values(&samples, &format!("{A},operation=\"READ\"")).len(), 8);
}

#[test]
fn a_mount_missing_in_mountinfo_has_the_address_of_its_export() {
    let tree = tree("mountstats-lacks");
    let lines = INFO_TEXT.lines().filter(|line| !line.contains("/mnt/b"));
    tree.put("proc/self/mountinfo", &lines.collect::<Vec<_>>().join("\n"));
    let mut node = tree.open(&SPEC, Dialect::Node, &[]);
    let (samples, errors) = scrape(&mut node, Dialect::Node, &["nfs_"]);
    let point = format!("mountstats_nfs_mountpoint_info{{{A},mountpoint=\"/mnt/b\"}} 1");
    assert_eq!((samples[1].clone(), errors), (point, 0));
    assert!(samples.iter().all(|sample| !sample.contains("mountaddr=\"\"")), "{samples:?}");
}

#[test]
fn a_bad_line_drops_its_samples() {
    let tree = tree("mountstats-bad");
    let text = STATS_TEXT
        .replace("bytes:\t51", "bytes:\tx 51")
        .replace("age:\t11", "age:\t-1")
        .replace("xprt:\ttcp 833", "xprt:\tcarrier 833")
        .replace("NULL: 71 72 73", "NULL: 71")
        .replace("READ: 81 82", "READ: 81 y")
        .replace("device rootfs mounted on", "device rootfs");
    tree.put("proc/self/mountstats", &text);
    tree.remove("proc/self/mountinfo");
    let mut node = tree.open(&SPEC, Dialect::Node, &[]);
    let (samples, errors) = scrape(&mut node, Dialect::Node, &["nfs_"]);
    let a = A.replace("10.0.0.1", "");
    assert_eq!((values(&samples, &a).len(), errors), (26, 6), "{samples:?}");
    assert_eq!(values(&samples, &format!("{a},operation=\"READ\"")).len(), 7);
    tree.put("proc/self/mountstats", "");
    assert_eq!(scrape(&mut node, Dialect::Node, &["nfs_"]), (vec![], 0));
    let mut none = Tree::new("mountstats-none").open(&SPEC, Dialect::Node, &[]);
    assert!(matches!(outcome(&mut none), Err(Error::Absent(_))));
}
