//! A metrics agent for small Linux boxes.
