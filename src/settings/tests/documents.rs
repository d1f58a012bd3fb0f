//! Help, manual page and reference contain what is in the rows, and nothing else.

use crate::settings::Kind;
use crate::settings::table::Catalogue;
use crate::settings::tests::support::SUBJECTS;

#[test]
fn help_page_and_reference_know_every_row_and_no_other_flag() {
    let catalogue = Catalogue::new(SUBJECTS);
    let flags: Vec<String> = catalogue.flags().into_iter().map(|flag| flag.name).collect();
    let help = crate::settings::help(SUBJECTS);
    let man =
        crate::settings::man_page(SUBJECTS, "2026-11-28").replace("\\-", "-").replace("\\e", "\\");
    let reference = crate::settings::reference(SUBJECTS);
    for row in &catalogue.rows {
        for flag in row.all_flags() {
            let flag = flag.trim_start_matches('!');
            let dashes = if flag.len() == 1 { "-" } else { "--" };
            for text in [&help, &man, &reference] {
                let plain = text.replace("[no-]", "");
                assert!(plain.contains(&format!("{dashes}{flag}")), "{flag}");
            }
        }
        assert!(reference.contains(&row.variable()));
        assert!([&reference, &help, &man].iter().all(|text| text.contains(row.env)));
        assert!(help.contains(row.key()) || !row.all_flags().is_empty(), "{}", row.dotted());
    }
    for word in help.split(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c))) {
        let Some(flag) = word.trim_end_matches('.').strip_prefix("--") else { continue };
        assert!(flag.is_empty() || flags.iter().any(|f| f == flag), "{word} is no flag");
    }
    assert!(help.lines().all(|line| !line.ends_with(' ')));
    for line in reference.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 7, "{line}");
    }
}

/// The shells themselves run them in tests/completions.rs.
#[test]
fn completions_know_every_flag_that_does_something() {
    let completions = crate::settings::completions(SUBJECTS).map(|(_, text)| text);
    let flags = Catalogue::new(SUBJECTS);
    for flag in flags.flags() {
        let is_offered =
            flag.row.kind != Kind::Ignored && (flag.row.kind != Kind::Act || !flag.negative);
        let dashes = if flag.name.len() == 1 { "-" } else { "--" };
        let [bash, zsh, fish] = &completions;
        let (bash, zsh) = (bash.replace('\t', "\n"), zsh.replace(['=', '[', '*', '\''], "\n"));
        let word = format!("\n{dashes}{}\n", flag.name);
        assert_eq!([bash.contains(&word), zsh.contains(&word)], [is_offered; 2], "{word}");
        let word = format!(" {} {} ", if dashes == "--" { "-l" } else { "-s" }, flag.name);
        assert_eq!(fish.contains(&word), is_offered, "{word}");
    }
}

#[test]
fn the_short_help_has_flags_only_and_fits() {
    let flags: Vec<String> =
        Catalogue::new(SUBJECTS).flags().into_iter().map(|flag| flag.name).collect();
    let help = crate::settings::short_help(SUBJECTS);
    assert!(help.lines().all(|line| line.chars().count() <= 100 && !line.ends_with(' ')));
    let part = "
Log:
  --log-format text|logfmt|json
                                Format of log lines.
  --log-level error|warn|info|debug
                                Least severe level that is logged.
";
    assert!(help.contains(part), "{help}");
    let (mut titles, mut count) = (0, 0);
    for line in help.lines().skip(1).filter(|line| !line.is_empty()) {
        match line.strip_prefix("  ") {
            Some(line) if line.starts_with("--") => count += 1,
            Some(line) => assert!(line.starts_with("          "), "{line}"),
            None => titles += 1,
        }
    }
    assert!(titles >= 5 && count > 20, "{help}");
    assert!(!help.contains("APP__") && !help.contains("server.host"), "{help}");
    for name in ["help", "check-config", "listen", "[no-]collector.disk", "log-level"] {
        assert!(help.contains(&format!("\n  --{name}")), "{help}");
    }
    for word in help.split_whitespace().filter_map(|word| word.strip_prefix("--")) {
        let flag = word.trim_start_matches("[no-]");
        assert!(flags.iter().any(|known| known == flag), "{word}");
    }
}

#[test]
fn help_is_aligned() {
    let help = crate::settings::help(SUBJECTS);
    let part = "Log:
  --log-format text|logfmt|json
                                Format of log lines.
                                also --log.format
                                default text
  --log-level error|warn|info|debug
                                Least severe level that is logged.
                                also --log.level
                                default info
";
    assert!(help.contains(part), "{help}");
}

#[test]
fn the_manual_page_is_roff() {
    let man = crate::settings::man_page(SUBJECTS, "2026-11-28");
    let part = ".TP\n.B \\-\\-[no\\-]collector.network\nInterfaces.\n.br\nalso \\-\\-collector.netdev\n.br\ndefault false\n";
    assert!(man.contains(part), "{man}");
    let start =
        concat!(".TH SYSMETRICS 1 \"2026-11-28\" \"sysmetrics ", env!("CARGO_PKG_VERSION"), "\" ");
    assert!(man.starts_with(start) && man.contains("\n.SH NAME\nsysmetrics \\- "), "{man}");
    for title in ["ENVIRONMENT", "FILES", "SIGNALS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"] {
        assert_eq!(man.matches(&format!("\n.SH {title}\n")).count(), 1, "{title}");
    }
    assert!(man.contains("\n.B \\-\\-config \\fIPATH\\fR\n"), "{man}");
}

#[test]
fn the_reference_is_a_table_for_each_section() {
    let reference = crate::settings::reference(SUBJECTS);
    let part = "| `disk.exclude_pattern` | `--collector.disk.exclude-pattern`, \
                `--collector.diskstats.device-exclude`, `--collector.diskstats.ignored-devices` \
                | `APP__COLLECTORS__DISK__EXCLUDE_PATTERN` | `^(loop\\|ram\\|dm-)`; with \
                node_exporter's dialect `^(z?ram\\|loop\\|fd)\\d+$` | a regular expression | \
                Devices to leave out. |\n";
    assert!(reference.contains(part), "{reference}");
}
