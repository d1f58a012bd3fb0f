//! Parses conditions.

use crate::base::text::expr::types::{
    Comparison, Expr, Matcher, Operator, Sample, Selector, Step, Want,
};
use crate::base::text::scan::{Mistake, Scan};
use regex_lite::{Regex, RegexBuilder};
use std::time::Duration;

/// Bytes of a condition.
const MAX_TEXT: usize = 4096;
/// Nested brackets.
const MAX_DEPTH: usize = 16;
/// Series of one condition.
const MAX_SERIES: usize = 16;
/// Matchers of one series.
const MAX_MATCHERS: usize = 16;
/// Bytes of a compiled pattern.
const MAX_PATTERN: usize = 64 << 10;
/// The longest window of a rate.
const MAX_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// Checks whether `text` is a condition.
///
/// # Errors
///
/// A sentence with the column, what was found there and what was expected.
pub fn check(text: &str) -> Result<(), String> {
    Expr::parse(text).map(|_| ())
}

impl Expr {
    /// Parses a condition.
    ///
    /// # Errors
    ///
    /// A sentence with the column, what was found there and what was expected.
    pub fn parse(text: &str) -> Result<Expr, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("longer than {} bytes", MAX_TEXT));
        }
        let mut parser = Parser { scan: Scan::new(text), expr: Expr::default(), depth: 0 };
        match parser.condition() {
            Ok(()) => Ok(parser.expr),
            Err(mistake) => Err(mistake.sentence(text)),
        }
    }
}

const AFTER_PART: &str = "+, -, *, / or a comparison (>, >=, <, <=, ==, !=)";

struct Parser<'a> {
    scan: Scan<'a>,
    expr: Expr,
    depth: usize,
}

type Done = Result<(), Mistake>;

