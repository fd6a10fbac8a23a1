//! Why a file or socket cannot be used, as a diagnostic without a position.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::diag::Diagnostic;
use crate::os::access::directory_of;
use crate::os::socket::OpenError;
use crate::os::{trusted, users};

/// A path and what is to be there.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// Such as `log`.
    pub(super) what: &'static str,
    pub(super) path: &'a str,
}

pub(super) fn of_file(target: Target<'_>, error: &io::Error) -> Diagnostic {
    let Target { what, path } = target;
    let directory = directory_of(Path::new(path)).display();
    match error.kind() {
        _ if trusted::is_refusal(error) => {
            let message = format!("the {what} `{path}` is not used");
            Diagnostic::error("untrusted-file", message)
                .label(error.to_string())
                .help("choose a directory that only its owner may write")
        }
        ErrorKind::NotFound => {
            let message = format!("there is no directory `{directory}` for the {what}");
            Diagnostic::error("no-directory", message).help("create it")
        }
        ErrorKind::PermissionDenied => {
            let user = users::own_name();
            let message = format!("`{user}` may not write the {what} `{path}`");
            let help = format!("give `{user}` the file, or its directory if it does not exist");
            Diagnostic::error("not-writable", message).help(help)
        }
        ErrorKind::IsADirectory => {
            let message = format!("`{path}` is a directory, not a {what}");
            Diagnostic::error("not-a-file", message).help("name a file")
        }
        _ => {
            let message = format!("the {what} `{path}` cannot be used: {}", plain(error));
            Diagnostic::error("not-writable", message).help("choose another place")
        }
    }
}

pub(super) fn of_socket(path: &str, error: &OpenError) -> Diagnostic {
    match error {
        OpenError::InUse => in_use(path),
        OpenError::Owner(_) => owner(path),
        // The only error without a number.
        OpenError::Io(error) if error.raw_os_error().is_none() => too_long(path),
        OpenError::Io(error) => of_file(Target { what: "unix socket", path }, error),
    }
}

pub(super) fn of_address(host: &str, port: u16, error: &OpenError) -> Diagnostic {
    let address = format!("{host}:{port}");
    let OpenError::Io(error) = error else { return in_use(&address) };
    match error.kind() {
        // The lookup of a name fails without a number.
        _ if error.raw_os_error().is_none() => {
            let message = format!("the host `{host}` has no address");
            Diagnostic::error("no-host", message)
                .label(plain(error))
                .help("correct the name, or write an address such as 127.0.0.1")
        }
        ErrorKind::PermissionDenied => {
            let user = users::own_name();
            let message = format!("`{user}` may not listen on port {port}");
            Diagnostic::error("port-not-permitted", message)
                .help("choose a port above 1023, or run supervisord as root")
        }
        ErrorKind::AddrNotAvailable => {
            let message = format!("this host does not have the address `{host}`");
            Diagnostic::error("no-host", message)
                .help("write an address of this host, or `*` for all of them")
        }
        _ => {
            let message = format!("nothing can listen at {address}: {}", plain(error));
            Diagnostic::error("no-host", message).help("choose another address")
        }
    }
}

fn in_use(address: &str) -> Diagnostic {
    Diagnostic::error("address-in-use", format!("another process listens at {address}"))
        .help("end it, or choose another address")
}

fn too_long(path: &str) -> Diagnostic {
    let message = format!("the path of this socket has {} bytes", path.len());
    Diagnostic::error("socket-path-too-long", message)
        .label(format!("stands for `{path}`"))
        .help("a socket's path may have 107; choose a shorter one")
}

fn owner(path: &str) -> Diagnostic {
    let user = users::own_name();
    let message = format!("`{user}` may not set the owner of `{path}`");
    Diagnostic::error("owner-not-permitted", message)
        .help(format!("name `{user}` and a group that it belongs to, or run supervisord as root"))
}

/// The words of an error, without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    words.to_lowercase()
}
