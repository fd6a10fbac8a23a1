//! The options by which a part of buildout.cfg configures its deployment. They are supkit's own;
//! those of supervisord.conf are in [`crate::conf::sections`].

/// `supervisor = false` leaves a part out.
pub(super) const ENABLED: &str = "supervisor";
/// The prefix of the options of `[program:x]`; a recipe presets them, and a part may set them.
pub const PROGRAM_PREFIX: &str = "supervisor-";
/// The command of a program; it makes a program of any part.
pub(super) const COMMAND: &str = "supervisor-command";
/// The name of a program, if it is not that of the part.
pub(super) const NAME: &str = "supervisor-name";
/// The group of a program.
pub(super) const GROUP: &str = "supervisor-group";

// Options of the part that stands for Supervisor.

/// The server on a TCP port.
pub(super) const PORT: &str = "supervisor-port";
pub(super) const USERNAME: &str = "supervisor-username";
pub(super) const PASSWORD: &str = "supervisor-password";
/// One group per line: `NAME: PROGRAM PROGRAM`.
pub(super) const GROUPS: &str = "supervisor-groups";
/// The prefix of the options of `[supervisord]`.
pub(super) const DAEMON_PREFIX: &str = "supervisord-";
/// The prefix of the options of `[supervisorctl]`.
pub(super) const CLIENT_PREFIX: &str = "supervisorctl-";

/// Whether an option of a part is for its deployment, not for its recipe.
pub fn is_for_deployment(option: &str) -> bool {
    let prefixes = [PROGRAM_PREFIX, DAEMON_PREFIX, CLIENT_PREFIX];
    option == ENABLED || prefixes.iter().any(|prefix| option.starts_with(prefix))
}

/// The options of a part for Supervisor that begin with [`PROGRAM_PREFIX`] and set no option of a
/// program.
pub(super) const SERVER_AND_GROUPS: [&str; 4] = [PORT, USERNAME, PASSWORD, GROUPS];

/// The name of the script that an instance gets in `bin-directory`, if it is not that of the part.
pub(super) const CONTROL_SCRIPT: &str = "control-script";

/// The names that a recipe may use in a placeholder, besides the options of the part.
pub(super) mod fact {
    pub(in crate::generate) const PART: &str = "part";
    pub(in crate::generate) const DIRECTORY: &str = "directory";
    pub(in crate::generate) const BIN: &str = "bin";
    pub(in crate::generate) const PARTS: &str = "parts";
    /// The configuration file of a server that the part compiles.
    pub(in crate::generate) const CONFIGURATION: &str = "configuration";
    /// The addresses in it: where the server listens, and those of its backends.
    pub(in crate::generate) const LISTENS: &str = "configuration/listens";
    pub(in crate::generate) const BACKENDS: &str = "configuration/backends";
    /// The address in the option `zeo.conf`.
    pub(in crate::generate) const ZEO_ADDRESS: &str = "zeo.conf/address";
    /// The argument that keeps it in the foreground.
    pub(in crate::generate) const FOREGROUND: &str = "foreground";
}

/// The options of `[buildout]` that are read.
pub(super) mod buildout {
    pub(in crate::generate) const SECTION: &str = "buildout";
    pub(in crate::generate) const DIRECTORY: &str = "directory";
    pub(in crate::generate) const BIN_DIRECTORY: &str = "bin-directory";
    pub(in crate::generate) const PARTS_DIRECTORY: &str = "parts-directory";
}

/// The section of a project with options of supkit, which is no part.
pub(super) mod supkit {
    pub(in crate::generate) const SECTION: &str = "supkit";
    /// `false`: no probes and dependencies.
    pub(in crate::generate) const READINESS: &str = "readiness";
    /// `false`: nothing is drained; the default is the value of `readiness`.
    pub(in crate::generate) const DRAIN: &str = "drain";
}
