//! `user` under `ignore_user_without_root`: a daemon that root did not start cannot switch to another
//! user, so such a name is ignored with a warning instead of an error.

use super::config::User;
use super::kinds::{Account, Kind as _, Maybe};
use super::option_reader::{OptionReader, Scope};
use super::sections::Opt;

/// The user of a section.
pub(super) fn of_section(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    option: &Opt<Maybe<Account>>,
) -> Option<User> {
    if !reader.ignores_users {
        return reader.if_any(scope, option).flatten();
    }
    let name = reader.text(scope, option).ok().flatten()?;
    own_user(reader, &name, scope.section)
}

/// The user, if this process runs as that one; otherwise it is noted that the name is ignored.
pub(super) fn own_user(reader: &mut OptionReader<'_>, name: &str, section: &str) -> Option<User> {
    let own = reader.host.uid();
    let user = Account::parse(name, reader.host).ok().filter(|user| user.uid == own);
    if user.is_none() {
        let warning = format!(
            "`user={name}` of [{section}] is ignored, because supervisord was not started by root"
        );
        if !reader.warnings.contains(&warning) {
            reader.warnings.push(warning);
        }
    }
    user
}

#[cfg(test)]
mod tests {
    use super::super::fake_host::FakeHost;
    use super::super::options::CommandLine;
    use super::super::read::examine;

    const CONF: &str = "/etc/supervisord.conf";

    /// The users of the daemon and the program, the warnings and the errors.
    fn examined(line: &str, user: &str, uid: u32) -> (Option<u32>, Option<u32>, usize, usize) {
        let text =
            format!("[supervisord]\nuser={user}\n{line}\n[program:x]\ncommand=x\nuser={user}\n");
        let host = FakeHost::default().file(CONF, text).as_user(uid);
        let examined = examine(CONF, &CommandLine::default(), &host);
        let uid = |user: &Option<super::User>| user.as_ref().map(|user| user.uid);
        let draft = &examined.draft;
        let daemon = draft.supervisord.as_ref().and_then(|settings| uid(&settings.user));
        let program = draft.groups.first().and_then(|group| uid(&group.processes[0].user));
        let warnings = examined.config.as_ref().map_or(0, |config| config.notes.warnings.len());
        (daemon, program, warnings, examined.faults.len())
    }

    #[test]
    fn a_user_is_ignored_only_on_request_and_only_without_root() {
        let ignore = "ignore_user_without_root=true";
        let nobody = 65534;
        assert_eq!(examined("", "root", nobody), (Some(0), Some(0), 0, 0));
        assert_eq!(examined(ignore, "root", nobody), (None, None, 2, 0));
        assert_eq!(examined(ignore, "nobody", nobody), (Some(nobody), Some(nobody), 0, 0));
        assert_eq!(examined(ignore, "nobody", 0), (Some(nobody), Some(nobody), 0, 0));
        assert_eq!(examined(ignore, "unknown", nobody), (None, None, 2, 0));
        assert!(examined("", "unknown", nobody).3 > 0);
        assert!(examined(ignore, "unknown", 0).3 > 0);
    }
}
