use super::mounts::{Mounts, Rules};
use super::*;
use crate::base::sys;
use crate::kernel::collect::testing::{self, Tree, scrape};
use crate::kernel::read::Root;
use crate::settings::Paths;
use std::ffi::CString;

/// A line of the file: number, device number, point, options, type, source, options.
fn line(id: u32, point: &str, kind: &str, rest: &str) -> String {
    format!("{id} 1 8:{id} / {point} rw,relatime shared:7 master:1 - {kind} {rest}\n")
}

fn errors_of(tree: &Tree, dialect: Dialect, set: &[(&str, &str)]) -> (Vec<String>, u64) {
    scrape(&mut tree.open(&SPEC, dialect, set), dialect, &["device_error{"])
}

fn sample(device: &str, point: &str, kind: &str, why: &str) -> String {
    format!(
        "filesystem_device_error{{device=\"{device}\",mountpoint=\"{point}\",fstype=\"{kind}\",\
         device_error=\"{why}\"}} {}",
        u32::from(!why.is_empty())
    )
}

#[test]
fn every_column_is_that_of_the_call() {
    let tree = Tree::new("fs-columns");
    tree.put("data/x", "");
    tree.put("proc/1/mountinfo", &line(3, "/data", "ext4", "/dev/sda1 rw"));
    let mut filesystem = tree.open(&SPEC, Dialect::Own, &[]);
    let (samples, errors) = scrape(&mut filesystem, Dialect::Own, &["filesystem_"]);
    let path = CString::new(tree.0.join("data").to_str().unwrap()).unwrap();
    let space = sys::statfs(&path).unwrap();
    let labels = "{device=\"/dev/sda1\",mountpoint=\"/data\",fstype=\"ext4\",device_error=\"\"}";
    let size = space.blocks[0] * space.block;
    assert_eq!(samples[0], format!("filesystem_size_bytes{labels} {size}"));
    assert!(samples[1].starts_with("filesystem_free_bytes{"), "{samples:?}");
    assert!(samples[2].starts_with("filesystem_avail_bytes{"), "{samples:?}");
    assert_eq!(samples[3], format!("filesystem_files{labels} {}", space.files[0]));
    assert!(samples[4].starts_with("filesystem_files_free{"), "{samples:?}");
    assert_eq!(samples[5], format!("filesystem_readonly{labels} 0"));
    assert_eq!(samples[6], format!("filesystem_device_error{labels} 0"));
    let info =
        r#"filesystem_mount_info{device="/dev/sda1",major="8",minor="3",mountpoint="/data"} 1"#;
    assert_eq!((&*samples[7], samples.len(), errors), (info, 8, 0));
    let mut node = tree.open(&SPEC, Dialect::Node, &[]);
    let (samples, _) = scrape(&mut node, Dialect::Node, &["purgeable"]);
    assert_eq!(samples, [format!("filesystem_purgeable_bytes{labels} 0")]);
}

#[test]
fn points_are_unescaped_and_stacked_ones_come_once() {
    let tree = Tree::new("fs-escapes");
    let text = [
        line(1, r"/a\040b\011c\134d\043e\012f", "ext4", r"/dev/my\040disk rw"),
        line(2, "/s", "tmpfs", "none rw"),
        line(2, "/s", "tmpfs", "none rw"),
        line(3, "/s", "tmpfs", "none rw"),
        line(4, "/s", "xfs", " rw"),
        line(5, r"/\1234\400\9", "ext4", "d rw"),
    ];
    tree.put("proc/self/mountinfo", &text.concat());
    for name in ["a b\tc\\d#e\nf", "s", "S4\\400\\9"] {
        std::fs::create_dir_all(tree.0.join(name)).unwrap();
    }
    for (dialect, device) in [(Dialect::Own, "/dev/my disk"), (Dialect::Node, r"/dev/my\\040disk")]
    {
        let expected = [
            sample(device, r"/a b	c\\d#e\nf", "ext4", ""),
            sample("none", "/s", "tmpfs", ""),
            sample("", "/s", "xfs", ""),
            sample("d", r"/S4\\400\\9", "ext4", ""),
        ];
        assert_eq!(errors_of(&tree, dialect, &[]), (expected.to_vec(), 0));
    }
    let mut filesystem = tree.open(&SPEC, Dialect::Own, &[]);
    let (info, _) = scrape(&mut filesystem, Dialect::Own, &["mount_info{device=\"none\""]);
    let minor = |n| {
        format!(
            "filesystem_mount_info{{device=\"none\",major=\"8\",minor=\"{n}\",mountpoint=\"/s\"}} 1"
        )
    };
    assert_eq!(info, [minor(2), minor(3)]);
}

