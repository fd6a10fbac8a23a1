//! Python's `glob.glob`, asked through [`Surroundings`]: `**` is no more than `*`, hidden names
//! need a pattern that begins with a dot, brackets are sets.

use super::python::path;
use super::surroundings::Surroundings;
use crate::pattern;

/// The paths that a pattern names, sorted as Supervisor sorts them.
pub fn sorted(pattern: &str, world: &dyn Surroundings) -> Vec<String> {
    let mut found = glob(pattern, false, world);
    found.sort_unstable();
    found
}

fn glob(pattern: &str, only_dirs: bool, world: &dyn Surroundings) -> Vec<String> {
    let (dir, base) = split(pattern);
    if !has_magic(pattern) {
        let there = if base.is_empty() { world.is_dir(dir) } else { world.exists(pattern) };
        return if there { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let dirs = match dir {
        dir if dir != pattern && has_magic(dir) => glob(dir, true, world),
        dir => vec![dir.to_owned()],
    };
    dirs.iter()
        .flat_map(|dir| names(dir, base, only_dirs, world).into_iter().map(|n| path::join(dir, &n)))
        .collect()
}

/// The names in one directory that fit the last part of a pattern.
fn names(dir: &str, base: &str, only_dirs: bool, world: &dyn Surroundings) -> Vec<String> {
    if base.is_empty() {
        return if world.is_dir(dir) { vec![String::new()] } else { Vec::new() };
    }
    if !has_magic(base) {
        let there = world.exists(&path::join(dir, base));
        return if there { vec![base.to_owned()] } else { Vec::new() };
    }
    let shown = |name: &String| base.starts_with('.') || !name.starts_with('.');
    let kept = |name: &String| !only_dirs || world.is_dir(&path::join(dir, name));
    world
        .list_dir(dir)
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
