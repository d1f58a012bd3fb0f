//! Writes the reference from the program's own tables: `cargo run --example docs -- <directory>`
//! makes `docs/metrics.md`, `docs/settings.md`, `docs/sysmetrics.1` and `docs/completions/` there, `docs/collectors.md` with the
//! table between its markers made anew, and `docs/new-collector.md` with its examples taken from the
//! source. Run in the repository's root: `make docs`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use sysmetrics::app::subjects;
use sysmetrics::kernel::collect::{COLLECTORS, Spec};
use sysmetrics::kernel::gather::{self, Gather};
use sysmetrics::kernel::read::Root;
use sysmetrics::model::metric::{Family, Kind, Label, Sink, Unit, Value};
use sysmetrics::model::metric::{Labels, Point};
use sysmetrics::outputs::expose;
use sysmetrics::serve::routes;
use sysmetrics::settings::{self, Dialect, OptionRow, Subject};

type Done<T> = Result<T, Box<dyn Error>>;

/// The page that has the table of collectors.
const COLLECTORS_PAGE: &str = "docs/collectors.md";

/// The page that shows how a collector is written.
const GUIDE: &str = "docs/new-collector.md";

/// The collectors whose source it shows, the first with its tests.
const EXAMPLES: [&str; 3] = ["loadavg", "thermal_zone", "vmstat"];

/// The machine whose files give the examples of names that the kernel makes.
const MACHINE: &str = "fixtures/box";

/// The day of the manual page as long as CHANGELOG.md has no release with a day.
const BEFORE_RELEASES: &str = "2026-11-28";

const INTRODUCTION: &str = "# Metrics

Every metric family with its own name and its name under `--dialect node_exporter`. A dash (—)
means that the dialect does not have the family. Values are in base units; where the kernel counts in
sectors, kilobytes, clock ticks or milliseconds, the column *unit* names that unit. Where the
dialects differ in type or label keys, node_exporter's are in brackets. If the kernel does not have
a file or a column, the sample is left out; it is never 0.
";

const HEADER: &str = "| own name | node_exporter's name | type | unit | labels | meaning |
|---|---|---|---|---|---|
";

fn main() -> Done<()> {
    let to = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: docs <directory>")?);
    fs::create_dir_all(to.join("docs/completions"))?;
    fs::write(to.join("docs/metrics.md"), metrics()?)?;
    fs::write(to.join("docs/settings.md"), settings::reference(&subjects()))?;
    fs::write(to.join("docs/sysmetrics.1"), settings::man_page(&subjects(), &day()?))?;
    for (name, text) in settings::completions(&subjects()) {
        fs::write(to.join("docs/completions").join(name), text)?;
    }
    let page = fs::read_to_string(COLLECTORS_PAGE)?;
    let page = between(COLLECTORS_PAGE, &page, "collectors", &collectors_table())?;
    fs::write(to.join(COLLECTORS_PAGE), page)?;
    let mut guide = fs::read_to_string(GUIDE)?;
    for (at, collector) in EXAMPLES.into_iter().enumerate() {
        guide = between(GUIDE, &guide, collector, &example(collector, at == 0)?)?;
    }
    fs::write(to.join(GUIDE), guide)?;
    Ok(())
}

/// The day of the latest release, which the manual page has: the same source makes the same page.
fn day() -> Done<String> {
    let changes = fs::read_to_string("CHANGELOG.md")?;
    let headlines = changes.lines().filter_map(|line| line.strip_prefix("## ")?.split_once(", "));
    let mut days = headlines.map(|(_, day)| day).filter(|day| day.starts_with("20"));
    Ok(days.next().unwrap_or(BEFORE_RELEASES).to_owned())
}

/// `docs/metrics.md`.
fn metrics() -> Done<String> {
    let mut out = String::from(INTRODUCTION);
    for spec in COLLECTORS {
        collector(&mut out, spec)?;
    }
    let (process, own) = gather::families().partition::<Vec<_>, _>(|family| family.is_unprefixed());
    out.push_str("\n## The scrape and the server\n\nCounted by the program itself.\n\n");
    table(&mut out, own.into_iter().chain(routes::families()));
    out.push_str("\n## The process\n\n");
    out.push_str(&head(Path::new("src/kernel/gather/process.rs"))?);
    out.push('\n');
    table(&mut out, process.into_iter());
    Ok(out)
}

