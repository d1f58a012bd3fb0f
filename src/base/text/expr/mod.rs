//! The conditions of alerts: a small part of PromQL, with errors that name the column.
//!
//! ```text
//! condition  = side ( ">" | ">=" | "<" | "<=" | "==" | "!=" ) side | absent
//! side       = product { ( "+" | "-" ) product }
//! product    = part { ( "*" | "/" ) part }
//! part       = [ "-" ] number | series | function | absent | "(" side ")"
//! function   = ( "rate" | "increase" ) "(" series "[" time "]" ")"
//! absent     = "absent" "(" series ")"
//! series     = name [ "{" [ matcher { "," matcher } [ "," ] ] "}" ]
//! matcher    = label ( "=" | "!=" | "=~" | "!~" ) text
//! ```
//!
//! A condition becomes a list of steps in the order of their execution (each operator
//! after its sides), so that no tree has to be walked. Patterns match whole values, as
//! in Prometheus.

mod parser;
mod types;

pub use parser::check;
pub use types::{Comparison, Expr, Matcher, Operator, Sample, Selector, Step, Want};
