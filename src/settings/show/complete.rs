//! Completion of the command line in bash, zsh and fish, for the generator of the documents.

use crate::settings::table::{Catalogue, Flag};
use crate::settings::types::{Kind, Subject};

/// The comment at the top of each file.
const HEAD: &str = "made from the table of options by `make docs`";

/// The values that may follow a flag.
enum Values {
    None,
    /// A value that may be left out.
    Maybe,
    Words(String),
    Files,
    Any,
}

/// Each file's name and text.
pub fn completions(subjects: &[&Subject]) -> [(&'static str, String); 3] {
    let catalogue = Catalogue::new(subjects);
    let mut flags = catalogue.flags();
    // A flag without effect is not offered: ignored ones of node_exporter, and --no-help.
    flags.retain(|flag| match flag.row.kind {
        Kind::Ignored => false,
        Kind::Act => !flag.negative,
        _ => true,
    });
    let [bash, zsh, fish] = [bash(&flags), zsh(&flags), fish(&flags)];
    [("sysmetrics.bash", bash), ("_sysmetrics", zsh), ("sysmetrics.fish", fish)]
}

fn values(flag: &Flag<'_>) -> Values {
    match flag.row.kind {
        Kind::Switch | Kind::Act => Values::None,
        Kind::Agent => Values::Maybe,
        kind @ Kind::Choice(_) => Values::Words(kind.metavar().replace('|', " ")),
        Kind::Path | Kind::PathOrNone | Kind::Glob | Kind::Globs => Values::Files,
        _ => Values::Any,
    }
}

fn spelt(flag: &Flag<'_>) -> String {
    [if flag.name.len() == 1 { "-" } else { "--" }, &flag.name].concat()
}

/// The first sentence about the option, without its full stop.
fn help(flag: &Flag<'_>) -> String {
    let help = flag.row.help.split(". ").next().unwrap_or_default().trim_end_matches('.');
    [if flag.negative { "Off: " } else { "" }, help].concat()
}

const BASH: &str = r#"_sysmetrics() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} before=
	# The equals sign is a word of its own, unless COMP_WORDBREAKS says otherwise.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == --*=* ]]; then
		prev=${cur%%=*} before=${cur%%=*}= cur=${cur#*=}
	fi
	COMPREPLY=()
	case $prev in
"#;

fn bash(flags: &[Flag<'_>]) -> String {
    let mut out = ["# bash completion for sysmetrics, ", HEAD, "\n", BASH].concat();
    let (mut files, mut any, mut choices) =
        (Vec::new(), Vec::new(), Vec::<(String, Vec<String>)>::new());
    for flag in flags {
        match values(flag) {
            Values::None | Values::Maybe => {}
            Values::Files => files.push(spelt(flag)),
            Values::Any => any.push(spelt(flag)),
            Values::Words(words) => match choices.iter_mut().find(|(known, _)| *known == words) {
                Some((_, of)) => of.push(spelt(flag)),
                None => choices.push((words, vec![spelt(flag)])),
            },
        }
    }
    let mut arm = |flags: Vec<String>, action: &str| {
        out.push_str(&["\t", &flags.join(" | \\\n\t\t"), ")\n", action, "\t\t;;\n"].concat());
    };
    for (words, flags) in choices {
        let action = ["\t\tmapfile -t COMPREPLY < <(compgen -W \"", &words, "\" -- \"$cur\")\n"];
        arm(flags, &action.concat());
    }
    arm(files, "\t\tcompopt -o filenames\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
    arm(any, "");
    let all: Vec<String> = flags.iter().map(spelt).collect();
    let all = ["\t*)\n\t\tlocal flags=\"\n\t\t\t", &all.join("\n\t\t\t"), "\n\t\t\"\n"].concat();
    out.push_str(&all);
    out.push_str(
        "\t\tmapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$cur\")\n\t\t;;\n\tesac\n",
    );
    out.push_str(
        "\tCOMPREPLY=(\"${COMPREPLY[@]/#/$before}\")\n}\ncomplete -F _sysmetrics sysmetrics\n",
    );
    out
}

fn zsh(flags: &[Flag<'_>]) -> String {
    let mut out = ["#compdef sysmetrics\n# ", HEAD, "\n_arguments"].concat();
    for flag in flags {
        let kind = flag.row.kind;
        let repeated = if kind.is_list() { "*" } else { "" };
        let (equals, action) = match values(flag) {
            Values::None => ("", String::new()),
            Values::Maybe => ("=", "::URL: ".to_owned()),
            Values::Words(words) => ("=", [":value:(", &words, ")"].concat()),
            Values::Files => ("=", ":file:_files".to_owned()),
            Values::Any => ("=", [":", &kind.metavar(), ": "].concat()),
        };
        let mut help = help(flag).replace('\\', "\\\\");
        for special in ["[", "]", ":"] {
            help = help.replace(special, &["\\", special].concat());
        }
        let help = ["[", &help.replace('\'', "'\\''"), "]"].concat();
        let parts = [" \\\n\t'", repeated, &spelt(flag), equals, &help, &action, "'"];
        out.push_str(&parts.concat());
    }
    out.push('\n');
    out
}

fn fish(flags: &[Flag<'_>]) -> String {
    let mut out =
        ["# fish completion for sysmetrics, ", HEAD, "\ncomplete -c sysmetrics -f\n"].concat();
    for flag in flags {
        let is_short = if flag.name.len() == 1 { " -s " } else { " -l " };
        let what = match values(flag) {
            Values::None | Values::Maybe => String::new(),
            Values::Words(words) => [" -x -a '", &words, "'"].concat(),
            Values::Files => " -r -F".to_owned(),
            Values::Any => " -x".to_owned(),
        };
        let help = help(flag).replace('\\', "\\\\").replace('\'', "\\'");
        let line = ["complete -c sysmetrics", is_short, &flag.name, &what, " -d '", &help, "'\n"];
        out.push_str(&line.concat());
    }
    out
}