impl Parser<'_> {
    fn condition(&mut self) -> Done {
        self.side()?;
        let is_alone = matches!(&self.expr.steps[..], [Step::Series(_)]);
        if is_alone
            && self.expr.series.iter().any(|series| series.want == Want::Absent)
            && self.scan.end("").is_ok()
        {
            return Ok(());
        }
        let comparison = self.comparison()?;
        self.side()?;
        self.scan.end("the end of the condition")?;
        if self.expr.series.is_empty() {
            return Err(self.scan.mistake_at(0, "at least one metric in the condition"));
        }
        self.expr.steps.push(Step::Compare(comparison));
        Ok(())
    }

    fn comparison(&mut self) -> Result<Comparison, Mistake> {
        // The longer ones first.
        for (text, comparison) in [
            (">=", Comparison::GreaterOrEqual),
            ("<=", Comparison::LessOrEqual),
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
        ] {
            if self.scan.take(text) {
                return Ok(comparison);
            }
        }
        Err(self.scan.mistake(AFTER_PART))
    }

    fn side(&mut self) -> Done {
        self.product()?;
        loop {
            let operator = match () {
                () if self.scan.take("+") => Operator::Add,
                () if self.scan.take("-") => Operator::Subtract,
                () => return Ok(()),
            };
            self.product()?;
            self.expr.steps.push(Step::Calculate(operator));
        }
    }

    fn product(&mut self) -> Done {
        self.part()?;
        loop {
            let operator = match () {
                () if self.scan.take("*") => Operator::Multiply,
                () if self.scan.take("/") => Operator::Divide,
                () => return Ok(()),
            };
            self.part()?;
            self.expr.steps.push(Step::Calculate(operator));
        }
    }

    fn part(&mut self) -> Done {
        if self.scan.take("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.scan.mistake("fewer brackets within brackets"));
            }
            self.side()?;
            self.depth -= 1;
            return self.scan.expect(")", "+, -, *, / or )");
        }
        let is_negative = self.scan.take("-");
        if let Some(number) = self.scan.number() {
            self.expr.steps.push(Step::Number(if is_negative { -number } else { number }));
            return Ok(());
        }
        if is_negative {
            return Err(self.scan.mistake("a number"));
        }
        self.named()
    }

    /// A series, or a function of one.
    fn named(&mut self) -> Done {
        let start = self.scan.next_at();
        let Some(name) = self.scan.word(":") else {
            return Err(self.scan.mistake("a number, a metric, rate(, increase(, absent( or ("));
        };
        // Prometheus reads these as numbers.
        if ["inf", "nan"].iter().any(|word| name.eq_ignore_ascii_case(word)) {
            return Err(self.scan.mistake_at(start, "a number that compares, or a metric"));
        }
        let is_call = self.scan.take("(");
        let function = match name {
            _ if !is_call => return self.selector(name, None),
            "rate" => Want::Rate,
            "increase" => Want::Increase,
            "absent" => |_| Want::Absent,
            _ => return Err(self.scan.mistake_at(start, "rate, increase or absent before (")),
        };
        let Some(name) = self.scan.word(":") else {
            return Err(self.scan.mistake("a metric"));
        };
        self.selector(name, Some(function))?;
        self.scan.expect(")", ")")
    }

    fn selector(&mut self, name: &str, function: Option<fn(Duration) -> Want>) -> Done {
        if self.expr.series.len() == MAX_SERIES {
            return Err(self.scan.mistake("fewer metrics in one condition"));
        }
        let mut matchers = Vec::new();
        if self.scan.take("{") {
            while !self.scan.take("}") {
                if matchers.len() == MAX_MATCHERS {
                    return Err(self.scan.mistake("fewer labels"));
                }
                matchers.push(self.matcher()?);
                if !self.scan.take(",") {
                    self.scan.expect("}", ", or }")?;
                    break;
                }
            }
        }
        let want = match function {
            Some(function) if function(Duration::ZERO) == Want::Absent => Want::Absent,
            Some(function) => function(self.window()?),
            None => Want::Value,
        };
        self.expr.steps.push(Step::Series(self.expr.series.len()));
        self.expr.series.push(Selector { name: name.to_owned(), matchers, want });
        Ok(())
    }

    fn matcher(&mut self) -> Result<Matcher, Mistake> {
        let start = self.scan.next_at();
        let label = self.scan.word("").ok_or_else(|| self.scan.mistake("a label or }"))?;
        if label == "__name__" {
            return Err(self.scan.mistake_at(start, "another label: the metric stands before {"));
        }
        let (is_pattern, negated) = match () {
            () if self.scan.take("=~") => (true, false),
            () if self.scan.take("!~") => (true, true),
            () if self.scan.take("!=") => (false, true),
            () if self.scan.take("=") => (false, false),
            () => return Err(self.scan.mistake("=, !=, =~ or !~")),
        };
        let start = self.scan.next_at();
        let text = self.scan.quoted("a text in quotation marks")?;
        let value = if is_pattern {
            const EXPECTED: &str = "a regular expression, and not too large a one";
            let wrong = |_| self.scan.mistake_at(start, EXPECTED);
            Sample::Pattern(whole(&text).map_err(wrong)?)
        } else {
            Sample::Text(text)
        };
        Ok(Matcher { label: label.to_owned(), value, negated })
    }

    /// `[1m]`, also `[1h30m]`.
    fn window(&mut self) -> Result<Duration, Mistake> {
        const EXPECTED: &str = "a time in square brackets, such as [1m]";
        self.scan.expect("[", EXPECTED)?;
        let start = self.scan.next_at();
        let window = self.scan.duration().ok_or_else(|| self.scan.mistake(EXPECTED))?;
        if window.is_zero() || window > MAX_WINDOW {
            return Err(self.scan.mistake_at(start, "a time of more than nothing and at most 1d"));
        }
        self.scan.expect("]", "]")?;
        Ok(window)
    }
}

/// A pattern for the whole of a value.
fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build();
    // On its own first: a bracket too many would end ours.
    compile(pattern)?;
    compile(&["^(?s:", pattern, ")$"].concat())
}

#[cfg(test)]
mod tests;
