//! Listening sockets: TCP, and unix sockets with mode and owner that are put in place atomically.

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::socket::{
    self as sys, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, SockaddrIn6, UnixAddr,
    sockopt,
};
use nix::unistd::{Gid, Uid, fchownat};

use super::{access, processes, trusted, users};

/// A socket that accepts connections.
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Mode and owner of a socket file; `u32::MAX` in an owner keeps that part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketPermissions {
    pub mode: Option<u32>,
    pub owner: Option<(u32, u32)>,
}

/// Why a socket could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process is listening there.
    InUse,
    /// The owner could not be set; the error message is identical to Supervisor's.
    Owner(String),
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EADDRINUSE) => Self::InUse,
            _ => Self::Io(error),
        }
    }
}

impl From<nix::Error> for OpenError {
    fn from(error: nix::Error) -> Self {
        io::Error::from(error).into()
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("[Errno 98] Address already in use"),
            Self::Owner(text) => f.write_str(text),
            Self::Io(error) => f.write_str(&super::errno::python_format(error)),
        }
    }
}

/// Listens on a TCP address; an empty host means all interfaces.
pub fn tcp(host: &str, port: u16, backlog: i32) -> Result<TcpListener, OpenError> {
    let fd = bind_tcp(host, port)?;
    sys::listen(&fd, listen_backlog(backlog))?;
    Ok(TcpListener::from(fd))
}

/// Why [`tcp`] would fail. The address is bound for a moment, without accepting connections.
pub fn try_tcp(host: &str, port: u16) -> Result<(), OpenError> {
    bind_tcp(host, port).map(drop)
}

fn bind_tcp(host: &str, port: u16) -> Result<OwnedFd, OpenError> {
    let address = resolve(host, port)?;
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = sys::socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    sys::setsockopt(&fd, sockopt::ReuseAddr, &true)?;
    match address {
        SocketAddr::V4(address) => sys::bind(fd.as_raw_fd(), &SockaddrIn::from(address))?,
        SocketAddr::V6(address) => sys::bind(fd.as_raw_fd(), &SockaddrIn6::from(address))?,
    }
    Ok(fd)
}

/// The address of a host name. IPv4 is preferred for a name with both address families, because
/// Supervisor supports only IPv4. Blocks while the name is looked up.
#[expect(clippy::disallowed_methods, reason = "when a socket is opened, as in Supervisor")]
pub fn resolve(host: &str, port: u16) -> io::Result<SocketAddr> {
    let host = if host.is_empty() { "0.0.0.0" } else { host };
    let found: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| io::Error::other("the host name has no address"))
}

fn listen_backlog(backlog: i32) -> Backlog {
    Backlog::new(backlog).unwrap_or(Backlog::MAXCONN)
}

/// Listens at `path` and replaces a stale socket or plain file there. The socket appears under its
/// name only after its mode is set. `on_stale` is called before a stale file is removed.
pub fn unix(
    path: &Path,
    permissions: SocketPermissions,
    backlog: i32,
    mut on_stale: impl FnMut(&Path),
) -> Result<UnixListener, OpenError> {
    address(path)?;
    trusted::check_directory_of(path)?;
    let temporary = temporary_name(path);
    let _ = fs::remove_file(&temporary);
    let fd = bind_unix(&temporary)?;
    let linked = link_into_place(&temporary, path, permissions, &mut on_stale);
    let _ = fs::remove_file(&temporary);
    linked?;
    set_owner(path, permissions.owner)?;
    sys::listen(&fd, listen_backlog(backlog))?;
    Ok(UnixListener::from(fd))
}

/// Why [`unix`] would fail, without creating a file.
pub fn try_unix(path: &Path, owner: Option<(u32, u32)>) -> Result<(), OpenError> {
    address(path)?;
    access::try_create(&temporary_name(path))?;
    if is_listening(path) {
        return Err(OpenError::InUse);
    }
    try_replace(path)?;
    try_owner(path, owner)
}

/// Why [`fastcgi_unix`] would fail, without creating a file.
pub fn try_fastcgi_unix(path: &Path, owner: Option<(u32, u32)>) -> Result<(), OpenError> {
    address(path)?;
    access::try_create(path)?;
    if path.is_symlink() && !path.exists() {
        return Err(OpenError::InUse);
    }
    try_replace(path)?;
    try_owner(path, owner)
}

