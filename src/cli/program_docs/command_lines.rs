//! The command lines of Supervisor's programs as clap describes them, for documentation only.

use clap::{Arg, Command};

use crate::cli::applet::Applet;
use crate::conf::getopt::OptionSpec;
use crate::conf::{ctl, options};

/// The command line of one program.
pub(super) fn of_applet(applet: Applet) -> Command {
    let command = Command::new(applet.name()).version(env!("CARGO_PKG_VERSION"));
    let command = command.disable_help_flag(true).disable_version_flag(true);
    match applet {
        Applet::Supervisord => command
            .about("run a set of applications and keep them running")
            .args(args(options::FLAGS)),
        Applet::Supervisorctl => {
            let action = Arg::new("action").value_name("action").help("one of the actions below");
            let rest = Arg::new("argument").value_name("argument").num_args(0..);
            command
                .about("control applications that a supervisord runs")
                .args(args(ctl::FLAGS))
                .args([action, rest.help("the arguments of the action")])
        }
        Applet::EchoSupervisordConf => command.about("print a sample configuration"),
        Applet::Pidproxy => {
            let pidfile = Arg::new("pid-file").required(true).help("the file with the process id");
            let program = Arg::new("program").required(true).num_args(1..);
            command
                .about("run a command and pass signals on to the process named in a pid file")
                .args([pidfile, program.help("the command, a path, and its arguments")])
        }
    }
}

fn args(specs: &'static [OptionSpec]) -> Vec<Arg> {
    let documented = specs.iter().filter(|spec| !spec.doc.is_empty());
    let arg = |spec: &'static OptionSpec| {
        let arg = Arg::new(spec.long).long(spec.long).help(spec.doc);
        let arg = if let Some(letter) = spec.short { arg.short(letter) } else { arg };
        match spec.argument {
            "" => arg.action(clap::ArgAction::SetTrue),
            argument => arg.value_name(argument),
        }
    };
    documented.map(arg).collect()
}
