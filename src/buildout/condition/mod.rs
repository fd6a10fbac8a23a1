//! Conditions of section headers: a marker of PEP 508, or names such as `linux` and `python3`
//! joined by `not`, `and`, `or`. Any other Python expression is refused.

mod names;

use std::cell::OnceCell;

use super::outside::{Outside, Python};

/// Decides conditions; asks for the interpreter once, and only if there is a condition.
pub(super) struct Conditions<'w> {
    outside: &'w dyn Outside,
    python: OnceCell<Python>,
}

impl<'w> Conditions<'w> {
    pub(super) fn new(outside: &'w dyn Outside) -> Self {
        Self { outside, python: OnceCell::new() }
    }

    pub(super) fn hold(&self, expression: &str) -> Result<bool, String> {
        let python = self.python.get_or_init(|| self.outside.python());
        names::value(expression.trim(), python)
            .ok_or_else(|| "it is no name that buildout defines".to_owned())
    }
}
