//! The options of a program: their order in the generated file, and how a part or a recipe may
//! spell them. The names come from the option table of `conf`.

use crate::conf::nearest::nearest;
use crate::conf::sections::program;

/// Whether this is an option of `[program:x]`; `redirect-stderr` is accepted for `redirect_stderr`.
pub(super) fn is_program_option(option: &str) -> bool {
    let option = underscored(option);
    in_order().any(|known| known == option)
}

/// `redirect_stderr` for `redirect-stderr`: the spelling of supervisord.conf.
pub(super) fn underscored(option: &str) -> String {
    option.replace('-', "_")
}

/// Whether `given` is `option` of supervisord.conf, in either spelling.
pub(super) fn is_spelt(given: &str, option: &str) -> bool {
    let underscored = |byte: u8| if byte == b'-' { b'_' } else { byte };
    given.bytes().map(underscored).eq(option.bytes())
}

/// `redirect-stderr` for `redirect_stderr`: the spelling of buildout.cfg.
pub(super) fn dashed(option: &str) -> String {
    option.replace('_', "-")
}

/// Every option of a program, in the order of the option table.
pub(super) fn in_order() -> impl Iterator<Item = &'static str> {
    program::SECTION.rows.iter().map(|row| row.name)
}

/// The option that was probably meant.
pub(super) fn similar_to(option: &str) -> Option<&'static str> {
    nearest(&underscored(option), in_order())
}
