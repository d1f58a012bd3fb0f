//! `${NAME}` in the texts of the file: variables of the environment, so that many machines can share
//! one file. Only this form counts, as patterns, labels and alerts have their own `$`; `$${NAME}` is
//! the text `${NAME}` itself. The value of a variable is not expanded again.

use std::ffi::OsString;

/// Bytes of a text with its variables; no key accepts a longer one.
const MAX_TEXT: usize = 64 << 10;

/// Escapes `text` for the file, so that it names no variable.
pub fn literal(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, inner)) = rest.split_once("${") {
        let is_one = inner.split_once('}').is_some_and(|(name, _)| is_name(name));
        out.push_str(&[before, if is_one { "$${" } else { "${" }].concat());
        rest = inner;
    }
    out.push_str(rest);
    out
}

/// `text` with its variables expanded.
///
/// # Errors
///
/// A sentence about a variable that cannot be expanded.
pub fn filled(text: &str, env: &[(OsString, OsString)]) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, inner)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = inner.split_once('}').filter(|(name, _)| is_name(name)) else {
            out.push_str("${");
            rest = inner;
            continue;
        };
        rest = after;
        if before.ends_with('$') {
            // A `$` is already there.
            out.push_str(&["{", name, "}"].concat());
            continue;
        }
        let value = env.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_str());
        let why = match value {
            Some(Some(value)) if out.len() + value.len() <= MAX_TEXT => {
                out.push_str(value);
                continue;
            }
            Some(Some(_)) => ", which makes this too long",
            Some(None) => ", which is no text in UTF-8",
            None => ", which the environment does not have; set it, or write $$ for a plain $",
        };
        return Err(["it names the variable ", name, why].concat());
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.bytes().all(is_part) && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn only_whole_names_in_braces_count() {
        let env = [("A", "a${B}"), ("B_1", "b"), ("EMPTY", ""), ("_x", "x")];
        let env = env.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("${A}", "a${B}"),
            ("-${B_1}${EMPTY}${_x}-é", "-bx-é"),
            ("$${A} $$${A} $${", "${A} $${A} $${"),
            ("$A {A} $ {A} ${} ${1} ${A ${a b} ${B-1}", "$A {A} $ {A} ${} ${1} ${A ${a b} ${B-1}"),
            ("foo${", "foo${"),
            ("^x${2}$ (?P<n>a{3})$", "^x${2}$ (?P<n>a{3})$"),
            ("{{ $value }} of {{ $labels.x }}", "{{ $value }} of {{ $labels.x }}"),
            ("${${B_1}", "${b"),
        ] {
            assert_eq!(filled(text, &env).as_deref(), Ok(expected), "{text}");
            for text in [text, expected] {
                assert_eq!(filled(&literal(text), &[]).as_deref(), Ok(text));
            }
        }
        assert!(filled("x${NONE}", &env).unwrap_err().contains("the variable NONE, which the"));
    }

    #[test]
    fn what_a_variable_holds_is_bounded_text() {
        let env =
            [("L", OsString::from("x".repeat(MAX_TEXT / 2))), ("O", OsString::from_vec(vec![255]))];
        let env = env.map(|(name, value)| (OsString::from(name), value));
        assert!(filled("${L}${L}", &env).is_ok());
        assert!(filled("${L}${L}x${L}", &env).unwrap_err().contains("too long"));
        assert!(filled("${O}", &env).unwrap_err().contains("UTF-8"));
    }
}
