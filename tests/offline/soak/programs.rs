//! The programs of the configuration, and how each behaves.

use std::fmt::Write as _;

use crate::support::Sandbox;
use crate::support::daemon::{SERVER, conf};

/// What is known about the state of a process when nothing is being done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conduct {
    /// It is restarted whenever it ends, and its start never fails.
    Steady,
    /// It ends by itself and is not restarted.
    Ends,
    /// It fails at random.
    Fails,
}

pub(super) struct Program {
    /// As in `[program:x]`.
    section: &'static str,
    options: &'static str,
    /// The full names of its processes.
    pub(super) processes: &'static [&'static str],
    pub(super) conduct: Conduct,
}

/// For all that are restarted, however often they are killed before they are RUNNING.
const STEADY: &str = "autorestart=true\nstartretries=100000\nstopwaitsecs=1\n";

pub(super) const PROGRAMS: &[Program] = &[
    Program {
        section: "program:steady",
        options: "command={here}/writer 0.2\nnumprocs=3\nprocess_name=%(process_num)d\n\
                  startsecs=1\nstdout_logfile={here}/steady%(process_num)d.log\n\
                  stdout_logfile_maxbytes=0\n",
        processes: &["steady:0", "steady:1", "steady:2"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:fast",
        options: "command={here}/fast\nstartsecs=0\nstopasgroup=true\nkillasgroup=true\n\
                  stdout_logfile={here}/fast.log\nstdout_logfile_maxbytes=60KB\n\
                  stdout_logfile_backups=4\n",
        processes: &["fast"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:stubborn",
        options: "command={here}/stubborn\nstartsecs=0\n",
        processes: &["stubborn"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:family",
        options: "command={here}/family\nstartsecs=0\nkillmode=group\n",
        processes: &["family"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:tree",
        options: "command={here}/tree\nstartsecs=0\nkillmode=tree\n",
        processes: &["tree"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:reader",
        options: "command=/bin/cat\nstartsecs=0\n",
        processes: &["reader"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:left",
        options: "command={here}/writer 0.5\nstartsecs=0\nstdout_logfile={here}/left.log\n\
                  stdout_logfile_maxbytes=0\npriority=5\n",
        processes: &["pair:left"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:right",
        options: "command=/bin/sleep 1000\nstartsecs=1\npriority=6\nredirect_stderr=true\n",
        processes: &["pair:right"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:probed",
        options: "command=/bin/sleep 1000\nstartsecs=0\nready_exec=/bin/true\nready_interval=1\n\
                  live_exec=/bin/true\nlive_interval=1\nprestart=/bin/true\npoststop=/bin/true\n",
        processes: &["probed"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "fcgi-program:fcgi",
        options: "command=/bin/sleep 1000\nstartsecs=0\nsocket=unix://{here}/fcgi.sock\n",
        processes: &["fcgi"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "eventlistener:watch",
        options: "command={here}/watch\nnumprocs=2\nprocess_name=%(process_num)d\nstartsecs=0\n\
                  events=PROCESS_STATE,REMOTE_COMMUNICATION\nbuffer_size=1000\n\
                  stdout_logfile=NONE\nstderr_logfile={here}/watch%(process_num)d.log\n",
        processes: &["watch:0", "watch:1"],
        conduct: Conduct::Steady,
    },
    Program {
        section: "program:once",
        options: "command={here}/once\nstartsecs=0\nautorestart=false\n\
                  stdout_logfile={here}/once.log\nstdout_logfile_maxbytes=0\n",
        processes: &["once"],
        conduct: Conduct::Ends,
    },
    Program {
        section: "program:crasher",
        options: "command={here}/crasher\nautorestart=unexpected\nstartsecs=1\nstartretries=3\n",
        processes: &["crasher"],
        conduct: Conduct::Fails,
    },
];

/// Programs that are added to the configuration, changed and removed.
pub(super) const EXTRAS: [&str; 4] = ["extra0", "extra1", "extra2", "extra3"];

pub(super) const GROUPS: [&str; 4] = ["steady", "pair", "watch", "fcgi"];

/// Prints numbered lines, each with the pid.
const WRITER: &str =
    "#!/bin/sh\nn=0\nwhile :; do n=$((n+1)); echo \"run $$ line $n\"; sleep $1; done\n";

/// Prints at full speed, then writes down how many lines were printed.
const FAST: &str = "#!/bin/sh\nn=0\nwhile :; do\n\
    seq -f \"run $$ line %.0f\" $((n+1)) $((n+3000)); n=$((n+3000))\n\
    echo \"$$ $n\" > {here}/fast.new; mv {here}/fast.new {here}/fast.printed; sleep 0.4\ndone\n";

const ONCE: &str =
    "#!/bin/sh\nseq -f \"run $$ line %.0f\" 2000\necho \"$$ 2000\" >> {here}/once.printed\n";

const STUBBORN: &str = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.3; done\n";

/// Its descendants stay in its process group.
const FAMILY: &str = "#!/bin/sh\nsleep 1000 &\n(sleep 1000; :) &\nwait\n";

/// One of its descendants leaves its session.
const TREE: &str = "#!/bin/sh\nsetsid sleep 1000 &\n(sleep 1000; :) &\nwait\n";

const CRASHER: &str = "#!/bin/sh\necho crashing >&2\nsleep 0.$(($$ % 10))\nexit $(($$ % 3))\n";

/// Writes the serial of each event to its log; now and then it crashes instead of answering.
const WATCH: &str = "#!/bin/sh\nn=0\nwhile :; do printf 'READY\\n'; read -r head || exit 0\n\
    length=${head##*len:}\ndd bs=1 count=$length 2>/dev/null >/dev/null\n\
    serial=${head#*serial:}; echo \"event ${serial%% *}\" >&2; n=$((n+1))\n\
    [ $n -lt 200 ] || exit 1\nprintf 'RESULT 2\\nOK'; done\n";

pub(super) fn write_scripts(sandbox: &Sandbox) {
    let scripts = [
        ("writer", WRITER),
        ("fast", FAST),
        ("once", ONCE),
        ("stubborn", STUBBORN),
        ("family", FAMILY),
        ("tree", TREE),
        ("crasher", CRASHER),
        ("watch", WATCH),
    ];
    for (name, text) in scripts {
        sandbox.script(name, text);
    }
}

/// The configuration as it is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    /// The versions of the [`EXTRAS`] that it contains.
    pub(super) extras: [Option<usize>; EXTRAS.len()],
    /// The version of `steady`.
    pub(super) steady: usize,
}

impl Configuration {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{SERVER}[group:pair]\nprograms=left,right\n");
        for Program { section, options, conduct, .. } in PROGRAMS {
            let restart = if *conduct == Conduct::Steady { STEADY } else { "" };
            let version = if *section == "program:steady" { self.steady } else { 0 };
            let _ = write!(text, "[{section}]\nenvironment=V=\"{version}\"\n{restart}{options}");
        }
        for (name, version) in self.present() {
            let _ = write!(
                text,
                "[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\n{STEADY}\
                 environment=V=\"{version}\"\n"
            );
        }
        conf(&text)
    }

    /// The extra programs with their versions.
    pub(super) fn present(&self) -> impl Iterator<Item = (&'static str, usize)> {
        EXTRAS.into_iter().zip(self.extras).filter_map(|(name, it)| Some((name, it?)))
    }
}

/// The full names of all processes of a conduct that are always configured.
pub(super) fn names(conduct: Conduct) -> impl Iterator<Item = &'static str> {
    let of_conduct = PROGRAMS.iter().filter(move |program| program.conduct == conduct);
    of_conduct.flat_map(|program| program.processes).copied()
}

/// Those of a group.
pub(super) fn members(group: &str) -> impl Iterator<Item = &'static str> {
    let all = PROGRAMS.iter().flat_map(|program| program.processes).copied();
    all.filter(move |name| name.split_once(':').map_or(*name, |(of, _)| of) == group)
}
