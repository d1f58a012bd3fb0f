//! What other programs know: what they push, what targets answer, what logs contain. All of it ends in
//! `model::store`.

pub mod push;
pub mod scrape;
pub mod tail;
pub mod textfile;
