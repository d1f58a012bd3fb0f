//! Writes the reference from the program's own tables: `cargo run --example docs -- <directory>`
//! makes `docs/metrics.md`, `docs/settings.md` and `docs/sysmetrics.1` there, and `README.md` with
//! the tables between its markers made anew. Run in the repository's root: `make docs`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use sysmetrics::app::subjects;
use sysmetrics::collect::{COLLECTORS, Spec};
use sysmetrics::expose;
use sysmetrics::gather::{self, Gather};
use sysmetrics::metric::{Family, Kind, Label, Sink, Unit, Value};
#[cfg(any(feature = "hub", feature = "recorder"))]
use sysmetrics::metric::{Labels, Point};
use sysmetrics::read::Root;
use sysmetrics::routes;
use sysmetrics::settings::{self, Dialect, Subject};

type Done<T> = Result<T, Box<dyn Error>>;

/// The machine whose files give the examples of names that the kernel makes.
const MACHINE: &str = "fixtures/box";

const INTRODUCTION: &str = "# Metrics

Every family there is, under its own name and under the one that it has with `--dialect
node_exporter`; — says that the dialect has no such family. Values are in base units: where the
kernel counts in sectors, kilobytes, clock ticks or milliseconds, the unit says from what the value
is made. Where the dialects' types or label keys differ, node_exporter's are in brackets. A sample
whose column or file the kernel lacks is left out, never 0.
";

const HEADER: &str = "| own name | node_exporter's name | type | unit | labels | meaning |
|---|---|---|---|---|---|
";

fn main() -> Done<()> {
    let to = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: docs <directory>")?);
    fs::create_dir_all(to.join("docs"))?;
    fs::write(to.join("docs/metrics.md"), metrics()?)?;
    fs::write(to.join("docs/settings.md"), settings::reference(&subjects()))?;
    fs::write(to.join("docs/sysmetrics.1"), settings::man_page(&subjects()))?;
    if fs::exists("README.md")? {
        let text = fs::read_to_string("README.md")?;
        let text = between(&text, "settings", &settings_table()?)?;
        let text = between(&text, "collectors", &collectors_table())?;
        fs::write(to.join("README.md"), text)?;
    } else {
        eprintln!("note: there is no README.md whose tables could be made");
    }
    Ok(())
}

/// `docs/metrics.md`.
fn metrics() -> Done<String> {
    let mut out = String::from(INTRODUCTION);
    for spec in COLLECTORS {
        collector(&mut out, spec)?;
    }
    let (process, own) = gather::families().partition::<Vec<_>, _>(|family| family.bare);
    out.push_str("\n## The scrape and the server\n\nCounted by the program itself.\n\n");
    table(&mut out, own.into_iter().chain(routes::families()));
    out.push_str("\n## The process\n\n");
    out.push_str(&head(Path::new("src/gather/process.rs"))?);
    out.push('\n');
    table(&mut out, process.into_iter());
    Ok(out)
}

fn collector(out: &mut String, spec: &Spec) -> Done<()> {
    let Subject { name, node_name, on, help, .. } = spec.subject;
    let files = sources(name)?;
    write!(out, "\n## {name}\n\nCollector `{name}`")?;
    if name != node_name {
        write!(out, ", in node_exporter's dialect `{node_name}`")?;
    }
    writeln!(out, ", {} by default: {help}.\n", if on { "on" } else { "off" })?;
    writeln!(out, "Read from: {}.\n", codes(&kernel_files(&files)?))?;
    for file in &files {
        writeln!(out, "{}", head(file)?)?;
    }
    if !spec.families.is_empty() {
        table(out, spec.families.iter());
    }
    let made = made_from_the_file(spec)?;
    if !made.is_empty() {
        writeln!(
            out,
            "\nFurther families are made from the kernel's file, whatever names it has. On the \
             machine of `{MACHINE}` they are:\n\n\
             | own name | node_exporter's name | type | unit |\n|---|---|---|---|"
        )?;
        made.iter().for_each(|row| out.push_str(row));
    }
    Ok(())
}

/// A collector's source files: its own, then those of its directory.
fn sources(name: &str) -> Done<Vec<PathBuf>> {
    let directory = Path::new("src/collect").join(name);
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

/// What stands at a file's head, its manual.
fn head(file: &Path) -> Done<String> {
    let text = fs::read_to_string(file)?;
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let unspaced = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let text: String = unspaced.map(|line| [line, "\n"].concat()).collect();
    if text.is_empty() {
        return Err(format!("{}: there is no head that explains it", file.display()).into());
    }
    Ok(text)
}

/// How the name of a kernel's file or interface starts.
const SOURCES: [&str; 4] = ["/proc/", "/sys/", "/run/", "netlink "];

/// The kernel's files and interfaces that the shipped code of `files` names.
fn kernel_files(files: &[PathBuf]) -> Done<Vec<String>> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.contains("help:");
        for literal in shipped.lines().filter(is_code).flat_map(|l| l.split('"').skip(1).step_by(2))
        {
            let is_source = SOURCES.iter().any(|start| literal.starts_with(start));
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
        let names = names(family);
        out.push_str(&format!("{names} | {kind} | {unit} | {labels} | {} |\n", cell(family.help)));
    }
}

/// The first two cells of a row.
fn names(family: &Family<'_>) -> String {
    let name = |dialect| match family.named(dialect) {
        Some((name, _)) => code(&[family.prefix(dialect), name].concat()),
        None => "—".to_owned(),
    };
    format!("| {} | {}", name(Dialect::Own), name(Dialect::Node))
}

