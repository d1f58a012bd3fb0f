//! From the text of a TOML 1.1 file to its [`Tree`]. `toml_parser` finds the events and decodes
//! strings; unquoted words are parsed here, because settings have only integers and
//! booleans, and the library's floats and dates cost 6 KB.

use crate::base::text::words::quoted;
use crate::settings::sources::tree::{
    Fault, Key, MAX_DEPTH, MAX_NODES, NOWHERE, ROOT, Shape, Tree, unnamed,
};
use toml_parser::decoder::Encoding;
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, Expected, ParseError, Raw, Source, Span};

/// Faults kept; more are of no use.
const MAX_FAULTS: usize = 16;

/// The tree of `text`, and its faults, syntax before clashes. With faults the tree is
/// not reliable.
pub fn parse(text: &str) -> (Tree, Vec<Fault>) {
    let tokens = Source::new(text).lex().into_vec();
    let mut builder = Builder {
        text,
        tree: Tree::new(),
        table: ROOT,
        open: Vec::new(),
        list: false,
        header: 0,
        keys: Vec::new(),
        target: None,
        clashes: Vec::new(),
        full: false,
    };
    let mut errors = Errors(Vec::new());
    parse_document(&tokens, &mut builder, &mut errors);
    let faults = if errors.0.is_empty() { builder.clashes } else { errors.0 };
    (builder.tree, faults)
}

/// The syntax errors, one for each place.
struct Errors(Vec<Fault>);

impl ErrorSink for Errors {
    fn report_error(&mut self, error: ParseError) {
        let span = error.unexpected().or(error.context()).unwrap_or_default();
        let again = self.0.last().is_some_and(|last| last.at == span.start());
        if again || self.0.len() >= MAX_FAULTS {
            return;
        }
        let mut text = String::from(error.description());
        for (i, expected) in error.expected().unwrap_or_default().iter().enumerate() {
            text.push_str(if i == 0 { "; expected " } else { " or " });
            match expected {
                Expected::Literal("\n") => text.push_str("the end of the line"),
                Expected::Literal("\"") => text.push_str("the closing quotation mark"),
                Expected::Literal(literal) => text.push_str(&quoted(literal)),
                Expected::Description(description) => text.push_str(description),
                _ => {}
            }
        }
        self.0.push(Fault::new(span.start(), text));
    }
}

/// Turns events into nodes.
struct Builder<'a> {
    text: &'a str,
    tree: Tree,
    /// The table of the last header.
    table: usize,
    /// The arrays and inline tables we are inside of.
    open: Vec<usize>,
    /// The current header is a `[[header]]`, and starts at this byte.
    list: bool,
    header: usize,
    /// The current dotted key.
    keys: Vec<Key>,
    /// Where the next value goes: table and name.
    target: Option<(usize, Key)>,
    clashes: Vec<Fault>,
    /// The limit of nodes has been reported.
    full: bool,
}

