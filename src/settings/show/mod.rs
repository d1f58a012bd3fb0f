//! The options in readable form: help, manual page, reference, completion, settings file.

pub mod complete;
pub mod help;
pub mod manual;
pub mod print;
pub mod reference;
