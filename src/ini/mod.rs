//! Text with spans. Two dialects stand on one reader of lines: that of Python's `RawConfigParser`,
//! in which supervisord.conf is written, and that of zc.buildout. Neither knows an option.

pub mod buildout;
pub mod lines;
pub mod python;
pub mod text;
