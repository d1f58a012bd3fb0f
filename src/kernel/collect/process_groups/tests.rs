use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree};

/// A process: number, name, threads, ticks in the program and in the kernel, start, pages.
type Row<'a> = (u64, &'a str, u64, [u64; 2], u64, u64);

fn put(tree: &Tree, rows: &[Row<'_>]) {
    for (pid, name, threads, [user, system], start, pages) in rows {
        let before = "S 901 902 903 904 -1 906 907 908 909 910";
        let text = format!(
            "{pid} ({name}) {before} {user} {system} 913 914 915 -916 {threads} 0 {start} 919 {pages} 921\n"
        );
        tree.put(&format!("proc/{pid}/stat"), &text);
    }
}

fn cpu(group: &str, mode: &str, value: &str) -> String {
    format!(r#"process_group_cpu_seconds_total{{group="{group}",mode="{mode}"}} {value}"#)
}

struct Later(Opened, Instant);

impl Later {
    fn new(tree: &Tree, set: &[(&str, &str)]) -> Later {
        Later(tree.open(&SPEC, Dialect::Own, set), Instant::now())
    }

    fn at(&mut self, second: u64, word: &str) -> (Vec<String>, u64) {
        self.0.scrape_at(self.1 + Duration::from_secs(second), Dialect::Own, &[word])
    }
}

#[test]
fn processes_are_added_up_by_group_and_ended_ones_stay_counted() {
    let tree = Tree::new("process-groups");
    put(
        &tree,
        &[
            (20, "nginx", 2, [100, 20], 7, 10),
            (3, "nginx: a) (b", 3, [400, 30], 8, 11),
            (100, "postgres", 5, [800, 40], 9, 12),
            (7, "init", 1, [1, 2], 1, 13),
        ],
    );
    let page = sys::page_size();
    let groups = ("groups", "(?P<web>^nginx)|(?P<db>^postgres$)|(?P<none>^x$)");
    let mut opened = Later::new(&tree, &[groups, ("interval", "10s")]);
    let of = |family: &str, values: [u64; 4]| -> Vec<String> {
        let names = ["web", "db", "none", "other"].into_iter().zip(values);
        names.map(|(g, v)| format!(r#"process_group_{family}{{group="{g}"}} {v}"#)).collect()
    };
    let first = [
        of("processes", [2, 1, 0, 1]),
        of("threads", [5, 5, 0, 1]),
        vec![
            cpu("web", "user", "5"),
            cpu("web", "system", "0.50"),
            cpu("db", "user", "8"),
            cpu("db", "system", "0.40"),
            cpu("none", "user", "0"),
            cpu("none", "system", "0"),
            cpu("other", "user", "0.01"),
            cpu("other", "system", "0.02"),
        ],
        of("resident_bytes", [21 * page, 12 * page, 0, 13 * page]),
    ];
    assert_eq!(opened.at(0, "process_group_"), (first.concat(), 0));
    // One ends, one begins anew under the number of another, one changes its name.
    std::fs::remove_dir_all(tree.0.join("proc/3")).unwrap();
    put(
        &tree,
        &[
            (20, "nginx", 2, [150, 25], 7, 10),
            (100, "postgres", 5, [30, 3], 500, 12),
            (7, "x", 1, [4, 2], 1, 13),
        ],
    );
    assert_eq!(opened.at(9, "process_group_"), (first.concat(), 0), "read before");
    let expected = vec![
        cpu("web", "user", "5.50"),
        cpu("web", "system", "0.55"),
        cpu("db", "user", "8.30"),
        cpu("db", "system", "0.43"),
        cpu("none", "user", "0.03"),
        cpu("none", "system", "0"),
        cpu("other", "user", "0.01"),
        cpu("other", "system", "0.02"),
    ];
    assert_eq!(opened.at(10, "cpu_seconds"), (expected, 0));
    assert_eq!(opened.at(12, "age").0, ["process_groups_age_seconds 2"]);
}

#[test]
fn the_busiest_and_the_largest_are_shown_and_the_rest_added_up() {
    let tree = Tree::new("process-top");
    let rows: [Row<'_>; 5] = [
        (1, "a", 1, [10, 0], 1, 5),
        (2, "b", 1, [20, 0], 1, 70),
        (3, "c", 1, [30, 0], 1, 6),
        (4, "d", 1, [40, 0], 1, 80),
        (5, "e", 1, [50, 0], 1, 0),
    ];
    put(&tree, &rows);
    let page = sys::page_size();
    let mut opened = Later::new(&tree, &[("top", "2"), ("interval", "10s")]);
    let memory = |process: &str, pid: &str, pages: u64| {
        let value = pages * page;
        format!(r#"process_top_resident_bytes{{process="{process}",pid="{pid}"}} {value}"#)
    };
    let largest = [memory("d", "4", 80), memory("b", "2", 70), memory("other", "", 11)];
    assert_eq!(opened.at(0, "top"), (largest.to_vec(), 0), "nothing is known of CPU time yet");
    put(
        &tree,
        &[
            (1, "a", 1, [510, 0], 1, 5),
            (3, "c", 1, [280, 50], 1, 6),
            (5, "e", 1, [51, 0], 1, 0),
            (9, "new", 1, [9, 1], 99, 0),
        ],
    );
    let ratio = |process: &str, pid: &str, value: &str| {
        format!(r#"process_top_cpu_ratio{{process="{process}",pid="{pid}"}} {value}"#)
    };
    // 500 and 300 ticks of 10 ms in 10 seconds; 10 and 1 of the others.
    let busiest =
        [ratio("a", "1", "0.500000"), ratio("c", "3", "0.300000"), ratio("other", "", "0.011000")];
    assert_eq!(opened.at(10, "top"), ([&busiest[..], &largest].concat(), 0));
}

#[test]
fn command_lines_are_read_once_and_unreadable_ones_are_left_out() {
    let tree = Tree::new("process-cmdline");
    put(&tree, &[(1, "python3", 1, [1, 2], 3, 4), (2, "python3", 1, [5, 6], 7, 8)]);
    tree.put("proc/1/cmdline", "/usr/bin/python3\0-m\0web\0");
    tree.put("proc/3/stat", "3 (short) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n");
    tree.put("proc/4/stat", "junk");
    let set = [("groups", "(?P<web>-m web$)"), ("cmdline", "true"), ("interval", "10s")];
    let mut opened = Later::new(&tree, &set);
    let count = |group: &str, n: u64| format!(r#"process_group_processes{{group="{group}"}} {n}"#);
    let expected = vec![count("web", 1), count("other", 1)];
    assert_eq!(opened.at(0, "processes"), (expected.clone(), 2));
    tree.remove("proc/1/cmdline");
    assert_eq!(opened.at(20, "processes"), (expected, 2));
    // What could not be read once is not counted twice.
    let web = |value: &str| vec![cpu("web", "user", value)];
    let broken = "1 (python3) S 1 2 3 4 5 6 7 8 9 10 -1 2 13 14 15 16 1 18 3 20 4";
    tree.put("proc/1/stat", broken);
    assert_eq!(opened.at(40, r#""web",mode="user""#), (web("0.01"), 3));
    put(&tree, &[(1, "python3", 1, [4, 2], 3, 4)]);
    assert_eq!(opened.at(60, r#""web",mode="user""#), (web("0.04"), 2));
    let none = Tree::new("process-none");
    let mut opened = none.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(opened.failure(), Some(Error::Absent(DIRECTORY.into())));
}
