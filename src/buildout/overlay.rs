//! An environment in which some files have another content: the texts that an editor has not saved yet.

use std::collections::BTreeMap;

use super::buildout_env::{BuildoutEnv, Python, ReadFault};
use super::paths;

pub struct EnvOverlay<'e> {
    env: &'e dyn BuildoutEnv,
    /// By absolute path.
    texts: &'e BTreeMap<String, String>,
}

impl<'e> EnvOverlay<'e> {
    pub fn new(env: &'e dyn BuildoutEnv, texts: &'e BTreeMap<String, String>) -> Self {
        Self { env, texts }
    }

    fn text(&self, path: &str) -> Option<&String> {
        if self.texts.is_empty() {
            return None;
        }
        self.texts.get(&paths::absolute(&self.env.directory(), path))
    }
}

impl BuildoutEnv for EnvOverlay<'_> {
    fn read(&self, path: &str) -> Result<String, ReadFault> {
        self.text(path).map_or_else(|| self.env.read(path), |text| Ok(text.clone()))
    }

    fn exists(&self, path: &str) -> bool {
        self.text(path).is_some() || self.env.exists(path)
    }

    fn directory(&self) -> String {
        self.env.directory()
    }

    fn home(&self) -> String {
        self.env.home()
    }

    fn buildout_home(&self) -> Option<String> {
        self.env.buildout_home()
    }

    fn executable(&self) -> String {
        self.env.executable()
    }

    fn python(&self) -> Python {
        self.env.python()
    }
}
