//! What a daemon after this one has to know: which programs operators have disabled, and which are drained.
//! It is a small JSON file beside the pid file, replaced atomically.

use std::io;
use std::path::{Path, PathBuf};

use super::activity::ActivityLog;
use crate::conf::config::{LogLevel, Supervisord};
use crate::conf::sections::supervisord;
use crate::core::lasting::Lasting;
use crate::os::{errno, files, trusted};

const EXTENSION: &str = "state";
/// Only the daemon reads it.
const MODE: u32 = 0o600;

/// `state_file`, or the name of the pid file with another extension.
pub(super) fn path(settings: &Supervisord) -> PathBuf {
    match &settings.state_file {
        Some(path) => path.into(),
        None => Path::new(&settings.pidfile).with_extension(EXTENSION),
    }
}

/// Reads the file, if there is one. One that cannot be read is logged: the programs that it disables
/// are started then.
pub(super) fn load(settings: &Supervisord, log: &mut ActivityLog) -> Lasting {
    let path = path(settings);
    match read(&path) {
        Ok(state) => state,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Lasting::default(),
        Err(error) => {
            let (path, error) = (path.display(), errno::describe(&error));
            let message = format!("no program is disabled, because {path} cannot be read: {error}");
            log.log(LogLevel::Critical, &message);
            Lasting::default()
        }
    }
}

fn read(path: &Path) -> io::Result<Lasting> {
    let text = trusted::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| io::Error::other(error.to_string()))
}

/// Writes the file; the error is a message for the client.
pub(super) fn save(settings: &Supervisord, state: &Lasting) -> Result<(), String> {
    let path = path(settings);
    let mut bytes = serde_json::to_vec_pretty(state).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    files::write_atomically(&path, &bytes, Some(MODE)).map_err(|error| {
        let (path, error) = (path.display(), errno::python_format(&error));
        let option = supervisord::STATE_FILE.name;
        format!("cannot write {path}: {error}; name a file of the daemon with `{option}`")
    })
}
