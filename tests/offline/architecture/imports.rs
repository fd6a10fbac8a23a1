//! The import graph of the files in `src/`, read from their text, and the cycles in it.
//!
//! File A imports file B if a path in A resolves to an item that is defined in B: a `use`
//! declaration, or a path in the code that begins with `crate`, `super`, `self`, a child module or
//! an imported module. A name that a module file only passes on (`pub use child::Name`) resolves to
//! the file that defines it, so `mod.rs` may re-export what its children define, and the children
//! may import each other through it. `mod child;` is no import. A `mod.rs` that defines an item
//! that a child imports, and imports from that child itself, is a cycle.
//!
//! Not seen: methods (a type of B may have methods in A), and what a macro expands to. Tests may
//! import what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The path of a module, without `crate`.
type Module = Vec<String>;

/// One file: its module, the modules that it declares, and the paths that it names.
#[derive(Debug, Default)]
struct File {
    path: PathBuf,
    module: Module,
    children: BTreeSet<String>,
    /// The imported names and the paths that they stand for.
    uses: BTreeMap<String, Vec<String>>,
    /// Paths with a glob: `use super::*`.
    globs: Vec<Vec<String>>,
    /// Paths in the code.
    mentions: Vec<Vec<String>>,
    /// How many inline modules (`mod x { ... }`) surround what is being read.
    inline_depth: usize,
}

/// Files with the files that each imports.
#[derive(Debug, Default)]
pub(super) struct Imports(BTreeMap<PathBuf, BTreeSet<PathBuf>>);

impl Imports {
    /// `sources` are paths below `src/` with the text of the file, without comments and tests.
    pub(super) fn of<'a>(sources: impl Iterator<Item = (&'a Path, &'a str)>) -> Self {
        let files: Vec<File> = sources.map(|(path, text)| File::read(path, text)).collect();
        let by_module: BTreeMap<&[String], &File> =
            files.iter().map(|file| (file.module.as_slice(), file)).collect();
        Self(files.iter().map(|file| (file.path.clone(), file.imports(&by_module))).collect())
    }

    /// Each set of files that import each other, directly or by others.
    pub(super) fn cycles(&self) -> Vec<BTreeSet<PathBuf>> {
        let reachable: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
            self.0.keys().map(|file| (file, self.reachable(file))).collect();
        let mut cycles = BTreeSet::new();
        for (file, others) in &reachable {
            if others.contains(file) {
                let back = others.iter().filter(|other| reachable[**other].contains(file));
                cycles.insert(back.map(|other| (*other).clone()).collect::<BTreeSet<_>>());
            }
        }
        cycles.into_iter().collect()
    }

    /// The imports within a cycle, as `a.rs -> b.rs`.
    pub(super) fn within(&self, cycle: &BTreeSet<PathBuf>) -> Vec<String> {
        let pairs = cycle.iter().flat_map(|from| self.0[from].iter().map(move |to| (from, to)));
        pairs
            .filter(|(_, to)| cycle.contains(*to))
            .map(|(from, to)| format!("{} -> {}", from.display(), to.display()))
            .collect()
    }

    fn reachable<'a>(&'a self, file: &'a PathBuf) -> BTreeSet<&'a PathBuf> {
        let mut found = BTreeSet::new();
        let mut pending: Vec<&PathBuf> = self.0[file].iter().collect();
        while let Some(next) = pending.pop() {
            if found.insert(next) {
                pending.extend(self.0.get(next).into_iter().flatten());
            }
        }
        found
    }
}

