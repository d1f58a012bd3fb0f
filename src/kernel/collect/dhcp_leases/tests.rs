//! Made-up files of both servers.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, scrape, scrape_later};

const DNSMASQ: &str = "4102444800 aa:bb:cc:dd:ee:01 192.0.2.7 printer 01:aa\n\
    0 06-aa:bb:cc:dd:ee:02 192.0.2.8 * *\n\
    1500000000 aa:bb:cc:dd:ee:03 192.0.2.9 gone *\n\
    duid 00:01:00:01:2c\n\
    4102444800 T77 2001:db8::7 printer 00:01\n\
    4102440000 T78 2001:db8::8 * 00:02\n\
    1500000000 T79 2001:db8::9 gone 00:03\n";

const ODHCPD: &str = "192.0.2.7\tprinter.lan\tprinter\n\
    # br-lan aabbccddee01 ipv4 printer 4102444800 c0000207 32 192.0.2.7/32\n\
    # br-lan 0001aa 7f broken\\x20a -1 2f 128 2001:db8::2f/128\n\
    # br-lan 0001ab 7f - 0 30 128\n\
    # guest 0001ac 7f - 4102444800 31 62 2001:db8:0:4::/62\n\
    # guest 0001ad 7f - 4102443333 32 62 2001:db8:0:8::/62\n";

fn opened(tree: &Tree, dialect: Dialect, files: &[&str]) -> Opened {
    let paths: Vec<_> = files.iter().map(|file| tree.0.join(file).display().to_string()).collect();
    let set: Vec<_> = paths.iter().map(|path| ("files", &**path)).collect();
    tree.open(&SPEC, dialect, &set)
}

/// Without the beginning of the paths.
fn lines(tree: &Tree, (lines, errors): (Vec<String>, u64)) -> (Vec<String>, u64) {
    let top = format!("{}/", tree.0.display());
    (lines.iter().map(|line| line.replace(&top, "")).collect(), errors)
}

fn sample(file: &str, interface: &str, family: &str, count: u64) -> String {
    format!(r#"dhcp_leases{{file="{file}",interface="{interface}",family="{family}"}} {count}"#)
}

fn expiry(file: &str, interface: &str, family: &str, time: u64) -> String {
    let sample = sample(file, interface, family, time);
    sample.replace("dhcp_leases", "dhcp_leases_next_expiry_timestamp_seconds")
}

#[test]
fn leases_that_last_are_counted_in_both_dialects() {
    let tree = Tree::new("dhcp");
    tree.put("tmp/dhcp.leases", DNSMASQ);
    tree.put("tmp/dhcp.leases.guest", "4102444801 aa:bb:cc:dd:ee:04 198.51.100.9 * *\n");
    tree.put("tmp/odhcpd.leases", ODHCPD);
    tree.put("tmp/hosts/odhcpd/odhcpd.hosts", "");
    let files = ["tmp/dhcp.leases*", "tmp/odhcpd.leases", "tmp/hosts/odhcpd", "no/such.*"];
    let expected = [
        sample("tmp/dhcp.leases", "", "ipv4", 2),
        sample("tmp/dhcp.leases", "", "ipv6", 2),
        sample("tmp/dhcp.leases.guest", "", "ipv4", 1),
        sample("tmp/odhcpd.leases", "br-lan", "ipv4", 1),
        sample("tmp/odhcpd.leases", "br-lan", "ipv6", 1),
        sample("tmp/odhcpd.leases", "guest", "ipv6", 2),
        expiry("tmp/dhcp.leases", "", "ipv4", 4_102_444_800),
        expiry("tmp/dhcp.leases", "", "ipv6", 4_102_440_000),
        expiry("tmp/dhcp.leases.guest", "", "ipv4", 4_102_444_801),
        expiry("tmp/odhcpd.leases", "br-lan", "ipv4", 4_102_444_800),
        expiry("tmp/odhcpd.leases", "guest", "ipv6", 4_102_443_333),
    ];
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut leases = opened(&tree, dialect, &files);
        let got = lines(&tree, scrape(&mut leases, dialect, &["dhcp_"]));
        assert_eq!(got, (expected.to_vec(), 0));
    }
}

