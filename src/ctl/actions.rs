//! The table of actions, and how a line becomes one of them. Dispatch, help and completion all
//! read this table.

use super::complete::Words;
use super::error::ClientError;
use super::session::{Flow, Outcome, Session, Trouble};
use super::{config, daemon, exit, fg, help, json, processes, status, tail, update};

/// Something that can be asked for.
pub(super) struct Action {
    pub(super) name: &'static str,
    /// Ways to write it, and what they do.
    pub(super) usage: &'static [(&'static str, &'static str)],
    /// What its words are completed from.
    pub(super) words: Words,
    /// Whether `--json` may stand among its words.
    json: bool,
    run: fn(&mut Session, &str) -> Outcome,
}

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "add",
        usage: &[("add <name> [...]", "Activate groups that the configuration has gained")],
        words: Words::Groups,
        json: false,
        run: config::add,
    },
    Action {
        name: "avail",
        usage: &[
            ("avail", "List every configured process, active or not"),
            ("avail --json", "The same as JSON"),
        ],
        words: Words::None,
        json: true,
        run: status::avail,
    },
    Action {
        name: "clear",
        usage: &[
            ("clear <name> [...]", "Empty the logs of processes"),
            ("clear all", "Empty the logs of every process"),
        ],
        words: Words::Processes,
        json: false,
        run: processes::clear,
    },
    Action {
        name: "exit",
        usage: &[("exit", "Leave the shell")],
        words: Words::None,
        json: false,
        run: daemon::leave,
    },
    Action {
        name: "fg",
        usage: &[("fg <process>", "Watch a process and type into it; Ctrl-C leaves it running")],
        words: Words::Processes,
        json: false,
        run: fg::fg,
    },
    Action {
        name: "maintail",
        usage: &[
            ("maintail", "The last 1600 bytes of the daemon's log"),
            ("maintail -<bytes>", "The last so many bytes of it"),
            ("maintail -f", "The log as it grows, until Ctrl-C"),
        ],
        words: Words::None,
        json: false,
        run: tail::maintail,
    },
    Action {
        name: "open",
        usage: &[("open <url>", "Talk to another daemon: http://host:port or unix:///path")],
        words: Words::None,
        json: false,
        run: daemon::open,
    },
    Action {
        name: "pid",
        usage: &[
            ("pid", "The pid of the daemon"),
            ("pid <name> [...]", "The pids of processes"),
            ("pid all", "The pid of every process, one a line"),
            ("pid ... --json", "Names and pids as JSON"),
        ],
        words: Words::Processes,
        json: true,
        run: status::pid,
    },
    Action {
        name: "quit",
        usage: &[("quit", "Leave the shell")],
        words: Words::None,
        json: false,
        run: daemon::leave,
    },
    Action {
        name: "reload",
        usage: &[("reload", "Restart the daemon: it stops all, reads its files, starts again")],
        words: Words::None,
        json: false,
        run: daemon::reload,
    },
    Action {
        name: "remove",
        usage: &[("remove <name> [...]", "Take stopped groups out of the active ones")],
        words: Words::Groups,
        json: false,
        run: config::remove,
    },
    Action {
        name: "reread",
        usage: &[
            ("reread", "Read the configuration and tell what is new, without acting on it"),
            ("reread --json", "The same as JSON"),
        ],
        words: Words::None,
        json: true,
        run: config::reread,
    },
    Action {
        name: "restart",
        usage: &[
            ("restart <name> [...]", "Stop and start processes; no file is read for it"),
            ("restart <group>:*", "Every process of a group"),
            ("restart all", "Every process"),
        ],
        words: Words::Processes,
        json: false,
        run: processes::restart,
    },
    Action {
        name: "shutdown",
        usage: &[("shutdown", "Stop all processes and end the daemon")],
        words: Words::None,
        json: false,
        run: daemon::shutdown,
    },
    Action {
        name: "signal",
        usage: &[
            ("signal <signal> <name> [...]", "Send a signal to processes"),
            ("signal <signal> <group>:*", "To every process of a group"),
            ("signal <signal> all", "To every process"),
        ],
        words: Words::Processes,
        json: false,
        run: processes::signal,
    },
    Action {
        name: "start",
        usage: &[
            ("start <name> [...]", "Start processes; web-* means all that match"),
            ("start <group>:*", "Every process of a group"),
            ("start all", "Every process"),
        ],
        words: Words::Processes,
        json: false,
        run: processes::start,
    },
    Action {
        name: "status",
        usage: &[
            ("status", "The state of every process"),
            ("status <name> [...]", "The state of these processes"),
            ("status <group>:*", "The state of a group"),
            ("status ... --json", "All that the daemon tells of them, as JSON"),
        ],
        words: Words::Processes,
        json: true,
        run: status::status,
    },
    Action {
        name: "stop",
        usage: &[
            ("stop <name> [...]", "Stop processes; web-* means all that match"),
            ("stop <group>:*", "Every process of a group"),
            ("stop all", "Every process"),
        ],
        words: Words::Processes,
        json: false,
        run: processes::stop,
    },
    Action {
        name: "tail",
        usage: &[
            ("tail <name> [stdout|stderr]", "The last 1600 bytes of a log (stdout by default)"),
            ("tail -<bytes> <name>", "The last so many bytes of it"),
            ("tail -f <name>", "The log as it grows, until Ctrl-C"),
            ("tail -f <name> <name> ...", "Several logs, each line behind its process"),
        ],
        words: Words::Processes,
        json: false,
        run: tail::tail,
    },
    Action {
        name: "update",
        usage: &[
            ("update", "Read the configuration and add, remove and restart groups to match"),
            ("update <group> [...]", "Only these groups"),
            ("update --plan", "Only tell what it would do, and why"),
            ("update --minimal", "Restart only the processes that changed"),
            ("update ... --json", "What was (or would be) done, as JSON"),
        ],
        words: Words::Groups,
        json: true,
        run: update::update,
    },
    Action {
        name: "version",
        usage: &[
            ("version", "The version of Supervisor that the daemon stands in for"),
            ("version --json", "All versions, as JSON"),
        ],
        words: Words::None,
        json: true,
        run: daemon::version,
    },
];

