//! The options as a person reads them.

pub mod complete;
pub mod help;
pub mod manual;
pub mod print;
pub mod reference;
