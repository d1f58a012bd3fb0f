use super::walk::{Pattern, Visited, Walk};
use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::COLLECTORS;
use crate::kernel::read::testing::Tree;
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::UNIX_EPOCH;

struct Files {
    tree: Tree,
    input: Textfile,
    store: Store,
    report: Textfiles,
}

/// Text files in these directories below a place of its own.
fn open(name: &str, directories: &[&str]) -> Files {
    let tree = Tree::new(name);
    let mut store = Store::new(Bounds::default(), Instant::now());
    let mut input = Textfile::default();
    input.apply(&settings(&tree, directories), &mut store);
    Files { tree, input, store, report: Textfiles::default() }
}

fn settings(tree: &Tree, directories: &[&str]) -> Settings {
    let flag = |path: &&str| {
        let path = tree.0.join(path);
        format!("--collector.textfile.directory={}", path.display()).into()
    };
    let subjects: Vec<_> = COLLECTORS.iter().map(|spec| &spec.subject).collect();
    let args = directories.iter().map(flag);
    let settings = crate::settings::load(&subjects, |_| false, args, [].into_iter());
    settings.unwrap_or_else(|refusal| panic!("{refusal}"))
}

impl Files {
    fn page(&mut self) -> String {
        self.input.look(&mut self.report, &mut self.store, Instant::now());
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        self.store.write(Instant::now(), &mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    /// The samples, and whether there was an error.
    fn samples(&mut self) -> (String, bool) {
        let page = self.page();
        let lines: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
        (lines.join("|"), self.report.has_error)
    }

    /// The files whose times are report, without directories.
    fn files(&self) -> Vec<String> {
        let name = |(path, _): &(Vec<u8>, i64)| {
            let path = String::from_utf8_lossy(path).into_owned();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        };
        self.report.mtimes.iter().map(name).collect()
    }

    /// Gives a file an age at which it is not read again.
    fn settle(&mut self) {
        std::thread::sleep(2 * YOUNG);
        self.page();
        assert!(self.input.known.is_some(), "nothing is read again while nothing changes");
    }
}

fn of(samples: &str, has_error: bool) -> (String, bool) {
    (samples.to_owned(), has_error)
}

#[test]
fn a_file_counts_as_a_whole_or_not_at_all() {
    let mut one = open("textfile-whole", &["d"]);
    one.tree.put("d/a.prom", "a 1\n");
    one.tree.put("d/b.prom", "b 2\nbad line\n");
    one.tree.put("d/c.txt", "c 1\n");
    one.tree.put("d/.d.prom", "d 4\n");
    one.tree.put("d/e.prom", "");
    assert_eq!(one.samples(), of("a 1|d 4", true));
    assert_eq!(one.files(), [".d.prom", "a.prom", "e.prom"]);
    assert_eq!(one.report.refused, [("text", 1)]);
    // A good file that is bad now loses its samples.
    one.tree.put("d/a.prom", "a 1\na 2 1700000000000\n");
    one.tree.put("d/b.prom", "b 2\n");
    assert_eq!(one.samples(), of("b 2|d 4", true));
    assert_eq!(one.files(), [".d.prom", "b.prom", "e.prom"]);
    one.tree.remove("d/a.prom");
    one.tree.put("d/b.prom", "b 3\n");
    assert_eq!(one.samples(), of("b 3|d 4", false));
}

#[test]
fn what_is_no_file_is_an_error_and_never_waits() {
    let mut one = open("textfile-odd", &["d"]);
    one.tree.put("d/a.prom", "a 1\n");
    let place = one.tree.0.clone();
    let path = |name: &str| place.join(name);
    fs::create_dir(path("d/dir.prom")).unwrap();
    symlink("nowhere", path("d/dangling.prom")).unwrap();
    symlink("a.prom", path("d/same.prom")).unwrap();
    let _socket = UnixListener::bind(path("d/socket.prom")).unwrap();
    assert_eq!(one.samples(), of("a 1", true));
    assert_eq!(one.files(), ["a.prom", "same.prom"]);
    assert_eq!(one.report.refused, [("file", 3), ("series_twice", 1)]);
    // Larger than what is read.
    File::create(path("d/big.prom")).unwrap().set_len((8 << 20) + 1).unwrap();
    one.samples();
    assert!(one.report.refused.contains(&("too_large", 1)), "{:?}", one.report.refused);
}

#[test]
fn nothing_is_read_again_until_something_changes() {
    let mut one = open("textfile-again", &["d"]);
    one.tree.put("d/a.prom", "a 1\n");
    one.page();
    assert_eq!(one.input.known, None, "it may change within the same tick");
    one.settle();
    let path = one.tree.0.join("d/a.prom");
    let time = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(1_000));
    // The same length, and a time of long ago: the time of the inode shows it.
    fs::write(&path, "a 2\n").unwrap();
    File::options().append(true).open(&path).unwrap().set_times(time).unwrap();
    assert_eq!(one.samples(), of("a 2", false));
    assert_eq!(one.report.mtimes.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [1_000]);
    one.settle();
    // Another file in its place.
    fs::write(path.with_extension("new"), "a 3\n").unwrap();
    fs::rename(path.with_extension("new"), &path).unwrap();
    assert_eq!(one.samples(), of("a 3", false));
    one.settle();
    fs::remove_file(&path).unwrap();
    assert_eq!(one.samples(), of("", false));
    one.settle();
    fs::remove_dir(one.tree.0.join("d")).unwrap();
    assert_eq!(one.samples(), of("", true));
}

#[test]
fn families_are_merged_and_the_first_file_says_what_they_are() {
    let mut one = open("textfile-merge", &["d"]);
    let file = |help: &str, kind: &str, x: &str| {
        let help = if help.is_empty() { String::new() } else { format!("# HELP m {help}\n") };
        format!("{help}# TYPE m {kind}\nm{{x=\"{x}\"}} 1\n")
    };
    one.tree.put("d/a.prom", &file("One.", "gauge", "a"));
    one.tree.put("d/b.prom", &(file("Two.", "gauge", "b") + "other 1\n"));
    one.tree.put("d/c.prom", &file("", "gauge", "c"));
    one.tree.put("d/d.prom", &file("One.", "counter", "d"));
    one.tree.put("d/e.prom", "m{x=\"a\"} 5\n");
    assert_eq!(one.samples(), of("m{x=\"a\"} 1|m{x=\"c\"} 1|other 1", true));
    assert_eq!(one.report.refused, [("help", 2), ("type", 1)]);
    assert!(one.page().contains("# HELP m One.\n# TYPE m gauge\n"));
    // Now another file is the first, and all is otherwise.
    one.tree.put("d/a.prom", "# HELP m Three.\n# TYPE m counter\nm{x=\"a\"} 2\n");
    one.tree.remove("d/b.prom");
    one.tree.put("d/d.prom", &file("", "counter", "d"));
    assert_eq!(one.samples(), of("m{x=\"a\"} 2|m{x=\"d\"} 1", false));
    assert!(one.page().contains("# HELP m Three.\n# TYPE m counter\n"));
    one.tree.put("d/a.prom", "# TYPE m summary\nm{quantile=\"0.5\"} 2\nm_sum 1\nm_count 1\n");
    assert_eq!(one.samples(), of("m{quantile=\"0.5\"} 2|m_sum 1|m_count 1", false));
}

#[test]
fn series_are_those_of_node_exporter() {
    let mut one = open("textfile-series", &["d"]);
    one.tree.put(
        "d/a.prom",
        "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"2.50\"} 2\nh_count 3\nh_sum 9.5\n\
         # TYPE c counter\nc 4\n# TYPE c_created gauge\nc_created 1.7e9\n# TYPE g_total gauge\n\
         g_total 12345678901234567890\nn{a=\"\",b=\"x\"} NaN\nn{b=\"x\"} 7\n",
    );
    let page = one.page();
    for line in [
        "h_bucket{le=\"1\"} 1",
        "h_bucket{le=\"2.5\"} 2",
        "h_bucket{le=\"+Inf\"} 3",
        "# TYPE g_total gauge",
        "c_created 1700000000",
        "n{b=\"x\"} NaN",
    ] {
        assert!(page.contains(&[line, "\n"].concat()), "{line}: {page}");
    }
    assert_eq!((one.report.has_error, &*one.report.refused), (false, &[("series_twice", 1)][..]));
}

#[test]
fn room_is_bounded_and_comes_back() {
    let mut one = open("textfile-room", &["d"]);
    one.store.limit(Bounds { series: 8, ..Bounds::default() });
    let text: String = (0..5).map(|n| format!("a{{n=\"{n}\"}} 1\n")).collect();
    one.tree.put("d/a.prom", &text);
    one.tree.put("d/b.prom", &text.replace('a', "b"));
    one.page();
    assert_eq!((one.store.len(), &*one.report.refused), (6, &[("series", 4)][..]));
    assert!(!one.report.has_error && one.input.known.is_none(), "there may be room later");
    one.store.limit(Bounds::default());
    one.page();
    assert_eq!(one.store.len(), 10);
    one.input.apply(&settings(&one.tree, &[]), &mut one.store);
    one.page();
    assert_eq!((one.store.len(), one.input.group), (0, None));
}

#[test]
fn directories_are_found_as_go_finds_them() {
    let tree = Tree::new("textfile-walk");
    for name in ["a/1.prom", "b/2.prom", ".c/3.prom", "a[1]/4.prom", "a-b/x/5.prom", "file"] {
        tree.put(name, "");
    }
    let look = |pattern: &str| {
        let pattern = [&*tree.0.to_string_lossy(), pattern].concat();
        let (mut found, mut walk) = (Vec::new(), Walk::default());
        walk.look(&Pattern::new(&pattern), &mut |path, met| {
            let path = path.strip_prefix(&tree.0).unwrap().display().to_string();
            found.push(match met {
                Visited::File(file) => [&*path, if file.is_ok() { "" } else { "?" }].concat(),
                Visited::Failed(_) | Visited::Excess => [&*path, "!"].concat(),
            });
        });
        found.sort();
        found.join(" ")
    };
    assert_eq!(look("/a"), "a/1.prom");
    assert_eq!(look("//./b/../a/"), "a/1.prom");
    assert_eq!(look("/[ab]"), "a/1.prom b/2.prom");
    assert_eq!(look("/*"), ".c/3.prom a/1.prom a[1]/4.prom b/2.prom file!", "hidden ones, too");
    assert_eq!(look("/?c"), ".c/3.prom");
    assert_eq!(look("/*c"), ".c/3.prom");
    assert_eq!(look("/a[1]"), "a[1]/4.prom", "nothing is found: it is a name");
    assert_eq!(look("/*/x"), "a-b/x/5.prom");
    assert_eq!(look("/none"), "none!");
    assert_eq!(look("/none*/y"), "none*/y!");
    // As in Go: `!` is a character, `\\` makes one of a wildcard, and an invalid glob is a name.
    assert_eq!(look("/[!a]"), "a/1.prom");
    assert_eq!(look("/[^a]"), "b/2.prom");
    assert_eq!(look(r"/a\[1]"), "a[1]/4.prom");
    assert_eq!(look("/a["), "a[!");
    assert_eq!(look("/*/["), "*/[!");
    for (none, name) in [("/*/", "*!"), ("/*/.", "*!"), ("/*//x", "*/x!"), ("/*/../a", "*/../a!")] {
        assert_eq!(look(none), name);
    }
    assert_eq!(look("/x/../*b"), "b/2.prom");
}
