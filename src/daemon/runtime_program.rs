//! Programs that are added at runtime over XML-RPC. Their options are rendered as a configuration
//! text and read by the normal configuration reader.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use super::real_host::RealHost;
use crate::conf::config::{Config, Process};
use crate::conf::host::{Account, Host, ReadFailure};
use crate::conf::options::CommandLine;
use crate::conf::read;
use crate::conf::sections::{group, program, supervisord};

/// The processes of one program in a group; the error message is identical to Supervisor's.
pub(super) fn processes(
    active: &Config,
    group: &str,
    name: &str,
    options: &[(String, String)],
) -> Result<Vec<Arc<Process>>, String> {
    let text = text(group, name, options)?;
    let host = HostOverlay { text };
    let config = read::read(&active.file, &CommandLine::default(), &host);
    let config = config.map_err(|refused| refused.text().to_owned())?;
    let found = config.groups.into_iter().find(|it| it.name == group);
    Ok(found.map_or_else(Vec::new, |group| group.processes))
}

/// Renders the configuration. Line breaks in a value become continuation lines; a name that could
/// end a section or start an option is rejected.
fn text(group: &str, name: &str, options: &[(String, String)]) -> Result<String, String> {
    let (daemon, groups, programs) =
        (supervisord::SECTION.word, group::SECTION.word, program::SECTION.word);
    let members = group::PROGRAMS.name;
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['\n', '\r', ']', ',']);
    if !is_plain(group) || !is_plain(name) {
        return Err(format!("Invalid program name: {name}"));
    }
    let mut text =
        format!("[{daemon}]\n[{groups}:{group}]\n{members}={name}\n[{programs}:{name}]\n");
    for (option, value) in options {
        let is_option = option.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if option.is_empty() || !is_option {
            return Err(format!("Invalid option name: {option}"));
        }
        let value = value.replace(['\r', '\0'], " ").replace('\n', "\n\t");
        let _ = writeln!(text, "{option}={value}");
    }
    Ok(text)
}

/// The real host, except that every file read returns the given text.
struct HostOverlay {
    text: String,
}

impl Host for HostOverlay {
    fn read(&self, _path: &str) -> Result<Vec<u8>, ReadFailure> {
        Ok(self.text.clone().into_bytes())
    }

    fn exists(&self, path: &str) -> bool {
        RealHost.exists(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        RealHost.is_dir(path)
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        RealHost.list_dir(path)
    }

    fn is_executable(&self, path: &str) -> bool {
        RealHost.is_executable(path)
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

    fn address_of(&self, host: &str) -> Option<IpAddr> {
        RealHost.address_of(host)
    }

    fn uid(&self) -> u32 {
        RealHost.uid()
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
}
