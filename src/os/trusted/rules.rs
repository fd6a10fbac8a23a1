//! Which links and files of other users may be used, as rules about facts. They are those of Linux's
//! `fs.protected_symlinks`, `protected_regular`, `protected_fifos` and `protected_hardlinks`, extended
//! to all components of a path and to directories without the sticky bit.

use std::fmt;

const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    Link,
    Regular,
    Fifo,
    Other,
}

/// What is known about a file, a link or a directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) kind: Kind,
    pub(super) owner: u32,
    pub(super) mode: u32,
    pub(super) links: u64,
}

/// A directory on the way to a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) owner: u32,
    pub(super) mode: u32,
    /// The user of this process.
    pub(super) own: u32,
    /// Whether another user made it, or one above it, in a directory that all may write.
    pub(super) is_foreign: bool,
}

/// Why a path is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Link,
    HardLink,
    Regular,
    Fifo,
}

impl Standing {
    /// Whether others than its owner may add entries. Members of a group may only do so unnoticed
    /// where the sticky bit shows that they do not trust each other.
    fn is_shared(self) -> bool {
        self.mode & OTHERS_WRITE != 0 || self.is_sticky() && self.mode & GROUP_WRITES != 0
    }

    /// Whether another user may have placed an entry here without the owner's knowledge.
    pub(super) fn is_risky(self) -> bool {
        self.is_shared() || self.is_foreign
    }

    fn is_sticky(self) -> bool {
        self.mode & STICKY != 0
    }

    /// Whether an entry of this owner is as good as one of our own.
    fn trusts(self, owner: u32) -> bool {
        owner == self.own || owner == 0 || owner == self.owner && !self.is_foreign
    }

    /// Whether a link in this directory may be followed.
    pub(super) fn check_link(self, link: Facts) -> Result<(), Reason> {
        if self.is_risky() && !self.trusts(link.owner) { Err(Reason::Link) } else { Ok(()) }
    }

    /// Whether an existing file in this directory may be opened.
    pub(super) fn check_file(self, file: Facts) -> Result<(), Reason> {
        let is_shared_and_sticky = self.is_shared() && self.is_sticky();
        match file.kind {
            Kind::Link => Err(Reason::Link),
            Kind::Regular if file.links > 1 && self.is_risky() => Err(Reason::HardLink),
            Kind::Regular if is_shared_and_sticky && !self.trusts(file.owner) => {
                Err(Reason::Regular)
            }
            Kind::Fifo if is_shared_and_sticky && !self.trusts(file.owner) => Err(Reason::Fifo),
            _ => Ok(()),
        }
    }

    /// The standing of a directory in this one.
    pub(super) fn enter(self, directory: Facts) -> Self {
        let is_foreign = self.is_foreign || self.is_shared() && !self.trusts(directory.owner);
        Self { owner: directory.owner, mode: directory.mode, is_foreign, ..self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "a link of another user in a directory that others may write",
            Self::HardLink => "a file with more than one name in a directory that others may write",
            Self::Regular => "a file of another user in a directory that others may write",
            Self::Fifo => "a FIFO of another user in a directory that others may write",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: u32 = 0;
    const PLONE: u32 = 500;
    const MALLORY: u32 = 666;

    fn entry(kind: Kind, owner: u32) -> Facts {
        Facts { kind, owner, mode: 0o755, links: 1 }
    }

    /// A directory as this user sees it.
    fn directory(own: u32, owner: u32, mode: u32) -> Standing {
        Standing { owner, mode, own, is_foreign: false }
    }

    #[test]
    fn links_of_others_are_not_followed_where_all_may_write() {
        for own in [ROOT, PLONE] {
            for mode in [0o1777, 0o777, 0o1775] {
                let shared = directory(own, ROOT, mode);
                assert_eq!(shared.check_link(entry(Kind::Link, MALLORY)), Err(Reason::Link));
                assert_eq!(shared.check_link(entry(Kind::Link, own)), Ok(()));
                assert_eq!(shared.check_link(entry(Kind::Link, ROOT)), Ok(()));
            }
        }
    }

    #[test]
    fn the_owner_of_a_directory_may_link_in_it() {
        for mode in [0o755, 0o775, 0o777, 0o1777] {
            let of_plone = directory(ROOT, PLONE, mode);
            assert_eq!(of_plone.check_link(entry(Kind::Link, PLONE)), Ok(()), "{mode:o}");
        }
        let of_a_group = directory(ROOT, PLONE, 0o2775);
        assert_eq!(of_a_group.check_link(entry(Kind::Link, MALLORY)), Ok(()));
    }

    #[test]
    fn files_of_others_are_not_opened_where_the_sticky_bit_is_set() {
        let sticky = directory(ROOT, ROOT, 0o1777);
        assert_eq!(sticky.check_file(entry(Kind::Regular, MALLORY)), Err(Reason::Regular));
        assert_eq!(sticky.check_file(entry(Kind::Fifo, MALLORY)), Err(Reason::Fifo));
        assert_eq!(sticky.check_file(entry(Kind::Regular, ROOT)), Ok(()));
        let open = directory(ROOT, ROOT, 0o777);
        assert_eq!(open.check_file(entry(Kind::Regular, MALLORY)), Ok(()));
    }

    #[test]
    fn a_second_name_of_a_file_counts_only_where_others_may_write() {
        let linked = Facts { links: 2, ..entry(Kind::Regular, ROOT) };
        assert_eq!(directory(ROOT, ROOT, 0o1777).check_file(linked), Err(Reason::HardLink));
        assert_eq!(directory(ROOT, ROOT, 0o755).check_file(linked), Ok(()));
        assert_eq!(directory(ROOT, PLONE, 0o755).check_file(linked), Ok(()));
    }

    #[test]
    fn a_directory_that_another_user_made_stays_foreign() {
        let tmp = directory(ROOT, ROOT, 0o1777);
        let foreign = tmp.enter(entry(Kind::Directory, MALLORY));
        assert_eq!(foreign.check_link(entry(Kind::Link, MALLORY)), Err(Reason::Link));
        assert_eq!(foreign.check_file(entry(Kind::Regular, MALLORY)), Ok(()));
        let deeper = foreign.enter(entry(Kind::Directory, MALLORY));
        assert!(deeper.is_foreign);
        assert!(!tmp.enter(entry(Kind::Directory, ROOT)).is_foreign);
        let home = directory(ROOT, ROOT, 0o755);
        assert!(!home.enter(entry(Kind::Directory, PLONE)).is_foreign);
    }
}
