//! The same for a buildout project: where the option of `${part:option}` is set, the files of
//! `extends`, and the sections of a file.

use std::ops::Range;
use std::rc::Rc;

use super::definition::Location;
use super::text::Text;
use crate::buildout::{BuildoutEnv, NoRecipes, Project, Request, paths};
use crate::diag::{SourceMap, Span};

/// The main file of a project for one of its files: `buildout.cfg` beside or above it if that extends
/// it, otherwise the file itself.
pub fn main_file(file: &str, env: &dyn BuildoutEnv) -> String {
    let mut directory = parent(file);
    for _ in 0..3 {
        let main = paths::absolute(directory, "buildout.cfg");
        if main == file {
            break;
        }
        let project = env.exists(&main).then(|| load(&main, env)).flatten();
        let is_layer = |project: Project| {
            project.sources().names().any(|name| paths::absolute(directory, name) == file)
        };
        if project.is_some_and(is_layer) {
            return main;
        }
        directory = parent(directory);
    }
    file.to_owned()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent })
}

fn load(main: &str, env: &dyn BuildoutEnv) -> Option<Project> {
    Project::load(&Request::lazy(main), env, Rc::new(NoRecipes)).ok()
}

/// Where the thing at an offset of a file of a project is defined.
pub fn definition(
    main: &str,
    file: &str,
    text: &Text,
    offset: usize,
    env: &dyn BuildoutEnv,
) -> Vec<Location> {
    let Some(project) = load(main, env) else { return Vec::new() };
    let source = text.as_str();
    let found = if let Some((section, option)) = reference_at(source, offset) {
        let section = if section.is_empty() { section_at(source, offset) } else { section };
        project.span(section, option).or_else(|| header(&project, section))
    } else {
        let word = word_at(source, offset);
        let path = paths::absolute(parent(file), word);
        if word.contains(".cfg") && env.exists(&path) {
            return vec![Location { path, range: 0..0 }];
        }
        header(&project, word)
    };
    found
        .and_then(|span| location(project.sources(), project.directory(), span))
        .into_iter()
        .collect()
}

fn location(sources: &SourceMap, directory: &str, span: Span) -> Option<Location> {
    let name = sources.name(span.source);
    let path = paths::absolute(directory, name);
    (!name.contains("://")).then_some(Location { path, range: span.start..span.end })
}

/// The first option of a section, which is below its header.
fn header(project: &Project, section: &str) -> Option<Span> {
    let options = project.raw().get(section)?;
    options.values().filter_map(crate::buildout::Value::span).min()
}

/// Section and option of the `${section:option}` around an offset.
fn reference_at(text: &str, offset: usize) -> Option<(&str, &str)> {
    let start = text.get(..offset)?.rfind("${")?;
    let inside = &text[start + 2..];
    let inside = &inside[..inside.find('}')?];
    let is_around = offset <= start + 2 + inside.len() && !inside.contains('\n');
    if !is_around {
        return None;
    }
    inside.split_once(':')
}

/// The name in the last header before an offset.
fn section_at(text: &str, offset: usize) -> &str {
    let before = text.get(..offset).unwrap_or_default();
    let header = before.lines().rev().find(|line| line.starts_with('[')).unwrap_or_default();
    let end = header.find([']', ':']).unwrap_or(header.len());
    header.get(1..end).unwrap_or_default().trim()
}

fn word_at(text: &str, offset: usize) -> &str {
    let is_end = |c: char| c.is_whitespace() || "=,[]".contains(c);
    let before = text.get(..offset).unwrap_or_default();
    let start = before.rfind(is_end).map_or(0, |at| at + 1);
    let end = text[start..].find(is_end).map_or(text.len(), |at| start + at);
    text.get(start..end).unwrap_or_default()
}

/// The headers of a file with the ranges of their sections.
pub fn sections(text: &str) -> Vec<(String, Range<usize>, Range<usize>)> {
    let mut found: Vec<(String, Range<usize>, Range<usize>)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end();
        let end = start + written.len();
        let name = written.strip_prefix('[').and_then(|rest| rest.split([']', ':']).next());
        match name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => found.push((name.to_owned(), start..end, start..end)),
            None if written.is_empty() => {}
            None => {
                if let Some(last) = found.last_mut() {
                    last.2.end = end;
                }
            }
        }
        start += line.len();
    }
    found
}
