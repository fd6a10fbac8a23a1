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

use super::super::real_buildout_env::{buildout_environment, is_program, programs};
use super::fetch::FetchRecord;
use super::native::NativeRecord;

/// The environment that is made if the project has none.
const ENVIRONMENT: &str = "venv";

/// The directory of what a build keeps.
const OWN: &str = ".supkit";

pub(super) struct Workshop {
    /// The directory of the project.
    directory: PathBuf,
    environment: PathBuf,
}

impl Workshop {
    pub(super) fn of(directory: &Path) -> Self {
        let found = buildout_environment(directory);
        let environment = found.unwrap_or_else(|| directory.join(ENVIRONMENT));
        Self { directory: directory.to_owned(), environment }
    }

    /// Whether bin/buildout is free for supkit: in an environment it is zc.buildout's.
    pub(super) fn has_own_buildout(&self) -> bool {
        self.environment != self.directory
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
            Err(Holder(pid)) if pid.is_empty() => bail!("another build of this project is running"),
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
        self.write("build.json", &serde_json::to_vec_pretty(record).context("writing the record")?)
    }

    /// Which texts the last builds fetched.
    pub(super) fn fetched(&self) -> FetchRecord {
        let text = fs::read(self.own("extends.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn save_fetched(&self, record: &FetchRecord) -> Result<()> {
        if *record == self.fetched() {
            return Ok(());
        }
        self.write(
            "extends.json",
            &serde_json::to_vec_pretty(record).context("writing the record")?,
        )
    }

    /// What the last build without zc.buildout made.
    pub(super) fn native(&self) -> NativeRecord {
        let text = fs::read(self.own("native.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn save_native(&self, record: &NativeRecord) -> Result<()> {
        if *record == self.native() {
            return Ok(());
        }
        self.write("native.json", &serde_json::to_vec_pretty(record).context("writing the record")?)
    }

    /// The environment with the eggs of a build without zc.buildout.
    pub(super) fn eggs(&self) -> PathBuf {
        self.own("venv")
    }

    /// The record of zc.buildout.
    pub(super) fn installed_cfg(&self) -> PathBuf {
        self.directory.join(".installed.cfg")
    }

    fn write(&self, name: &str, text: &[u8]) -> Result<()> {
        let path = self.own(name);
        write_atomically(&path, text, Some(0o644))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes a file that pip reads.
    pub(super) fn write_for_pip(&self, name: &str, text: &str) -> Result<PathBuf> {
        self.write(name, text.as_bytes())?;
        Ok(self.own(name))
    }

    /// The text of `.installed.cfg`, if all files that it lists are there.
    pub(super) fn installed(&self) -> Option<String> {
        let text = fs::read_to_string(self.installed_cfg()).ok()?;
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