#[test]
fn a_file_that_is_not_whole_has_no_sample() {
    let tree = Tree::new("dhcp-broken");
    let mut leases = opened(&tree, Dialect::Own, &["tmp/a", "tmp/b*"]);
    assert!(leases.is_unsupported(), "no file");
    tree.put("tmp/b1", "0 aa:bb:cc:dd:ee:04 198.51.100.9 * *\n");
    tree.put("tmp/a", "");
    assert_eq!(scrape(&mut leases, Dialect::Own, &["dhcp_"]), (vec![], 0), "empty");
    let later = |leases: &mut Opened, seconds| {
        let by = Duration::from_secs(seconds);
        lines(&tree, scrape_later(leases, Dialect::Own, &["dhcp_"], by))
    };
    let other = sample("tmp/b1", "", "ipv4", 1);
    assert_eq!(later(&mut leases, 61), (vec![other.clone()], 0), "found a minute later");
    for broken in [&DNSMASQ[..60], "4102444800 aa:bb\n", "\0\0\n"] {
        tree.put("tmp/a", &[DNSMASQ, broken].concat());
        assert_eq!(later(&mut leases, 61), (vec![other.clone()], 1), "{broken:?}");
    }
    tree.put("tmp/a", &"\n".repeat(MAX_BYTES + 1));
    assert_eq!(later(&mut leases, 61), (vec![other], 1), "too large");
}

/// Cut anywhere, nothing is made up.
#[test]
fn counts_of_a_cut_file_are_of_whole_lines() {
    for text in [DNSMASQ, ODHCPD] {
        let mut counts = Vec::new();
        for end in 0..=text.len() {
            let cut = &text.as_bytes()[..end];
            counts.clear();
            let counted = count((0, Path::new("/x")), cut, 1_700_000_000, &mut counts);
            assert_eq!(counted.is_ok(), end == 0 || cut.ends_with(b"\n"), "{end}");
        }
        assert!(counts.iter().all(|count| count.active > 0));
    }
}

#[test]
fn interfaces_beyond_the_limit_are_counted_together() {
    let mut text: String = (0..100).map(|n| format!("# if{n} 00 ipv4 - -1 0 32\n")).collect();
    text.push_str("# a-name-that-no-interface-has 00 ipv4 - -1 0 32\n# if5 00 ipv4 - -1 0 32\n");
    let mut counts = Vec::new();
    count((0, Path::new("/x")), text.as_bytes(), 0, &mut counts).unwrap();
    let of =
        |name: &str| counts.iter().find(|one| one.interface() == name.as_bytes()).unwrap().active;
    assert_eq!((counts.len(), of("if5"), of("other")), (MAX_COUNTS + 1, 2, 37));
    let tree = Tree::new("dhcp-many");
    for n in 0..20 {
        tree.put(&format!("tmp/{n}.leases"), "0 aa:bb:cc:dd:ee:04 198.51.100.9 * *\n");
    }
    let mut leases = opened(&tree, Dialect::Own, &["tmp/*.leases"]);
    let (lines, errors) = scrape(&mut leases, Dialect::Own, &["dhcp_"]);
    assert_eq!((lines.len(), errors), (MAX_FILES, 1));
}

#[test]
fn servers_have_their_files_where_they_are_by_default() {
    let of = |args: &[&str]| {
        let args = ["--collector.dhcp_leases"].iter().chain(args).map(|arg| (*arg).into());
        let settings = crate::settings::load(&[&SPEC.subject], |_| false, args, [].into_iter());
        files(&settings.unwrap_or_else(|refusal| panic!("{refusal}")).collectors[0])
    };
    assert_eq!(of(&[]), KNOWN.map(PathBuf::from));
    assert_eq!(of(&["--collector.dhcp_leases.files=/x/*"]), [PathBuf::from("/x/*")]);
}
