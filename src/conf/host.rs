//! The system as seen by the configuration reader. Because all access goes through this trait,
//! reading is deterministic.

use std::net::IpAddr;

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    Missing,
    Unreadable,
}

/// An entry of the user database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
}

/// The owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// The system on which a configuration is read. Paths are strings, as in the file.
pub trait Host {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure>;
    /// Whether the path exists, including broken links.
    fn exists(&self, path: &str) -> bool;
    fn is_dir(&self, path: &str) -> bool;
    /// The names in a directory, unordered; empty if it cannot be listed.
    fn list_dir(&self, path: &str) -> Vec<String>;
    /// Whether this process may execute the file.
    fn is_executable(&self, path: &str) -> bool;
    /// The permission bits of a file.
    fn mode(&self, path: &str) -> Option<u32>;

    /// The owner of a file; `None` if that is not known.
    fn owner(&self, _path: &str) -> Option<Owner> {
        None
    }
    /// The path without links; the path itself if it is not known.
    fn real_path(&self, path: &str) -> String {
        path.to_owned()
    }

    /// The environment of this process, in order.
    fn environment(&self) -> Vec<(String, String)>;
    fn current_dir(&self) -> String;
    /// Python's `tempfile.gettempdir`.
    fn temp_dir(&self) -> String;
    /// Python's `platform.node`.
    fn host_name(&self) -> String;

    /// The address at which a server with this host name listens; `None` if it has none.
    fn address_of(&self, host: &str) -> Option<IpAddr>;

    /// The real user id of this process.
    fn uid(&self) -> u32;
    fn user(&self, name: &str) -> Option<Account>;
    fn user_by_id(&self, uid: u32) -> Option<Account>;
    fn group(&self, name: &str) -> Option<u32>;
    fn has_group(&self, gid: u32) -> bool;
    /// The name of a group.
    fn group_by_id(&self, _gid: u32) -> Option<String> {
        None
    }

    fn is_root(&self) -> bool {
        self.uid() == 0
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment().into_iter().find(|pair| pair.0 == name).map(|pair| pair.1)
    }

    /// The home directory for `~` or `~name`.
    fn home(&self, name: Option<&str>) -> Option<String> {
        match name {
            Some(name) => self.user(name).map(|account| account.home),
            None => self
                .variable("HOME")
                .or_else(|| self.user_by_id(self.uid()).map(|account| account.home)),
        }
    }
}
