//! The table of actions, and the dispatch of a command line. Help and completion use the same
//! table.

use super::complete::Arguments;
use super::error::ClientError;
use super::session::{ActionError, Flow, Outcome, Session};
use super::{config, daemon, exit, fg, help, jobs, json, processes, status, tail, update};

/// An action of supervisorctl.
pub(super) struct Action {
    pub(super) name: &'static str,
    /// The forms of the command, with descriptions.
    pub(super) usage: &'static [(&'static str, &'static str)],
    /// How its arguments are completed.
    pub(super) arguments: Arguments,
    /// Whether `--json` is accepted among its arguments.
    json: bool,
    /// Whether Supervisor lacks it; `help` without a topic lists only Supervisor's own actions.
    pub(super) is_extension: bool,
    run: fn(&mut Session, &str) -> Outcome,
}

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
        name: "exit",
        usage: &[("exit", "Leave the shell")],
        arguments: Arguments::None,
        json: false,
        is_extension: false,
        run: daemon::quit,
    },
    Action {
        name: "fg",
        usage: &[("fg <process>", "Attach to a process: show output, send input; Ctrl-C detaches")],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: fg::fg,
    },
    Action {
        name: "jobs",
        usage: &[
            ("jobs", "List running and finished multi-step operations"),
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
        name: "remove",
        usage: &[("remove <name> [...]", "Deactivate stopped groups")],
        arguments: Arguments::Groups,
        json: false,
        is_extension: false,
        run: config::remove,
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
        ],
        arguments: Arguments::Processes,
        json: false,
        is_extension: false,
        run: processes::restart,
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
            ("status ... --json", "All process data as JSON"),
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
            ("update ... --json", "What was (or would be) done, as JSON"),
        ],
        arguments: Arguments::Groups,
        json: true,
        is_extension: false,
        run: update::update,
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
];

pub(super) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// Executes a command line. Errors have been reported when this returns, except Ctrl-C.
pub(super) fn perform(session: &mut Session, line: &str) -> Result<Flow, Interrupted> {
    let outcome = perform_with_login(session, line.trim());
    session.json = false;
    outcome
}

/// Asks for credentials as long as the server replies 401.
fn perform_with_login(session: &mut Session, line: &str) -> Result<Flow, Interrupted> {
    loop {
        match dispatch(session, line) {
            Ok(flow) => return Ok(flow),
            Err(ActionError::Call(ClientError::Interrupted)) => return Err(Interrupted),
            Err(ActionError::Call(ClientError::Status { code: 401, reason })) => {
                session.print_line("Server requires authentication");
                if !session.settings.interactive {
                    let error = ClientError::Status { code: 401, reason };
                    return report(session, ActionError::Call(error));
                }
                if let Err(error) = ask_credentials(session) {
                    return report(session, error);
                }
            }
            Err(error) => return report(session, error),
        }
    }
}

/// Ctrl-C was pressed during an action.
#[derive(Debug)]
pub(super) struct Interrupted;

fn dispatch(session: &mut Session, line: &str) -> Outcome {
    if line.is_empty() {
        return Ok(Flow::Continue);
    }
    let (word, rest) = match line.strip_prefix('?') {
        Some(rest) => ("help", rest.trim()),
        None => split_word(line),
    };
    match (word, find(word)) {
        ("help", _) => help::help(session, rest),
        ("EOF", _) => daemon::quit(session, rest),
        (_, Some(action)) if action.json => {
            let (json, rest) = json::split_json_flag(rest);
            session.json = json;
            (action.run)(session, &rest)
        }
        (_, Some(action)) => (action.run)(session, rest),
        _ => {
            session.fail(exit::GENERIC, format_args!("*** Unknown syntax: {line}"));
            Ok(Flow::Continue)
        }
    }
}

/// The action name ends at the first character that cannot be part of one.
fn split_word(line: &str) -> (&str, &str) {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = line.find(|letter| !is_part(letter)).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim())
}

fn ask_credentials(session: &mut Session) -> Result<(), ActionError> {
    let username = session.ask("Username:")?;
    let password = session.ask_secret("Password:")?;
    session.print_line("");
    session.settings.username = Some(username);
    session.settings.password = Some(password);
    session.disconnect();
    Ok(())
}

/// Reports an error in Supervisor's format.
fn report(session: &mut Session, error: ActionError) -> Result<Flow, Interrupted> {
    let (class, text) = match error {
        ActionError::Call(ClientError::Interrupted) => return Err(Interrupted),
        ActionError::Call(error) => error.as_python(),
        ActionError::EndOfInput => ("EOFError", "EOF when reading a line".to_owned()),
        ActionError::Value(text) => ("ValueError", text),
    };
    let (file, line) = (file!(), line!());
    session.disconnect();
    session.fail(
        exit::GENERIC,
        format_args!("error: <class '{class}'>, {text}: file: {file} line: {line}"),
    );
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_by_name() {
        assert!(ACTIONS.is_sorted_by_key(|action| action.name));
        assert!(ACTIONS.iter().all(|action| !action.usage.is_empty()));
    }

    #[test]
    fn an_action_name_ends_at_the_first_other_character() {
        assert_eq!(split_word("status web"), ("status", "web"));
        assert_eq!(split_word("status-x"), ("status", "-x"));
        assert_eq!(split_word("!x"), ("", "!x"));
        assert_eq!(split_word("quit"), ("quit", ""));
    }
}
