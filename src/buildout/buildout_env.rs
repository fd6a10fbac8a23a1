//! The environment of a buildout project: files, working directory and Python interpreter. The
//! shell implements it with the real system, tests and fuzzers with [`MemoryFiles`].

use std::collections::BTreeMap;

/// The environment of a project. Paths are absolute or relative to [`BuildoutEnv::directory`].
pub trait BuildoutEnv {
    /// The content of a file.
    fn read(&self, path: &str) -> Result<String, ReadFault>;
    fn exists(&self, path: &str) -> bool;
    /// The working directory.
    fn directory(&self) -> String;
    fn home(&self) -> String;
    /// `$BUILDOUT_HOME`
    fn buildout_home(&self) -> Option<String>;
    /// The `sys.executable` of the interpreter that would run buildout.
    fn executable(&self) -> String;
    /// Further facts about the interpreter. Called only if the result depends on them.
    fn python(&self) -> Python;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFault {
    Missing,
    Directory,
    /// The file is not UTF-8; the offset of the first invalid byte.
    Encoding(usize),
    /// Any other error, with the system's message.
    Other(String),
}

/// Facts about the interpreter and machine that conditions and defaults use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// `platform.python_version()`, such as `3.11.7`.
    pub version: String,
    /// `sys.implementation.name`, such as `cpython`.
    pub implementation: String,
    /// `sys.platform`, such as `linux`.
    pub platform: String,
    /// `uname` without the node name.
    pub system: String,
    pub release: String,
    pub system_version: String,
    pub machine: String,
    pub bits: u32,
    pub little_endian: bool,
}

impl Python {
    /// `os.name`
    pub fn os_name(&self) -> &'static str {
        if self.platform == "win32" { "nt" } else { "posix" }
    }
}

/// An environment with in-memory files.
#[derive(Clone, Debug)]
pub struct MemoryFiles {
    pub files: BTreeMap<String, String>,
    pub directory: String,
    pub home: String,
    pub buildout_home: Option<String>,
    pub executable: String,
    pub python: Python,
}

impl Default for MemoryFiles {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            directory: "/srv/plone".into(),
            home: "/home/plone".into(),
            buildout_home: None,
            executable: "/usr/bin/python3".into(),
            python: Python {
                version: "3.11.7".into(),
                implementation: "cpython".into(),
                platform: "linux".into(),
                system: "Linux".into(),
                release: "6.1.0".into(),
                system_version: "#1 SMP".into(),
                machine: "x86_64".into(),
                bits: 64,
                little_endian: true,
            },
        }
    }
}

impl MemoryFiles {
    /// Creates an environment with these files in the working directory.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let mut memory = Self::default();
        for (name, text) in files {
            let path = super::paths::absolute(&memory.directory, name);
            memory.files.insert(path, (*text).to_owned());
        }
        memory
    }
}

impl BuildoutEnv for MemoryFiles {
    fn read(&self, path: &str) -> Result<String, ReadFault> {
        let path = super::paths::absolute(&self.directory, path);
        self.files.get(&path).cloned().ok_or(ReadFault::Missing)
    }

    fn exists(&self, path: &str) -> bool {
        let path = super::paths::absolute(&self.directory, path);
        let below = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(&path) || self.files.keys().any(|name| name.starts_with(&below))
    }

    fn directory(&self) -> String {
        self.directory.clone()
    }

    fn home(&self) -> String {
        self.home.clone()
    }

    fn buildout_home(&self) -> Option<String> {
        self.buildout_home.clone()
    }

    fn executable(&self) -> String {
        self.executable.clone()
    }

    fn python(&self) -> Python {
        self.python.clone()
    }
}
