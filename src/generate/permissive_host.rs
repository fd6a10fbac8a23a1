//! A host on which every user, directory and variable exists. A configuration may be generated on
//! one host for another, so only errors that do not depend on the host are reported.

use std::net::IpAddr;

use crate::conf::host::{Account, Host, ReadFailure};

/// The configuration is its only file.
pub(super) struct PermissiveHost<'a> {
    pub(super) conf: &'a str,
    pub(super) text: &'a str,
}

/// Where the rules of time zones are, and the shortest rules: those of UTC.
const ZONES: &str = "/usr/share/zoneinfo/";
const ANY_ZONE: &[u8] = b"TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\
    \0\0\0\0\0\0UTC\0";

impl Host for PermissiveHost<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadFailure> {
        if path == self.conf {
            Ok(self.text.as_bytes().to_vec())
        } else if path.starts_with(ZONES) {
            Ok(ANY_ZONE.to_vec())
        } else {
            Err(ReadFailure::Missing)
        }
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn is_dir(&self, _: &str) -> bool {
        true
    }

    fn list_dir(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn is_executable(&self, _: &str) -> bool {
        true
    }

    fn mode(&self, _: &str) -> Option<u32> {
        Some(0o755)
    }

    /// Every variable that the text uses. The value is a number, which is valid for all options.
    fn environment(&self) -> Vec<(String, String)> {
        let asked = self.text.split("%(ENV_").skip(1);
        asked
            .filter_map(|rest| Some((rest.split_once(')')?.0.to_owned(), "1".to_owned())))
            .collect()
    }

    fn current_dir(&self) -> String {
        "/".to_owned()
    }

    fn temp_dir(&self) -> String {
        "/tmp".to_owned()
    }

    fn host_name(&self) -> String {
        "localhost".to_owned()
    }

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        host.parse().ok()
    }

    /// Root, who may switch to any user.
    fn uid(&self) -> u32 {
        0
    }

    fn user(&self, name: &str) -> Option<Account> {
        Some(Account { name: name.to_owned(), uid: 1000, gid: 1000, home: "/home".to_owned() })
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        Some(Account { name: uid.to_string(), uid, gid: uid, home: "/home".to_owned() })
    }

    fn group(&self, _: &str) -> Option<u32> {
        Some(1000)
    }

    fn has_group(&self, _: u32) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{CommandLine, read};

    #[test]
    fn every_time_zone_exists() {
        let text = "[supervisord]\n[program:pack]\ncommand=/bin/pack\nschedule=@daily\n\
                    schedule_timezone=Europe/Berlin\n";
        let host = PermissiveHost { conf: "/s.conf", text };
        let config = read("/s.conf", &CommandLine::default(), &host).expect("it is valid");
        let schedule = config.groups[0].processes[0].schedule.clone().expect("it has one");
        let next = schedule.next_after(std::time::Duration::from_secs(1));
        assert_eq!(next, Some(std::time::Duration::from_secs(86_400)));
    }
}
