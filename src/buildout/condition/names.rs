//! Machine-dependent boolean names, combined with `not`, `and`, `or` and parentheses.

use super::scanner::{DEEPEST, Scanner};
use crate::buildout::buildout_env::Python;

pub(super) enum Names<'a> {
    Name(&'a str),
    Not(Box<Names<'a>>),
    All(Vec<Names<'a>>),
    Any(Vec<Names<'a>>),
}

impl Names<'_> {
    /// Evaluated with short-circuiting, so later names may be unknown.
    pub(super) fn holds(&self, python: &Python) -> Result<bool, String> {
        match self {
            Self::Name(name) => {
                value(name, python).ok_or_else(|| format!("`{name}` is no name that supkit knows"))
            }
            Self::Not(inner) => inner.holds(python).map(|truth| !truth),
            Self::All(terms) => terms
                .iter()
                .try_fold(true, |so_far, term| if so_far { term.holds(python) } else { Ok(false) }),
            Self::Any(terms) => terms
                .iter()
                .try_fold(false, |so_far, term| if so_far { Ok(true) } else { term.holds(python) }),
        }
    }
}

pub(super) fn parse(text: &str) -> Option<Names<'_>> {
    let mut scanner = Scanner::new(text);
    let names = any(&mut scanner, 0)?;
    scanner.is_done().then_some(names)
}

fn any<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Option<Names<'a>> {
    let mut terms = vec![all(scanner, depth)?];
    while scanner.keyword("or") {
        terms.push(all(scanner, depth)?);
    }
    Some(Names::Any(terms))
}

fn all<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Option<Names<'a>> {
    let mut terms = vec![one(scanner, depth)?];
    while scanner.keyword("and") {
        terms.push(one(scanner, depth)?);
    }
    Some(Names::All(terms))
}

fn one<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Option<Names<'a>> {
    if depth > DEEPEST {
        return None;
    }
    scanner.blanks();
    let names = if scanner.keyword("not") {
        Names::Not(Box::new(one(scanner, depth + 1)?))
    } else if scanner.take("(") {
        let inner = any(scanner, depth + 1)?;
        scanner.take(")").then_some(inner)?
    } else {
        Names::Name(scanner.name().filter(|name| !matches!(*name, "and" | "or"))?)
    };
    scanner.blanks();
    Some(names)
}

fn value(name: &str, python: &Python) -> Option<bool> {
    let platform = python.platform.to_lowercase();
    let other = ["pypy", "jython", "ironpython"];
    Some(match name {
        "True" => true,
        "False" | "None" => false,
        "cpython" => !other.contains(&python.implementation.as_str()),
        "pypy" | "jython" | "ironpython" => python.implementation == name,
        "linux" => platform.contains("linux"),
        "windows" => platform.contains("win32"),
        "cygwin" => platform.contains("cygwin"),
        "solaris" => platform.contains("sunos"),
        "macosx" => platform.contains("darwin"),
        "posix" => python.os_name() == "posix",
        "bits32" => python.bits == 32,
        "bits64" => python.bits == 64,
        "little_endian" => python.little_endian,
        "big_endian" => !python.little_endian,
        _ => return release(name.strip_prefix("python")?, python),
    })
}

/// `python3`, and `python311` for each release that buildout names.
fn release(digits: &str, python: &Python) -> Option<bool> {
    let mut numbers = python.version.split('.');
    let major = numbers.next().unwrap_or_default();
    let minor = numbers.next().unwrap_or_default();
    match digits {
        "2" | "3" => Some(digits == major),
        _ if digits.len() < 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let known = matches!(digits.parse(), Ok(24..=27 | 30..=39 | 310..=319));
            known.then(|| digits == format!("{major}{minor}"))
        }
        _ => None,
    }
}
