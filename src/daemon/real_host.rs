//! The implementation of `Host` for the real system.

use std::env;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::conf::host::{Account, Host, Owner, ReadFailure};
use crate::os::{access, files, locale, socket, users};

/// This machine and this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealHost;

impl Host for RealHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        fs::read(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadFailure::Missing,
            _ => ReadFailure::Unreadable,
        })
    }

    fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    fn is_dir(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn is_executable(&self, path: &str) -> bool {
        Path::new(path).is_file() && files::may_execute(Path::new(path))
    }

    fn mode(&self, path: &str) -> Option<u32> {
        fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
    }

    fn owner(&self, path: &str) -> Option<Owner> {
        let found = fs::metadata(path).ok()?;
        Some(Owner { uid: found.uid(), gid: found.gid() })
    }

    fn real_path(&self, path: &str) -> String {
        let real =
            fs::canonicalize(path).ok().and_then(|real| real.into_os_string().into_string().ok());
        real.unwrap_or_else(|| path.to_owned())
    }

    fn environment(&self) -> Vec<(String, String)> {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        locale::environment().into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn current_dir(&self) -> String {
        env::current_dir().map_or_else(|_| "/".to_owned(), |dir| dir.display().to_string())
    }

    /// The first writable temporary directory, in Python's search order.
    fn temp_dir(&self) -> String {
        let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(|name| env::var(name).ok());
        let fixed = ["/tmp", "/var/tmp", "/usr/tmp"].map(str::to_owned);
        let mut candidates = named.filter(|dir| !dir.is_empty()).chain(fixed);
        let found = candidates.find(|dir| access::try_change(Path::new(dir)).is_ok());
        found.map_or_else(
            || self.current_dir(),
            |dir| std::path::absolute(&dir).map_or(dir, |path| path.display().to_string()),
        )
    }

    fn host_name(&self) -> String {
        users::host_name()
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        socket::resolve(host, 0).ok().map(|address| address.ip())
    }

    fn uid(&self) -> u32 {
        users::uid()
    }

    fn user(&self, name: &str) -> Option<Account> {
        users::by_name(name).map(account)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        users::by_id(uid).map(account)
    }

    fn group(&self, name: &str) -> Option<u32> {
        users::group(name)
    }

    fn has_group(&self, gid: u32) -> bool {
        users::has_group(gid)
    }

    fn group_by_id(&self, gid: u32) -> Option<String> {
        users::group_by_id(gid)
    }
}

fn account(entry: users::UserEntry) -> Account {
    let users::UserEntry { name, uid, gid, home } = entry;
    Account { name, uid, gid, home }
}
