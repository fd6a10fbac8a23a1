//! A configuration as it is written: its main file and the files that it includes.

use std::rc::Rc;

use super::outline::Outline;
use super::text::Text;
use crate::conf::host::Host;
use crate::conf::load::{self, Include};
use crate::conf::overlay::Overlay;
use crate::conf::python::path;
use crate::conf::read::environ;

/// The files in the order in which they are read, without those that cannot be read.
#[derive(Debug, Default)]
pub struct Configuration {
    pub files: Vec<SourceFile>,
    /// The patterns of `files=`.
    pub includes: Vec<Include>,
}

#[derive(Debug)]
pub struct SourceFile {
    /// Its absolute path.
    pub path: String,
    pub text: Text,
    pub outline: Outline,
}

impl SourceFile {
    pub fn new(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), text: Text::new(text), outline: Outline::new(text) }
    }
}

impl Configuration {
    /// Reads the files around a main file. Lines that cannot be read yet do not prevent that.
    pub fn read(main: &str, host: &dyn Host) -> Self {
        let loaded = load::load(main, &Rc::new(environ(host)), &Overlay::changed(host, readable));
        let mut names: Vec<&str> = loaded.sources.names().collect();
        names.dedup();
        let file = |name: &str| {
            let bytes = host.read(name).ok()?;
            let path = path::abspath(name, &host.current_dir());
            Some(SourceFile::new(path, &String::from_utf8_lossy(&bytes)))
        };
        Self { files: names.into_iter().filter_map(file).collect(), includes: loaded.includes }
    }

    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// Makes comments of the lines that cannot be read. All others stay where they are.
fn readable(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let outline = Outline::new(text);
    let mut readable = bytes.clone();
    for line in outline.unreadable().filter(|line| !line.is_empty()) {
        readable[line.clone()].fill(b' ');
        readable[line.start] = b';';
    }
    readable
}
