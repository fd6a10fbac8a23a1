//! Finds the main file of a configuration for one of its files: an included file is checked with the
//! file that includes it.

use super::configuration::Configuration;
use super::outline::Outline;
use crate::conf::host::Host;
use crate::conf::python::path;
use crate::conf::sections::{include, supervisord};

/// Where a main file may be if it is not above the file that it includes.
const USUAL: [&str; 2] = ["/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];

/// How many directories above a file are searched, and how many files there.
const LEVELS: usize = 4;
const FILES: usize = 64;

/// The main file of an opened file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Main {
    /// It is one itself, or another file includes it.
    File(String),
    /// No file is known that includes it.
    Unknown(String),
}

impl Main {
    pub fn path(&self) -> &str {
        match self {
            Self::File(path) | Self::Unknown(path) => path,
        }
    }
}

/// `open` are the paths of the other opened files.
pub fn main_file<'o>(file: &str, open: impl Iterator<Item = &'o str>, host: &dyn Host) -> Main {
    let text = |path: &str| {
        let bytes = host.read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if has_section(&text(file), supervisord::SECTION.word) {
        return Main::File(file.to_owned());
    }
    let usual = USUAL.into_iter().filter(|path| host.exists(path)).map(str::to_owned);
    let candidates = open.map(str::to_owned).chain(above(file, host)).chain(usual);
    let real = host.real_path(file);
    let includes = |main: &String| {
        let text = text(main);
        has_section(&text, supervisord::SECTION.word)
            && has_section(&text, include::SECTION.word)
            && Configuration::read(main, host)
                .files
                .iter()
                .any(|it| host.real_path(&it.path) == real)
    };
    let found = candidates.filter(|path| path != file).find(includes);
    found.map_or_else(|| Main::Unknown(file.to_owned()), Main::File)
}

fn has_section(text: &str, name: &str) -> bool {
    text.contains(name) && Outline::new(text).blocks.iter().any(|block| block.name == name)
}

/// The configurations in the directories above a file, and in an `etc` there.
fn above(file: &str, host: &dyn Host) -> Vec<String> {
    let mut found = Vec::new();
    let mut directory = path::dirname(file);
    for _ in 0..LEVELS {
        for place in [directory.to_owned(), path::join(directory, "etc")] {
            let mut names = host.list_dir(&place);
            names.retain(|name| {
                name.rsplit_once('.').is_some_and(|(_, end)| end == "conf" || end == "ini")
            });
            // The usual names first.
            names.sort_unstable_by_key(|name| (!name.starts_with("supervisor"), name.clone()));
            found.extend(names.iter().take(FILES).map(|name| path::join(&place, name)));
        }
        let parent = path::dirname(directory);
        if parent == directory {
            break;
        }
        directory = parent;
    }
    found
}
