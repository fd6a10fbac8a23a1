//! A program that came over the wire instead of from a file: its options are written as the section
//! of a configuration that consists of nothing else, and read by the reader of all others.

use std::fmt::Write;

use super::surroundings::System;
use crate::conf::config::{Config, Process};
use crate::conf::options::CommandLine;
use crate::conf::read;
use crate::conf::sections::{group, program, supervisord};
use crate::conf::surroundings::{Account, ReadFailure, Surroundings};

/// The processes of one program in a group; the error is Supervisor's sentence.
pub(super) fn processes(
    active: &Config,
    group: &str,
    name: &str,
    options: &[(String, String)],
) -> Result<Vec<Process>, String> {
    let text = text(group, name, options)?;
    let world = Paper { text };
    let config = read::read(&active.file, &CommandLine::default(), &world);
    let config = config.map_err(|refused| refused.text().to_owned())?;
    let found = config.groups.into_iter().find(|it| it.name == group);
    Ok(found.map_or_else(Vec::new, |group| group.processes))
}

/// The configuration. A value may have several lines, which then continue it; what would end a
/// section or begin an option is refused.
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

/// The system, on which one file says something else than on the disk.
struct Paper {
    text: String,
}

impl Surroundings for Paper {
    fn read(&self, _path: &str) -> Result<Vec<u8>, ReadFailure> {
        Ok(self.text.clone().into_bytes())
    }

    fn exists(&self, path: &str) -> bool {
        System.exists(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        System.is_dir(path)
    }

    fn list_dir(&self, path: &str) -> Vec<String> {
        System.list_dir(path)
    }

    fn is_executable(&self, path: &str) -> bool {
        System.is_executable(path)
    }

    fn mode(&self, path: &str) -> Option<u32> {
        System.mode(path)
    }

    fn environment(&self) -> Vec<(String, String)> {
        System.environment()
    }

    fn current_dir(&self) -> String {
        System.current_dir()
    }

    fn temp_dir(&self) -> String {
        System.temp_dir()
    }

    fn host_name(&self) -> String {
        System.host_name()
    }

    fn uid(&self) -> u32 {
        System.uid()
    }

    fn user(&self, name: &str) -> Option<Account> {
        System.user(name)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        System.user_by_id(uid)
    }

    fn group(&self, name: &str) -> Option<u32> {
        System.group(name)
    }

    fn has_group(&self, gid: u32) -> bool {
        System.has_group(gid)
    }
}
