//! User identity of this process, and changing it. All lookups happen before a fork.

use std::ffi::CString;

use nix::unistd::{self, Gid, Group, Uid, User};

/// How to run as a requested user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The process runs as that user already.
    Keep,
    Become(Account),
    /// Not possible; the reason is identical to Supervisor's message.
    Impossible(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
    /// The primary group first, then the supplementary groups.
    pub groups: Vec<u32>,
}

pub fn uid() -> u32 {
    unistd::getuid().as_raw()
}

pub fn gid() -> u32 {
    unistd::getgid().as_raw()
}

/// The name of the effective user, for messages.
pub fn own_name() -> String {
    let uid = unistd::geteuid();
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// Whether this process belongs to a group.
pub fn is_member(gid: u32) -> bool {
    let gid = Gid::from_raw(gid);
    unistd::getegid() == gid || unistd::getgroups().is_ok_and(|groups| groups.contains(&gid))
}

/// Determines how to run as `uid`.
pub fn identity(uid: u32) -> Identity {
    let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid)) else {
        return Identity::Impossible(format!("Can't find uid {uid}"));
    };
    let current = self::uid();
    if current == uid {
        Identity::Keep
    } else if current != 0 {
        Identity::Impossible("Can't drop privilege as nonroot user".to_owned())
    } else {
        Identity::Become(Account { uid, gid: user.gid.as_raw(), groups: groups(&user) })
    }
}

fn groups(user: &User) -> Vec<u32> {
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    let known = unistd::getgrouplist(&name, user.gid).unwrap_or_default();
    let mut groups = vec![user.gid.as_raw()];
    groups.extend(known.into_iter().map(Gid::as_raw).filter(|gid| *gid != user.gid.as_raw()));
    groups
}

/// Switches to `account` permanently. The error message is identical to Supervisor's.
pub fn become_account(account: &Account) -> Result<(), String> {
    let groups: Vec<Gid> = account.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    unistd::setgroups(&groups).map_err(|_| "Could not set groups of effective user".to_owned())?;
    unistd::setgid(Gid::from_raw(account.gid))
        .map_err(|_| "Could not set group id of effective user".to_owned())?;
    unistd::setuid(Uid::from_raw(account.uid))
        .map_err(|error| format!("Could not set user id of effective user: {}", error.desc()))
}

/// An entry of the user database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEntry {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
}

impl From<User> for UserEntry {
    fn from(user: User) -> Self {
        let home = user.dir.to_string_lossy().into_owned();
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), home }
    }
}

pub fn by_name(name: &str) -> Option<UserEntry> {
    User::from_name(name).ok().flatten().map(UserEntry::from)
}

pub fn by_id(uid: u32) -> Option<UserEntry> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(UserEntry::from)
}

pub fn group(name: &str) -> Option<u32> {
    Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
}

pub fn has_group(gid: u32) -> bool {
    group_by_id(gid).is_some()
}

pub fn group_by_id(gid: u32) -> Option<String> {
    Group::from_gid(Gid::from_raw(gid)).ok().flatten().map(|group| group.name)
}

/// The host name.
pub fn host_name() -> String {
    unistd::gethostname().map_or_else(|_| String::new(), |name| name.to_string_lossy().into_owned())
}
