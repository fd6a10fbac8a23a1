//! One changed option.

/// One option with both values, as a file would spell them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionChange {
    pub option: &'static str,
    pub from: String,
    pub to: String,
}
