//! Generated kernel files, some with an oddity.

use crate::random::Random;

#[rustfmt::skip]
const NAMES: [&[u8]; 24] = [
    b"sda", b"sda1", b"sdaa1", b"hd1", b"vdz9", b"xvda1", b"xvd1", b"nvme0n1", b"nvme0n1p2", b"nvme0n1p",
    b"loop0", b"loop", b"ram15", b"zram0", b"fd0", b"dm-3", b"cciss/c0d0p1", b"eth0", b"eth0:1", b"lo",
    b"wlan%d", b"a\"b", b"a\\b", b"\xffx",
];

fn name(random: &mut Random) -> Vec<u8> {
    let mut name = random.pick(&NAMES).to_vec();
    if random.rarely(4) {
        name.extend(random.below(200).to_string().bytes());
    }
    name
}

fn push_words(random: &mut Random, line: &mut Vec<u8>, count: usize) {
    for _ in 0..count {
        line.extend(random.pick(&[b" ".as_slice(), b" ", b"  ", b"\t"]));
        line.extend(random.word());
    }
}

pub fn stat(random: &mut Random) -> Vec<u8> {
    let mut text = b"cpu ".to_vec();
    push_words(random, &mut text, 10);
    let mut number = 0;
    for _ in 0..random.below(12) {
        text.extend(format!("\ncpu{number}").bytes());
        let columns = random.pick(&[&10, &10, &10, &10, &9, &8, &4, &3, &11, &0]);
        push_words(random, &mut text, *columns);
        number += 1 + if random.rarely(5) { random.below(3) } else { 0 };
    }
    text.extend(b"\nintr 1 2 3\nctxt 7\n");
    text
}

pub fn meminfo(random: &mut Random) -> Vec<u8> {
    #[rustfmt::skip]
    const KEYS: [&str; 24] = [
        "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active(anon)",
        "Active_anon", "HugePages_Total", "Huge_PagesTotal", "DirectMap4k", "SReclaimable", "Mem", "Used",
        "MemUsed", "NFS_Unstable", "Inactive(file)", "Foo", "Foo_bytes", "1st", "HTTPSession", "aB", " Slab",
        "_x",
    ];
    let mut text = Vec::new();
    let many = random.rarely(50);
    for i in 0..random.below(if many { 400 } else { 30 }) {
        text.extend(random.pick(&KEYS).bytes());
        if many {
            text.extend(i.to_string().bytes());
        }
        text.extend(b":");
        push_words(random, &mut text, 1);
        text.extend(random.pick(&[
            b" kB\n".as_slice(),
            b" kB\n",
            b" kB\n",
            b"\n",
            b" MB\n",
            b"kB\n",
        ]));
    }
    text
}

pub fn diskstats(random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..random.below(20) {
        push_words(random, &mut text, 2);
        text.push(b' ');
        text.extend(name(random));
        let columns = random.pick(&[&17, &17, &17, &15, &11, &4, &3, &0, &20]);
        push_words(random, &mut text, *columns);
        text.push(b'\n');
    }
    text
}

pub fn net_dev(random: &mut Random) -> Vec<u8> {
    let mut text = b"Inter-|   Receive\n face |bytes\n".to_vec();
    for _ in 0..random.below(20) {
        text.extend(random.pick(&[b"  ".as_slice(), b"", b"\t"]));
        text.extend(name(random));
        text.push(b':');
        let columns = random.pick(&[&16, &16, &16, &16, &17, &15, &3, &0]);
        push_words(random, &mut text, *columns);
        text.push(b'\n');
    }
    text
}
