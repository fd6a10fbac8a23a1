//! `[http_user:NAME]`: accounts beside those of the servers.

use super::account::{Programs, Role};
use super::config::{HttpServer, HttpUser};
use super::kinds::{self, Kind as _};
use super::option_reader::{OptionReader, Read, Reported};
use super::section_reader::SectionReader;
use super::sections::http_user::{self as u, UserOptions};

/// All valid accounts, in the order of the file.
pub(super) fn read(reader: &mut OptionReader<'_>, servers: &[HttpServer]) -> Vec<HttpUser> {
    let sections = reader.loaded.document.sections().iter().map(|it| it.name.as_str());
    let sections: Vec<&str> = sections.filter(|name| u::SECTION.is(name)).collect();
    let user = |section| user(SectionReader::new(reader, section), servers);
    sections.into_iter().flat_map(user).collect()
}

fn user(mut reader: SectionReader<'_, '_>, servers: &[HttpServer]) -> Read<HttpUser> {
    let options = reader.read::<UserOptions>();
    let name = name(&mut reader, servers)?;
    let UserOptions { password, role, programs } = options?;
    let Some(password) = password.filter(|it| !it.as_str().is_empty()) else {
        return Err(no_password(&mut reader));
    };
    let programs = Programs(programs.into_iter().filter(|it| !it.is_empty()).collect());
    if role == Role::Admin && !programs.are_all() {
        let (option, role) = (u::PROGRAMS.name, Role::Operator.name());
        let message = format!("an admin controls all programs, so `{option}` has no effect");
        let help = format!("remove `{option}`, or write `{} = {role}`", u::ROLE.name);
        return Err(reader.refuse(option, message, &help));
    }
    Ok(HttpUser { name, password, role, programs })
}

fn no_password(reader: &mut SectionReader<'_, '_>) -> Reported {
    let section = reader.section;
    let entry = reader.reader.entry(section, u::PASSWORD.name);
    if entry.is_some_and(|entry| !entry.value.is_empty()) {
        // It is invalid, which is reported.
        return Reported;
    }
    let help = "add `password`; `supkit hash-password` makes a hash of one";
    reader.refuse(u::PASSWORD.name, format!("section [{section}] has no password"), help)
}

fn name(reader: &mut SectionReader<'_, '_>, servers: &[HttpServer]) -> Read<String> {
    let own = u::SECTION.own_name(reader.section).unwrap_or_default();
    let name = match kinds::Name::parse(own, reader.reader.host) {
        Ok(name) if name.is_empty() => {
            return Err(reader.refuse("", "the account has no name", "write `[http_user:NAME]`"));
        }
        Ok(name) => name,
        Err(message) => return Err(reader.refuse("", message, kinds::Name::HINT)),
    };
    let is_rival =
        |server: &&HttpServer| server.credentials().is_some_and(|account| account.username == name);
    match servers.iter().find(is_rival) {
        None => Ok(name),
        Some(server) => {
            let message = format!("`{name}` is also the username of [{}]", server.section);
            Err(reader.refuse("", message, "give one of them another name"))
        }
    }
}
