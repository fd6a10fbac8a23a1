//! INI parsers that keep source positions: Python's `RawConfigParser` dialect, used by
//! supervisord.conf, and the zc.buildout dialect. Both use the same line splitter.

pub mod buildout;
pub mod lines;
pub mod python;
pub mod text;