fn collector(out: &mut String, spec: &Spec) -> Done<()> {
    let Subject { name, node_name, on, help, .. } = spec.subject;
    let files = sources(name)?;
    write!(out, "\n## {name}\n\nCollector `{name}`")?;
    if name != node_name && !node_name.is_empty() {
        write!(out, ", in node_exporter's dialect `{node_name}`")?;
    }
    let on = match (on, spec.subject.is_on(Dialect::Node)) {
        (true, false) => "on by default, off in node_exporter's dialect",
        (true, true) => "on by default",
        (false, _) => "off by default",
    };
    writeln!(out, ", {on}: {help}.\n")?;
    let sources = kernel_files(&files)?;
    if !sources.is_empty() {
        writeln!(out, "Read from: {}.\n", codes(&sources))?;
    }
    let main = files.first().ok_or("a collector without a file")?;
    writeln!(out, "{}", head(main)?)?;
    if !spec.families.is_empty() {
        table(out, spec.families.iter());
    }
    let made = made_from_the_file(spec)?;
    if !made.is_empty() {
        writeln!(
            out,
            "\nFurther families are named after what the kernel's files say. Those of an example \
             machine:\n\n\
             | own name | node_exporter's name | type | unit |\n|---|---|---|---|"
        )?;
        made.iter().for_each(|row| out.push_str(row));
    }
    Ok(())
}

/// A collector's source files: its own, then those of its directory.
fn sources(name: &str) -> Done<Vec<PathBuf>> {
    let directory = Path::new("src/kernel/collect").join(name);
    let single = directory.with_extension("rs");
    if single.exists() {
        return Ok(vec![single]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(&directory)? {
        let path = entry?.path();
        let is_test = path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains("test"));
        if path.is_file() && !is_test {
            files.push(path);
        }
    }
    files.sort_by_key(|path| (!path.ends_with("mod.rs"), path.clone()));
    Ok(files)
}

/// What stands at a file's head, its manual. It may not name what only the source knows.
fn head(file: &Path) -> Done<String> {
    let source = fs::read_to_string(file)?;
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let unspaced = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let text: String = unspaced.map(|line| [line, "\n"].concat()).collect();
    if text.is_empty() {
        return Err(format!("{}: there is no head that explains it", file.display()).into());
    }
    let items = ["const", "static", "fn", "struct", "enum", "trait", "type", "mod"];
    let is_item = |word: &&str| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let declares = |line: &str| {
            let mut words = line.split(|c| !is_name(c)).skip_while(|word| !items.contains(word));
            words.nth(1) == Some(*word)
        };
        let is_declared =
            !word.is_empty() && word.chars().all(is_name) && source.lines().any(declares);
        is_declared || word.contains("::")
    };
    let mut quoted = text.split('`').skip(1).step_by(2);
    match quoted.find(is_item) {
        Some(item) => {
            let (file, item) = (file.display(), code(item));
            Err(format!("{file}: its head names {item} of the source, which users do not know")
                .into())
        }
        None => Ok(text),
    }
}

/// How the name of a kernel's file or interface starts.
const SOURCES: [&str; 4] = ["/proc/", "/sys/", "/run/", "netlink "];

/// Where a file's unit tests begin.
const TESTS: &str = "#[cfg(test)]\nmod tests {";

/// How the name of a system call ends.
const CALL: &str = "(2)";

/// The kernel's files and interfaces that the shipped code of `files` names.
fn kernel_files(files: &[PathBuf]) -> Done<Vec<String>> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let shipped = text.split(TESTS).next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.contains("help:");
        for literal in shipped.lines().filter(is_code).flat_map(|l| l.split('"').skip(1).step_by(2))
        {
            let is_source =
                SOURCES.iter().any(|start| literal.starts_with(start)) || literal.ends_with(CALL);
            if is_source && !found.iter().any(|known| known == literal) {
                found.push(literal.to_owned());
            }
        }
    }
    Ok(found)
}