#[test]
fn broken_parts_are_left_out() {
    let tree = Tree::new("fs-broken");
    tree.put("good/x", "");
    tree.put("file", "");
    let text = [
        "7 1 8:7 / /good rw - ext4\n".to_owned(),
        "7 1 8:x / /good rw - ext4 d rw\n".to_owned(),
        "7 1 8:7 / /good rw ext4 d rw\n".to_owned(),
        "7 1 8:7 /  /good rw - ext4 d rw\n".to_owned(),
        line(8, "/gone", "ext4", "d emergency_ro,noload"),
        line(9, "/good", "ext4", "d rw,errors=remount-ro"),
        line(10, "/file/below", "ext4", "d ro"),
    ];
    tree.put("proc/1/mountinfo", &text.concat());
    let mut filesystem = tree.open(&SPEC, Dialect::Own, &[]);
    let (samples, errors) = scrape(&mut filesystem, Dialect::Own, &["device_error{"]);
    let expected = [
        sample("d", "/gone", "ext4", "no such file or directory"),
        sample("d", "/good", "ext4", ""),
        sample("d", "/file/below", "ext4", "not a directory"),
    ];
    assert_eq!((samples, errors), (expected.to_vec(), 5));
    assert_eq!(filesystem.errors.by_errno(), [(0, 4), (libc::ENOENT, 1), (libc::ENOTDIR, 1)]);
    let last = filesystem.errors.last().unwrap();
    assert!(last.to_string().starts_with("/file/below: "), "{last}");
    let (samples, _) = scrape(&mut filesystem, Dialect::Own, &["readonly"]);
    let ends: Vec<char> = samples.iter().filter_map(|line| line.chars().last()).collect();
    assert_eq!(ends, ['1', '0', '1']);
    // What is mounted meanwhile is there, what is not any more is not.
    tree.put("proc/1/mountinfo", &line(9, "/good", "ext4", "other rw"));
    let (samples, errors) = scrape(&mut filesystem, Dialect::Own, &["device_error{"]);
    assert_eq!((samples, errors), (vec![sample("other", "/good", "ext4", "")], 0));
    tree.remove("proc/1/mountinfo");
    assert!(tree.open(&SPEC, Dialect::Own, &[]).collect(&mut NullSink).is_err());
}

/// Takes nothing.
struct NullSink;

