//! Executes command lines: dispatches them to the actions, asks for credentials and reports errors.

use super::action::Action;
use super::actions::find;
use super::error::ClientError;
use super::session::{ActionError, Flow, Outcome, Session};
use super::{daemon, exit, help, json};
use crate::conf::config::Secret;

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
        (_, Some(action)) => run(session, action, rest),
        _ => {
            session.fail(exit::GENERIC, format_args!("*** Unknown syntax: {line}"));
            Ok(Flow::Continue)
        }
    }
}

fn run(session: &mut Session, action: &Action, rest: &str) -> Outcome {
    let flow = if action.json {
        let (json, rest) = json::split_json_flag(rest);
        session.json = json;
        (action.run)(session, &rest)?
    } else {
        (action.run)(session, rest)?
    };
    if flow == Flow::ShowUsage {
        help::print_action(session, action);
        return Ok(Flow::Continue);
    }
    Ok(flow)
}

/// The action name ends at the first character that cannot be part of one, as in Supervisor; a name
/// with a hyphen ends at a blank.
fn split_word(line: &str) -> (&str, &str) {
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if find(first).is_some() {
        return (first, rest.trim());
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = line.find(|letter| !is_part(letter)).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim())
}

fn ask_credentials(session: &mut Session) -> Result<(), ActionError> {
    let username = session.ask("Username:")?;
    let password = session.ask_secret("Password:")?;
    session.print_line("");
    session.settings.options.username = Some(username);
    session.settings.options.password = Some(Secret::new(password));
    session.disconnect();
    Ok(())
}

/// Reports an error in Supervisor's format.
fn report(session: &mut Session, error: ActionError) -> Result<Flow, Interrupted> {
    let (class, text) = match error {
        ActionError::Call(ClientError::Interrupted) => return Err(Interrupted),
        ActionError::Call(ClientError::Fault(fault)) if fault.refusal().is_some() => {
            let refusal = fault.refusal().unwrap_or_default();
            session.fail(exit::GENERIC, format_args!("ERROR: {refusal}"));
            return Ok(Flow::Continue);
        }
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
    fn an_action_name_ends_at_the_first_other_character() {
        assert_eq!(split_word("status web"), ("status", "web"));
        assert_eq!(split_word("status-x"), ("status", "-x"));
        assert_eq!(split_word("reload-program  a b"), ("reload-program", "a b"));
        assert_eq!(split_word("!x"), ("", "!x"));
        assert_eq!(split_word("quit"), ("quit", ""));
    }
}
