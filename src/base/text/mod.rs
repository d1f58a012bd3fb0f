//! Small languages and the words of messages: conditions, templates, numbers with
//! units, and suggestions for an unknown word.

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