fn table<'a>(out: &mut String, families: impl Iterator<Item = &'a Family<'static>>) {
    out.push_str(HEADER);
    for family in families {
        let (kind, unit, labels) = (kind(family), unit(family), labels(family));
        let [own, node] = [Dialect::Own, Dialect::Node].map(|dialect| name(family, dialect));
        let help = cell(family.help());
        out.push_str(&format!("| {own} | {node} | {kind} | {unit} | {labels} | {help} |\n"));
    }
}

/// The cell of a name.
fn name(family: &Family<'_>, dialect: Dialect) -> String {
    match family.named(dialect) {
        Some((name, _)) => code(&[family.prefix(dialect), name].concat()),
        None => "—".to_owned(),
    }
}

/// The type as the text formats have it: a level that is called as a part of another type is of none.
fn kind(family: &Family<'_>) -> String {
    both(family, |name, _| match family.kind {
        Kind::Counter => "counter".to_owned(),
        Kind::Gauge if expose::misleads(name) => "untyped".to_owned(),
        Kind::Gauge => "gauge".to_owned(),
        Kind::Histogram => "histogram".to_owned(),
        Kind::Summary => "summary".to_owned(),
        Kind::Untyped => "untyped".to_owned(),
    })
}

fn unit(family: &Family<'_>) -> &'static str {
    let name = family.names().0.trim_end_matches("_total");
    match family.unit() {
        Unit::Sectors => "bytes, from sectors of 512",
        Unit::Kibibytes => "bytes, from units of 1024",
        Unit::Pages => "bytes, from pages",
        Unit::Ticks => "seconds, from clock ticks",
        Unit::Millis if name.ends_with("_seconds") => "seconds, from milliseconds",
        Unit::Micros if name.ends_with("_seconds") => "seconds, from microseconds",
        Unit::Nanos if name.ends_with("_seconds") => "seconds, from nanoseconds",
        Unit::Deci => "from tenths",
        Unit::Centi => "from hundredths",
        Unit::Millis => "from thousandths",
        Unit::Micros => "from millionths",
        Unit::Nanos => "from billionths",
        Unit::Deca | Unit::Hecto | Unit::Kilo | Unit::Mega | Unit::Giga => "from a larger unit",
        Unit::One if name.ends_with("_bytes") => "bytes",
        Unit::One if name.ends_with("_seconds") => "seconds",
        Unit::One => "",
    }
}

fn labels(family: &Family<'_>) -> String {
    both(family, |_, keys| codes(keys))
}

/// What the own dialect has, and behind it what node_exporter's has if that differs.
fn both(family: &Family<'_>, tell: impl Fn(&str, &[&str]) -> String) -> String {
    let tell =
        |dialect| family.named(dialect).map(|(name, keys)| tell(name, &keys.collect::<Vec<_>>()));
    match (tell(Dialect::Own), tell(Dialect::Node)) {
        (Some(own), Some(node)) if own != node => format!("{own} ({node})"),
        (own, node) => own.or(node).unwrap_or_default(),
    }
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { ["`", &cell(text), "`"].concat() }
}

fn codes<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| code(text.as_ref())).collect::<Vec<_>>().join(", ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Rows for the families that are in no table, found by a scrape of `MACHINE`. A collector that makes
/// its names for the dialect at hand makes them of the same keys in both.
fn made_from_the_file(spec: &Spec) -> Done<Vec<String>> {
    let [own, node] = [scraped(spec, Dialect::Own)?, scraped(spec, Dialect::Node)?];
    let is_paired = own.len() == node.len();
    let row = |(at, row): (usize, Row)| {
        let node = node.get(at).filter(|_| is_paired).unwrap_or(&row).node.clone();
        format!("| {} | {node} | {} |\n", row.own, row.rest)
    };
    Ok(own.into_iter().enumerate().map(row).collect())
}

/// The families that a scrape of `MACHINE` shows and no table has.
fn scraped(spec: &Spec, dialect: Dialect) -> Done<Vec<Row>> {
    let mut args: Vec<String> =
        subjects().iter().map(|s| format!("--collector.{}", s.name)).collect();
    for (tree, directory) in [("procfs", "proc"), ("sysfs", "sys"), ("udev.data", "udev/data")] {
        args.push(format!("--path.{tree}={MACHINE}/{directory}"));
    }
    args.extend(["--dialect".to_owned(), dialect.name().to_owned()]);
    let args = args.into_iter().map(Into::into);
    let set = settings::load(&subjects(), |_| false, args, std::iter::empty())
        .map_err(|e| e.to_string())?;
    let root = Root::at(set.paths.clone());
    let mut gather = Gather::new(dialect, &root, &set.collectors, false);
    let only = gather::Selection::NONE;
    let called = spec.subject.name_in(dialect);
    let only = gather.choose(only, called, true).map_err(|e| format!("no {}", e.0))?;
    let mut rows = Rows::default();
    gather.scrape(only, &mut rows);
    Ok(rows.rows)
}

/// The cells of a row.
struct Row {
    own: String,
    node: String,
    rest: String,
}

/// A sink that keeps a row for each family that is in no table.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    /// The row of the family at hand, until its first sample.
    row: Option<Row>,
}

