//! Switches of `[supkit]`: true or false.

use super::part_options::supkit;
use crate::diag::{Diagnostic, Span};

/// The value of a switch; blank for the default.
pub(super) fn switch(
    option: &str,
    text: &str,
    default: bool,
    span: Option<Span>,
) -> Result<bool, Box<Diagnostic>> {
    match text.trim().to_lowercase().as_str() {
        "" => Ok(default),
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        other => {
            let message =
                format!("`{option}` of [{}] is neither true nor false: `{other}`", supkit::SECTION);
            let fault = Diagnostic::error("bad-value", message);
            let fault = fault.help(format!("write `{option} = false` or remove it"));
            Err(Box::new(fault.maybe_at(span)))
        }
    }
}
