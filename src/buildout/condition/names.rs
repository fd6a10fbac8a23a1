//! The names that are true or false on this machine.

use crate::buildout::outside::Python;

pub(super) fn value(name: &str, python: &Python) -> Option<bool> {
    let mut numbers = python.version.split('.');
    let major = numbers.next().unwrap_or_default();
    let minor = numbers.next().unwrap_or_default();
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
        "posix" => platform != "win32",
        "bits32" => python.bits == 32,
        "bits64" => python.bits == 64,
        "little_endian" => python.little_endian,
        "big_endian" => !python.little_endian,
        _ => {
            let digits = name.strip_prefix("python")?;
            match digits {
                "2" | "3" => digits == major,
                _ if is_release(digits) => digits == format!("{major}{minor}"),
                _ => return None,
            }
        }
    })
}

/// 24 to 27, 30 to 39, 310 to 319.
fn is_release(digits: &str) -> bool {
    matches!(digits.parse(), Ok(24..=27 | 30..=39 | 310..=319)) && !digits.starts_with(['0', '+'])
}
