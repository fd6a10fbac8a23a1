//! The actions `disable` and `enable`.

use super::error::ClientError;
use super::exit;
use super::patterns::{Groups, expand};
use super::server::{list, member, text};
use super::session::{ActionError, Flow, Outcome, Session};
use crate::core::group::full_name;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

pub(super) fn disable(session: &mut Session, rest: &str) -> Outcome {
    change(session, "disable", rest)
}

pub(super) fn enable(session: &mut Session, rest: &str) -> Outcome {
    change(session, "enable", rest)
}

fn change(session: &mut Session, action: &str, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = rest.split_whitespace().collect();
    if names.is_empty() {
        session.fail(exit::GENERIC, format_args!("Error: {action} requires a process name"));
        return Ok(Flow::ShowUsage);
    }
    if names.contains(&"all") {
        apply(session, "all", &format!("{action}AllProcesses"), &[])?;
        return Ok(Flow::Continue);
    }
    for name in expand(session, &names, Groups::Keep)? {
        apply(session, &name, &format!("{action}Process"), &[Value::str(&name)])?;
    }
    Ok(Flow::Continue)
}

fn apply(
    session: &mut Session,
    name: &str,
    method: &str,
    arguments: &[Value],
) -> Result<(), ActionError> {
    let fault = match session.server().call_supkit(method, arguments) {
        Ok(answer) => {
            for row in list(&answer, Row::read)? {
                session.print_line(row.line());
            }
            return Ok(());
        }
        Err(ClientError::Fault(fault)) => fault,
        Err(error) => return Err(error.into()),
    };
    let why = match fault.code {
        code if code == Code::BadName.number() => "no such process",
        code if code == Code::UnknownMethod.number() => "this daemon cannot disable programs",
        _ => fault.string.split_once(": ").map_or(&*fault.string, |(_, why)| why),
    };
    session.fail(exit::GENERIC, format_args!("{name}: ERROR ({why})"));
    Ok(())
}

/// What became of one process.
struct Row {
    name: String,
    is_disabled: bool,
    is_changed: bool,
    is_running: bool,
}

impl Row {
    fn read(value: &Value) -> Result<Self, ClientError> {
        let flag = |name| Ok::<_, ClientError>(member(value, name)? == &Value::Bool(true));
        let (group, name) = (text(member(value, "group")?)?, text(member(value, "name")?)?);
        Ok(Self {
            name: full_name(&group, &name),
            is_disabled: flag("disabled")?,
            is_changed: flag("changed")?,
            is_running: flag("running")?,
        })
    }

    fn line(&self) -> String {
        let Self { name, is_disabled, is_changed, is_running } = self;
        let already = if *is_changed { "" } else { "already " };
        match is_disabled {
            true if *is_running => {
                format!("{name}: {already}disabled; it runs until it is stopped or ends")
            }
            true => format!("{name}: {already}disabled"),
            false => format!("{name}: {already}enabled"),
        }
    }
}