impl Sink for NullSink {
    fn family(&mut self, _: &Family<'_>) {}
    fn sample(&mut self, _: &[Label<'_>], _: Value) {}
    fn labelled(
        &mut self,
        _: crate::model::metric::Labels<'_>,
        _: crate::model::metric::Point<'_>,
        _: Option<i64>,
    ) {
    }
    fn mark(&self) -> usize {
        0
    }
    fn rewind(&mut self, _: usize) {}
}

#[test]
fn patterns_and_the_prefix_of_the_root() {
    let tree = Tree::new("fs-patterns");
    let here = tree.0.to_str().unwrap();
    let text = [
        line(1, here, "ext4", "r rw"),
        line(2, &format!("{here}/mnt"), "ext4", "m rw"),
        line(3, &format!("{here}er"), "ext4", "n rw"),
        line(4, "/dev/shm", "tmpfs", "t rw"),
        line(5, "/boot", "squashfs", "s rw"),
        line(6, "/device", "vfat", "v rw"),
    ];
    tree.put("proc/1/mountinfo", &text.concat());
    let points = |set: &[(&str, &str)]| -> Vec<String> {
        let (samples, _) = errors_of(&tree, Dialect::Node, set);
        let point = |line: &String| line.split('"').nth(3).unwrap().to_owned();
        samples.iter().map(point).collect()
    };
    let longer = format!("{here}er");
    assert_eq!(points(&[]), ["/", "/mnt", &longer, "/device"]);
    assert_eq!(points(&[("mount-points-exclude", "^/mnt$")]).len(), 4);
    assert_eq!(points(&[("mount-points-include", "^/(dev|mnt)")]), ["/mnt", "/dev/shm", "/device"]);
    assert_eq!(points(&[("fs-types-exclude", "")]), ["/", "/mnt", &longer, "/boot", "/device"]);
    assert_eq!(points(&[("fs-types-include", "^squashfs$")]), ["/boot"]);
}

/// What is mounted by this text.
fn mounts(text: &str) -> Mounts {
    mounts_below("/", text)
}

fn mounts_below(root: &str, text: &str) -> Mounts {
    let rules = Rules {
        points: Patterns::default(),
        types: Patterns::new([None, Some(Pattern::new("^autofs$"))]),
        root: root.into(),
        is_running: false,
        is_source_plain: true,
    };
    let mut mounts = Mounts::new(rules);
    mounts.learn(PATH, text.as_bytes(), &mut PartialErrors::default());
    mounts
}

/// Which points are queried by a child.
fn hanging(text: &str) -> Vec<String> {
    let mounts = mounts(text);
    let hanging = mounts.points.iter().filter(|point| point.may_hang);
    hanging.map(|point| point.path.to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_hidden_mount_is_as_read_only_as_its_line_says() {
    let text = [
        line(1, "/a", "ext4", "below rw"),
        line(2, "/b", "ext4", "below ro"),
        line(3, "/c", "ext4", "alone rw"),
        line(4, "/a", "ext4", "above rw"),
        line(5, "/b", "tmpfs", "above rw"),
    ];
    let mut mounts = mounts(&text.concat());
    let path = CString::new("/").unwrap();
    for is_ro in [false, true] {
        for point in &mut mounts.points {
            let space = sys::statfs(&path).unwrap();
            point.answer = Ok(sys::Space { read_only: is_ro, ..space });
        }
        let read_only: Vec<bool> = mounts.shown().map(|mount| mounts.is_read_only(mount)).collect();
        assert_eq!(read_only, [false, true, is_ro, is_ro, is_ro]);
    }
}

/// As in a unit with `ProtectSystem=strict`, or below `/host` of a container.
#[test]
fn what_is_read_only_for_this_process_alone_is_not_read_only() {
    let text = [line(1, "/", "ext4", "a rw"), line(2, "/m/b\\0403", "btrfs", "b rw")];
    let text = [&text[..], &[line(3, "/c", "xfs", "c ro")]].concat().concat();
    let answered = |root: &str| {
        let mut mounts = mounts_below(root, &text);
        let space = sys::statfs(&CString::new("/").unwrap()).unwrap();
        for point in &mut mounts.points {
            point.answer = Ok(sys::Space { read_only: true, ..space });
        }
        mounts
    };
    let mut mounts = answered("/");
    let all = |mounts: &Mounts| {
        let shown = mounts.shown().map(|mount| mounts.is_read_only(mount));
        shown.collect::<Vec<bool>>()
    };
    assert_eq!(all(&mounts), [true, true, true]);
    let own = "1 9 8:1 / / ro,nosuid shared:1 - ext4 a rw,errors=ro\n\
               2 9 8:2 / /m/b\\0403 ro - btrfs b rw\n";
    let of_all = "3 9 8:3 / /c ro - xfs c ro\n";
    mounts.learn_here([own, of_all].concat().as_bytes());
    assert!(mounts.note_read_only_here(), "read again: statfs cannot tell of an error");
    assert_eq!(all(&mounts), [false, false, true]);
    mounts.learn_here(of_all.as_bytes());
    assert!(!mounts.note_read_only_here(), "read-only for all");
    assert_eq!(all(&mounts), [true, true, true]);
    assert!(line::read_only_points(b"1 9 8:1 / / rw - ext4 a ro\n").is_empty());
    let mut below = answered("/host");
    below.learn_here(b"1 9 8:1 / /host ro - ext4 a rw\n");
    assert!(below.note_read_only_here());
    assert_eq!(all(&below), [false, true, true]);
}

#[test]
fn mounts_that_may_hang_are_queried_by_a_child() {
    let text = [
        line(1, "/", "overlay", "overlay rw"),
        line(2, "/var", "ext4", "d rw"),
        line(3, "/mnt", "nfs4", "server:/x rw"),
        line(4, "/mnt/disk", "ext4", "d rw"),
        line(5, "/mnt2", "tmpfs", "d rw"),
        line(6, "/auto", "autofs", "d rw"),
        line(7, "/auto", "xfs", "d rw"),
        line(8, "/auto/a/b", "xfs", "d rw"),
        line(9, "/pods", "overlay", "overlay rw"),
    ];
    let expected = ["/mnt", "/mnt/disk", "/auto", "/auto/a/b", "/pods"];
    assert_eq!(hanging(&text.concat()), expected);
    for kind in ["fuse", "fuseblk", "fuse.sshfs", "cifs", "smb3", "9p", "ceph", "afs", "never"] {
        assert_eq!(hanging(&line(1, "/x", kind, "d rw")), ["/x"], "{kind}");
    }
    let root = [line(1, "/", "nfs", "server:/ rw"), line(2, "/tmp", "tmpfs", "t rw")];
    assert_eq!(hanging(&root.concat()), ["/", "/tmp"]);
}

/// The mounts of this machine, seen from a place where none of them is: no directory answers for them.
#[test]
fn mounts_that_are_not_seen_have_no_sizes() {
    let tree = Tree::new("fs-unseen");
    tree.put("dev/shm/x", "");
    let root = Root::at(Paths {
        procfs: "/proc".into(),
        sysfs: "/sys".into(),
        rootfs: tree.0.clone(),
        udev_data: "/run/udev/data".into(),
        lacks_root: false,
    });
    let mut opened = testing::open(&root, &SPEC, Dialect::Own, &[("mount-points-exclude", "")]);
    let (sizes, _) = scrape(&mut opened, Dialect::Own, &["filesystem_size_bytes"]);
    assert_eq!(sizes, [""; 0]);
    let (errors, _) = scrape(&mut opened, Dialect::Own, &["filesystem_device_error"]);
    let unseen = "device_error=\"no such file or directory\"} 1";
    assert!(
        errors.iter().any(|e| e.contains("mountpoint=\"/\"") && e.ends_with(unseen)),
        "{errors:?}"
    );
}

/// node_exporter 1.11 writes this for a server that was made unreachable.
#[test]
fn no_answer_has_the_word_of_node_exporter() {
    assert_eq!(query::text(query::NO_ANSWER), "mountpoint timeout");
}
