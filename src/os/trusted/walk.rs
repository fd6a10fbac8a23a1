//! From a path to the directory that contains its file, one component at a time.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::fcntl::{self, AT_FDCWD, AtFlags, OFlag};
use nix::sys::stat::{self, FileStat, Mode, SFlag};

use super::rules::{Facts, Kind, Reason, Standing};

/// The longest chain of links that the kernel follows.
#[cfg(target_os = "linux")]
const MAX_LINKS: usize = 40;

/// Why a path is not used.
#[derive(Debug)]
pub(super) struct Refusal {
    path: PathBuf,
    reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, reason } = self;
        write!(f, "{} is {reason}; remove it, or choose another place", path.display())
    }
}

impl std::error::Error for Refusal {}

/// A name in an open directory; the file need not exist.
pub(super) struct Place {
    /// `None` for a path that is opened as it is: only the kernel can follow the links of `/proc`.
    directory: Option<(OwnedFd, Standing)>,
    name: OsString,
    path: PathBuf,
}

impl Place {
    /// Where the file is: all links are followed.
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        Self::find(path, true)
    }

    /// Where the entry itself is: the last component is not followed.
    pub(super) fn of_entry(path: &Path) -> io::Result<Self> {
        Self::find(path, false)
    }

    fn as_it_is(path: &Path) -> Self {
        Self { directory: None, name: path.into(), path: path.into() }
    }

    /// The facts of what is there, without following a link.
    fn facts(&self) -> Option<Facts> {
        let found = match &self.directory {
            Some((fd, _)) => stat::fstatat(fd, self.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW),
            None => stat::stat(self.name.as_os_str()),
        };
        Some(facts(&found.ok()?))
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.facts().is_some_and(|facts| facts.kind == Kind::Fifo)
    }

    pub(super) fn is_link(&self) -> bool {
        self.facts().is_some_and(|facts| facts.kind == Kind::Link)
    }

    fn refusal(&self, reason: Reason) -> io::Error {
        let refusal = Refusal { path: self.path.clone(), reason };
        io::Error::new(io::ErrorKind::PermissionDenied, refusal)
    }

    fn check_facts(&self, facts: Facts) -> io::Result<()> {
        let Some((_, standing)) = &self.directory else { return Ok(()) };
        standing.check_file(facts).map_err(|reason| self.refusal(reason))
    }

    /// Whether what is there may be opened.
    pub(super) fn check(&self) -> io::Result<()> {
        self.facts().map_or(Ok(()), |facts| self.check_facts(facts))
    }

    /// Opens it; the file is examined while it is open.
    pub(super) fn open(&self, flags: OFlag, mode: Mode) -> io::Result<OwnedFd> {
        let flags = flags | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let Some((fd, _)) = &self.directory else {
            return Ok(fcntl::openat(AT_FDCWD, self.name.as_os_str(), flags, mode)?);
        };
        // Opening may have an effect, as on a tape, so what is known already is examined before.
        self.check()?;
        let file = fcntl::openat(fd, self.name.as_os_str(), flags | OFlag::O_NOFOLLOW, mode)?;
        self.check_facts(facts(&stat::fstat(&file)?))?;
        Ok(file)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn own_socket(&self) -> io::Result<Option<OwnedFd>> {
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
        let directory = self.directory.as_ref().map_or(AT_FDCWD, |(fd, _)| fd.as_fd());
        let socket = fcntl::openat(directory, self.name.as_os_str(), flags, Mode::empty())?;
        let found = stat::fstat(&socket)?;
        let is_socket = SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits());
        let is_doubtful =
            |(_, standing): &(_, Standing)| standing.is_risky() && found.st_uid != standing.own;
        if is_socket != SFlag::S_IFSOCK || self.directory.as_ref().is_some_and(is_doubtful) {
            return Err(io::Error::other("the socket was replaced by another user"));
        }
        Ok(Some(socket))
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Linux")]
    pub(super) fn own_socket(&self) -> io::Result<Option<OwnedFd>> {
        Ok(None)
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
    fn find(path: &Path, _: bool) -> io::Result<Self> {
        Ok(Self::as_it_is(path))
    }

    #[cfg(target_os = "linux")]
    fn find(path: &Path, follows_last: bool) -> io::Result<Self> {
        // The kernel decides whether a path may end with a slash.
        if path.as_os_str().is_empty() || path.as_os_str().as_bytes().ends_with(b"/") {
            return Ok(Self::as_it_is(path));
        }
        let mut walk = Walk { left: Vec::new(), links: 0, here: Here::start(path)? };
        walk.push(path);
        walk.run(follows_last)
    }
}

/// An open directory and the path by which it was reached.
#[cfg(target_os = "linux")]
struct Here {
    fd: OwnedFd,
    standing: Standing,
    path: PathBuf,
}

#[cfg(target_os = "linux")]
impl Here {
    fn start(path: &Path) -> io::Result<Self> {
        let start = Path::new(if path.is_absolute() { "/" } else { "." });
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = fcntl::open(start, flags, Mode::empty())?;
        let Facts { owner, mode, .. } = facts(&stat::fstat(&fd)?);
        let own = nix::unistd::geteuid().as_raw();
        let standing = Standing { owner, mode, own, is_foreign: false };
        Ok(Self { fd, standing, path: start.into() })
    }

    /// Opens an entry without following it.
    fn look(&self, name: &OsStr) -> io::Result<(OwnedFd, Facts)> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let fd = fcntl::openat(&self.fd, name, flags, Mode::empty())?;
        let found = facts(&stat::fstat(&fd)?);
        Ok((fd, found))
    }
}

