//! The manual page, for the generator of the documents.

use crate::settings::show::help::{EPILOGUE, by_section, heading, remarks};
use crate::settings::table::{Catalogue, Row};
use crate::settings::types::Subject;

/// The parts that are not in the table of options.
const MORE: &str = include_str!("manual.roff");

const DESCRIPTION: &str = ".B sysmetrics
reads the kernel's files and serves them to Prometheus, under names of its own or under those of node_exporter.
It accepts metrics of other programs (pushed JSON, Pushgateway and statsd clients, text files, other
endpoints, log lines), sends the same samples by OTLP, as Influx lines or by remote write, has a status page,
and sends alerts.
.PP
No setting is needed: it serves on port 9101, or 9100 under node_exporter's names.
";

const OPTIONS: &str = r#"An option without a flag is listed by its key in the settings file.
.B \-\-[no\-]x
stands for
.BR \-\-x ", " \-\-x=true
and their opposites
.BR \-\-no\-x ", " \-\-x=false .
"#;

const SYSTEMD: &str = r#".TP
.BR LISTEN_FDS ", " NOTIFY_SOCKET ", " WATCHDOG_USEC
Set by systemd: the sockets to serve on, where to report that the agent is ready, and how often that it is alive.
"#;

const SEE_ALSO: &str = r".SH SEE ALSO
.BR prometheus (1),
.BR promtool (1),
.BR prometheus\-node\-exporter (1),
.BR proc (5),
.BR sysfs (5),
.BR signal (7)
";

/// The manual page `sysmetrics(1)`, in roff, with this date (YYYY-MM-DD).
pub fn man_page(subjects: &[&Subject], day: &str) -> String {
    let catalogue = Catalogue::new(subjects);
    let version = env!("CARGO_PKG_VERSION");
    let title = [
        ".TH SYSMETRICS 1 \"",
        day,
        "\" \"sysmetrics ",
        version,
        "\" \"User Commands\"\n.nh\n.ad l\n",
    ];
    let mut out = title.concat();
    out.push_str(".SH NAME\nsysmetrics \\- metrics of this machine for Prometheus and others\n");
    out.push_str(".SH SYNOPSIS\n.B sysmetrics\n.RI [ FLAG ]...\n");
    out.push_str(&[".SH DESCRIPTION\n", DESCRIPTION, ".SH OPTIONS\n", OPTIONS].concat());
    for (section, rows) in by_section(&catalogue) {
        out.push_str(&[".SS ", section.title, "\n"].concat());
        rows.into_iter().for_each(|row| option(row, &mut out));
    }
    let parts = EPILOGUE.split("\n\n").map(|part| part.split_once(":\n").unwrap_or((part, "")));
    for (title, lines) in parts {
        if title == "Examples" {
            out.push_str(MORE);
        }
        out.push_str(&[".SH ", &title.to_ascii_uppercase(), "\n"].concat());
        out.push_str(&text(lines, title == "Examples"));
        if title == "Environment" {
            for row in catalogue.rows.iter().filter(|row| !row.env.is_empty()) {
                let parts = [".TP\n.B ", row.env, "\n", &roff(row.help), "\n"];
                out.push_str(&parts.concat());
            }
            out.push_str(SYSTEMD);
        }
    }
    out.push_str(SEE_ALSO);
    out
}

/// The paragraph of an option.
fn option(row: &Row, out: &mut String) {
    let heading = roff(&heading(row));
    let (name, value) = heading.split_once(' ').unwrap_or((&heading, ""));
    let value = if value.is_empty() { String::new() } else { [" \\fI", value, "\\fR"].concat() };
    out.push_str(&[".TP\n.B ", name, &value, "\n", &roff(row.help), "\n"].concat());
    for remark in remarks(row) {
        // A line may break in a long pattern.
        let remark = roff(&remark).replace('|', "|\\:");
        out.push_str(&[".br\n", &remark, "\n"].concat());
    }
}

/// Lines as they are, or as a paragraph in which each sentence begins a line.
fn text(lines: &str, verbatim: bool) -> String {
    let mut out = String::from(if verbatim { ".nf\n" } else { "" });
    for line in lines.lines() {
        let line = roff(line.trim_start());
        let line = if verbatim { line } else { line.replace(". ", ".\n") };
        out.push_str(&[&line, "\n"].concat());
    }
    out.push_str(if verbatim { ".fi\n" } else { "" });
    out
}

/// Escapes text for roff.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => ["\\&", &text].concat(),
        false => text,
    }
}
