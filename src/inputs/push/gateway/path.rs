//! Which group a path names: `job/<job>{/<label>/<value>}`, each part percent-encoded on its own. A
//! name that ends in `@base64` has its value in base64 with the alphabet of URLs (RFC 4648, section
//! 5), for what a path cannot hold; `=` is an empty one.

use crate::base::text::words::quoted;
use crate::base::wire::base64;
use crate::base::wire::percent_decoded;
use crate::model::store::is_label_name;

/// How the name of a label ends whose value is in base64.
const BASE64: &str = "@base64";

/// The label that every group has.
const JOB: &str = "job";

/// The contents of a path.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    pub job: String,
    /// All labels, `job` first; a label with an empty value is removed.
    pub labels: Vec<(String, String)>,
}

/// Reads what follows `/metrics/`, or returns a sentence about what is wrong with it.
pub fn read(path: &str) -> Result<Key, String> {
    let mut parts = path.split('/');
    let job = pair(parts.next().unwrap_or_default(), parts.next().unwrap_or_default())?;
    if job.0 != JOB || job.1.is_empty() {
        return Err("The path needs the name of a job: /metrics/job/<job>.".to_owned());
    }
    let mut labels = vec![job.clone()];
    while let Some(name) = parts.next() {
        let Some(value) = parts.next() else {
            // A slash at the end of the job has no meaning.
            if name.is_empty() && labels.len() == 1 {
                break;
            }
            return Err("The path has a label without a value.".to_owned());
        };
        let (name, value) = pair(name, value)?;
        if !is_label_name(name.as_bytes()) {
            let name = quoted(&name);
            return Err(format!("The path has {name} where a label's name is expected."));
        }
        // The last one counts, and the job is known already.
        if name != JOB {
            labels.retain(|(known, _)| *known != name);
            labels.push((name, value));
        }
    }
    Ok(Key { job: job.1, labels })
}

/// A label's name and value, decoded.
fn pair(name: &str, value: &str) -> Result<(String, String), String> {
    let (name, value) = (text(percent_decoded(name))?, percent_decoded(value));
    let Some(stem) = name.strip_suffix(BASE64) else { return Ok((name, text(value)?)) };
    let value = base64(&text(value)?, [b'-', b'_']);
    let value = value.ok_or_else(|| format!("The value of {stem} is no base64 for URLs."))?;
    Ok((stem.to_owned(), text(value)?))
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "The path is no UTF-8.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(path: &str, expected: &[(&str, &str)]) {
        let key = read(path).unwrap();
        let labels: Vec<_> = key.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(labels, expected);
        assert_eq!(key.job, expected[0].1);
    }

    #[test]
    fn paths_name_groups() {
        is("job/a", &[("job", "a")]);
        is("job/a/", &[("job", "a")]);
        is("job/a/x/1/y/2", &[("job", "a"), ("x", "1"), ("y", "2")]);
        is("job/a/x/1/x/2", &[("job", "a"), ("x", "2")]);
        is("job/a/job/b", &[("job", "a")]);
        is("job/a/x/", &[("job", "a"), ("x", "")]);
        is("job/a%20b%2Fc+/x/%C3%A9", &[("job", "a b/c+"), ("x", "é")]);
        is("job@base64/L3Zhci90bXA/x@base64/=", &[("job", "/var/tmp"), ("x", "")]);
        is("job%40base64/4oKs8J-Ygw==/x/_w", &[("job", "€😃"), ("x", "_w")]);
    }

    #[test]
    fn what_names_no_group_is_refused() {
        for (path, word) in [
            ("job/", "name of a job"),
            ("job", "name of a job"),
            ("job@base64/=", "name of a job"),
            ("jobs/a", "name of a job"),
            ("job/a/x", "without a value"),
            ("job/a/x/1/y", "without a value"),
            ("job/a//", "a label's name"),
            ("job/a/__x/1", "a label's name"),
            ("job/a/x-y/1", "a label's name"),
            ("job/%ff", "no UTF-8"),
            ("job@base64/_w", "no UTF-8"),
            ("job@base64/a+b", "base64"),
            ("job@base64/a", "base64"),
        ] {
            let message = read(path).unwrap_err();
            assert!(message.contains(word), "{path}: {message}");
        }
    }
}