/// The type as the text formats have it: a level that is called as a part of another type is of none.
fn kind(family: &Family<'_>) -> String {
    both(family, |name, _| match family.kind {
        Kind::Counter => "counter".to_owned(),
        Kind::Gauge if expose::misleads(name) => "untyped".to_owned(),
        Kind::Gauge => "gauge".to_owned(),
        #[cfg(any(feature = "hub", feature = "recorder"))]
        Kind::Histogram => "histogram".to_owned(),
        #[cfg(any(feature = "hub", feature = "recorder"))]
        Kind::Summary => "summary".to_owned(),
        #[cfg(any(feature = "hub", feature = "recorder"))]
        Kind::Untyped => "untyped".to_owned(),
    })
}

fn unit(family: &Family<'_>) -> &'static str {
    let name = family.name.trim_end_matches("_total");
    match family.unit {
        Unit::Sectors => "bytes, from sectors of 512",
        Unit::Kibibytes => "bytes, from units of 1024",
        Unit::Ticks => "seconds, from clock ticks",
        Unit::Millis => "seconds, from milliseconds",
        Unit::Nanos => "seconds, from nanoseconds",
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
    let tell = |dialect| family.named(dialect).map(|(name, keys)| tell(name, keys));
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

/// Rows for the families that are in no table, found by a scrape of `MACHINE`.
fn made_from_the_file(spec: &Spec) -> Done<Vec<String>> {
    let mut args: Vec<String> =
        subjects().iter().map(|s| format!("--collector.{}", s.name)).collect();
    for (tree, directory) in [("procfs", "proc"), ("sysfs", "sys"), ("udev.data", "udev/data")] {
        args.push(format!("--path.{tree}={MACHINE}/{directory}"));
    }
    let args = args.into_iter().map(Into::into);
    let set = settings::load(&subjects(), args, std::iter::empty()).map_err(|e| e.to_string())?;
    let root = Root::at(set.paths.clone());
    let mut gather = Gather::new(Dialect::Own, &root, &set.collectors, false);
    let only = gather::Selection::NONE;
    let only = gather.choose(only, spec.subject.name, true).map_err(|e| format!("no {}", e.0))?;
    let mut rows = Rows::default();
    gather.scrape(only, &mut rows);
    Ok(rows.rows)
}

/// A sink that keeps a row for each family that is in no table.
#[derive(Default)]
struct Rows {
    rows: Vec<String>,
    /// The start of the row of the family at hand, until its first sample.
    row: Option<String>,
}

impl Sink for Rows {
    fn family(&mut self, family: &Family<'_>) {
        let collected = COLLECTORS.iter().flat_map(|spec| spec.families);
        let mut tables = collected.chain(gather::families());
        let is_declared = tables.any(|declared| declared.name == family.name);
        let row = || format!("{} | {} | {} |\n", names(family), kind(family), unit(family));
        self.row = (!is_declared).then(row);
    }

    fn sample(&mut self, _: &[Label<'_>], _: Value) {
        self.rows.extend(self.row.take());
    }

    #[cfg(any(feature = "hub", feature = "recorder"))]
    fn labelled(&mut self, _: Labels<'_>, _: Point<'_>, _: Option<i64>) {}

    fn mark(&self) -> usize {
        self.rows.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.rows.truncate(mark);
    }
}

/// The README's table of settings: of the reference's columns those that a first reader needs.
fn settings_table() -> Done<String> {
    let mut out =
        String::from("| setting | flag, variable | default | meaning |\n|---|---|---|---|\n");
    let reference = settings::reference(&subjects());
    let mut table = "";
    for line in reference.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            table = title
                .split(['[', ']', '`'])
                .filter(|part| !part.is_empty())
                .nth(1)
                .unwrap_or_default();
        }
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if let [key, flags, variables, default, _, meaning] = *cells
            && key != "key"
        {
            let key = match (table, key.trim_matches('`')) {
                (_, "") => String::new(),
                (table, key) => format!("`{table}.{key}`"),
            };
            let mut ways: Vec<_> = flags.split(", ").take(1).collect();
            // The others follow from the key.
            ways.extend(variables.split(", ").filter(|name| !name.starts_with("`APP__")));
            ways.retain(|way| !way.is_empty());
            writeln!(out, "| {key} | {} | {default} | {meaning} |", ways.join(", "))?;
        }
    }
    if out.lines().count() < 10 {
        return Err("settings::reference has no tables of six columns any more".into());
    }
    Ok(out)
}

/// The README's table of collectors.
fn collectors_table() -> String {
    let mut out = String::from(
        "| collector | node_exporter's name | by default | what |\n|---|---|---|---|\n",
    );
    for Subject { name, node_name, on, help, .. } in subjects() {
        let on = if *on { "on" } else { "off" };
        out.push_str(&format!("| `{name}` | `{node_name}` | {on} | {} |\n", cell(help)));
    }
    out
}

/// `text` with `table` between the two comments of that name.
fn between(text: &str, name: &str, table: &str) -> Done<String> {
    let (from, to) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let missing = || format!("README.md: expected a table between {from} and {to}");
    let (before, rest) = text.split_once(&from).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&to).ok_or_else(missing)?;
    Ok(format!("{before}{from}\n{table}{to}{after}"))
}
