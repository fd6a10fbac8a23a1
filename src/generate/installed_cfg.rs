//! `.installed.cfg`, in which zc.buildout lists the files that it made. It deletes them when a part
//! is removed, its options change or its update fails; so a file that supkit replaces is removed
//! from the list. The files of a part whose recipe is supkit stay: they belong to the part.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::buildout::paths::{join, normalize};
use crate::buildout::{Installed, Project};

/// The option of a part that lists its files.
const FILES: &str = "__buildout_installed__";
/// How buildout writes a line break at the end of a value.
const BREAK: &str = "%(__buildout_space_n__)s";

/// The files in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledCfg {
    directory: String,
    paths: BTreeSet<String>,
}

impl InstalledCfg {
    pub fn of(project: &Project) -> Self {
        Self::new(project.directory(), project.installed())
    }

    fn new(directory: &str, installed: &Installed) -> Self {
        let of_others = installed.parts().iter().filter(|part| !is_own(installed, part));
        let paths = of_others.flat_map(|part| installed.paths(part));
        let paths = paths.map(|path| normalize(&join(directory, path))).collect();
        Self { directory: directory.to_owned(), paths }
    }

    pub fn has(&self, path: &str) -> bool {
        self.paths.contains(&normalize(path))
    }

    /// The text of `.installed.cfg` without the files for which `is_taken` is true; `None` if it
    /// lists none of them.
    pub fn without(&self, text: &str, is_taken: &dyn Fn(&str) -> bool) -> Option<String> {
        let is_taken = |path: &str| {
            let path = normalize(&join(&self.directory, path));
            self.paths.contains(&path) && is_taken(&path)
        };
        let mut out = String::new();
        let mut changed = false;
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            let Some(first) = files_of(line) else {
                out.push_str(line);
                continue;
            };
            let mut whole = line.to_owned();
            let mut files: Vec<&str> = first.split(BREAK).collect();
            while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
                whole.push_str(more);
                files.extend(more.split(BREAK));
            }
            let files: Vec<&str> =
                files.into_iter().map(str::trim).filter(|file| !file.is_empty()).collect();
            let kept: Vec<&str> = files.iter().copied().filter(|file| !is_taken(file)).collect();
            if kept.len() == files.len() {
                out.push_str(&whole);
            } else {
                changed = true;
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{FILES} = {}", kept.join("\n\t"));
            }
        }
        changed.then_some(out)
    }
}

fn is_own(installed: &Installed, part: &str) -> bool {
    installed.part(part, "supkit").is_some()
}

/// The value on the first line of the option.
fn files_of(line: &str) -> Option<&str> {
    line.strip_prefix(FILES)?.trim_start().strip_prefix('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[buildout]\nparts = a b\n\n[a]\n__buildout_installed__ = /p/bin/one\n\t\
        /p/bin/two\n\t/p/bin/three\n__buildout_signature__ = s\n\n\
        [b]\n__buildout_installed__ = %(__buildout_space_n__)sbin/four\nrecipe = x\n";

    fn record() -> InstalledCfg {
        InstalledCfg::new("/p", &Installed::read(TEXT))
    }

    #[test]
    fn listed_files_are_made_by_buildout() {
        let record = record();
        assert!(record.has("/p/bin/one") && record.has("/p/bin/three"));
        assert!(record.has("/p/bin/four"), "a relative path is relative to the project");
        assert!(!record.has("/p/bin/five"));
    }

    #[test]
    fn files_of_a_part_of_supkit_are_its_own() {
        let text = TEXT.replace("recipe = x", "recipe = supkit");
        let record = InstalledCfg::new("/p", &Installed::read(&text));
        assert!(record.has("/p/bin/one") && !record.has("/p/bin/four"));
        assert_eq!(record.without(&text, &|path| path == "/p/bin/four"), None);
    }

    #[test]
    fn replaced_files_are_removed_from_the_list_and_the_rest_is_kept() {
        let without = |taken: &[&str]| record().without(TEXT, &|path| taken.contains(&path));
        assert_eq!(without(&["/p/bin/five"]), None);
        let expected = TEXT.replace("/p/bin/one\n\t", "");
        assert_eq!(without(&["/p/bin/one"]), Some(expected));
        let expected = TEXT.replace("/p/bin/one\n\t/p/bin/two\n\t/p/bin/three", "");
        let expected = expected.replace("%(__buildout_space_n__)sbin/four", "");
        let all = ["/p/bin/one", "/p/bin/two", "/p/bin/three", "/p/bin/four"];
        assert_eq!(without(&all), Some(expected));
    }
}
