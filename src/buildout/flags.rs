//! Boolean options of `[buildout]`: exactly `true` or `false`.

use super::fault::{Fault, Kind};
use crate::ini::text::repr;

pub(super) fn read(name: &str, text: &str) -> Result<bool, Fault> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid(name, text)),
    }
}

pub(super) fn invalid(name: &str, text: &str) -> Fault {
    Fault::new(Kind::Value, format!("Invalid value for {} option: {}", repr(name), repr(text)))
        .help("write `true` or `false`")
}
