//! The file system and environment for a project without a buildout.cfg.

use std::path::Path;

use crate::buildout::{BuildoutEnv as _, ReadFault};
use crate::generate::pip::{DirectoryEntry, PipProject, ProjectFiles, Unreadable};

use super::real_buildout_env::{RealBuildoutEnv, is_program};

/// The main file of a buildout, in whose place a pip project may be.
const BUILDOUT: &str = "buildout.cfg";

/// Whether a pip project is read in place of this file.
pub(super) fn stands_for(file: &str) -> bool {
    let path = Path::new(file);
    path.file_name().is_some_and(|name| name == BUILDOUT) && path.symlink_metadata().is_err()
}

/// Whether there is a pip project in the working directory, and no buildout.
pub(super) fn are_here() -> bool {
    stands_for(BUILDOUT) && PipProject::is_there(&RealFiles, BUILDOUT, &working_directory())
}

/// Reads the project in the directory of the file.
pub(super) fn read(file: &str) -> Result<PipProject, Unreadable> {
    PipProject::read(&RealFiles, file, &working_directory())
}

fn working_directory() -> String {
    RealBuildoutEnv::around("").directory()
}

struct RealFiles;

impl ProjectFiles for RealFiles {
    fn read(&self, path: &str) -> Result<String, ReadFault> {
        RealBuildoutEnv::around("").read(path)
    }

    fn list(&self, directory: &str) -> Vec<DirectoryEntry> {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut entries: Vec<DirectoryEntry> = entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                Some(DirectoryEntry { name, is_directory: entry.path().is_dir() })
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    fn is_program(&self, path: &str) -> bool {
        is_program(Path::new(path))
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
