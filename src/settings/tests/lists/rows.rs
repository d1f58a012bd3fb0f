//! Each row of a list: it can be set, it is checked, and it is reported when it is missing.

use super::loaded;
use crate::settings::Kind;
use crate::settings::table::{Catalogue, SECTIONS};
use crate::settings::tests::support::{SUBJECTS, load, load_open, sample};

/// The minimal element without its own `key`.
fn without(least: &str, key: &str) -> String {
    let (front, own) = least.split_at(least.rfind("[[").unwrap());
    let lines = own.split_inclusive('\n').filter(|line| !line.starts_with(&format!("{key} = ")));
    front.to_owned() + &lines.collect::<String>()
}

/// An element with all required keys.
fn least(section: &str) -> &'static str {
    match section {
        "metrics.histograms" => "[[metrics.histograms]]\nname = 'n'\n",
        "scrape.targets" => "[[scrape.targets]]\nname = 'n'\nurl = 'http://h'\n",
        "scrape.targets.fields" => {
            "[[scrape.targets]]\nname = 'n'\nurl = 'http://h'\ntype = 'custom'\n\
             [[scrape.targets.fields]]\npath = 'p'\n"
        }
        "logs" => "[[logs]]\nrules = [{ metric = 'm', pattern = 'p' }]\npath = '/l'\n",
        "logs.rules" => "[[logs]]\npath = '/l'\n[[logs.rules]]\nmetric = 'm'\npattern = 'p'\n",
        "export" => "[[export]]\ntype = 'otlp'\nendpoint = 'http://h'\n",
        "pressure.triggers" => "[[pressure.triggers]]\nresource = 'memory'\n",
        "alerts" => "[[alerts]]\nname = 'n'\nexpr = 'load1 > 4'\n",
        other => panic!("{other}: say what an element must have"),
    }
}

#[test]
fn missing_unknown_and_too_many_are_reported() {
    for section in SECTIONS.iter() {
        if !section.is_list() {
            continue;
        }
        let (least, header) = (least(section.name), section.header());
        loaded(least);
        let catalogue = Catalogue::new(SUBJECTS);
        for row in catalogue.rows_of(section).filter(|row| row.traits.required) {
            let without = without(least, row.key());
            let refusal = load(&without, "", &[]).unwrap_err();
            let expected =
                format!("{header}: {} is missing; expected {}", row.key(), row.kind.expects());
            assert!(refusal.ends_with(&expected), "{without}: {refusal}");
        }
        let refusal = load(&format!("{least}nonsense = 1"), "", &[]).unwrap_err();
        let expected = format!("unknown key \"nonsense\" in {header}; known are ");
        assert!(refusal.contains(&expected), "{refusal}");
        let element = least.rfind("[[").unwrap();
        let many = least[..element].to_owned()
            + &"[[x]]\n".replace("[[x]]", &header).repeat(section.max + 9);
        let refusal = load(&many, "", &[]).unwrap_err();
        let too_many: Vec<&str> =
            refusal.lines().filter(|line| line.contains("more than")).collect();
        assert!(section.max > 200 || too_many.len() <= 1, "{refusal}");
        assert!(refusal.lines().count() <= 11, "{refusal}");
    }
}

/// Each row can be set, is printed, and gives the same when it is read again. Rows of exports belong to some types
/// only, and have a test of their own.
#[test]
fn each_row_of_a_list_can_be_set() {
    for section in SECTIONS.iter().filter(|s| s.is_list() && s.name != "export") {
        let catalogue = Catalogue::new(SUBJECTS);
        for row in catalogue.rows_of(section) {
            // Other keys that the row needs.
            let more = match row.dotted().as_str() {
                "scrape.targets.username" => "password_file = '/p'\n",
                "scrape.targets.password_file" => "username = 'u'\n",
                "pressure.triggers.stall" => "window = '8s'\n",
                "logs.rules.value" => "pattern = '(?<word>x)'\n",
                "logs.rules.type" => "pattern = '(?<word>x)'\nvalue = '$word'\n",
                "logs.rules.buckets" => {
                    "pattern = '(?<word>x)'\nvalue = '$word'\ntype = 'histogram'\n"
                }
                _ => "",
            };
            let (toml, _) = sample(row);
            let toml = if row.dotted() == "logs.rules.value" { "'${word}'" } else { &toml };
            let mut file = without(least(section.name), row.key());
            if more.starts_with("pattern") {
                file = without(&file, "pattern");
            }
            let file = format!("{file}{more}{} = {toml}\n", row.key());
            let mut first = load_open(&file, "", &[]).unwrap();
            let mark = format!("# from FILE:{}", file.lines().count());
            assert!(first.effective.contains(&format!("\n{} = ", row.key())), "{file}");
            assert!(first.effective.contains(&mark), "{file}");
            let mut second = load_open(&first.effective, "", &[]).unwrap();
            (first.effective, second.effective) = (String::new(), String::new());
            assert_eq!(first, second, "{file}");
            let unset = without(&file, row.key());
            let default = load(&unset, "", &[]);
            assert!(default.is_err() || default.is_ok_and(|default| default != first), "{file}");
        }
    }
}

#[test]
fn each_row_of_a_list_is_checked() {
    for section in SECTIONS.iter().filter(|section| section.is_list()) {
        let catalogue = Catalogue::new(SUBJECTS);
        for row in catalogue.rows_of(section) {
            let kept = without(least(section.name), row.key());
            let bad = if row.kind == Kind::Switch { "'true'" } else { "true" };
            let refusal = load(&format!("{kept}{} = {bad}", row.key()), "", &[]).unwrap_err();
            let line = kept.lines().count() + 1;
            let front = format!("FILE:{line}:{}: {}: expected ", row.key().len() + 4, row.dotted());
            assert!(refusal.starts_with(&front), "{front}\n{refusal}");
            assert_eq!(refusal.lines().count(), 1, "{refusal}");
        }
    }
}
