//! The machine and the user that generate a deployment, for recipes that set them as options.

use std::env;
use std::ffi::OsString;

use crate::generate::machine::Machine;
use crate::os::users;

/// A shell without a login may lack USER, LOGNAME and HOME; they are those of the account.
pub(super) fn of_this_process() -> Machine {
    let user = users::by_id(users::uid());
    let (name, home) = user.map_or_else(Default::default, |user| (user.name, user.home));
    let utf8 = |text: OsString| text.into_string().ok();
    let account = [("USER", &name), ("LOGNAME", &name), ("HOME", &home)];
    let account = account.map(|(variable, value)| (variable.to_owned(), value.clone()));
    let set = env::vars_os().filter_map(|(name, value)| Some((utf8(name)?, utf8(value)?)));
    Machine {
        environment: account
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .chain(set)
            .collect(),
        uid: users::uid(),
        gid: users::gid(),
        user: name,
        home,
        host: users::host_name(),
    }
}
