//! The file of the new program: which one it is, and who can change it.

use std::env;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::os::errno;
use crate::os::files;
use crate::os::users;

/// What the kernel appends to the name of a running program whose file was removed or replaced.
const DELETED: &str = " (deleted)";

const GROUP_AND_OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// The absolute path of the program; without one that of the running program.
pub fn find(given: Option<&str>) -> Result<String, String> {
    let path = match given {
        Some(path) if !path.starts_with('/') => {
            return Err(format!("{path} is not an absolute path"));
        }
        Some(path) => PathBuf::from(path),
        None => own()?,
    };
    let shown = path.display();
    let metadata = fs::metadata(&path)
        .map_err(|error| format!("{shown} cannot be used: {}", errno::describe(&error)))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    if !files::may_execute(&path) {
        return Err(format!("{shown} is not executable"));
    }
    check_trust(&path)?;
    path.to_str().map(str::to_owned).ok_or_else(|| format!("{shown} is not UTF-8"))
}

fn own() -> Result<PathBuf, String> {
    let path = env::current_exe().map_err(|error| errno::describe(&error))?;
    let text = path.to_string_lossy();
    Ok(text.strip_suffix(DELETED).map_or_else(|| path.clone(), PathBuf::from))
}

/// What root executes, and what leads to it, only root may be able to change.
fn check_trust(path: &Path) -> Result<(), String> {
    if users::uid() != 0 {
        return Ok(());
    }
    let real = fs::canonicalize(path).map_err(|error| errno::describe(&error))?;
    for part in real.ancestors() {
        let metadata = fs::metadata(part).map_err(|error| errno::describe(&error))?;
        if can_others_change(&metadata) {
            return Err(format!(
                "{} is refused, because other users can change {}",
                path.display(),
                part.display()
            ));
        }
    }
    Ok(())
}

fn can_others_change(metadata: &Metadata) -> bool {
    let mode = metadata.permissions().mode();
    let is_foreign = metadata.uid() != 0;
    // In a sticky directory others cannot replace what is not theirs.
    let is_sticky = metadata.is_dir() && mode & STICKY != 0;
    is_foreign || mode & GROUP_AND_OTHERS_WRITE != 0 && !is_sticky
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mode: u32) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("supkit");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let path = path.to_str().unwrap().to_owned();
        (directory, path)
    }

    #[test]
    fn the_running_program_is_the_default() {
        assert!(find(None).is_ok_and(|path| path.starts_with('/')));
    }

    #[test]
    fn what_others_can_change_is_refused() {
        let (directory, path) = file(0o755);
        assert_eq!(find(Some(&path)), Ok(path.clone()));
        if users::uid() != 0 {
            return;
        }
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(find(Some(&path)).unwrap_err().contains("other users can change"));
        let (_directory, path) = file(0o775);
        assert!(find(Some(&path)).unwrap_err().ends_with(&path));
    }

    #[test]
    fn what_cannot_be_executed_is_refused() {
        let (directory, path) = file(0o644);
        assert_eq!(find(Some(&path)), Err(format!("{path} is not executable")));
        let directory = directory.path().to_str().unwrap();
        assert_eq!(find(Some(directory)), Err(format!("{directory} is not a file")));
        assert_eq!(find(Some("supkit")), Err("supkit is not an absolute path".to_owned()));
        assert!(find(Some("/nowhere/supkit")).is_err());
    }
}