/// Whether a file at `path` could be removed: not a directory, and not another user's in a directory
/// such as `/tmp`.
fn try_replace(path: &Path) -> io::Result<()> {
    let Ok(file) = fs::symlink_metadata(path) else { return Ok(()) };
    if file.is_dir() {
        return Err(nix::Error::EISDIR.into());
    }
    let directory = fs::metadata(access::directory_of(path))?;
    let own = nix::unistd::geteuid().as_raw();
    let is_sticky = directory.mode() & 0o1000 != 0;
    if is_sticky && own != 0 && own != file.uid() && own != directory.uid() {
        return Err(nix::Error::EPERM.into());
    }
    Ok(())
}

/// Whether this process may give a file of its own to `owner`.
fn try_owner(path: &Path, owner: Option<(u32, u32)>) -> Result<(), OpenError> {
    let Some((uid, gid)) = owner else { return Ok(()) };
    let own = nix::unistd::geteuid().as_raw();
    let may_be_user = uid == u32::MAX || uid == own;
    let may_be_group = gid == u32::MAX || users::is_member(gid);
    if own == 0 || may_be_user && may_be_group { Ok(()) } else { Err(not_owner(path, uid, gid)) }
}

/// `PATH.PID`, or a shorter name if that is too long for a socket.
fn temporary_name(path: &Path) -> PathBuf {
    let mut long = path.as_os_str().to_owned();
    long.push(format!(".{}", std::process::id()));
    if UnixAddr::new(Path::new(&long)).is_ok() {
        return long.into();
    }
    path.with_file_name(format!(".{}", std::process::id()))
}

/// Checks the length of a path; the kernel limits it to about a hundred bytes.
fn address(path: &Path) -> Result<UnixAddr, OpenError> {
    UnixAddr::new(path).map_err(|_| OpenError::Io(io::Error::other("AF_UNIX path too long")))
}

fn bind_unix(path: &Path) -> Result<OwnedFd, OpenError> {
    let address = address(path)?;
    let fd = sys::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    sys::bind(fd.as_raw_fd(), &address)?;
    Ok(fd)
}

fn link_into_place(
    temporary: &Path,
    path: &Path,
    permissions: SocketPermissions,
    on_stale: &mut impl FnMut(&Path),
) -> Result<(), OpenError> {
    if let Some(mode) = permissions.mode {
        set_mode(temporary, mode)?;
    }
    // A hard link, unlike a rename, fails if another process was faster, so two daemons that start
    // together cannot both succeed. Each iteration removes a stale file, so the loop ends.
    for _ in 0..10 {
        match fs::hard_link(temporary, path) {
            Ok(()) => return Ok(()),
            Err(_) if is_listening(path) => return Err(OpenError::InUse),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
            Err(_) => {
                on_stale(path);
                fs::remove_file(path)?;
            }
        }
    }
    Err(OpenError::InUse)
}

/// Whether a process is listening at `path`, even if its backlog is full.
pub fn is_listening(path: &Path) -> bool {
    let Ok(address) = UnixAddr::new(path) else { return false };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let Ok(fd) = sys::socket(AddressFamily::Unix, SockType::Stream, flags, None) else {
        return false;
    };
    match sys::connect(fd.as_raw_fd(), &address) {
        Ok(()) | Err(nix::Error::EAGAIN | nix::Error::EINPROGRESS) => true,
        // The socket of another user.
        Err(nix::Error::EACCES) => processes::is_listening(path),
        Err(_) => false,
    }
}

fn set_owner(path: &Path, owner: Option<(u32, u32)>) -> Result<(), OpenError> {
    let Some((uid, gid)) = owner else { return Ok(()) };
    match change_owner(path, uid, gid) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(not_owner(path, uid, gid))
        }
        other => Ok(other?),
    }
}

/// Sets the mode of a socket that was just made. Another user may have put a link in its place.
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let permissions = fs::Permissions::from_mode(mode & 0o7777);
    let Some(socket) = trusted::own_socket(path)? else {
        return fs::set_permissions(path, permissions);
    };
    let by_descriptor = format!("/proc/self/fd/{}", socket.as_raw_fd());
    match fs::set_permissions(by_descriptor, permissions.clone()) {
        // Without /proc there is no other way.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::set_permissions(path, permissions)
        }
        set => set,
    }
}

