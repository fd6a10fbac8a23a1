//! Environment markers of PEP 508: `python_version >= '3.8' and sys_platform == 'linux'`.

use super::scanner::{DEEPEST, Scanner};
use super::version;
use crate::buildout::buildout_env::Python;

/// A disjunction of conjunctions.
pub(super) struct Marker<'a>(Vec<Vec<Term<'a>>>);

enum Term<'a> {
    Group(Marker<'a>),
    Comparison { left: Side<'a>, operator: &'static str, right: Side<'a> },
}

#[derive(Clone, Copy)]
enum Side<'a> {
    Variable(&'static str),
    Text(&'a str),
}

/// Longer operators before their prefixes.
const OPERATORS: &[&str] = &["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// The spellings of a variable, and its name.
const VARIABLES: &[(&str, &str)] = &[
    ("python_version", "python_version"),
    ("python_full_version", "python_full_version"),
    ("os_name", "os_name"),
    ("os.name", "os_name"),
    ("sys_platform", "sys_platform"),
    ("sys.platform", "sys_platform"),
    ("platform_release", "platform_release"),
    ("platform_system", "platform_system"),
    ("platform_version", "platform_version"),
    ("platform.version", "platform_version"),
    ("platform_machine", "platform_machine"),
    ("platform.machine", "platform_machine"),
    ("platform_python_implementation", "platform_python_implementation"),
    ("platform.python_implementation", "platform_python_implementation"),
    ("python_implementation", "platform_python_implementation"),
    ("implementation_name", "implementation_name"),
    ("implementation_version", "implementation_version"),
    ("extra", "extra"),
    ("extras", "extras"),
    ("dependency_groups", "dependency_groups"),
];

pub(super) fn parse(text: &str) -> Option<Marker<'_>> {
    let mut scanner = Scanner::new(text);
    let marker = alternatives(&mut scanner, 0)?;
    scanner.is_done().then_some(marker)
}

fn alternatives<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Option<Marker<'a>> {
    let mut groups = vec![vec![term(scanner, depth)?]];
    loop {
        if scanner.keyword("or") {
            groups.push(vec![term(scanner, depth)?]);
        } else if scanner.keyword("and") {
            let next = term(scanner, depth)?;
            groups.last_mut()?.push(next);
        } else {
            return Some(Marker(groups));
        }
    }
}

fn term<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Option<Term<'a>> {
    if depth > DEEPEST {
        return None;
    }
    scanner.blanks();
    let term = if scanner.take("(") {
        let inner = alternatives(scanner, depth + 1)?;
        scanner.take(")").then_some(Term::Group(inner))?
    } else {
        let left = side(scanner)?;
        scanner.blanks();
        let operator = operator(scanner)?;
        scanner.blanks();
        Term::Comparison { left, operator, right: side(scanner)? }
    };
    scanner.blanks();
    Some(term)
}

fn side<'a>(scanner: &mut Scanner<'a>) -> Option<Side<'a>> {
    let variable = VARIABLES.iter().find(|(written, _)| scanner.keyword(written));
    match variable {
        Some((_, name)) => Some(Side::Variable(name)),
        None => scanner.quoted().map(Side::Text),
    }
}

fn operator(scanner: &mut Scanner<'_>) -> Option<&'static str> {
    if scanner.keyword("in") {
        return Some("in");
    }
    if scanner.keyword("not") {
        return (scanner.blanks() && scanner.keyword("in")).then_some("not in");
    }
    OPERATORS.iter().copied().find(|operator| scanner.take(operator))
}

impl Marker<'_> {
    /// Every comparison is evaluated even if an earlier one has decided the result: an invalid
    /// comparison is always an error.
    pub(super) fn holds(&self, python: &Python) -> Result<bool, String> {
        let mut any = false;
        for group in &self.0 {
            let mut all = true;
            for term in group {
                all &= match term {
                    Term::Group(inner) => inner.holds(python)?,
                    Term::Comparison { left, operator, right } => {
                        compare(*left, operator, *right, python)?
                    }
                };
            }
            any |= all;
        }
        Ok(any)
    }
}

fn compare(
    left: Side<'_>,
    operator: &str,
    right: Side<'_>,
    python: &Python,
) -> Result<bool, String> {
    let (name, left, right) = match (left, right) {
        // To the right of a variable, another variable is treated as its name.
        (Side::Variable(name), Side::Variable(text)) => {
            (name, variable(name, python)?, text.into())
        }
        (Side::Variable(name), Side::Text(text)) => {
            (name, variable(name, python)?, normal(name, text))
        }
        (Side::Text(text), Side::Variable(name)) => {
            (name, normal(name, text), variable(name, python)?)
        }
        (Side::Text(_), Side::Text(text)) => return Err(format!("`{text}` is no variable")),
    };
    let versions =
        ["implementation_version", "platform_release", "python_full_version", "python_version"];
    if versions.contains(&name) {
        if let Some(verdict) = version::compare(&left, operator, &right) {
            return Ok(verdict);
        }
    }
    match operator {
        "in" => Ok(right.contains(&left)),
        "not in" => Ok(!right.contains(&left)),
        "==" | "<=" | ">=" => Ok(left == right),
        "!=" => Ok(left != right),
        "<" | ">" => Ok(false),
        _ => Err(format!("`{operator}` does not compare `{left}` with `{right}`")),
    }
}

/// Names of extras are compared in lower case, with hyphens.
fn normal(variable: &str, text: &str) -> String {
    if variable != "extra" {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        let c = if matches!(c, '_' | '.') { '-' } else { c };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

fn variable(name: &str, python: &Python) -> Result<String, String> {
    Ok(match name {
        "implementation_name" => python.implementation.clone(),
        "implementation_version" | "python_full_version" => python.version.clone(),
        "os_name" => python.os_name().to_owned(),
        "platform_machine" => python.machine.clone(),
        "platform_release" => python.release.clone(),
        "platform_system" => python.system.clone(),
        "platform_version" => python.system_version.clone(),
        "platform_python_implementation" => match python.implementation.as_str() {
            "cpython" => "CPython".into(),
            "pypy" => "PyPy".into(),
            "jython" => "Jython".into(),
            other => other.into(),
        },
        "python_version" => python.version.split('.').take(2).collect::<Vec<_>>().join("."),
        "sys_platform" => python.platform.clone(),
        "extra" => String::new(),
        _ => return Err(format!("`{name}` has no value outside of a lock file")),
    })
}