impl Builder<'_> {
    fn raw(&self, span: Span, encoding: Option<Encoding>) -> Raw<'_> {
        let text = self.text.get(span.start()..span.end()).unwrap_or_default();
        Raw::new_unchecked(text, encoding, span)
    }

    fn clash(&mut self, fault: Fault) {
        if self.clashes.len() < MAX_FAULTS {
            self.clashes.push(fault);
        }
    }

    /// Begins a header; until it is complete, values have no place.
    fn begin(&mut self, span: Span, list: bool) {
        self.list = list;
        self.header = span.start();
        self.table = NOWHERE;
        self.keys.clear();
        self.open.clear();
    }

    fn end(&mut self) {
        let keys = std::mem::take(&mut self.keys);
        match self.tree.open(keys, self.list, self.header) {
            Ok(table) => self.table = table,
            Err(fault) => self.clash(fault),
        }
    }

    /// Adds a value at its place.
    fn place(&mut self, shape: Shape, at: usize) -> usize {
        if self.tree.is_full() && !self.full {
            self.full = true;
            let text = format!("more than {} keys and values", MAX_NODES);
            self.clash(Fault::new(at, text));
        }
        match self.open.last() {
            Some(&array) if self.tree.shape(array) == Some(Shape::Array) => {
                self.tree.add(array, unnamed(at), shape, at)
            }
            _ => match self.target.take() {
                Some((table, key)) => self.tree.add(table, key, shape, at),
                None => NOWHERE,
            },
        }
    }

    /// Enters an array or inline table, unless that is too deep.
    fn enter(&mut self, shape: Shape, span: Span) -> bool {
        if self.open.len() >= MAX_DEPTH {
            let text = format!("nested more than {} deep", MAX_DEPTH);
            self.clash(Fault::new(span.start(), text));
            return false;
        }
        let node = self.place(shape, span.start());
        self.open.push(node);
        true
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.begin(span, false);
    }
    fn std_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.end();
    }
    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.begin(span, true);
    }
    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.end();
    }
    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(Shape::Inline, span)
    }
    fn inline_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.open.pop();
    }
    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(Shape::Array, span)
    }
    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.open.pop();
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut name = String::new();
        self.raw(span, encoding).decode_key(&mut name, error);
        if self.keys.len() <= MAX_DEPTH {
            self.keys.push(Key { name, at: span.start() });
        }
    }

    fn key_val_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        let keys = std::mem::take(&mut self.keys);
        let table = self.open.last().copied().unwrap_or(self.table);
        self.target = match self.tree.assign(table, keys) {
            Ok(target) => Some(target),
            Err(fault) => {
                self.clash(fault);
                None
            }
        };
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let raw = self.raw(span, encoding);
        let (shape, text) = match encoding {
            Some(encoding) => (Shape::Text, string(raw, encoding, error)),
            None => word(raw.as_str()),
        };
        if text.is_empty() && shape == Shape::Bare {
            error.report_error(ParseError::new("missing value").with_unexpected(span));
        }
        let node = self.place(shape, span.start());
        if let Some(node) = self.tree.nodes.get_mut(node) {
            node.text = text;
        }
    }
}

/// A quoted string. `decode_key` reads all four kinds as `decode_scalar` does; its one error
/// about multi-line strings, which may not be keys, comes first and does not apply to values.
fn string(raw: Raw<'_>, encoding: Encoding, error: &mut dyn ErrorSink) -> String {
    let mut text = String::new();
    let mut skip = matches!(encoding, Encoding::MlBasicString | Encoding::MlLiteralString);
    raw.decode_key(&mut text, &mut |e: ParseError| {
        if !std::mem::take(&mut skip) {
            error.report_error(e);
        }
    });
    text
}

/// An unquoted word.
fn word(raw: &str) -> (Shape, String) {
    if raw == "true" || raw == "false" {
        return (Shape::Switch, raw.to_owned());
    }
    match integer(raw) {
        Some(n) => (Shape::Integer, n.to_string()),
        None => (Shape::Bare, raw.to_owned()),
    }
}

/// `-1_000`, `0x1F`, `0o755`, `0b1010`.
fn integer(raw: &str) -> Option<i64> {
    let (radix, digits) = match raw.get(..2) {
        Some("0x") => (16, raw.get(2..)?),
        Some("0o") => (8, raw.get(2..)?),
        Some("0b") => (2, raw.get(2..)?),
        _ => (10, raw.strip_prefix(['-', '+']).unwrap_or(raw)),
    };
    // An underscore is between two digits; a sign is not a digit.
    let is_plain = digits
        .split('_')
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    let is_octal = radix == 10 && digits.len() > 1 && digits.starts_with('0');
    let sign = if raw.starts_with('-') { "-" } else { "" };
    let text = [sign, &digits.replace('_', "")].concat();
    i64::from_str_radix(&text, radix).ok().filter(|_| is_plain && !is_octal)
}

#[cfg(test)]
mod tests;
