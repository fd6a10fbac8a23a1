//! A fake host with in-memory files, two users and a few directories, for tests and fuzzers.
//! [`examine_bytes`] is their entry point.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::host::{Account, Host, Owner, ReadFailure};
use super::options::CommandLine;
use super::python::path;
use super::read::{Examined, examine};

/// The fake host. All paths are absolute; the working directory is `/`.
#[derive(Clone, Debug, Default)]
pub struct FakeHost {
    files: BTreeMap<String, Vec<u8>>,
    modes: BTreeMap<String, u32>,
    owners: BTreeMap<String, Owner>,
    uid: u32,
    environment: Vec<(String, String)>,
}

/// Examines a file with this content. Does not panic and always terminates.
pub fn examine_bytes(bytes: &[u8]) -> Examined {
    let host = FakeHost::default().file("/etc/supervisord.conf", bytes);
    examine("/etc/supervisord.conf", &CommandLine::default(), &host)
}

impl FakeHost {
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.to_owned(), bytes.as_ref().to_vec());
        self
    }

    #[must_use]
    pub fn mode(mut self, path: &str, mode: u32) -> Self {
        self.modes.insert(path.to_owned(), mode);
        self
    }

    #[must_use]
    pub fn owner(mut self, path: &str, uid: u32, gid: u32) -> Self {
        self.owners.insert(path.to_owned(), Owner { uid, gid });
        self
    }

    #[must_use]
    pub fn as_user(mut self, uid: u32) -> Self {
        self.uid = uid;
        self
    }

    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn absolute(name: &str) -> String {
        path::abspath(name, "/")
    }

    fn account(name: &str, id: u32, home: &str) -> Account {
        Account { name: name.to_owned(), uid: id, gid: id, home: home.to_owned() }
    }
}

impl Host for FakeHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        self.files.get(&Self::absolute(path)).cloned().ok_or(ReadFailure::Missing)
    }

    fn exists(&self, path: &str) -> bool {
        self.is_dir(path) || self.files.contains_key(&Self::absolute(path))
    }

    fn is_dir(&self, path: &str) -> bool {
        let path = Self::absolute(path);
        let below = |file: &String| file.starts_with(&format!("{path}/"));
        matches!(path.as_str(), "/" | "/tmp") || self.files.keys().any(below)
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        let base = format!("{}/", Self::absolute(path).trim_end_matches('/'));
        let below = self.files.keys().filter_map(|file| file.strip_prefix(&base));
        let mut names: Vec<String> =
            below.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
        names.dedup();
        names
    }

    fn is_executable(&self, path: &str) -> bool {
        self.files.contains_key(&Self::absolute(path))
            && self.mode(path).unwrap_or(0o755) & 0o111 != 0
    }

    fn mode(&self, path: &str) -> Option<u32> {
        self.modes.get(&Self::absolute(path)).copied()
    }

    fn owner(&self, path: &str) -> Option<Owner> {
        self.owners.get(&Self::absolute(path)).copied()
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }

    fn current_dir(&self) -> String {
        "/".to_owned()
    }

    fn temp_dir(&self) -> String {
        "/tmp".to_owned()
    }

    fn host_name(&self) -> String {
        "host".to_owned()
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        match host {
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            "" => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            _ => host.parse().ok(),
        }
    }

    fn uid(&self) -> u32 {
        self.uid
    }

    fn user(&self, name: &str) -> Option<Account> {
        [Self::account("root", 0, "/root"), Self::account("nobody", 65534, "/")]
            .into_iter()
            .find(|account| account.name == name)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        ["root", "nobody"].into_iter().filter_map(|name| self.user(name)).find(|a| a.uid == uid)
    }

    fn group(&self, name: &str) -> Option<u32> {
        match name {
            "root" => Some(0),
            "nogroup" => Some(65534),
            _ => None,
        }
    }

    fn has_group(&self, gid: u32) -> bool {
        matches!(gid, 0 | 65534)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECES: &str = "(\\[(supervisord|program:a|group:g|eventlistener:e|fcgi-program:f|\
        include|unix_http_server|inet_http_server|rpcinterface:x|DEFAULT)\\]\n|\
        (command|priority|numprocs|process_name|environment|files|port|file|events|socket|user|\
        stdout_logfile|programs|umask|exitcodes) ?[=:] ?|%\\([a-zA-Z_]{0,8}\\)[-0-9.a-z]{0,3}|\
        [ -~]{0,8}|\u{e9}|\n|\n  |;|#|,|\"|A=1){0,24}";

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let _ = examine_bytes(&bytes);
        }

        #[test]
        fn no_configuration_makes_it_panic(text in PIECES) {
            let examined = examine_bytes(format!("[supervisord]\n{text}").as_bytes());
            proptest::prop_assert_eq!(examined.config.is_none(), !examined.faults.is_empty());
            for fault in examined.faults {
                let _ = fault.diagnostic.render(&examined.loaded.sources, false);
            }
        }
    }
}
