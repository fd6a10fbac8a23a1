//! Environment variables in an option of several lines, one variable on each: the lines are joined
//! with the commas that Supervisor requires.

use crate::conf::python::shlex;
use crate::diag::Diagnostic;

use super::input::Part;

/// The variables in the form that Supervisor reads; `None` if the value already has it, or if the
/// lines are not variables.
pub(super) fn joined(value: &str) -> Option<String> {
    let is_one_line = value.trim().lines().nth(1).is_none();
    if is_one_line || shlex::pairs(value).is_ok() {
        return None;
    }
    let lines = value.lines().map(|line| line.trim().trim_end_matches(',').trim_end());
    let variables = lines.filter(|line| !line.is_empty()).map(variable);
    let joined = variables.collect::<Option<Vec<String>>>()?.join(",\n");
    shlex::pairs(&joined).is_ok().then_some(joined)
}

/// One line as a variable, quoted if necessary.
fn variable(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let is_plain = !value.trim().contains([' ', '\t']) || value.contains(['"', '\'', ',']);
    if is_plain && shlex::pairs(line).is_ok() {
        return Some(line.to_owned());
    }
    let quoted = format!("{}=\"{}\"", key.trim_end(), value.trim());
    shlex::pairs(&quoted).is_ok().then_some(quoted)
}

/// The warning that lines of a part were joined.
pub(super) fn warning(part: &Part, option: &str) -> Diagnostic {
    let message =
        format!("the lines of `{option}` in part `{}` have no commas between them", part.name);
    let help = "each line is used as a variable; end each line but the last with a comma";
    Diagnostic::warning("no-commas", message).help(help).maybe_at(part.span_of(option))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_variables() {
        assert_eq!(
            joined("TMP=var/tmp\nTEMP=var/tmp").as_deref(),
            Some("TMP=var/tmp,\nTEMP=var/tmp")
        );
        assert_eq!(joined("A=1\nB=x y\n\nC=\"z\"").as_deref(), Some("A=1,\nB=\"x y\",\nC=\"z\""));
        assert_eq!(joined("A=1,B=2\nC=3").as_deref(), Some("A=1,B=2,\nC=3"));
    }

    #[test]
    fn what_supervisor_reads_and_what_is_no_variable_stay() {
        assert_eq!(joined("A=1,\nB=\"2\""), None);
        assert_eq!(joined("A=1"), None);
        assert_eq!(joined("not a variable\nB=2"), None);
    }
}