#[cfg(target_os = "linux")]
struct Walk {
    here: Here,
    /// The components that are left, the next one last.
    left: Vec<OsString>,
    links: usize,
}

#[cfg(target_os = "linux")]
impl Walk {
    fn push(&mut self, path: &Path) {
        let names = path.components().rev().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        self.left.extend(names);
    }

    fn run(mut self, follows_last: bool) -> io::Result<Place> {
        loop {
            let Some(name) = self.left.pop() else {
                // The path, or the target of a link, is a directory by its own name.
                return Ok(self.place(".".into()));
            };
            if let Some(path) = self.in_proc(&name) {
                return Ok(Place::as_it_is(&path));
            }
            let is_last = self.left.is_empty();
            if is_last && !follows_last {
                return Ok(self.place(name));
            }
            match self.here.look(&name) {
                Ok((link, facts)) if facts.kind == Kind::Link => {
                    self.follow(&link, facts, &name)?;
                }
                Ok(_) if is_last => return Ok(self.place(name)),
                Ok((fd, facts)) if facts.kind == Kind::Directory => self.enter(fd, facts, &name),
                Ok(_) => return Err(nix::Error::ENOTDIR.into()),
                Err(error) if is_last && error.kind() == io::ErrorKind::NotFound => {
                    return Ok(self.place(name));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn place(self, name: OsString) -> Place {
        let path = self.here.path.join(&name);
        Place { directory: Some((self.here.fd, self.here.standing)), name, path }
    }

    /// The whole path if it leads into `/proc`.
    fn in_proc(&self, name: &OsStr) -> Option<PathBuf> {
        let is_proc = name == "proc" && self.here.path == Path::new("/");
        is_proc
            .then(|| self.left.iter().rev().fold("/proc".into(), |path: PathBuf, it| path.join(it)))
    }

    fn enter(&mut self, fd: OwnedFd, facts: Facts, name: &OsStr) {
        let standing = self.here.standing.enter(facts);
        self.here = Here { fd, standing, path: self.here.path.join(name) };
    }

    fn follow(&mut self, link: &OwnedFd, facts: Facts, name: &OsStr) -> io::Result<()> {
        let refuse = |reason| {
            let refusal = Refusal { path: self.here.path.join(name), reason };
            io::Error::new(io::ErrorKind::PermissionDenied, refusal)
        };
        self.here.standing.check_link(facts).map_err(refuse)?;
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(nix::Error::ELOOP.into());
        }
        let target = PathBuf::from(fcntl::readlinkat(link, "")?);
        if target.is_absolute() {
            self.here = Here::start(&target)?;
        }
        self.push(&target);
        Ok(())
    }
}

fn facts(found: &FileStat) -> Facts {
    let kind = match SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFDIR => Kind::Directory,
        SFlag::S_IFLNK => Kind::Link,
        SFlag::S_IFREG => Kind::Regular,
        SFlag::S_IFIFO => Kind::Fifo,
        _ => Kind::Other,
    };
    #[allow(clippy::useless_conversion, reason = "the widths differ between systems")]
    let (mode, links) = (u32::from(found.st_mode), u64::from(found.st_nlink));
    Facts { kind, owner: found.st_uid, mode: mode & 0o7777, links }
}
