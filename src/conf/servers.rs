//! `[inet_http_server]` and `[unix_http_server]`: which there are, their addresses, and the rule for
//! username and password.

use super::config::{Bind, HttpServer, InetServer, UnixServer};
use super::kinds::{self, Address, Kind, Maybe, Octal, Owner, Text};
use super::option_reader::{OptionReader, Read};
use super::python::strip;
use super::section::{Opt, Section};
use super::section_reader::{SectionReader, with_here};
use super::sections::http_server::{PASSWORD, ServerOptions, USERNAME};
use super::sections::{inet_http_server as inet, unix_http_server as unix};

/// The shortest token.
const MIN_TOKEN: usize = 16;

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
    let mut reader = SectionReader::new(reader, section);
    let options = server_options(&mut reader);
    let server = reader.read()?;
    certificate_and_key(&mut reader, &server)?;
    Ok(HttpServer { section: section.to_owned(), bind: Bind::Inet(server), options: options? })
}

/// A certificate needs its key.
fn certificate_and_key(reader: &mut SectionReader<'_, '_>, server: &InetServer) -> Read<()> {
    let (given, missing) = match (&server.certificate, &server.key) {
        (Some(_), None) => (inet::CERTIFICATE.name, inet::KEY.name),
        (None, Some(_)) => (inet::KEY.name, inet::CERTIFICATE.name),
        _ => return Ok(()),
    };
    let message = format!("section [{}] has a `{given}` but no `{missing}`", reader.section);
    Err(reader.refuse(given, message, &format!("add `{missing}`")))
}

fn unix_server(reader: &mut OptionReader<'_>, section: &str) -> Read<HttpServer> {
    let mut reader = SectionReader::new(reader, section);
    let mut server = UnixServer::with_defaults(reader.reader.host);
    let is_path = |name: &str| name == unix::FILE.name;
    let path = reader.read_where(&mut server, |option| is_path(option.name()));
    let options = server_options(&mut reader);
    let others = reader.read_where(&mut server, |option| !is_path(option.name()));
    path.and(others)?;
    Ok(HttpServer { section: section.to_owned(), bind: Bind::Unix(server), options: options? })
}

/// The options of both kinds of servers.
fn server_options(reader: &mut SectionReader<'_, '_>) -> Read<ServerOptions> {
    let options: ServerOptions = reader.read()?;
    let (here, missing) = match (&options.username, &options.password) {
        (Some(_), None) => (USERNAME.name, PASSWORD.name),
        (None, Some(_)) => (PASSWORD.name, USERNAME.name),
        _ => return Ok(options),
    };
    if reader.reader.entry(reader.section, missing).is_some() {
        // It is invalid, which is reported.
        return Ok(options);
    }
    let message = format!(
        "Section [{}] contains incomplete authentication: If a username or a password is \
         specified, both the username and password must be specified",
        reader.section
    );
    reader.refuse(here, message, &format!("add `{missing}`"));
    Ok(options)
}

/// It is not delayed as wrong passwords are, so it must not be easy to guess.
pub(super) fn metrics_token(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Text>>,
    _: &ServerOptions,
) -> Read<Option<String>> {
    let (option_reader, scope) = reader.parts();
    let token = option_reader.text(scope, option)?.unwrap_or_default();
    let token = strip(&token).to_owned();
    let is_usable = token.len() >= MIN_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_empty() || is_usable {
        return Ok(Some(token).filter(|token| !token.is_empty()));
    }
    let message = format!(
        "section [{}] has a `{}` that is shorter than {MIN_TOKEN} characters or has other \
         characters than those of a token",
        reader.section, option.name
    );
    Err(reader.refuse(option.name, message, "use the output of `openssl rand -hex 32`"))
}

/// It is required.
pub(super) fn address(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Address>,
    _: &InetServer,
) -> Read<<Address as Kind>::Value> {
    let (reader, scope) = reader.parts();
    let address = reader.maybe(scope, option)?;
    let message = format!("section [{}] has no port value", scope.section);
    address.ok_or_else(|| reader.refuse(scope, "", message, "add `port = 127.0.0.1:9001`"))
}

/// An absolute path, which may expand `here`; empty means none.
pub(super) fn tls_file(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Text>>,
    _: &InetServer,
) -> Read<Option<String>> {
    let path = with_here(reader, option)?.flatten();
    let path = path.map(|path| strip(&path).to_owned()).filter(|path| !path.is_empty());
    Ok(path.map(|path| kinds::normalize_path(&path, reader.reader.host)))
}

/// It is required, and the only option of its section that may expand `here`.
pub(super) fn path(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Text>,
    _: &UnixServer,
) -> Read<String> {
    let Some(path) = with_here(reader, option)? else {
        let message = format!("section [{}] has no file value", reader.section);
        return Err(reader.refuse("", message, "add `file = /path/of/the/socket`"));
    };
    Ok(kinds::normalize_path(strip(&path), reader.reader.host))
}

pub(super) fn owner(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Owner>>,
    _: &UnixServer,
) -> Read<Option<(u32, u32)>> {
    let (reader, scope) = reader.parts();
    let Some(text) = reader.text(scope, option)? else { return Ok(None) };
    let owner = reader.parse(scope, &text, option);
    owner.map_err(|_| reader.reword(format!("Invalid sockchown value {text}")))
}

pub(super) fn mode(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Octal>,
    _: &UnixServer,
) -> Read<u32> {
    let (reader, scope) = reader.parts();
    let text = reader.text(scope, option)?.unwrap_or_default();
    let mode = reader.parse(scope, &text, option);
    mode.map_err(|_| reader.reword(format!("Invalid chmod value {text}")))
}
