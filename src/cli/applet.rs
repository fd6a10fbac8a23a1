//! The programs of Supervisor, each of which supkit is when it is called by that name.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::os::process_name;

use super::{echo_conf, pidproxy, supervisorctl, supervisord};

#[derive(Clone, Copy)]
pub(super) enum Applet {
    Supervisord,
    Supervisorctl,
    EchoSupervisordConf,
    Pidproxy,
}

impl Applet {
    pub(super) const ALL: [Self; 4] =
        [Self::Supervisord, Self::Supervisorctl, Self::EchoSupervisordConf, Self::Pidproxy];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Supervisord => "supervisord",
            Self::Supervisorctl => "supervisorctl",
            Self::EchoSupervisordConf => "echo_supervisord_conf",
            Self::Pidproxy => "pidproxy",
        }
    }

    pub(super) fn run(self, args: Vec<OsString>) -> ExitCode {
        process_name::set(self.name());
        match self {
            Self::Supervisord => supervisord::main(&args),
            Self::Supervisorctl => supervisorctl::main(args),
            Self::EchoSupervisordConf => echo_conf::main(),
            Self::Pidproxy => pidproxy::main(&args),
        }
    }
}

pub(super) fn by_name(name: &str) -> Option<Applet> {
    Applet::ALL.into_iter().find(|applet| applet.name() == name)
}
