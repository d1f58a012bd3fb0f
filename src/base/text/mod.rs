//! Small languages and the words of messages: conditions, texts with places to fill in, numbers with
//! units, and what was meant by a word that is not known.

pub mod alternatives;
pub mod expr;
pub mod groups;
pub mod names;
pub mod number;
pub mod pattern;
pub mod scan;
pub mod template;
pub mod url;
pub mod variables;
pub mod words;
