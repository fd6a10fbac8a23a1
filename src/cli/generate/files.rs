//! Reads and writes the files of a deployment. Each file is replaced atomically; before the first
//! one, all directories are checked to be writable.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::diag::Diagnostic;
use crate::generate::planned_file::{Content, File, Found, Role};
use crate::os::{access, files};

use super::comparison::Comparison;
use super::sources::ProjectError;

/// An absolute path; it need not exist.
pub(super) fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
}

/// The bytes of the running program.
pub(super) fn own_program() -> Result<Vec<u8>, ProjectError> {
    let path =
        std::env::current_exe().map_err(|error| cannot("find the program itself", &error))?;
    fs::read(&path).map_err(|error| cannot(&format!("read `{}`", path.display()), &error))
}

pub(super) fn directory_exists(file: &str) -> bool {
    Path::new(file).parent().is_some_and(Path::is_dir)
}

/// The text of a file, if it can be read.
pub(super) fn text(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// What exists at a path.
pub(super) fn find(path: &str) -> Found {
    let Ok(meta) = fs::symlink_metadata(path) else { return Found::Nothing };
    if meta.is_symlink() {
        let target = fs::read_link(path).unwrap_or_default();
        return Found::Link(target.display().to_string());
    }
    if meta.is_dir() {
        return Found::Other("a directory".to_owned());
    }
    if !meta.is_file() {
        return Found::Other("not a regular file".to_owned());
    }
    match fs::read(path) {
        Ok(bytes) => Found::File { bytes, executable: meta.permissions().mode() & 0o111 != 0 },
        Err(error) => Found::Other(format!("unreadable ({error})")),
    }
}

pub(super) fn write(comparison: &Comparison) -> Result<(), ProjectError> {
    let directories = directories(comparison);
    // A run that changes nothing writes nothing, not even to see whether it could.
    if comparison.changes().next().is_none() && directories.iter().all(|path| path.is_dir()) {
        return Ok(());
    }
    existing(&directories).into_iter().try_for_each(check_writable)?;
    for directory in directories {
        let made = fs::create_dir_all(directory);
        made.map_err(|error| cannot(&format!("create `{}`", directory.display()), &error))?;
    }
    let is_secret = comparison.plan.derived.deployment.has_password();
    comparison.changes().try_for_each(|(file, _)| write_file(file, is_secret))
}

/// The directories that the deployment consists of, which need not exist.
fn directories(comparison: &Comparison) -> BTreeSet<&Path> {
    let parents = comparison.changes().filter_map(|(file, _)| Path::new(&file.path).parent());
    comparison.plan.directories.iter().map(Path::new).chain(parents).collect()
}

fn existing<'a>(directories: &BTreeSet<&'a Path>) -> BTreeSet<&'a Path> {
    directories.iter().map(|path| existing_ancestor(path)).collect()
}

/// The directories that [`write`] could not write into, as errors.
pub(super) fn unwritable(comparison: &Comparison) -> Vec<Diagnostic> {
    let directories = directories(comparison);
    let missing = existing(&directories).into_iter().filter_map(|directory| {
        let error = access::try_change(directory).err()?;
        Some(not_writable(directory, &error))
    });
    missing.flat_map(|error| error.faults).collect()
}

fn not_writable(directory: &Path, error: &io::Error) -> ProjectError {
    let shown = directory.display();
    if error.kind() == io::ErrorKind::NotADirectory {
        let fault = Diagnostic::error("in-the-way", format!("`{shown}` is not a directory"));
        return ProjectError::many(vec![
            fault.help("a directory is required there; move the file away"),
        ]);
    }
    cannot(&format!("write into `{shown}`"), error)
}

/// The nearest ancestor that exists.
fn existing_ancestor(path: &Path) -> &Path {
    let exists = |path: &&Path| path.symlink_metadata().is_ok();
    path.ancestors().find(exists).unwrap_or(path)
}

/// Fails if no file can be created in the directory.
fn check_writable(directory: &Path) -> Result<(), ProjectError> {
    access::try_change(directory).map_err(|error| not_writable(directory, &error))?;
    // A full disk is noticed by writing only.
    let made = files::create_private_file(directory, ".supkit-", "");
    let (path, _) = made.map_err(|error| not_writable(directory, &error))?;
    fs::remove_file(&path).map_err(|error| cannot(&format!("remove `{}`", path.display()), &error))
}

/// Lists the files that buildout deletes with their part: the scripts and the program, but not the
/// configuration, which may have been edited and which a running daemon may read again.
pub(super) fn write_list(list: &str, comparison: &Comparison) -> Result<(), ProjectError> {
    let scripts = comparison.files.iter().filter(|(file, _)| file.role == Role::Script);
    let lines: Vec<&str> = scripts.map(|(file, _)| file.path.as_str()).collect();
    files::write_atomically(Path::new(list), lines.join("\n").as_bytes(), None)
        .map_err(|error| cannot(&format!("write `{list}`"), &error))
}

fn write_file(file: &File, is_secret: bool) -> Result<(), ProjectError> {
    let path = Path::new(&file.path);
    let mode = match file.role {
        Role::Script => Some(0o755),
        Role::Configuration if is_secret => Some(0o600),
        Role::Configuration | Role::CreateOnce => (!path.is_file()).then_some(0o644),
        Role::InstalledCfg => None,
    };
    let done = match &file.content {
        Content::Text(text) => {
            replacing_link(path, || files::write_atomically(path, text.as_bytes(), mode))
        }
        Content::OwnProgram => {
            let own = own_program()?;
            replacing_link(path, || files::write_atomically(path, &own, mode))
        }
        Content::Link(target) => files::link_atomically(Path::new(target), path),
    };
    done.map_err(|error| cannot(&format!("write `{}`", file.path), &error))
}

/// Replaces a link instead of writing to its target.
fn replacing_link(path: &Path, write: impl Fn() -> io::Result<()>) -> io::Result<()> {
    if path.is_symlink() {
        fs::remove_file(path)?;
    }
    write()
}

fn cannot(what: &str, error: &io::Error) -> ProjectError {
    let fault = Diagnostic::error("cannot-write", format!("cannot {what}: {error}"));
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => "run supkit as the owner of the deployment",
        io::ErrorKind::StorageFull => "free some space on the disk",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only",
        _ => "correct this and run supkit again",
    };
    ProjectError::many(vec![fault.help(help)])
}
