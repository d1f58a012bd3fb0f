//! The query of a target.

use crate::base::wire;

/// The `name=value` pairs of a query, percent-decoded.
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// The pairs of `query`.
    pub fn of(query: &'a str) -> Query<'a> {
        Query(query)
    }
}

impl Iterator for Query<'_> {
    type Item = (String, String);

    fn next(&mut self) -> Option<(String, String)> {
        while !self.0.is_empty() {
            let (pair, rest) = self.0.split_once('&').unwrap_or((self.0, ""));
            self.0 = rest;
            if !pair.is_empty() {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                return Some((decode(name), decode(value)));
            }
        }
        None
    }
}

/// Decodes `%41` and `+`; an invalid escape stays as it is.
fn decode(text: &str) -> String {
    // An encoded plus sign is not a blank.
    let spaced = text.replace('+', " ");
    String::from_utf8_lossy(&wire::percent_decoded(&spaced)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let pairs: Vec<_> = Query::of("collect%5B%5D=cpu&&a=b+c&x&bad=%zz%4").collect();
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
        assert_eq!(pairs, [("collect[]", "cpu"), ("a", "b c"), ("x", ""), ("bad", "%zz%4")]);
    }
}
