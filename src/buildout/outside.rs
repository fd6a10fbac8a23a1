//! What a project asks of the world: files, the working directory, the interpreter. The shell
//! answers with the real ones, tests and fuzzers with [`Paper`].

use std::collections::BTreeMap;

/// The world around a project. Paths are absolute or relative to [`Outside::directory`].
pub trait Outside {
    /// The text of a file, as it is.
    fn read(&self, path: &str) -> Result<String, ReadFault>;
    fn exists(&self, path: &str) -> bool;
    /// The working directory.
    fn directory(&self) -> String;
    fn home(&self) -> String;
    /// `$BUILDOUT_HOME`
    fn buildout_home(&self) -> Option<String>;
    /// The interpreter that would run buildout: its `sys.executable`.
    fn executable(&self) -> String;
    /// More about it. Asked only where an answer depends on it.
    fn python(&self) -> Python;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFault {
    Missing,
    Directory,
    /// The file is no UTF-8; the offset of the first wrong byte.
    Encoding(usize),
    /// Anything else, in the words of the system.
    Other(String),
}

/// The facts about an interpreter and its machine that conditions and defaults can ask for.
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

/// A world that is a table of files.
#[derive(Clone, Debug)]
pub struct Paper {
    pub files: BTreeMap<String, String>,
    pub directory: String,
    pub home: String,
    pub buildout_home: Option<String>,
    pub executable: String,
    pub python: Python,
}

impl Default for Paper {
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

impl Paper {
    /// A world with these files in the working directory.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let mut paper = Self::default();
        for (name, text) in files {
            let path = super::paths::absolute(&paper.directory, name);
            paper.files.insert(path, (*text).to_owned());
        }
        paper
    }
}

impl Outside for Paper {
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
