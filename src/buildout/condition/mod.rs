//! Conditions of section headers: a PEP 508 marker, or names such as `linux` and `python3` combined
//! with `not`, `and`, `or`. Other Python expressions are rejected; nothing is executed.

mod marker;
mod names;
mod scanner;
mod version;

use std::cell::OnceCell;

use super::buildout_env::{BuildoutEnv, Python};

/// Evaluates conditions; queries the interpreter once, and only if there is a condition.
pub(super) struct Conditions<'w> {
    env: &'w dyn BuildoutEnv,
    python: OnceCell<Python>,
}

impl<'w> Conditions<'w> {
    pub(super) fn new(env: &'w dyn BuildoutEnv) -> Self {
        Self { env, python: OnceCell::new() }
    }

    /// The result of an expression, or why it cannot be evaluated.
    pub(super) fn hold(&self, expression: &str) -> Result<bool, String> {
        let python = self.python.get_or_init(|| self.env.python());
        decide(expression, python)
    }
}

/// A valid marker takes precedence over names, as in zc.buildout.
fn decide(expression: &str, python: &Python) -> Result<bool, String> {
    match marker::parse(expression) {
        Some(marker) => marker.holds(python),
        None => names::parse(expression)
            .ok_or_else(|| "it is neither a marker nor made of names, not, and, or".to_owned())?
            .holds(python),
    }
}

#[cfg(test)]
mod tests {
    use super::decide;
    use crate::buildout::buildout_env::MemoryFiles;

    fn holds(expression: &str) -> bool {
        decide(expression, &MemoryFiles::default().python)
            .unwrap_or_else(|why| panic!("{expression}: {why}"))
    }

    #[test]
    fn names_are_joined_as_python_joins_them() {
        for yes in [
            "linux",
            " not windows ",
            "linux and python3",
            "windows or (posix and not pypy)",
            "not not linux",
            "linux or nonsense",
            "python311",
            "bits64",
            "True",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["macosx", "not linux", "windows and nonsense", "python2 or python27", "False"] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn markers_compare_versions_as_versions() {
        for yes in [
            "python_version >= '3.9'",
            "python_version>\"3.9\"and sys_platform=='linux'",
            "'3.9' < python_version",
            "python_version == '3.*'",
            "python_version ~= '3.9'",
            "python_version != '3.1'",
            "python_version in '3.10 3.11'",
            "python_version not in '3.1'  or os.name == 'posix'",
            "(platform_system == 'Linux')",
            "sys.platform == 'linux'",
            "python_full_version == '3.11.7'",
            "python_version < '3.12.0a1'",
            "extra == ''",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in [
            "python_version < '3.9'",
            "sys_platform < 'zzz'",
            "platform_release >= 'six'",
            "os_name == 'nt' or python_version == '2.7' and os_name == 'posix'",
        ] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn any_other_expression_is_refused() {
        for text in [
            "len",
            "sys.version_info > (3,)",
            "'x' == 'x'",
            "linux and",
            "(linux",
            "1",
            "extras == 'x'",
            "sys_platform ~= 'l'",
            "linux, True",
            " ",
        ] {
            assert!(decide(text, &MemoryFiles::default().python).is_err(), "{text}");
        }
        assert!(decide(&"(".repeat(100_000), &MemoryFiles::default().python).is_err());
        assert!(decide(&"not ".repeat(100_000), &MemoryFiles::default().python).is_err());
    }
}
