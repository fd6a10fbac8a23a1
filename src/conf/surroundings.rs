//! What reading a configuration asks of the system around it. The answers come from outside, so
//! the same text with the same answers is always the same configuration.

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    Missing,
    Unreadable,
}

/// An account of the system's user database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
}

/// The system, as far as a configuration can see it. Paths are text, as they are in the file.
pub trait Surroundings {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure>;
    /// Whether something is there, be it a link to nowhere.
    fn exists(&self, path: &str) -> bool;
    fn is_dir(&self, path: &str) -> bool;
    /// The names in a directory, in any order; none if it cannot be listed.
    fn list_dir(&self, path: &str) -> Vec<String>;
    /// Whether this process could run the file.
    fn is_executable(&self, path: &str) -> bool;
    /// The permission bits of a file.
    fn mode(&self, path: &str) -> Option<u32>;

    /// The variables of this process, in order.
    fn environment(&self) -> Vec<(String, String)>;
    fn current_dir(&self) -> String;
    /// What Python's `tempfile.gettempdir` gives.
    fn temp_dir(&self) -> String;
    /// What Python's `platform.node` gives.
    fn host_name(&self) -> String;

    /// The real user id of this process.
    fn uid(&self) -> u32;
    fn user(&self, name: &str) -> Option<Account>;
    fn user_by_id(&self, uid: u32) -> Option<Account>;
    fn group(&self, name: &str) -> Option<u32>;
    fn has_group(&self, gid: u32) -> bool;

    fn is_root(&self) -> bool {
        self.uid() == 0
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment().into_iter().find(|pair| pair.0 == name).map(|pair| pair.1)
    }

    /// The home directory that `~` or `~name` stands for.
    fn home(&self, name: Option<&str>) -> Option<String> {
        match name {
            Some(name) => self.user(name).map(|account| account.home),
            None => self
                .variable("HOME")
                .or_else(|| self.user_by_id(self.uid()).map(|account| account.home)),
        }
    }
}
