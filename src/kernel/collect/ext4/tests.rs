use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

#[test]
fn errors_writes_and_modes() {
    let tree = Tree::new("ext4");
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/ext4/{file}"), text);
    for (file, text) in [
        ("errors_count", "11\n"),
        ("warning_count", "12\n"),
        ("first_error_time", "1700000013\n"),
        ("last_error_time", "1700000014\n"),
        ("lifetime_write_kbytes", "15\n"),
        ("session_write_kbytes", "16\n"),
    ] {
        put(&format!("mmcblk0p2/{file}"), text);
    }
    put("dm-0/errors_count", "0\n");
    put("dm-0/first_error_time", "0\n");
    put("sda1/errors_count", "");
    put("features/lazy_itable_init", "supported\n");
    for (device, number) in [("mmcblk0p2", "179:2"), ("dm-0", "253:0"), ("sda1", "8:1")] {
        tree.put(&format!("sys/class/block/{device}/dev"), &format!("{number}\n"));
    }
    let mounts = "1 0 179:2 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw,emergency_ro\n\
                  2 1 253:0 / /data rw - ext4 /dev/mapper/x\\040y ro,errors=remount-ro\n\
                  3 1 8:1 / /boot ro - ext2 /dev/sda1 ro\n4 1 8:2 / /x rw - ext4 /dev/sda2 ro\n";
    tree.put("proc/self/mountinfo", mounts);
    let mut ext4 = tree.open(&SPEC, Dialect::Own, &[]);
    let expected = [
        "ext4_errors{device=\"dm-0\"} 0",
        "ext4_errors{device=\"mmcblk0p2\"} 11",
        "ext4_warnings{device=\"mmcblk0p2\"} 12",
        "ext4_first_error_timestamp_seconds{device=\"mmcblk0p2\"} 1700000013",
        "ext4_last_error_timestamp_seconds{device=\"mmcblk0p2\"} 1700000014",
        "ext4_lifetime_written_bytes{device=\"mmcblk0p2\"} 15360",
        "ext4_session_written_bytes_total{device=\"mmcblk0p2\"} 16384",
        "ext4_readonly{device=\"dm-0\"} 1",
        "ext4_readonly{device=\"mmcblk0p2\"} 1",
        "ext4_readonly{device=\"sda1\"} 1",
        "ext4_emergency_readonly{device=\"dm-0\"} 1",
        "ext4_emergency_readonly{device=\"mmcblk0p2\"} 1",
        "ext4_emergency_readonly{device=\"sda1\"} 0",
    ];
    let expected = expected.map(String::from).to_vec();
    assert_eq!(scrape(&mut ext4, Dialect::Own, &["ext4"]), (expected, 1));
    // The mounts of the first process come first: there it is mounted twice, once for reading.
    let first = "1 0 253:0 / / rw - ext4 /dev/mapper/x rw\n2 1 253:0 / /b ro - ext4 x rw\n5 x\n";
    tree.put("proc/1/mountinfo", first);
    let mut ext4 = tree.open(&SPEC, Dialect::Own, &[]);
    let expected =
        ["ext4_readonly{device=\"dm-0\"} 0", "ext4_emergency_readonly{device=\"dm-0\"} 0"];
    assert_eq!(scrape(&mut ext4, Dialect::Own, &["readonly"]).0, expected);
}

#[test]
fn a_line_of_mountinfo_is_taken_apart() {
    let mode = |line: &str| mode(line.as_bytes(), b"8:1").map(|m| (m.is_readonly, m.is_emergency));
    assert_eq!(mode(""), None);
    assert_eq!(mode("1 0 8:1 / / rw - ext4 /dev/a"), None, "no options");
    assert_eq!(mode("1 0 8:1 / / rw ext4 /dev/a ro"), None, "no dash");
    assert_eq!(mode("1 0 8:11 / / rw - ext4 /dev/a ro"), None);
    assert_eq!(mode("1 0 8:1 / / rw - ext4 a errors=remount-ro,rw"), Some((false, false)));
    assert_eq!(mode("1 0 8:1 / / ro a:1 b:2 - ext4 a ro,x"), Some((true, false)));
    assert_eq!(mode("1 0 8:1 / / ro - ext4 a rw,emergency_ro"), Some((true, true)));
}

/// What Linux 6.12 had after an error: neither mountinfo nor statfs told it, and every write failed with EIO.
#[test]
fn an_error_keeps_a_file_system_from_being_written_that_looks_writable() {
    let tree = Tree::new("ext4-halted");
    let put = |file: &str, text: &str| tree.put(file, text);
    let error_at = |time: &str| put("sys/fs/ext4/loop1/last_error_time", time);
    put("sys/fs/ext4/loop1/journal_task", "1701\n");
    put("sys/class/block/loop1/dev", "7:1\n");
    put("proc/1/mountinfo", "251 29 7:1 / /mnt/e4 rw,relatime shared:116 - ext4 /dev/loop1 rw\n");
    put("proc/stat", "cpu  1 2 3\nbtime 1795968234\n");
    put(
        "proc/1701/stat",
        "1701 (jbd2/loop1-8) S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 30690 0 0\n",
    );
    let modes = || {
        let mut ext4 = tree.open(&SPEC, Dialect::Own, &[]);
        let (samples, errors) = scrape(&mut ext4, Dialect::Own, &["readonly"]);
        let values = samples.iter().map(|sample| sample.ends_with(" 1")).collect::<Vec<_>>();
        (values, errors)
    };
    error_at("1795968542\n");
    assert_eq!(modes(), (vec![false; 2], 0), "nothing says what an error does");
    put("proc/fs/ext4/loop1/options", "rw\nbsddf\nerrors=remount-ro\ncommit=5\n");
    assert_eq!(modes(), (vec![true; 2], 0));
    error_at("1795968539\n");
    assert_eq!(modes(), (vec![false; 2], 0), "before it was mounted, 306.9 s after the start");
    put("sys/fs/ext4/loop1/journal_task", "<none>\n");
    assert_eq!(modes(), (vec![true; 2], 0), "since the start");
    error_at("1795968233\n");
    assert_eq!(modes(), (vec![false; 2], 0));
    error_at("0\n");
    assert_eq!(modes(), (vec![false; 2], 0));
    error_at("1795968542\n");
    put("proc/fs/ext4/loop1/options", "rw\nerrors=continue\n");
    assert_eq!(modes(), (vec![false; 2], 0));
    tree.remove("proc/fs/ext4/loop1/options");
    put("proc/fs/ext4/loop1/options/not-a-file", "");
    assert_eq!(modes(), (vec![], 1), "not known, and not 0");
}
