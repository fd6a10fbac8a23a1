//! What a build keeps in the project: the environment with zc.buildout, and in `.supkit` the record of
//! what was built, the lock and the output of the last step.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::buildout::Installed;
use crate::generate::build_plan::BuildRecord;
use crate::os::files::write_atomically;
use crate::os::lock::{Holder, Lock};

use super::super::real_buildout_env::{is_program, programs};

/// Where an environment with buildout may be; the last one is made.
const ENVIRONMENTS: [&str; 4] = ["", ".venv", "env", "venv"];

/// The directory of what a build keeps.
const OWN: &str = ".supkit";

pub(super) struct Workshop {
    /// The directory of the project.
    directory: PathBuf,
    environment: PathBuf,
}

impl Workshop {
    pub(super) fn of(directory: &Path) -> Self {
        let environments = ENVIRONMENTS.map(|name| directory.join(name));
        let is_usable = |path: &&PathBuf| {
            path.join("pyvenv.cfg").exists() && is_program(&path.join("bin/buildout"))
        };
        let found = environments.iter().find(is_usable).unwrap_or(&environments[3]);
        Self { directory: directory.to_owned(), environment: found.clone() }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn environment(&self) -> &Path {
        &self.environment
    }

    pub(super) fn shown_environment(&self) -> String {
        let below = self.environment.strip_prefix(&self.directory).unwrap_or(&self.environment);
        below.display().to_string()
    }

    /// Whether zc.buildout can be run: its script is there, and so is the interpreter.
    pub(super) fn has_environment(&self) -> bool {
        is_program(&self.tool("buildout")) && self.tool("python").exists()
    }

    /// A program of the environment.
    pub(super) fn tool(&self, name: &str) -> PathBuf {
        self.environment.join("bin").join(name)
    }

    fn own(&self, name: &str) -> PathBuf {
        self.directory.join(own_name(name))
    }

    pub(super) fn log(&self) -> PathBuf {
        self.own("build.log")
    }

    /// The lock of the project, which the build and its children hold.
    pub(super) fn lock(&self) -> Result<Lock> {
        let path = self.own("build.lock");
        let directory = path.parent().unwrap_or(&self.directory);
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        match Lock::take(&path).with_context(|| format!("cannot lock {}", path.display()))? {
            Ok(lock) => Ok(lock),
            Err(Holder(pid)) => bail!("another build of this project is running (pid {pid})"),
        }
    }

    /// What the last builds were. A record that cannot be read is none: all is built again.
    pub(super) fn record(&self) -> BuildRecord {
        let text = fs::read(self.own("build.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn save(&self, record: &BuildRecord) -> Result<()> {
        if *record == self.record() {
            return Ok(());
        }
        let path = self.own("build.json");
        let text = serde_json::to_vec_pretty(record).context("writing the record")?;
        write_atomically(&path, &text, Some(0o644))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn write_requirements(&self, text: &str) -> Result<PathBuf> {
        let path = self.own("requirements.txt");
        write_atomically(&path, text.as_bytes(), Some(0o644))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// The text of `.installed.cfg`, if all files that it lists are there.
    pub(super) fn installed(&self) -> Option<String> {
        let text = fs::read_to_string(self.directory.join(".installed.cfg")).ok()?;
        let installed = Installed::read(&text);
        let mut paths = installed.parts().iter().flat_map(|part| installed.paths(part));
        let is_there = |path: &str| self.directory.join(path).symlink_metadata().is_ok();
        paths.all(is_there).then_some(text)
    }
}

/// The path of what a build keeps, below the project.
pub(super) fn own_name(name: &str) -> String {
    format!("{OWN}/{name}")
}

/// A program by its name on PATH, or by its path.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        let path = PathBuf::from(OsStr::new(name));
        return is_program(&path).then_some(path);
    }
    programs(name).next()
}
