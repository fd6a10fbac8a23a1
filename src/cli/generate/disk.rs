//! The plan meets the disk: what lies there, and how it is replaced. Each file changes in one step;
//! before the first of them does, every directory is known to be writable.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::diag::Diagnostic;
use crate::generate::plan::{Content, File, Found, Role, Verdict};
use crate::os::files;

use super::Planned;
use super::sources::Refusal;

/// As an absolute path, without asking whether it exists.
pub(super) fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
}

/// The bytes of the program that is running.
pub(super) fn own_program() -> Result<Vec<u8>, Refusal> {
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

/// What lies at a path.
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
        return Found::Other("no ordinary file".to_owned());
    }
    match fs::read(path) {
        Ok(bytes) => Found::File { bytes, executable: meta.permissions().mode() & 0o111 != 0 },
        Err(error) => Found::Other(format!("unreadable ({error})")),
    }
}

pub(super) fn write(planned: &Planned) -> Result<(), Refusal> {
    let pending = || {
        let files = planned.files.iter().filter(|(_, verdict)| *verdict != Verdict::Unchanged);
        files.map(|(file, _)| file)
    };
    let parents = pending().filter_map(|file| Path::new(&file.path).parent());
    let directories: BTreeSet<&Path> =
        planned.directories.iter().map(Path::new).chain(parents).collect();
    let foundations: BTreeSet<&Path> = directories.iter().map(|path| foundation(path)).collect();
    foundations.into_iter().try_for_each(probe)?;
    for directory in directories {
        let made = fs::create_dir_all(directory);
        made.map_err(|error| cannot(&format!("make `{}`", directory.display()), &error))?;
    }
    let secret = planned.derived.deployment.has_password();
    pending().try_for_each(|file| put(file, secret))
}

/// What is there already of a path.
fn foundation(path: &Path) -> &Path {
    let there = |path: &&Path| path.symlink_metadata().is_ok();
    path.ancestors().find(there).unwrap_or(path)
}

/// Fails where no file can be made.
fn probe(directory: &Path) -> Result<(), Refusal> {
    let shown = directory.display();
    if !directory.is_dir() {
        let fault = Diagnostic::error("in-the-way", format!("`{shown}` is not a directory"));
        return Err(Refusal::many(vec![
            fault.help("a directory is needed there; move the file away"),
        ]));
    }
    let made = files::create_private_file(directory, ".supkit-", "");
    let path = made.map_err(|error| cannot(&format!("write into `{shown}`"), &error))?;
    fs::remove_file(&path).map_err(|error| cannot(&format!("remove `{}`", path.display()), &error))
}

fn put(file: &File, secret: bool) -> Result<(), Refusal> {
    let path = Path::new(&file.path);
    let mode = match file.role {
        Role::Script => Some(0o755),
        Role::Configuration if secret => Some(0o600),
        Role::Configuration | Role::Gift => (!path.is_file()).then_some(0o644),
        Role::Record => None,
    };
    let done = match &file.content {
        Content::Text(text) => {
            unlinked(path, || files::write_atomically(path, text.as_bytes(), mode))
        }
        Content::OwnProgram => {
            let own = own_program()?;
            unlinked(path, || files::write_atomically(path, &own, mode))
        }
        Content::Link(target) => link(path, target),
    };
    done.map_err(|error| cannot(&format!("write `{}`", file.path), &error))
}

/// A link in the way is replaced, not followed.
fn unlinked(path: &Path, write: impl Fn() -> std::io::Result<()>) -> std::io::Result<()> {
    if path.is_symlink() {
        fs::remove_file(path)?;
    }
    write()
}

fn link(path: &Path, target: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside: PathBuf = path.with_file_name(name);
    symlink(target, &beside)?;
    fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))
}

fn cannot(what: &str, error: &std::io::Error) -> Refusal {
    let fault = Diagnostic::error("cannot-write", format!("cannot {what}: {error}"));
    let help = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "run supkit as the owner of the deployment",
        std::io::ErrorKind::StorageFull => "make room on the disk",
        std::io::ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only",
        _ => "nothing else was changed; put this right and run supkit again",
    };
    Refusal::many(vec![fault.help(help)])
}