pub(super) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// Does what a line asks for. The error, if any, has been told when this returns; only Ctrl-C is
/// left to the caller.
pub(super) fn perform(session: &mut Session, line: &str) -> Result<Flow, Interrupted> {
    let outcome = perform_until_let_in(session, line.trim());
    session.json = false;
    outcome
}

/// Asks people for a password as often as the server does.
fn perform_until_let_in(session: &mut Session, line: &str) -> Result<Flow, Interrupted> {
    loop {
        match obey(session, line) {
            Ok(flow) => return Ok(flow),
            Err(Trouble::Call(ClientError::Interrupted)) => return Err(Interrupted),
            Err(Trouble::Call(ClientError::Status { code: 401, reason })) => {
                session.say("Server requires authentication");
                if !session.settings.interactive {
                    let error = ClientError::Status { code: 401, reason };
                    return tell(session, Trouble::Call(error));
                }
                if let Err(trouble) = log_in(session) {
                    return tell(session, trouble);
                }
            }
            Err(trouble) => return tell(session, trouble),
        }
    }
}

/// Ctrl-C while an action was at work.
#[derive(Debug)]
pub(super) struct Interrupted;

fn obey(session: &mut Session, line: &str) -> Outcome {
    if line.is_empty() {
        return Ok(Flow::Continue);
    }
    let (word, rest) = match line.strip_prefix('?') {
        Some(rest) => ("help", rest.trim()),
        None => split_word(line),
    };
    match (word, find(word)) {
        ("help", _) => help::help(session, rest),
        ("EOF", _) => daemon::leave(session, rest),
        (_, Some(action)) if action.json => {
            let (json, rest) = json::asked(rest);
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

/// The word ends at the first letter that no action has in its name.
fn split_word(line: &str) -> (&str, &str) {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = line.find(|letter| !is_part(letter)).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim())
}

fn log_in(session: &mut Session) -> Result<(), Trouble> {
    let username = session.ask("Username:")?;
    let password = session.ask_secret("Password:")?;
    session.say("");
    session.settings.username = Some(username);
    session.settings.password = Some(password);
    session.hang_up();
    Ok(())
}

/// Says what went wrong in the form that Supervisor's users know.
fn tell(session: &mut Session, trouble: Trouble) -> Result<Flow, Interrupted> {
    let (class, text) = match trouble {
        Trouble::Call(ClientError::Interrupted) => return Err(Interrupted),
        Trouble::Call(error) => error.in_python(),
        Trouble::EndOfInput => ("EOFError", "EOF when reading a line".to_owned()),
        Trouble::Value(text) => ("ValueError", text),
    };
    let (file, line) = (file!(), line!());
    session.hang_up();
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
    fn actions_stand_in_the_order_of_their_names() {
        assert!(ACTIONS.is_sorted_by_key(|action| action.name));
        assert!(ACTIONS.iter().all(|action| !action.usage.is_empty()));
    }

    #[test]
    fn a_word_ends_where_no_name_goes_on() {
        assert_eq!(split_word("status web"), ("status", "web"));
        assert_eq!(split_word("status-x"), ("status", "-x"));
        assert_eq!(split_word("!x"), ("", "!x"));
        assert_eq!(split_word("quit"), ("quit", ""));
    }
}
