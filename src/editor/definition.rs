//! Where something that is mentioned is defined: a program or group, an included file, a path.

use std::ops::Range;

use super::configuration::{Configuration, SourceFile};
use super::cursor::{Cursor, word_at};
use super::names::Symbol;
use crate::conf::host::Host;
use crate::conf::kinds::expand_user;
use crate::conf::placeholders::HERE;
use crate::conf::python::names::{Layers, Names};
use crate::conf::python::{path, percent};
use crate::conf::read::environ;
use crate::conf::sections::{Section, include};

/// A range of a file. It is empty at the start if the whole file is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub path: String,
    pub range: Range<usize>,
}

pub fn definition(
    configuration: &Configuration,
    file: &SourceFile,
    offset: usize,
    host: &dyn Host,
) -> Vec<Location> {
    if let Some(mention) = configuration.mention_at(&file.path, offset) {
        return definitions_of(configuration, &mention.symbol);
    }
    let Cursor::Value { block, option, line } = Cursor::at(&file.text, &file.outline, offset)
    else {
        return Vec::new();
    };
    let is_include = Section::of(&block.name).is_some_and(|it| it.word == include::SECTION.word);
    let is_separator: fn(char) -> bool = if is_include && option.key == include::FILES.name {
        char::is_whitespace
    } else {
        |c| c.is_whitespace() || ",;\"'=".contains(c)
    };
    let word = word_at(&file.text, &line, offset, is_separator);
    let written = file.text.part(&word);
    let path = full_path(written, file, host);
    if is_include && path.is_some() {
        return included(configuration, path.as_deref(), host);
    }
    path.filter(|path| written.contains('/') && is_file(path, host))
        .map(whole)
        .into_iter()
        .collect()
}

/// The headers that define a program or group.
pub fn definitions_of(configuration: &Configuration, symbol: &Symbol) -> Vec<Location> {
    let same = configuration.definitions().filter(|it| it.symbol == *symbol);
    same.map(|it| Location { path: it.file.path.clone(), range: it.range }).collect()
}

/// The files that a pattern means.
fn included(
    configuration: &Configuration,
    pattern: Option<&str>,
    host: &dyn Host,
) -> Vec<Location> {
    let Some(pattern) = pattern else { return Vec::new() };
    let is_read = |path: &String| configuration.file(path).is_some();
    let files = crate::conf::glob::sorted(pattern, host).into_iter();
    let files = files.map(|file| path::abspath(&file, &host.current_dir()));
    files.filter(is_read).map(whole).collect()
}

fn whole(path: String) -> Location {
    Location { path, range: 0..0 }
}

fn is_file(path: &str, host: &dyn Host) -> bool {
    host.exists(path) && !host.is_dir(path)
}

/// The absolute path that a word of a value means. A relative one begins at the file.
fn full_path(written: &str, file: &SourceFile, host: &dyn Host) -> Option<String> {
    let here = path::dirname(&file.path);
    let mut names = Names::default();
    names.text(HERE.name, here);
    let environ = environ(host);
    let layers = Layers { below: &environ, above: &names };
    let expanded = percent::format(written, layers).ok().filter(|path| !path.is_empty())?;
    // In `env_file` a `-` means that the file may be missing.
    let expanded = expanded.strip_prefix('-').unwrap_or(&expanded);
    Some(path::abspath(&expand_user(expanded, host), here))
}