impl Sink for Rows {
    fn family(&mut self, family: &Family<'_>) {
        let collected = COLLECTORS.iter().flat_map(|spec| spec.families);
        let mut tables = collected.chain(gather::families());
        let is_declared = tables.any(|declared| declared.names().0 == family.names().0);
        let row = || Row {
            own: name(family, Dialect::Own),
            node: name(family, Dialect::Node),
            rest: format!("{} | {}", kind(family), unit(family)),
        };
        self.row = (!is_declared).then(row);
    }

    fn sample(&mut self, _: &[Label<'_>], _: Value) {
        self.rows.extend(self.row.take());
    }

    fn labelled(&mut self, _: Labels<'_>, _: Point<'_>, _: Option<i64>) {}

    fn mark(&self) -> usize {
        self.rows.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.rows.truncate(mark);
    }
}

/// The table of collectors: what each reads, how its own names begin, and its options as flags.
fn collectors_table() -> String {
    let mut out = String::from(
        "| collector | node_exporter's name | what it reads | own names begin with | flags |\n\
         |---|---|---|---|---|\n",
    );
    for subject in subjects() {
        let Subject { name, node_name, on, help, options, .. } = subject;
        let off = if *on { "" } else { ", off by default" };
        let called = subject.name_in(Dialect::Node);
        let flags: Vec<String> = options.iter().flat_map(|row| flags(called, row)).collect();
        let node_name = if node_name.is_empty() { "—".to_owned() } else { code(node_name) };
        out.push_str(&format!(
            "| `{name}` | {node_name} | {}{off} | {} | {} |\n",
            cell(help),
            codes(&beginnings(name)),
            codes(&flags)
        ));
    }
    out
}

/// The first word of each of a collector's own names, once.
fn beginnings(collector: &str) -> Vec<&'static str> {
    let Some(spec) = COLLECTORS.iter().find(|spec| spec.subject.name == collector) else {
        return Vec::new();
    };
    let names = spec.families.iter().filter_map(|family| family.named(Dialect::Own));
    let words = names.filter_map(|(name, _)| name.split_inclusive('_').next());
    let mut found = Vec::new();
    for word in words.chain(spec.dynamic.iter().copied()) {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// The flags of an option: node_exporter's, or the one that follows from its key.
fn flags(collector: &str, row: &OptionRow) -> Vec<String> {
    if row.node_flags().is_empty() {
        return vec![format!("--collector.{collector}.{}", row.key().replace('_', "-"))];
    }
    row.node_flags().iter().map(|flag| ["--", flag].concat()).collect()
}

/// The source of a collector, perhaps with its tests, as a block of Markdown.
fn example(collector: &str, with_tests: bool) -> Done<String> {
    let source = sources(collector)?;
    let text = fs::read_to_string(source.first().ok_or("an example without a file")?)?;
    let end = if with_tests { None } else { text.find(TESTS) };
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    Ok(["```rust\n", text.trim_end(), "\n```\n"].concat())
}

/// The `text` of `page` with `made` between the two comments of that name.
fn between(page: &str, text: &str, name: &str, made: &str) -> Done<String> {
    let (from, to) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let missing = || format!("{page}: expected {from} and {to}, and what is made between them");
    let (before, rest) = text.split_once(&from).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&to).ok_or_else(missing)?;
    Ok(format!("{before}{from}\n{made}{to}{after}"))
}
