//! User and resource limits of the daemon, set before it opens anything. The messages are identical
//! to Supervisor's.

use std::io;

use crate::conf::config::Supervisord;
use crate::conf::sections::supervisord;
use crate::os::limits::{self, Limit, RaiseResult};
use crate::os::users::{self, Identity};

/// Messages to write once the log is open.
#[derive(Clone, Debug, Default)]
pub(super) struct DeferredLog {
    pub(super) criticals: Vec<String>,
    pub(super) infos: Vec<String>,
}

const RUNNING_AS_ROOT: &str = "Supervisor is running as root.  Privileges were not dropped because no user is \
                    specified in the config file.  If you intend to run as root, you can set \
                    user=root in the config file to avoid this message.";

/// Switches to the configured user.
pub(super) fn drop_privileges(
    settings: &Supervisord,
    deferred: &mut DeferredLog,
) -> Result<(), String> {
    let Some(user) = &settings.user else {
        if users::uid() == 0 {
            deferred.criticals.push(RUNNING_AS_ROOT.to_owned());
        }
        return Ok(());
    };
    match users::identity(user.uid) {
        Identity::Keep => {}
        Identity::Become(account) => users::become_account(&account)?,
        Identity::Impossible(reason) => return Err(reason),
    }
    deferred.infos.push(format!("Set uid to user {} succeeded", user.uid));
    Ok(())
}

/// A resource limit with the words for its messages.
struct LimitMessages {
    limit: Limit,
    name: &'static str,
    /// What the limit counts.
    things: &'static str,
    usable: &'static str,
    option: &'static str,
    program: &'static str,
}

const FILES: LimitMessages = LimitMessages {
    limit: Limit::OpenFiles,
    name: "RLIMIT_NOFILE",
    things: "file descriptors required to run this process",
    usable: "file descriptors",
    option: supervisord::MINFDS.name,
    program: "process",
};

const PROCESSES: LimitMessages = LimitMessages {
    limit: Limit::Processes,
    name: "RLIMIT_NPROC",
    things: "available processes required to run this program",
    usable: "processes",
    option: supervisord::MINPROCS.name,
    program: "program",
};

/// Raises the limits to the configured minimum.
pub(super) fn raise_limits(
    settings: &Supervisord,
    deferred: &mut DeferredLog,
) -> Result<(), String> {
    for (messages, minimum) in minimums(settings) {
        match messages.raise(minimum, limits::raise_to)? {
            RaiseResult::Increased => {
                deferred.infos.push(format!("Increased {} limit to {minimum}", messages.name));
            }
            RaiseResult::Enough | RaiseResult::Refused { .. } => {}
        }
    }
    Ok(())
}

/// The options whose limits could not be raised, each with Supervisor's message.
pub(super) fn limits_too_low(settings: &Supervisord) -> Vec<(&'static str, String)> {
    let tried = minimums(settings)
        .map(|(messages, minimum)| (messages.option, messages.raise(minimum, limits::try_raise)));
    tried.into_iter().filter_map(|(option, tried)| Some((option, tried.err()?))).collect()
}

fn minimums(settings: &Supervisord) -> [(LimitMessages, i64); 2] {
    [(FILES, settings.minfds), (PROCESSES, settings.minprocs)]
}

impl LimitMessages {
    fn raise(
        &self,
        minimum: i64,
        raise: fn(Limit, i64) -> io::Result<RaiseResult>,
    ) -> Result<RaiseResult, String> {
        match raise(self.limit, minimum) {
            Ok(RaiseResult::Refused { hard }) => Err(self.refusal(minimum, &hard.to_string())),
            Ok(raised) => Ok(raised),
            Err(error) => Err(self.refusal(minimum, &error.to_string())),
        }
    }

    fn refusal(&self, minimum: i64, hard: &str) -> String {
        let Self { things, usable, option, program, .. } = self;
        format!(
            "The minimum number of {things} is {minimum} as per the \"{option}\" command-line \
             argument or config file setting. The current environment will only allow you to open \
             {hard} {usable}.  Either raise the number of usable {usable} in your environment (see \
             README.rst) or lower the {option} setting in the config file to allow the {program} to \
             start."
        )
    }
}
