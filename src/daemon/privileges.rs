//! Who the daemon is and what it may use, settled before it opens anything. The sentences are
//! Supervisor's.

use crate::conf::config::Supervisord;
use crate::os::limits::{self, Limit, Raised};
use crate::os::users::{self, Identity};

/// What is to be said in the log once there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks {
    pub(super) criticals: Vec<String>,
    pub(super) infos: Vec<String>,
}

const ROOT: &str = "Supervisor is running as root.  Privileges were not dropped because no user is \
                    specified in the config file.  If you intend to run as root, you can set \
                    user=root in the config file to avoid this message.";

/// Becomes the configured user.
pub(super) fn drop_root(settings: &Supervisord, remarks: &mut Remarks) -> Result<(), String> {
    let Some(user) = &settings.user else {
        if users::uid() == 0 {
            remarks.criticals.push(ROOT.to_owned());
        }
        return Ok(());
    };
    match users::identity(user.uid) {
        Identity::Keep => {}
        Identity::Become(account) => users::become_account(&account)?,
        Identity::Impossible(reason) => return Err(reason),
    }
    remarks.infos.push(format!("Set uid to user {} succeeded", user.uid));
    Ok(())
}

/// A limit with the names that messages give it.
struct Wanted {
    limit: Limit,
    name: &'static str,
    /// What is opened, and what the option is called.
    things: &'static str,
    usable: &'static str,
    option: &'static str,
    program: &'static str,
}

const FILES: Wanted = Wanted {
    limit: Limit::OpenFiles,
    name: "RLIMIT_NOFILE",
    things: "file descriptors required to run this process",
    usable: "file descriptors",
    option: "minfds",
    program: "process",
};

const PROCESSES: Wanted = Wanted {
    limit: Limit::Processes,
    name: "RLIMIT_NPROC",
    things: "available processes required to run this program",
    usable: "processes",
    option: "minprocs",
    program: "program",
};

/// Raises the limits to what the configuration wants at least.
pub(super) fn raise_limits(settings: &Supervisord, remarks: &mut Remarks) -> Result<(), String> {
    for (wanted, minimum) in [(FILES, settings.minfds), (PROCESSES, settings.minprocs)] {
        match limits::at_least(wanted.limit, minimum) {
            Ok(Raised::Enough) => {}
            Ok(Raised::Increased) => {
                remarks.infos.push(format!("Increased {} limit to {minimum}", wanted.name));
            }
            Ok(Raised::Refused { hard }) => return Err(wanted.refusal(minimum, &hard.to_string())),
            Err(error) => return Err(wanted.refusal(minimum, &error.to_string())),
        }
    }
    Ok(())
}

impl Wanted {
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
