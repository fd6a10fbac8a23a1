//! `[inet_http_server]` and `[unix_http_server]`: addresses and credentials.

use super::config::{Bind, Credentials, HttpServer};
use super::kinds;
use super::kinds::Text;
use super::option_reader::{OptionReader, Read, Scope};
use super::python::names::Names;
use super::python::strip;
use super::sections::{Opt, Section, inet_http_server as inet, unix_http_server as unix};

/// All valid servers, inet before unix.
pub(super) fn read(reader: &mut OptionReader<'_>) -> Vec<HttpServer> {
    let inets: Vec<_> = sections(reader, &inet::SECTION).map(|s| inet_server(reader, s)).collect();
    let unixes: Vec<_> = sections(reader, &unix::SECTION).map(|s| unix_server(reader, s)).collect();
    inets.into_iter().chain(unixes).flatten().collect()
}

fn sections<'a>(
    reader: &OptionReader<'a>,
    kind: &'static Section,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let all = reader.loaded.document.sections().iter().map(|section| section.name.as_str());
    all.filter(|name| kind.is(name))
}

fn inet_server(reader: &mut OptionReader<'_>, section: &str) -> Read<HttpServer> {
    let names = Names::default();
    let scope = Scope { section, names: &names, program: false };
    let credentials = credentials(reader, scope, &inet::USERNAME, &inet::PASSWORD);
    let port = reader.maybe(scope, &inet::PORT).and_then(|port| {
        let message = format!("section [{section}] has no port value");
        port.ok_or_else(|| reader.refuse(scope, "", message, "add `port = 127.0.0.1:9001`"))
    });
    let web_get_actions = reader.get(scope, &inet::WEB_GET_ACTIONS);
    let web_trusted_origins = reader.get(scope, &inet::WEB_TRUSTED_ORIGINS);
    let web_trusted_hosts = reader.get(scope, &inet::WEB_TRUSTED_HOSTS);
    let (host, port) = port?;
    Ok(HttpServer {
        section: section.to_owned(),
        bind: Bind::Inet { host, port },
        credentials: credentials.unwrap_or_default(),
        web_get_actions: web_get_actions?,
        web_trusted_origins: web_trusted_origins?,
        web_trusted_hosts: web_trusted_hosts?,
    })
}

fn unix_server(reader: &mut OptionReader<'_>, section: &str) -> Read<HttpServer> {
    let here = super::supervisord::here(reader);
    let none = Names::default();
    let scope = Scope { section, names: &none, program: false };
    let file = reader.maybe(Scope { names: &here, ..scope }, &unix::FILE).and_then(|file| {
        let message = format!("section [{section}] has no file value");
        file.ok_or_else(|| reader.refuse(scope, "", message, "add `file = /path/of/the/socket`"))
    });
    let credentials = credentials(reader, scope, &unix::USERNAME, &unix::PASSWORD);
    let owner = owner(reader, scope);
    let mode = mode(reader, scope);
    let web_get_actions = reader.get(scope, &unix::WEB_GET_ACTIONS);
    let web_trusted_origins = reader.get(scope, &unix::WEB_TRUSTED_ORIGINS);
    let path = kinds::normalize_path(strip(&file?), reader.host);
    Ok(HttpServer {
        section: section.to_owned(),
        bind: Bind::Unix { path, mode: mode?, owner: owner.unwrap_or_default() },
        credentials: credentials.unwrap_or_default(),
        web_get_actions: web_get_actions?,
        web_trusted_origins: web_trusted_origins?,
        web_trusted_hosts: Vec::new(),
    })
}

fn owner(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Option<(u32, u32)>> {
    let Some(text) = reader.text(scope, &unix::CHOWN)? else { return Ok(None) };
    let owner = reader.parse(scope, &text, &unix::CHOWN);
    owner.map(Some).map_err(|_| reader.reword(format!("Invalid sockchown value {text}")))
}

fn mode(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<u32> {
    let text = reader.text(scope, &unix::CHMOD)?.unwrap_or_default();
    let mode = reader.parse(scope, &text, &unix::CHMOD);
    mode.map_err(|_| reader.reword(format!("Invalid chmod value {text}")))
}

fn credentials(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    username: &Opt<Text>,
    password: &Opt<Text>,
) -> Read<Option<Credentials>> {
    let name = reader.maybe(scope, username);
    let word = reader.maybe(scope, password);
    match (name?, word?) {
        (None, None) => Ok(None),
        // An empty username requires no authentication, whatever the password is.
        (Some(username), Some(_)) if username.is_empty() => Ok(None),
        (Some(username), Some(password)) => Ok(Some(Credentials { username, password })),
        (given, _) => {
            let (here, missing) = match given {
                Some(_) => (username.name, password.name),
                None => (password.name, username.name),
            };
            let message = format!(
                "Section [{}] contains incomplete authentication: If a username or a password is \
                 specified, both the username and password must be specified",
                scope.section
            );
            Err(reader.refuse(scope, here, message, &format!("add `{missing}`")))
        }
    }
}
