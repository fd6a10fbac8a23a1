//! The socket of a `[fcgi-program:x]`: URL, owner, mode and backlog.

use super::config::{FcgiAddress, FcgiSocket};
use super::kinds::{Integer, Kind as _, Maybe, Octal, Owner, SocketUrl};
use super::option_reader::{OptionReader, Read, Scope};
use super::python::strip;
use super::run_as;
use super::section::Opt;
use super::section_reader::SectionReader;
use super::sections::fcgi_program as f;
use super::sections::program::USER;

/// The mode of a unix socket that has no other.
const DEFAULT_MODE: u32 = 0o700;

/// Reads the socket of a section. A unix socket belongs to the user of the program unless an owner is
/// set.
pub(super) fn socket(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<FcgiSocket> {
    let user = run_as::of_section(reader, scope, &USER);
    let mut socket: FcgiSocket = SectionReader::with_here(reader, scope.section).read()?;
    if matches!(socket.address, FcgiAddress::Unix { .. }) {
        let other = user.filter(|user| user.uid != reader.host.uid());
        socket.owner = socket.owner.or_else(|| other.map(|user| (user.uid, user.gid)));
        socket.mode = socket.mode.or(Some(DEFAULT_MODE));
    }
    Ok(socket)
}

pub(super) fn backlog(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Integer>>,
    _: &FcgiSocket,
) -> Read<Option<i64>> {
    let (reader, scope) = reader.parts();
    match reader.maybe(scope, option)?.flatten() {
        Some(wrong) if !(1..=65535).contains(&wrong) => {
            let message = format!("Invalid socket_backlog value {wrong}");
            let help = "write a number from 1 to 65535";
            Err(reader.refuse(scope, option.name, message, help))
        }
        backlog => Ok(backlog),
    }
}

pub(super) fn owner(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Owner>>,
    _: &FcgiSocket,
) -> Read<Option<(u32, u32)>> {
    let (reader, scope) = reader.parts();
    let Some(text) = reader.text(scope, option)? else { return Ok(None) };
    let owner = reader.parse(scope, &text, option);
    owner.map_err(|_| reader.reword(format!("Invalid socket_owner value {text}")))
}

pub(super) fn mode(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Octal>>,
    _: &FcgiSocket,
) -> Read<Option<u32>> {
    let (reader, scope) = reader.parts();
    let Some(text) = reader.text(scope, option)? else { return Ok(None) };
    let mode = reader.parse(scope, &text, option);
    mode.map_err(|_| reader.reword(format!("Invalid socket_mode value {text}")))
}

/// It is required, and may expand the name of the program. The other options of the socket are read.
pub(super) fn address(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<SocketUrl>,
    socket: &FcgiSocket,
) -> Read<FcgiAddress> {
    let mut names = reader.names.clone();
    names.text("program_name", strip(f::SECTION.own_name(reader.section).unwrap_or_default()));
    let (reader, scope) = reader.parts();
    let scope = Scope { names: &names, ..scope };
    let text = reader.text(scope, option)?.unwrap_or_default();
    if text.is_empty() {
        let message = format!("[{}] section requires a \"socket\" line", scope.section);
        let help = "add `socket = unix:///PATH` or `socket = tcp://HOST:PORT`";
        return Err(reader.refuse(scope, "", message, help));
    }
    let has_permissions = socket.owner.is_some() || socket.mode.is_some();
    let parsed = if has_permissions && !text.starts_with("unix://") {
        Err("socket_owner and socket_mode params should only be used with a Unix domain socket"
            .to_owned())
    } else {
        SocketUrl::parse(&text, reader.host)
    };
    parsed.map_err(|message| {
        let message = format!("{message} in [{}] socket", scope.section);
        let help = "write `unix:///PATH` or `tcp://HOST:PORT`; owner and mode are for unix";
        reader.refuse(scope, option.name, message, help)
    })
}
