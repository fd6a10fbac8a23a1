//! `update --plan` and `update --minimal`, which need supkit's daemon. With Supervisor's daemon
//! they fail with an error message.

use super::error::ClientError;
use super::exit;
use super::groups::report_unknown_groups;
use super::json;
use super::rolling::Options;
use super::server::{list, member, number, text};
use super::session::{ActionError, Flow, Outcome, Session};
use crate::core::group::full_name;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

pub(super) const OPTIONS: [&str; 2] = [PLAN, MINIMAL];
const PLAN: &str = "--plan";
const MINIMAL: &str = "--minimal";

/// The change of one group.
struct GroupChange {
    group: String,
    action: String,
    /// What failed; empty for a success.
    error: String,
    details: Vec<Detail>,
}

/// One reason for a change: an option, or a whole process (without an option).
struct Detail {
    process: String,
    option: String,
    from: String,
    to: String,
    file: String,
    line: i64,
}

/// `update --rolling`
pub(super) fn update_rolling(
    session: &mut Session,
    options: Result<Options<'_>, String>,
) -> Outcome {
    let Options { max_unavailable, rest } = match options {
        Ok(options) => options,
        Err(problem) => {
            session.fail(exit::GENERIC, format_args!("Error: {problem}"));
            return Ok(Flow::ShowUsage);
        }
    };
    if let Some(word) = rest.iter().find(|word| OPTIONS.contains(word)) {
        session
            .fail(exit::GENERIC, format_args!("Error: --rolling cannot be combined with {word}"));
        return Ok(Flow::ShowUsage);
    }
    let groups = if rest.contains(&"all") { Vec::new() } else { rest };
    let answer = check_groups(session, &groups).and_then(|()| {
        session.client().show_while_waiting("restarting what has changed one after the other");
        let answer = session.server().update_rolling(&groups, max_unavailable);
        session.client().show_while_waiting("");
        Ok(answer?)
    });
    finish(session, &["--rolling"], answer)
}

pub(super) fn update(session: &mut Session, options: &[&str], groups: &[&str]) -> Outcome {
    let answer = call(session, options, groups);
    finish(session, options, answer)
}

fn finish(session: &mut Session, options: &[&str], answer: Result<Value, ActionError>) -> Outcome {
    match answer {
        Ok(answer) => show(session, &answer)?,
        Err(ActionError::Call(ClientError::Fault(fault))) => {
            report_fault(session, options, fault.code, &fault.string);
        }
        Err(error) => return Err(error),
    }
    Ok(Flow::Continue)
}

fn call(session: &mut Session, options: &[&str], groups: &[&str]) -> Result<Value, ActionError> {
    check_groups(session, groups)?;
    let mut server = session.server();
    Ok(if options.contains(&PLAN) {
        server.plan_update(groups)?
    } else {
        server.update_minimal(groups)?
    })
}

fn check_groups(session: &mut Session, groups: &[&str]) -> Result<(), ActionError> {
    if groups.is_empty() {
        return Ok(());
    }
    let all = list(&session.server().plan_update(&[])?, GroupChange::read)?;
    let new: Vec<String> = all.into_iter().map(|change| change.group).collect();
    report_unknown_groups(session, groups, &new)
}

fn show(session: &mut Session, answer: &Value) -> Result<(), ActionError> {
    if list(answer, GroupChange::read)?.iter().any(|change| !change.error.is_empty()) {
        session.status = exit::GENERIC;
    }
    if session.json {
        Session::print_json(&json::from(answer));
        return Ok(());
    }
    for line in lines(answer)? {
        session.print_line(line);
    }
    Ok(())
}

/// Formats the result for display.
pub fn lines(answer: &Value) -> Result<Vec<String>, ClientError> {
    let mut lines = Vec::new();
    for change in list(answer, GroupChange::read)? {
        lines.push(match change.error.as_str() {
            "" => format!("{}: {}", change.group, change.action),
            error => format!("{}: ERROR ({error})", change.group),
        });
        for detail in change.details.iter().filter(|detail| !change.repeats_group_option(detail)) {
            lines.push(format!("    {}", detail.words(&change.group)));
        }
    }
    if lines.is_empty() {
        lines.push("No config updates to processes".to_owned());
    }
    Ok(lines)
}

fn report_fault(session: &mut Session, options: &[&str], code: i64, why: &str) {
    let line = match Code::from_number(code) {
        Some(Code::UnknownMethod) => {
            let option = options.first().copied().unwrap_or_default();
            format!("ERROR: this daemon does not support {option}; use `update` without options")
        }
        Some(Code::ShutdownState) => "ERROR: already shutting down".to_owned(),
        Some(Code::Failed) => format!("ERROR: {}", why.trim_start_matches("FAILED: ")),
        _ => format!("ERROR: {why}"),
    };
    session.fail(exit::GENERIC, line);
}

impl GroupChange {
    /// Whether a process repeats a change that is listed for its group; a single program shares its
    /// options with its group.
    fn repeats_group_option(&self, detail: &Detail) -> bool {
        let same = |other: &Detail| {
            other.process.is_empty()
                && (&other.option, &other.file, other.line)
                    == (&detail.option, &detail.file, detail.line)
        };
        !detail.process.is_empty() && self.details.iter().any(same)
    }

    fn read(value: &Value) -> Result<Self, ClientError> {
        Ok(Self {
            group: text(member(value, "group")?)?,
            action: text(member(value, "action")?)?,
            error: text(member(value, "error")?)?,
            details: list(member(value, "details")?, Detail::read)?,
        })
    }
}

impl Detail {
    fn read(value: &Value) -> Result<Self, ClientError> {
        let word = |name: &str| text(member(value, name)?);
        Ok(Self {
            process: word("process")?,
            option: word("option")?,
            from: word("from")?,
            to: word("to")?,
            file: word("file")?,
            line: number(member(value, "line")?)?,
        })
    }

    /// `web: command: cat -> cat -u (/etc/supervisord.conf:12)`
    fn words(&self, group: &str) -> String {
        let name = match self.process.as_str() {
            "" => String::new(),
            process => format!("{}: ", full_name(group, process)),
        };
        let place = match self.file.as_str() {
            "" => String::new(),
            file => format!(" ({file}:{})", self.line),
        };
        match self.option.as_str() {
            "" => format!("{name}{}{place}", self.to),
            option => format!("{name}{option}: {} -> {}{place}", self.from, self.to),
        }
    }
}
