//! The socket of a `[fcgi-program:x]`: URL, owner, mode and backlog.

use super::config::{FcgiAddress, FcgiSocket, User};
use super::kinds;
use super::option_reader::{OptionReader, Read, Scope};
use super::python::int;
use super::sections::{fcgi_program as f, program as p};
use crate::ini::text::is_space;

/// The socket options other than the URL.
pub(super) struct Options {
    user: Option<User>,
    backlog: Option<i64>,
    owner: Option<(u32, u32)>,
    mode: Option<u32>,
}

pub(super) fn options(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Options> {
    let user = reader.if_any(scope, &p::USER).flatten();
    let backlog = backlog(reader, scope);
    let owner = owner(reader, scope);
    let mode = mode(reader, scope);
    Ok(Options { user, backlog: backlog?, owner: owner?, mode: mode? })
}

fn backlog(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Option<i64>> {
    let backlog = reader.maybe(scope, &f::SOCKET_BACKLOG)?;
    match backlog {
        Some(wrong) if !(1..=65535).contains(&wrong) => {
            let message = format!("Invalid socket_backlog value {wrong}");
            let help = "write a number from 1 to 65535";
            Err(reader.refuse(scope, f::SOCKET_BACKLOG.name, message, help))
        }
        backlog => Ok(backlog),
    }
}

fn owner(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Option<(u32, u32)>> {
    let Some(text) = reader.text(scope, &f::SOCKET_OWNER)? else { return Ok(None) };
    let owner = reader.parse(scope, &text, &f::SOCKET_OWNER);
    owner.map(Some).map_err(|_| reader.reword(format!("Invalid socket_owner value {text}")))
}

fn mode(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Option<u32>> {
    let Some(text) = reader.text(scope, &f::SOCKET_MODE)? else { return Ok(None) };
    let mode = reader.parse(scope, &text, &f::SOCKET_MODE);
    mode.map(Some).map_err(|_| reader.reword(format!("Invalid socket_mode value {text}")))
}

pub(super) fn socket(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    options: &Options,
) -> Read<FcgiSocket> {
    let text = reader.text(scope, &f::SOCKET)?.unwrap_or_default();
    if text.is_empty() {
        let message = format!("[{}] section requires a \"socket\" line", scope.section);
        let help = "add `socket = unix:///PATH` or `socket = tcp://HOST:PORT`";
        return Err(reader.refuse(scope, "", message, help));
    }
    parse(&text, options, reader).map_err(|message| {
        let message = format!("{message} in [{}] socket", scope.section);
        let help = "write `unix:///PATH` or `tcp://HOST:PORT`; owner and mode are for unix";
        reader.refuse(scope, f::SOCKET.name, message, help)
    })
}

fn parse(text: &str, options: &Options, reader: &OptionReader<'_>) -> Result<FcgiSocket, String> {
    if let Some(path) = text.strip_prefix("unix://") {
        return unix(path, options, reader);
    }
    if options.owner.is_some() || options.mode.is_some() {
        return Err("socket_owner and socket_mode params should only be used with a Unix domain \
                    socket"
            .to_owned());
    }
    let (host, digits) = tcp(text).ok_or_else(|| format!("Bad socket format {text}"))?;
    let (host, port) = (host.to_lowercase(), kinds::port(digits)?);
    Ok(FcgiSocket {
        url: format!("tcp://{host}:{port}"),
        address: FcgiAddress::Tcp { host, port },
        backlog: options.backlog,
    })
}

fn unix(path: &str, options: &Options, reader: &OptionReader<'_>) -> Result<FcgiSocket, String> {
    if !path.starts_with('/') {
        return Err(format!("Unix socket path {path} is not an absolute path"));
    }
    let path = kinds::normalize_path(path, reader.host);
    let other = options.user.as_ref().filter(|user| user.uid != reader.host.uid());
    let owner = options.owner.or_else(|| other.map(|user| (user.uid, user.gid)));
    let mode = Some(options.mode.unwrap_or(0o700));
    Ok(FcgiSocket {
        url: format!("unix://{path}"),
        address: FcgiAddress::Unix { path, mode, owner },
        backlog: options.backlog,
    })
}

/// Host and port of `tcp://HOST:PORT`: no blank or second colon in the host, only digits after it.
fn tcp(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.strip_prefix("tcp://")?.split_once(':')?;
    let port = port.strip_suffix('\n').unwrap_or(port);
    let is_digit = |c: char| int::decimal(c.encode_utf8(&mut [0; 4])).is_ok();
    let good = !host.is_empty() && !host.contains(is_space) && !port.is_empty();
    (good && port.chars().all(is_digit)).then_some((host, port))
}
