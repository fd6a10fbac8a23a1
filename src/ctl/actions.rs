//! The table of actions. Dispatch, help and completion use it.

use super::action::{Action, Arguments};
use super::{
    config, daemon, disabling, fg, graph, jobs, log_files, processes, status, tail, update,
    upgrade, why,
};

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "add",
        usage: &[("add <name> [...]", "Activate new groups of the configuration")],
        arguments: Arguments::Groups,
        json: false,
        is_extension: false,
        run: config::add,
    },
    Action {
        name: "avail",
        usage: &[
            ("avail", "List every configured process, active or not"),
            ("avail --json", "The same as JSON"),
        ],
        arguments: Arguments::None,
        json: true,
        is_extension: false,
        run: status::avail,
    },
    Action {
        name: "clear",
        usage: &[
            ("clear <name> [...]", "Truncate the logs of processes"),
            ("clear all", "Truncate the logs of every process"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: processes::clear,
    },
    Action {
        name: "disable",
        usage: &[
            (
                "disable <name> [...]",
                "Neither start nor restart these processes or groups until they are enabled",
            ),
            ("disable all", "The same for every group"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: true,
        run: disabling::disable,
    },
    Action {
        name: "enable",
        usage: &[
            ("enable <name> [...]", "Undo `disable`; nothing is started"),
            ("enable all", "The same for every group"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: true,
        run: disabling::enable,
    },
    Action {
        name: "exit",
        usage: &[("exit", "Leave the shell")],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: daemon::quit,
    },
    Action {
        name: "fg",
        usage: &[(
            "fg <process>",
            "Attach to a process: show output, send input; Ctrl-C detaches (see `tail` for --raw)",
        )],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: fg::fg,
    },
    Action {
        name: "graph",
        usage: &[
            ("graph", "Which process depends on which, and what the last start waited for"),
            ("graph --dot", "The same for Graphviz"),
            ("graph --json", "The same as JSON"),
        ],
        arguments: Arguments::None,
        json: true,
        is_extension: true,
        run: graph::graph,
    },
    Action {
        name: "jobs",
        usage: &[
            ("jobs", "List running and finished multi-step operations"),
            (
                "jobs cancel <id>",
                "End a rolling restart: what it has begun is completed, the rest is left as it is",
            ),
            ("jobs --json", "The same as JSON"),
        ],
        arguments: Arguments::None,
        json: true,
        is_extension: true,
        run: jobs::jobs,
    },
    Action {
        name: "maintail",
        usage: &[
            ("maintail", "The last 1600 bytes of the daemon's log"),
            ("maintail -<bytes>", "The last <bytes> bytes of it"),
            ("maintail -f", "The log as it grows, until Ctrl-C"),
            ("maintail --raw ...", "A terminal gets all control sequences, not only colours"),
        ],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: tail::maintail,
    },
    Action {
        name: "open",
        usage: &[("open <url>", "Connect to another daemon: http://host:port or unix:///path")],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: daemon::open,
    },
    Action {
        name: "pid",
        usage: &[
            ("pid", "The pid of the daemon"),
            ("pid <name> [...]", "The pids of processes"),
            ("pid all", "The pid of every process, one per line"),
            ("pid ... --json", "Names and pids as JSON"),
        ],
        arguments: Arguments::Processes,
        json: true,
        is_extension: false,
        run: status::pid,
    },
    Action {
        name: "quit",
        usage: &[("quit", "Leave the shell")],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: daemon::quit,
    },
    Action {
        name: "reload",
        usage: &[("reload", "Restart the daemon: stop all, read the configuration, start again")],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: daemon::reload,
    },
    Action {
        name: "reload-program",
        usage: &[
            (
                "reload-program <name> [...]",
                "Send processes their reloadsignal; web-* means all that match",
            ),
            ("reload-program <group>:*", "Every process of a group"),
            ("reload-program all", "Every process that has a reloadsignal"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: true,
        run: processes::reload,
    },
    Action {
        name: "remove",
        usage: &[("remove <name> [...]", "Deactivate stopped groups")],
        arguments: Arguments::Groups,
        json: false,
        is_extension: false,
        run: config::remove,
    },
    Action {
        name: "reopen",
        usage: &[
            ("reopen", "Reopen all logs, that of the daemon included, under their names"),
            ("reopen <name> [...]", "Only those of these processes or groups"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: true,
        run: log_files::reopen,
    },
    Action {
        name: "reread",
        usage: &[
            ("reread", "Read the configuration and list changes without applying them"),
            ("reread --json", "The same as JSON"),
        ],
        arguments: Arguments::None,
        json: true,
        is_extension: false,
        run: config::reread,
    },
    Action {
        name: "restart",
        usage: &[
            (
                "restart <name> [...]",
                "Stop and start processes without rereading the configuration",
            ),
            ("restart <group>:*", "Every process of a group"),
            ("restart all", "Every process"),
            (
                "restart --rolling [--max-unavailable <n>] <name> [...]",
                "One after the other, without an interruption behind a proxy",
            ),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: processes::restart,
    },
    Action {
        name: "rotate",
        usage: &[
            ("rotate", "Rotate all logs, that of the daemon included, whatever their size"),
            ("rotate <name> [...]", "Only those of these processes or groups"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: true,
        run: log_files::rotate,
    },
    Action {
        name: "shutdown",
        usage: &[("shutdown", "Stop all processes and the daemon")],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: daemon::shutdown,
    },
    Action {
        name: "signal",
        usage: &[
            ("signal <signal> <name> [...]", "Send a signal to processes"),
            ("signal <signal> <group>:*", "To every process of a group"),
            ("signal <signal> all", "To every process"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: processes::signal,
    },
    Action {
        name: "start",
        usage: &[
            ("start <name> [...]", "Start processes; web-* means all that match"),
            ("start <group>:*", "Every process of a group"),
            ("start all", "Every process"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: processes::start,
    },
    Action {
        name: "status",
        usage: &[
            ("status", "The state of every process"),
            ("status <name> [...]", "The state of these processes"),
            ("status <group>:*", "The state of a group"),
            ("status ... --wide", "CPU, memory, descriptors, restarts and the reason of the state"),
            ("status ... --json", "All process data as JSON"),
            (
                "status ... --color=auto|always|never",
                "Colour the states: on a terminal unless NO_COLOR is set (the default), always, or never",
            ),
            (
                "status ... --exit-code=errors|any|none",
                "Exit with 3 if a process failed, does not run (the default), or never",
            ),
        ],
        arguments: Arguments::Processes,
        json: true,
        is_extension: false,
        run: status::status,
    },
    Action {
        name: "stop",
        usage: &[
            ("stop <name> [...]", "Stop processes; web-* means all that match"),
            ("stop <group>:*", "Every process of a group"),
            ("stop all", "Every process"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: processes::stop,
    },
    Action {
        name: "tail",
        usage: &[
            ("tail <name> [stdout|stderr]", "The last 1600 bytes of a log (stdout by default)"),
            ("tail -<bytes> <name>", "The last <bytes> bytes of it"),
            ("tail -f <name>", "The log as it grows, until Ctrl-C"),
            ("tail -f <name> <name> ...", "Several logs, each line prefixed with its process"),
            ("tail --raw ...", "A terminal gets all control sequences, not only colours"),
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: tail::tail,
    },
    Action {
        name: "update",
        usage: &[
            ("update", "Read the configuration and add, remove and restart groups to match"),
            ("update <group> [...]", "Only these groups"),
            ("update --plan", "Show what would change and why, without applying it"),
            ("update --minimal", "Restart only the processes that changed"),
            (
                "update --rolling [--max-unavailable <n>]",
                "The same, one after the other as restart --rolling",
            ),
            ("update ... --json", "What was (or would be) done, as JSON"),
        ],
        arguments: Arguments::Groups,
        json: true,
        is_extension: false,
        run: update::update,
    },
    Action {
        name: "upgrade",
        usage: &[
            ("upgrade", "Replace the program of the daemon by its new version; processes run on"),
            ("upgrade <path>", "Replace it by this program"),
        ],
        arguments: Arguments::None,
        json: false,
        is_extension: true,
        run: upgrade::upgrade,
    },
    Action {
        name: "version",
        usage: &[
            ("version", "The version of Supervisor that the daemon is compatible with"),
            ("version --json", "All versions, as JSON"),
        ],
        arguments: Arguments::None,
        json: true,
        is_extension: false,
        run: daemon::version,
    },
    Action {
        name: "why",
        usage: &[
            ("why <name> [...]", "Why processes are in their state, and how they ended before"),
            ("why all", "The same for every process"),
            ("why ... --json", "The same as JSON"),
        ],
        arguments: Arguments::Processes,
        json: true,
        is_extension: true,
        run: why::why,
    },
];

/// The forms of `help`, which is not in the table because it uses it.
pub(super) const HELP: &[(&str, &str)] = &[
    ("help", "List Supervisor's actions"),
    ("help supkit", "List the actions that only supkit has"),
    ("help <action>", "Describe an action"),
];

pub(super) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// An action as manual pages and completions show it.
#[derive(Clone, Copy)]
pub struct Documented {
    pub name: &'static str,
    /// The forms of the command, with descriptions.
    pub usage: &'static [(&'static str, &'static str)],
    /// Whether its arguments are names of processes or groups.
    pub is_naming: bool,
}

/// All actions, sorted by name.
pub fn documented() -> Vec<Documented> {
    let help = Documented { name: "help", usage: HELP, is_naming: false };
    let of_table = ACTIONS.iter().map(|action| Documented {
        name: action.name,
        usage: action.usage,
        is_naming: action.arguments != Arguments::None,
    });
    let mut all: Vec<Documented> = of_table.chain([help]).collect();
    all.sort_by_key(|action| action.name);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_by_name() {
        assert!(ACTIONS.is_sorted_by_key(|action| action.name));
        assert!(ACTIONS.iter().all(|action| !action.usage.is_empty()));
    }
}
