//! Programs that are not started with the daemon: those of parts that `parts` does not list, and of
//! instances in debug mode beside others.

use crate::conf::sections::program::AUTOSTART;
use crate::diag::Diagnostic;

use super::address::Address;
use super::catalogue::Catalogue;
use super::deployment::{Origin, Program};
use super::input::{Input, Part};
use super::part_options::{COMMAND, PROGRAM_PREFIX};

/// Why a program does not start by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Its part is not listed.
    Unlisted,
    /// Its part is in debug mode, and another one is not.
    Debug,
}

/// Sets `autostart = false` where it applies, and returns the warnings about it. A part that
/// configures its program itself is not changed.
pub(super) fn decide(
    input: &Input,
    catalogue: &Catalogue,
    programs: &mut [Program],
) -> Vec<Diagnostic> {
    let mut reasons: Vec<Option<Reason>> =
        programs.iter().map(|program| unlisted(input, program)).collect();
    let mut warnings = required(input, programs, &mut reasons);
    let debug: Vec<Option<bool>> =
        programs.iter().map(|program| is_debug(input, catalogue, program)).collect();
    let started = |at: usize, reasons: &[Option<Reason>]| reasons[at].is_none();
    if (0..programs.len()).any(|at| debug[at] == Some(false) && started(at, &reasons)) {
        for at in (0..programs.len()).filter(|at| debug[*at] == Some(true)) {
            if started(at, &reasons) && !is_explicit(part(input, &programs[at])) {
                reasons[at] = Some(Reason::Debug);
            }
        }
    }
    for (program, _) in programs.iter_mut().zip(&reasons).filter(|(_, it)| it.is_some()) {
        program.set(AUTOSTART.name, "false", Origin::Supkit);
    }
    for reason in [Reason::Unlisted, Reason::Debug] {
        let of = programs.iter().zip(&reasons).filter(|(_, it)| **it == Some(reason));
        warnings.extend(warning(reason, &of.map(|(program, _)| program).collect::<Vec<_>>()));
    }
    warnings
}

fn part<'a>(input: &'a Input, program: &Program) -> Option<&'a Part> {
    input.parts.iter().find(|part| part.name == program.part)
}

/// Whether a part sets the option itself.
fn is_explicit(part: Option<&Part>) -> bool {
    let autostart = format!("{PROGRAM_PREFIX}{}", AUTOSTART.name);
    part.is_none_or(|part| part.given(&autostart).is_some())
}

fn unlisted(input: &Input, program: &Program) -> Option<Reason> {
    let part = part(input, program)?;
    let is_meant = part.is_listed || part.given(COMMAND).is_some() || is_explicit(Some(part));
    (!is_meant).then_some(Reason::Unlisted)
}

/// Whether the program is in debug mode; `None` if its recipe has no such mode.
fn is_debug(input: &Input, catalogue: &Catalogue, program: &Program) -> Option<bool> {
    let part = part(input, program)?;
    let debug = catalogue.of(part)?.debug.as_ref()?;
    let value = debug.0.fill(&|name| input.find(part, name)).unwrap_or_default().to_lowercase();
    Some(["on", "true", "yes", "1"].contains(&value.trim()))
}

/// Starts the unlisted programs that listen where a started program connects to.
fn required(
    input: &Input,
    programs: &[Program],
    reasons: &mut [Option<Reason>],
) -> Vec<Diagnostic> {
    let addresses = |text: &Option<String>| -> Vec<Address> {
        text.iter().flat_map(|text| Address::list(text)).collect()
    };
    let served: Vec<Vec<Address>> = programs.iter().map(|it| addresses(&it.serves)).collect();
    let serves = |at: usize, address: &Address| served[at].iter().any(|own| own.overlaps(address));
    let mut warnings = Vec::new();
    for at in 0..programs.len() {
        if reasons[at].is_some() {
            continue;
        }
        for address in addresses(&programs[at].needs).iter().filter(|it| it.is_local()) {
            let servers: Vec<usize> =
                (0..programs.len()).filter(|it| serves(*it, address)).collect();
            if servers.iter().any(|server| reasons[*server].is_none()) {
                continue;
            }
            if let Some(server) = servers.first() {
                reasons[*server] = None;
                warnings.push(started(part(input, &programs[*server]), &programs[at]));
            }
        }
    }
    warnings
}

fn started(part: Option<&Part>, client: &Program) -> Diagnostic {
    let name = part.map_or("", |part| part.name.as_str());
    let message = format!(
        "part `{name}` is not listed in `parts`, but starts with the daemon, since `{}` connects to it",
        client.part
    );
    let help = format!(
        "list `{name}` in `parts`; or set `supervisor-autostart = false` in [{name}] if it runs elsewhere"
    );
    let warning = Diagnostic::warning("referenced-part", message).help(help);
    warning.maybe_at(part.and_then(|part| part.span))
}

fn warning(reason: Reason, programs: &[&Program]) -> Option<Diagnostic> {
    let first = programs.first()?;
    let names: Vec<String> = programs.iter().map(|it| format!("`{}`", it.part)).collect();
    let (names, several) = (names.join(", "), programs.len() > 1);
    let (code, message, remedy) = match (reason, several) {
        (Reason::Unlisted, false) => (
            "referenced-part",
            format!(
                "part {names} is only referenced, not listed in `parts`; its program does not start \
                 with the daemon"
            ),
            "list it in `parts`",
        ),
        (Reason::Unlisted, true) => (
            "referenced-part",
            format!(
                "parts {names} are only referenced, not listed in `parts`; their programs do not \
                 start with the daemon"
            ),
            "list them in `parts`",
        ),
        (Reason::Debug, false) => (
            "debug-part",
            format!("part {names} is in debug mode; its program does not start with the daemon"),
            "set `debug-mode = off`",
        ),
        (Reason::Debug, true) => (
            "debug-part",
            format!("parts {names} are in debug mode; their programs do not start with the daemon"),
            "set `debug-mode = off`",
        ),
    };
    let help = format!(
        "{remedy}, or set `supervisor-autostart = true`; `supervisor = false` leaves a part out"
    );
    Some(Diagnostic::warning(code, message).help(help).maybe_at(first.span))
}