impl File {
    fn read(path: &Path, text: &str) -> Self {
        let mut file = Self { path: path.to_owned(), module: module_of(path), ..Self::default() };
        let tokens = tokens(text);
        // The depths of the braces of inline modules around the token.
        let (mut depth, mut inline) = (0_usize, Vec::new());
        let mut at = 0;
        while at < tokens.len() {
            let follows_path = at > 0 && tokens[at - 1] == "::";
            match tokens[at].as_str() {
                "{" => {
                    let is_module = tokens[..at].iter().rev().take(3).any(|it| it == "mod");
                    depth += 1;
                    if is_module {
                        inline.push(depth);
                    }
                }
                "}" => {
                    if inline.last() == Some(&depth) {
                        inline.pop();
                    }
                    depth = depth.saturating_sub(1);
                }
                "use" => {
                    at += 1;
                    file.inline_depth = inline.len();
                    file.read_use(&tokens, &mut at, &[]);
                }
                "mod" if tokens.get(at + 2).is_some_and(|it| it == ";") => {
                    file.children.insert(tokens[at + 1].clone());
                    at += 2;
                }
                word if is_name(word) && !follows_path => {
                    let mut path = vec![word.to_owned()];
                    while tokens.get(at + 1).is_some_and(|it| it == "::")
                        && tokens.get(at + 2).is_some_and(|it| is_name(it))
                    {
                        path.push(tokens[at + 2].clone());
                        at += 2;
                    }
                    file.inline_depth = inline.len();
                    if path.len() > 1 {
                        file.mentions.extend(file.outer_path(path));
                    }
                }
                _ => {}
            }
            at += 1;
        }
        file
    }

    /// Reads one tree of a `use` declaration and stops behind it.
    fn read_use(&mut self, tokens: &[String], at: &mut usize, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut name = None;
        while let Some(token) = tokens.get(*at) {
            match token.as_str() {
                "::" => {}
                "*" => {
                    self.globs.extend(self.outer_path(path));
                    *at += 1;
                    return;
                }
                "{" => {
                    *at += 1;
                    while tokens.get(*at).is_some_and(|it| it != "}") {
                        self.read_use(tokens, at, &path);
                        if tokens.get(*at).is_some_and(|it| it == ",") {
                            *at += 1;
                        }
                    }
                    *at += 1;
                    return;
                }
                "as" => {
                    name = tokens.get(*at + 1).cloned();
                    *at += 1;
                }
                "self" if !path.is_empty() => {}
                word if is_name(word) => path.push(word.to_owned()),
                _ => break,
            }
            *at += 1;
        }
        if let Some(name) = name.or_else(|| path.last().cloned()) {
            // `as _` imports a trait without a name; the path alone counts.
            let name = if name == "_" { path.join("::") } else { name };
            if let Some(path) = self.outer_path(path) {
                self.uses.insert(name, path);
            }
        }
    }

    /// A path in an inline module as it would be written outside of it; `None` if it does not leave
    /// this file.
    fn outer_path(&self, path: Vec<String>) -> Option<Vec<String>> {
        let supers = path.iter().take_while(|step| *step == "super").count();
        match self.inline_depth {
            0 => Some(path),
            _ if supers == 0 => Some(path),
            depth => (supers > depth).then(|| path[depth..].to_vec()),
        }
    }

    fn imports(&self, files: &BTreeMap<&[String], &Self>) -> BTreeSet<PathBuf> {
        let items = self.uses.values().chain(&self.mentions);
        let items = items.filter_map(|path| self.defining_file(path, files));
        let globs = self.globs.iter().filter_map(|path| {
            let (module, rest) = self.split(path, files)?;
            rest.is_empty().then(|| files.get(module.as_slice()).copied()).flatten()
        });
        let paths = items.chain(globs).map(|file| file.path.clone());
        paths.filter(|path| *path != self.path).collect()
    }

    /// The file that defines the item at a path; `None` for other crates and whole modules.
    fn defining_file<'f>(
        &self,
        path: &[String],
        files: &BTreeMap<&[String], &'f Self>,
    ) -> Option<&'f Self> {
        let (module, rest) = self.split(path, files)?;
        let file = files.get(module.as_slice()).copied()?;
        let item = rest.first()?;
        // A name that the module imports itself is defined elsewhere.
        match file.uses.get(item) {
            Some(target) if !(file.path == self.path && target == path) => {
                file.defining_file(target, files).or(Some(file))
            }
            _ => Some(file),
        }
    }

    /// Parts a path into the longest module and what follows it.
    fn split(
        &self,
        path: &[String],
        files: &BTreeMap<&[String], &Self>,
    ) -> Option<(Module, Vec<String>)> {
        let (first, mut rest) = path.split_first()?;
        let mut module = match first.as_str() {
            "crate" => Module::new(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len() - 1].to_vec(),
            child if self.children.contains(child) => {
                [self.module.as_slice(), std::slice::from_ref(first)].concat()
            }
            // An imported module: `use crate::conf::options;` and then `options::parse`.
            imported => {
                let target = self.uses.get(imported).filter(|target| *target != path)?;
                let (module, left) = self.split(target, files)?;
                if !left.is_empty() {
                    return None;
                }
                module
            }
        };
        while let Some((next, behind)) = rest.split_first() {
            if next == "super" {
                module.pop();
            } else {
                let deeper = [module.as_slice(), std::slice::from_ref(next)].concat();
                if !files.contains_key(deeper.as_slice()) {
                    break;
                }
                module = deeper;
            }
            rest = behind;
        }
        Some((module, rest.to_vec()))
    }
}

