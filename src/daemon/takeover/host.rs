//! The system as another daemon sees it: this machine, with the environment, working directory and user of
//! that process.

use std::net::IpAddr;

use crate::conf::host::{Account, Host, Owner, ReadFailure};
use crate::conf::python::path;
use crate::daemon::real_host::RealHost;

/// The variables that name the directory for temporary files, in Python's order.
const TEMPORARY: [&str; 3] = ["TMPDIR", "TEMP", "TMP"];

pub(super) struct DaemonHost {
    pub(super) environment: Vec<(String, String)>,
    pub(super) directory: String,
    pub(super) uid: u32,
}

impl DaemonHost {
    /// A path of that process for this one, which may have another working directory.
    fn absolute(&self, name: &str) -> String {
        path::abspath(name, &self.directory)
    }
}

impl Host for DaemonHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        RealHost.read(&self.absolute(path))
    }

    fn exists(&self, path: &str) -> bool {
        RealHost.exists(&self.absolute(path))
    }

    fn is_dir(&self, path: &str) -> bool {
        RealHost.is_dir(&self.absolute(path))
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        RealHost.list_dir(&self.absolute(path))
    }

    fn is_executable(&self, path: &str) -> bool {
        RealHost.is_executable(&self.absolute(path))
    }

    fn mode(&self, path: &str) -> Option<u32> {
        RealHost.mode(&self.absolute(path))
    }

    fn owner(&self, path: &str) -> Option<Owner> {
        RealHost.owner(&self.absolute(path))
    }

    fn real_path(&self, path: &str) -> String {
        RealHost.real_path(&self.absolute(path))
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }

    fn current_dir(&self) -> String {
        self.directory.clone()
    }

    fn temp_dir(&self) -> String {
        let named = TEMPORARY.iter().filter_map(|name| self.variable(name));
        let mut usable = named.filter(|dir| self.is_dir(dir));
        usable.next().map_or_else(|| RealHost.temp_dir(), |dir| self.absolute(&dir))
    }

    fn host_name(&self) -> String {
        RealHost.host_name()
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        RealHost.address_of(host)
    }

    fn uid(&self) -> u32 {
        self.uid
    }

    fn user(&self, name: &str) -> Option<Account> {
        RealHost.user(name)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        RealHost.user_by_id(uid)
    }

    fn group(&self, name: &str) -> Option<u32> {
        RealHost.group(name)
    }

    fn has_group(&self, gid: u32) -> bool {
        RealHost.has_group(gid)
    }

    fn group_by_id(&self, gid: u32) -> Option<String> {
        RealHost.group_by_id(gid)
    }
}
