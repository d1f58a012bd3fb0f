//! The conditions of alerts: a small part of PromQL, which says where it is wrong.
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
//! A condition becomes a list of steps in the order in which they are to be done (each operator
//! after its sides), so that nobody has to walk a tree. Patterns match whole values, as
//! Prometheus has it.

mod parser;
mod types;

pub use parser::check;
pub use types::{Comparison, Expr, Matcher, Operator, Sample, Selector, Step, Want};
