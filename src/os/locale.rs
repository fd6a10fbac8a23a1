//! The environment that programs inherit. Without a locale, or with one that does not exist, the
//! character set of a C program is ASCII. Supervisor's programs get UTF-8 then, because Python sets
//! `LC_CTYPE` at its start (PEP 538); supkit does the same.

use std::ffi::{CString, OsStr, OsString};
use std::sync::OnceLock;

const ALL: &str = "LC_ALL";
const CTYPE: &str = "LC_CTYPE";
/// The variables that select the character set; the first that is not empty counts.
const IN_ORDER: [&str; 3] = [ALL, CTYPE, "LANG"];
/// `0` in this variable leaves the locale as it is.
const SWITCH: &str = "PYTHONCOERCECLOCALE";
/// Which of these exist depends on the system.
const UTF8: [&str; 3] = ["C.UTF-8", "C.utf8", "UTF-8"];

/// The environment of this process, with `LC_CTYPE` set to UTF-8 if its character set would be ASCII.
pub fn environment() -> Vec<(OsString, OsString)> {
    static CHOICE: OnceLock<Option<&str>> = OnceLock::new();
    let choice = CHOICE.get_or_init(|| ctype_to_set(|name| std::env::var_os(name), exists));
    with_ctype(std::env::vars_os().collect(), *choice)
}

fn with_ctype(
    mut environment: Vec<(OsString, OsString)>,
    ctype: Option<&str>,
) -> Vec<(OsString, OsString)> {
    if let Some(ctype) = ctype {
        environment.retain(|(name, _)| name != CTYPE);
        environment.push((CTYPE.into(), ctype.into()));
    }
    environment
}

/// The value that `LC_CTYPE` needs, if the locale is to be changed.
fn ctype_to_set(
    variable: impl Fn(&str) -> Option<OsString>,
    exists: impl Fn(&OsStr) -> bool,
) -> Option<&'static str> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    if given(ALL).is_some() || given(SWITCH).is_some_and(|switch| switch == "0") {
        return None;
    }
    let locale = IN_ORDER.into_iter().find_map(given).unwrap_or_else(|| "C".into());
    let is_ascii = locale == "C" || locale == "POSIX" || !exists(&locale);
    is_ascii.then(|| UTF8.into_iter().find(|name| exists(OsStr::new(name)))).flatten()
}

/// Whether the system has this locale.
fn exists(name: &OsStr) -> bool {
    let Ok(name) = CString::new(name.as_encoded_bytes()) else { return false };
    // SAFETY: the name is a C string, a null base makes a new locale, and only a valid one is freed.
    unsafe {
        let locale = libc::newlocale(libc::LC_CTYPE_MASK, name.as_ptr(), std::ptr::null_mut());
        if !locale.is_null() {
            libc::freelocale(locale);
        }
        !locale.is_null()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The choice on a system with `C.UTF-8` and `de_DE.ISO-8859-1`.
    fn choice(environment: &str) -> Option<&'static str> {
        let variable = |wanted: &str| {
            let mut pairs = environment.split(' ').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.into())
        };
        ctype_to_set(variable, |name| name == "C.UTF-8" || name == "de_DE.ISO-8859-1")
    }

    #[test]
    fn an_ascii_locale_is_replaced() {
        for environment in [
            "",
            "LANG=C",
            "LANG=POSIX",
            "LANG=",
            "LC_ALL= LANG=C",
            "LC_CTYPE=C LANG=de_DE.ISO-8859-1",
            "LANG=en_US.UTF-8",
            "PYTHONCOERCECLOCALE=",
            "PYTHONCOERCECLOCALE=1",
        ] {
            assert_eq!(choice(environment), Some("C.UTF-8"), "{environment}");
        }
    }

    #[test]
    fn another_locale_is_kept() {
        for environment in [
            "LANG=C.UTF-8",
            "LANG=de_DE.ISO-8859-1",
            "LC_CTYPE=C.UTF-8 LANG=C",
            "LC_ALL=C",
            "LC_ALL=en_US.UTF-8",
            "PYTHONCOERCECLOCALE=0",
            "PYTHONCOERCECLOCALE=0 LANG=C",
        ] {
            assert_eq!(choice(environment), None, "{environment}");
        }
    }

    #[test]
    fn a_system_without_utf8_keeps_its_locale() {
        assert_eq!(ctype_to_set(|_| None, |_| false), None);
    }

    #[test]
    fn the_variable_is_replaced_or_added() {
        let pair = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let before = vec![pair("LC_CTYPE", "C"), pair("A", "b")];
        let after = with_ctype(before.clone(), Some("C.UTF-8"));
        assert_eq!(after, [pair("A", "b"), pair("LC_CTYPE", "C.UTF-8")]);
        assert_eq!(with_ctype(before.clone(), None), before);
    }

    #[test]
    fn the_system_has_the_c_locale() {
        assert!(exists(OsStr::new("C")));
        assert!(!exists(OsStr::new("xx_YY.nothing")));
    }
}
