//! What a builder makes.

use crate::buildout::paths::dirname;

/// Files and directories, all with absolute paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Products {
    pub directories: Vec<Directory>,
    pub files: Vec<Product>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    pub path: String,
    /// The mode of a new directory, if it is not that of the umask.
    pub mode: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub path: String,
    pub text: String,
    pub mode: Mode,
    /// It is written when the text changes; whoever reads it may delete it.
    pub is_initial: bool,
}

/// The mode of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Text,
    Program,
    Given(u32),
    /// That of another file.
    Like(String),
}

impl Products {
    pub(super) fn directory(&mut self, path: impl Into<String>) {
        self.directories.push(Directory { path: path.into(), mode: None });
    }

    /// A directory that only this user may enter.
    pub(super) fn private_directory(&mut self, path: impl Into<String>) {
        self.directories.push(Directory { path: path.into(), mode: Some(0o700) });
    }

    /// The directory of a file that is made later.
    pub(super) fn directory_of(&mut self, file: &str) {
        self.directory(dirname(file));
    }

    pub(super) fn file(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.add(path.into(), text.into(), Mode::Text);
    }

    pub(super) fn program(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.add(path.into(), text.into(), Mode::Program);
    }

    /// A file that a program reads once and deletes.
    pub(super) fn initial_file(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.add(path.into(), text.into(), Mode::Text);
        if let Some(last) = self.files.last_mut() {
            last.is_initial = true;
        }
    }

    pub(super) fn add(&mut self, path: String, text: String, mode: Mode) {
        self.files.push(Product { path, text, mode, is_initial: false });
    }

    /// Appends the products of another part. Of two files with one path the later one stays.
    pub(super) fn extend(&mut self, other: Self) {
        self.directories.extend(other.directories);
        self.files.retain(|file| other.files.iter().all(|later| later.path != file.path));
        self.files.extend(other.files);
    }
}
