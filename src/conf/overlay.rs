//! A host on which some files have another content, such as the texts that an editor has not saved
//! yet.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::host::{Account, Host, Owner, ReadFailure};
use super::python::path;

pub struct Overlay<'h> {
    host: &'h dyn Host,
    /// By absolute path.
    texts: &'h BTreeMap<String, String>,
    /// Changes what was read.
    change: fn(Vec<u8>) -> Vec<u8>,
}

static NONE: BTreeMap<String, String> = BTreeMap::new();

impl<'h> Overlay<'h> {
    /// A host with these texts instead of files.
    pub fn new(host: &'h dyn Host, texts: &'h BTreeMap<String, String>) -> Self {
        Self { host, texts, change: |bytes| bytes }
    }

    /// A host on which the content of each file is what `change` makes of it.
    pub fn changed(host: &'h dyn Host, change: fn(Vec<u8>) -> Vec<u8>) -> Self {
        Self { host, texts: &NONE, change }
    }

    fn text(&self, path: &str) -> Option<&String> {
        if self.texts.is_empty() {
            return None;
        }
        let path = path::abspath(path, &self.host.current_dir());
        // A configuration may name a file by a link.
        self.texts.get(&path).or_else(|| self.texts.get(&self.host.real_path(&path)))
    }
}

impl Host for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        let text = self.text(path).map(|text| Ok(text.clone().into_bytes()));
        text.unwrap_or_else(|| self.host.read(path)).map(self.change)
    }

    fn exists(&self, path: &str) -> bool {
        self.text(path).is_some() || self.host.exists(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.host.is_dir(path)
    }

    /// With the names of files that are not saved yet.
    fn list_dir(&self, path: &str) -> Vec<String> {
        let mut names = self.host.list_dir(path);
        let directory = path::abspath(path, &self.host.current_dir());
        for file in self.texts.keys().filter(|file| path::dirname(file) == directory) {
            let name = &file[directory.len()..].trim_start_matches('/');
            if !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
        names
    }

    fn is_executable(&self, path: &str) -> bool {
        self.host.is_executable(path)
    }

    fn mode(&self, path: &str) -> Option<u32> {
        self.host.mode(path)
    }

    fn owner(&self, path: &str) -> Option<Owner> {
        self.host.owner(path)
    }

    fn real_path(&self, path: &str) -> String {
        self.host.real_path(path)
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.host.environment()
    }

    fn current_dir(&self) -> String {
        self.host.current_dir()
    }

    fn temp_dir(&self) -> String {
        self.host.temp_dir()
    }

    fn host_name(&self) -> String {
        self.host.host_name()
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        self.host.address_of(host)
    }

    fn uid(&self) -> u32 {
        self.host.uid()
    }

    fn user(&self, name: &str) -> Option<Account> {
        self.host.user(name)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        self.host.user_by_id(uid)
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.host.group(name)
    }

    fn has_group(&self, gid: u32) -> bool {
        self.host.has_group(gid)
    }

    fn group_by_id(&self, gid: u32) -> Option<String> {
        self.host.group_by_id(gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::fake_host::FakeHost;
    use crate::conf::options::CommandLine;
    use crate::conf::read::examine;

    #[test]
    fn texts_replace_files_and_add_to_directories() {
        let main = "[supervisord]\n[include]\nfiles=conf.d/*.conf\n";
        let host = FakeHost::default().file("/etc/s.conf", main).file("/etc/conf.d/a.conf", "");
        let text = |name: &str| format!("[program:{name}]\ncommand=/bin/x\n");
        let texts = ["a", "b"].map(|name| (format!("/etc/conf.d/{name}.conf"), text(name)));
        let texts = BTreeMap::from(texts);
        let examined =
            examine("/etc/s.conf", &CommandLine::default(), &Overlay::new(&host, &texts));
        let groups = examined.draft.groups.iter().map(|group| group.name.as_str());
        assert_eq!(groups.collect::<Vec<_>>(), ["a", "b"]);
    }
}
