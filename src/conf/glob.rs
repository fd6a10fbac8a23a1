//! Python's `glob.glob` on a [`Host`]: `**` is the same as `*`, hidden names need a pattern that
//! starts with a dot, and brackets are sets.

use super::host::Host;
use super::python::path;
use crate::pattern;

/// The paths that match a pattern, sorted as in Supervisor.
pub fn sorted(pattern: &str, host: &dyn Host) -> Vec<String> {
    let mut found = glob(pattern, false, host);
    found.sort_unstable();
    found
}

fn glob(pattern: &str, only_dirs: bool, host: &dyn Host) -> Vec<String> {
    let (dir, base) = split(pattern);
    if !has_magic(pattern) {
        let there = if base.is_empty() { host.is_dir(dir) } else { host.exists(pattern) };
        return if there { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let dirs = match dir {
        dir if dir != pattern && has_magic(dir) => glob(dir, true, host),
        dir => vec![dir.to_owned()],
    };
    dirs.iter()
        .flat_map(|dir| names(dir, base, only_dirs, host).into_iter().map(|n| path::join(dir, &n)))
        .collect()
}

/// The names in one directory that match the last part of a pattern.
fn names(dir: &str, base: &str, only_dirs: bool, host: &dyn Host) -> Vec<String> {
    if base.is_empty() {
        return if host.is_dir(dir) { vec![String::new()] } else { Vec::new() };
    }
    if !has_magic(base) {
        let there = host.exists(&path::join(dir, base));
        return if there { vec![base.to_owned()] } else { Vec::new() };
    }
    let shown = |name: &String| base.starts_with('.') || !name.starts_with('.');
    let kept = |name: &String| !only_dirs || host.is_dir(&path::join(dir, name));
    host.list_dir(dir)
        .into_iter()
        .filter(|name| shown(name) && pattern::matches(base, name) && kept(name))
        .collect()
}

fn has_magic(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// `os.path.split`.
fn split(pattern: &str) -> (&str, &str) {
    let base = pattern.rfind('/').map_or(pattern, |at| &pattern[at + 1..]);
    (path::dirname(pattern), base)
}