fn change_owner(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let part = |id: u32| (id != u32::MAX).then_some(id);
    let (user, group) = (part(uid).map(Uid::from_raw), part(gid).map(Gid::from_raw));
    match trusted::own_socket(path)? {
        #[cfg(target_os = "linux")]
        Some(socket) => Ok(fchownat(&socket, "", user, group, AtFlags::AT_EMPTY_PATH)?),
        _ => Ok(fchownat(AT_FDCWD, path, user, group, AtFlags::AT_SYMLINK_NOFOLLOW)?),
    }
}

fn not_owner(path: &Path, uid: u32, gid: u32) -> OpenError {
    let format_id = |id: u32| if id == u32::MAX { "-1".to_owned() } else { id.to_string() };
    OpenError::Owner(format!(
        "Not permitted to chown {} to uid/gid ({}, {}); adjust \"sockchown\" value in config \
         file or on command line to values that the current user ({}) can successfully chown",
        path.display(),
        format_id(uid),
        format_id(gid),
        users::own_name()
    ))
}

/// Listens at `path` for a FastCGI program; an existing file is replaced unconditionally. As under
/// Supervisor, a link that leads nowhere is not.
pub fn fastcgi_unix(
    path: &Path,
    permissions: SocketPermissions,
    backlog: i32,
) -> Result<UnixListener, OpenError> {
    trusted::check_directory_of(path)?;
    if path.exists() {
        let _ = fs::remove_file(path);
    }
    let fd = bind_unix(path)?;
    // The mode first: a socket of another owner is not recognized as ours.
    let mode_set = permissions.mode.map_or(Ok(()), |mode| set_mode(path, mode));
    let result = mode_set.map_err(OpenError::from).and_then(|()| {
        set_owner(path, permissions.owner)?;
        Ok(sys::listen(&fd, listen_backlog(backlog))?)
    });
    if result.is_err() {
        let _ = fs::remove_file(path);
    }
    result.map(|()| UnixListener::from(fd))
}

impl From<Listener> for OwnedFd {
    fn from(listener: Listener) -> Self {
        match listener {
            Listener::Tcp(listener) => listener.into(),
            Listener::Unix(listener) => listener.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn sockets_get_their_mode_and_owner_also_where_all_may_write() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let is_root = nix::unistd::geteuid().is_root();
        let owner = is_root.then_some((65_533, 65_533));
        let permissions = SocketPermissions { mode: Some(0o766), owner };
        let (server, fastcgi) = (dir.path().join("s"), dir.path().join("f"));
        let _server = unix(&server, permissions, 8, |_| {}).unwrap();
        let _fastcgi = fastcgi_unix(&fastcgi, permissions, 8).unwrap();
        for path in [server, fastcgi] {
            let found = fs::metadata(&path).unwrap();
            assert_eq!(found.mode() & 0o7777, 0o766);
            assert_eq!(found.uid(), owner.map_or(users::uid(), |owner| owner.0));
        }
    }

    #[test]
    fn a_socket_has_its_mode_and_replaces_a_stale_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let permissions = SocketPermissions { mode: Some(0o700), owner: None };
        let mut on_stale = 0;
        drop(unix(&path, permissions, 5, |_| on_stale += 1).unwrap());
        let alive = unix(&path, permissions, 5, |_| on_stale += 1).unwrap();
        assert_eq!(on_stale, 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o700);
        assert!(matches!(unix(&path, permissions, 5, |_| on_stale += 1), Err(OpenError::InUse)));
        UnixStream::connect(&path).unwrap();
        drop(alive);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_plain_file_is_replaced_and_a_missing_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        fs::write(&path, "").unwrap();
        unix(&path, SocketPermissions::default(), 5, |_| ()).unwrap();
        let nowhere = dir.path().join("nowhere/s.sock");
        let error = unix(&nowhere, SocketPermissions::default(), 5, |_| ()).unwrap_err();
        assert!(matches!(error, OpenError::Io(error) if error.kind() == io::ErrorKind::NotFound));
    }

    #[test]
    fn a_port_in_use_is_a_distinct_error() {
        let first = tcp("127.0.0.1", 0, 5).unwrap();
        let port = first.local_addr().unwrap().port();
        assert!(matches!(tcp("127.0.0.1", port, 5), Err(OpenError::InUse)));
        assert!(tcp("", 0, 5).unwrap().local_addr().unwrap().ip().is_unspecified());
    }
}
