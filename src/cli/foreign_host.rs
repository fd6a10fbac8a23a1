//! This system, on which every user, group and directory exists: a configuration can be simulated
//! where it is not deployed. Files and variables are the real ones.

use std::net::IpAddr;

use crate::conf::host::{Account, Host, ReadFailure};
use crate::daemon::real_host::RealHost;

pub(super) struct ForeignHost;

/// An id of no importance.
const SOME_ID: u32 = 1000;

fn account(name: &str, uid: u32) -> Account {
    Account { name: name.to_owned(), uid, gid: uid, home: "/".to_owned() }
}

impl Host for ForeignHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        RealHost.read(path)
    }

    fn exists(&self, path: &str) -> bool {
        RealHost.exists(path)
    }

    fn is_dir(&self, _: &str) -> bool {
        true
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        RealHost.list_dir(path)
    }

    fn is_executable(&self, _: &str) -> bool {
        true
    }

    fn mode(&self, path: &str) -> Option<u32> {
        RealHost.mode(path)
    }

    fn environment(&self) -> Vec<(String, String)> {
        RealHost.environment()
    }

    fn current_dir(&self) -> String {
        RealHost.current_dir()
    }

    fn temp_dir(&self) -> String {
        RealHost.temp_dir()
    }

    fn host_name(&self) -> String {
        RealHost.host_name()
    }

    /// No name is looked up in a network.
    fn address_of(&self, host: &str) -> Option<IpAddr> {
        Some(host.parse().unwrap_or(IpAddr::from([127, 0, 0, 1])))
    }

    /// Root, who may switch to any user.
    fn uid(&self) -> u32 {
        0
    }

    fn user(&self, name: &str) -> Option<Account> {
        RealHost.user(name).or_else(|| Some(account(name, SOME_ID)))
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        RealHost.user_by_id(uid).or_else(|| Some(account(&uid.to_string(), uid)))
    }

    fn group(&self, name: &str) -> Option<u32> {
        RealHost.group(name).or(Some(SOME_ID))
    }

    fn has_group(&self, _: u32) -> bool {
        true
    }
}
