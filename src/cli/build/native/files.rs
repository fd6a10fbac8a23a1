//! Writes what the parts are made of, and removes what they are no longer made of.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::os::files::write_atomically;
use crate::parts::{Directory, Mode, Place, Product, Products};

use super::record::checksum;

/// What differs from the products of a plan.
#[derive(Debug, Default)]
pub(super) struct Difference<'p> {
    directories: Vec<&'p Directory>,
    files: Vec<&'p Product>,
    /// Files of earlier builds.
    stale: Vec<PathBuf>,
}

impl<'p> Difference<'p> {
    pub(super) fn of(
        products: &'p Products,
        known: &BTreeMap<String, String>,
        place: &Place,
    ) -> Self {
        let absolute = |path: &str| Path::new(&place.directory).join(path);
        let is_missing = |it: &&Directory| !absolute(&it.path).is_dir();
        let differs = |it: &&Product| {
            let was_written = known.get(&it.path).is_some_and(|sum| *sum == checksum_of(it));
            !(it.is_initial && was_written || is_written(it, &absolute(&it.path)))
        };
        let is_stale = |path: &&String| {
            products.files.iter().all(|file| file.path != **path) && is_own(path, place)
        };
        Self {
            directories: products.directories.iter().filter(is_missing).collect(),
            files: products.files.iter().filter(differs).collect(),
            stale: known
                .keys()
                .filter(is_stale)
                .map(PathBuf::from)
                .filter(|it| it.exists())
                .collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.directories.is_empty() && self.files.is_empty() && self.stale.is_empty()
    }

    /// The paths that change.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let stale = self.stale.iter().filter_map(|path| path.to_str());
        self.files.iter().map(|file| file.path.as_str()).chain(stale)
    }

    pub(super) fn write(&self, place: &Place) -> Result<()> {
        let absolute = |path: &str| Path::new(&place.directory).join(path);
        for it in &self.directories {
            create(&absolute(&it.path), it.mode.unwrap_or(0o777))?;
        }
        for it in &self.files {
            let path = absolute(&it.path);
            create(path.parent().unwrap_or(Path::new(".")), 0o777)?;
            write_atomically(&path, it.text.as_bytes(), Some(mode_of(it)))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.stale.iter().try_for_each(|path| remove(path, place))
    }
}

/// Creates a directory, and those above it with the mode of the umask.
fn create(path: &Path, mode: u32) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().map_or(Ok(()), fs::create_dir_all);
    let created = above.and_then(|()| DirBuilder::new().mode(mode).create(path));
    created.with_context(|| format!("cannot create {}", path.display()))
}

/// The checksums of all files of a plan.
pub(super) fn checksums(products: &Products) -> BTreeMap<String, String> {
    products.files.iter().map(|it| (it.path.clone(), checksum_of(it))).collect()
}

fn checksum_of(product: &Product) -> String {
    checksum(product.text.as_bytes())
}

fn is_written(product: &Product, path: &Path) -> bool {
    let is_same = fs::read(path).is_ok_and(|bytes| bytes == product.text.as_bytes());
    let may_execute = |mode: u32| mode & 0o111 != 0;
    let mode = || path.metadata().is_ok_and(|it| may_execute(it.permissions().mode()));
    is_same && (!may_execute(mode_of(product)) || mode())
}

fn mode_of(product: &Product) -> u32 {
    match &product.mode {
        Mode::Text => 0o644,
        Mode::Program => 0o755,
        Mode::Given(mode) => *mode,
        Mode::Like(path) => {
            Path::new(path).metadata().map_or(0o644, |it| it.permissions().mode() & 0o7777)
        }
    }
}

/// Whether a path is where builds make files; data are elsewhere.
fn is_own(path: &str, place: &Place) -> bool {
    let path = Path::new(path);
    let is_plain = path.components().all(|it| it != Component::ParentDir);
    let is_below =
        |directory: &&String| path.starts_with(directory) && path != Path::new(directory);
    is_plain && [&place.bin, &place.parts].iter().any(is_below)
}

/// Removes a file, and the directories that are empty without it.
fn remove(path: &Path, place: &Place) -> Result<()> {
    fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
    let above = path.ancestors().skip(1);
    for directory in
        above.take_while(|it| *it != Path::new(&place.bin) && *it != Path::new(&place.parts))
    {
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}

/// Removes what is below the directories of builds: files and whole directories.
pub(super) fn remove_all<'p>(paths: impl Iterator<Item = &'p str>, place: &Place) -> Result<()> {
    for path in paths.filter(|path| is_own(path, place)) {
        let path = Path::new(&place.directory).join(path);
        let removed = match path.symlink_metadata() {
            Ok(it) if it.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(_) => Ok(()),
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}