fn module_of(path: &Path) -> Module {
    let stem = path.with_extension("");
    let steps = stem.iter().map(|step| step.to_string_lossy().into_owned());
    let mut module: Module = steps.collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single marks; strings and character literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") => raw_string(rest),
            '"' => string(rest),
            '\'' => character(rest),
            _ if rest.starts_with("::") => 2,
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let token = &rest[..end];
        if !first.is_whitespace() && !token.contains(['"', '\'']) {
            tokens.push(token.to_owned());
        }
        rest = &rest[end..];
    }
    tokens
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `r"..."` and `r#"..."#`; a raw identifier is taken for one letter.
fn raw_string(text: &str) -> usize {
    let marks = text[1..].chars().take_while(|c| *c == '#').count();
    let open = format!("r{}\"", "#".repeat(marks));
    if !text.starts_with(&open) {
        return 1;
    }
    let close = format!("\"{}", "#".repeat(marks));
    text[open.len()..].find(&close).map_or(text.len(), |at| open.len() + at + close.len())
}

/// A character literal, or the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].find('\'').map_or(text.len(), |at| {
            // `'\''` has a quote of its own.
            if text[2..].starts_with('\'') { at + 4 } else { at + 3 }
        }),
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files = files.iter().map(|(path, text)| (Path::new(*path), *text));
        let cycles = Imports::of(files).cycles();
        let names = |cycle: &BTreeSet<PathBuf>| {
            cycle.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        cycles.iter().map(names).collect()
    }

    #[test]
    fn files_that_import_each_other_are_a_cycle() {
        let found = cycles(&[
            ("a/mod.rs", "mod b; mod c; mod d;"),
            ("a/b.rs", "use super::c::C; pub struct B;"),
            ("a/c.rs", "use std::fmt; fn f() -> crate::a::b::B {}"),
            ("a/d.rs", "use super::{b::B, c::{self, C}};"),
        ]);
        assert_eq!(found, [["a/b.rs", "a/c.rs"]]);
    }

    #[test]
    fn a_module_is_in_a_cycle_with_a_child_that_imports_an_item_of_its_own() {
        let child = ("a/b.rs", "use super::Shared;");
        let found = cycles(&[("a/mod.rs", "mod b; pub struct Shared; fn f() { b::g() }"), child]);
        assert_eq!(found, [["a/b.rs", "a/mod.rs"]]);
        assert!(cycles(&[("a/mod.rs", "pub mod b; pub struct Shared;"), child]).is_empty());
    }

    #[test]
    fn a_name_that_is_passed_on_belongs_to_the_file_that_defines_it() {
        let found = cycles(&[
            ("a/mod.rs", "mod b; mod c; pub use c::C; pub use b::B;"),
            ("a/b.rs", "use super::C;"),
            ("a/c.rs", "pub struct C;"),
            ("x.rs", "use crate::a::B;"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn an_imported_module_counts_where_it_is_used() {
        let module = ("a/mod.rs", "mod b; mod c;");
        let b = ("a/b.rs", "use super::c; fn f() { c::g('\\'', \"crate::x\") }");
        assert_eq!(cycles(&[module, b, ("a/c.rs", "use super::b as bee; bee::X")]).len(), 1);
        assert!(cycles(&[module, b, ("a/c.rs", "use super::b as bee;")]).is_empty());
    }

    #[test]
    fn in_an_inline_module_super_is_the_file_itself() {
        let module = ("a/mod.rs", "pub mod b; pub struct A; fn f() { b::B }");
        let inside = ("a/b.rs", "macro_rules! m { () => { pub mod $x { use super::*; } } }");
        assert!(cycles(&[module, inside]).is_empty());
        let outside = ("a/b.rs", "mod x { use super::super::A; }");
        assert_eq!(cycles(&[module, outside]).len(), 1);
    }
}
