//! Completion of the command line in the shells themselves: bash, zsh and fish.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests run the shells

mod common;

use common::Temp;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the files for completion are.
fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/completions").join(name);
    path.to_str().unwrap().to_owned()
}

/// What a shell prints for a script with arguments.
fn run(shell: &str, args: &[&str]) -> String {
    // fish writes there.
    let home = Temp::new();
    let mut command = Command::new(shell);
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.as_ref());
    // No terminal, of which fish would ask questions.
    let done = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{shell}: {e}"));
    assert!(done.status.success(), "{shell} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What bash offers for these words, the last of which is being written.
fn bash(words: &[&str]) -> Vec<String> {
    let script = "compopt() { :; }; source \"$1\"; shift; COMP_WORDS=(sysmetrics \"$@\"); COMP_CWORD=$#; _sysmetrics; \
                  [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\"";
    let file = file("sysmetrics.bash");
    let args = ["--norc", "--noprofile", "-euc", script, "bash", &file];
    run("bash", &[&args[..], words].concat()).lines().map(str::to_owned).collect()
}

/// What fish offers for this line.
fn fish(line: &str) -> Vec<String> {
    let script = format!("source {}; complete -C '{line}'", file("sysmetrics.fish"));
    let out = run("fish", &["--no-config", "-c", &script]);
    out.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn the_shells_read_them() {
    for (shell, name) in
        [("bash", "sysmetrics.bash"), ("zsh", "_sysmetrics"), ("fish", "sysmetrics.fish")]
    {
        assert_eq!(run(shell, &["-n", &file(name)]), "");
    }
}

#[test]
fn bash_completes_flags_words_and_files() {
    assert_eq!(bash(&["--dia"]), ["--dialect"]);
    assert_eq!(bash(&["--dialect", ""]), ["sysmetrics", "node_exporter"]);
    // As readline parts the words, and where it does not part them at the equals sign.
    assert_eq!(bash(&["--dialect", "="]), ["sysmetrics", "node_exporter"]);
    assert_eq!(bash(&["--dialect", "=", "n"]), ["node_exporter"]);
    assert_eq!(bash(&["--dialect=n"]), ["--dialect=node_exporter"]);
    assert_eq!(bash(&["--log-level", "w"]), ["warn"]);
    assert_eq!(bash(&["--log.format", ""]), ["text", "logfmt", "json"]);
    assert_eq!(bash(&["--config", "Cargo.t"]), ["Cargo.toml"]);
    assert_eq!(bash(&["--path.procfs", "=", "fixtu"]), ["fixtures"]);
    assert_eq!(bash(&["--config=Cargo.t"]), ["--config=Cargo.toml"]);
    assert_eq!(bash(&["--no-collector.memo"]), ["--no-collector.memory"]);
    assert_eq!(bash(&["--once", "--collector.una"]), ["--collector.uname"]);
    assert_eq!(bash(&["--hea"]), ["--health"]);
    assert!(bash(&[""]).contains(&"--web.listen-address".to_owned()));
    // A value that nobody can know, and what has no effect.
    for words in
        [&["--listen", ""][..], &["--listen", "127"], &["--no-hel"], &["--web.max"], &["x"]]
    {
        assert_eq!(bash(words), [""; 0], "{words:?}");
    }
}

#[test]
fn fish_completes_flags_words_and_files() {
    assert_eq!(fish("sysmetrics --dia"), ["--dialect"]);
    let mut words = fish("sysmetrics --dialect ");
    words.sort();
    assert_eq!(words, ["node_exporter", "sysmetrics"]);
    assert_eq!(fish("sysmetrics --log-level w"), ["warn"]);
    assert_eq!(fish("sysmetrics --config Cargo.t"), ["Cargo.toml"]);
    assert_eq!(fish("sysmetrics --no-collector.memo"), ["--no-collector.memory"]);
    assert_eq!(fish("sysmetrics Cargo.t"), [""; 0]);
    assert!(fish("sysmetrics -").contains(&"-V".to_owned()));
}

/// Types into an interactive zsh: a line, Tab, Enter. A function in the place of the program says what
/// it got.
const ZSH: &str = r"
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; unsetopt prompt_sp; fpath=('$1' $fpath); autoload -U compinit; compinit -D -u
sysmetrics() { print -r -- \<GOT $*\> }; bindkey ^I complete-word; print \<READY\>'
zpty -r -m z out '*<READY>*'
for line in ${@[2,-1]}; do
	zpty -w z sysmetrics $line$'\t'
	zpty -r -m z out '*<GOT *>*'
	print -r -- ${${out##*<GOT }%%>*}
done
zpty -d z
";

#[test]
fn zsh_completes_flags_words_and_files() {
    let file = file("_sysmetrics");
    let directory = file.strip_suffix("/_sysmetrics").unwrap();
    let cases = [
        ("--dia", "--dialect"),
        ("--dialect=n", "--dialect=node_exporter"),
        ("--log-level w", "--log-level warn"),
        ("--config=Cargo.t", "--config=Cargo.toml"),
        ("--no-collector.memo", "--no-collector.memory"),
        ("--once --hea", "--once --health"),
    ];
    let lines = cases.map(|(line, _)| line);
    let out =
        run("timeout", &[&["30", "zsh", "-f", "-c", ZSH, "zsh", directory], &lines[..]].concat());
    assert_eq!(out.lines().collect::<Vec<_>>(), cases.map(|(_, completed)| completed));
}
