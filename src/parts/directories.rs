//! z3c.recipe.mkdir: directories.

use super::part::{Part, Unsupported};
use super::products::{Directory, Products};

pub(super) fn build(part: &Part<'_>) -> Result<Products, Unsupported> {
    let mode = part.given("mode").map(|text| {
        let digits = text.trim().trim_start_matches("0o");
        u32::from_str_radix(digits, 8).map_err(|_| Unsupported::new("mode", "it is not octal"))
    });
    let mode = mode.transpose()?;
    let directories =
        part.lines("paths").into_iter().map(|path| Directory { path: path.to_owned(), mode });
    Ok(Products { directories: directories.collect(), ..Products::default() })
}
