//! `update --plan` and `update --minimal`: what our own daemon finds different, option by option,
//! told or done. Supervisor's daemon cannot do either and says so.

use super::error::ClientError;
use super::json;
use super::server::{list, member, number, text};
use super::session::{Flow, Outcome, Session, Trouble};
use super::update::say_unknown;
use super::{exit, names};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

pub(super) const OPTIONS: [&str; 2] = [PLAN, MINIMAL];
const PLAN: &str = "--plan";
const MINIMAL: &str = "--minimal";

/// What becomes of a group, as the daemon tells.
struct Step {
    group: String,
    action: String,
    details: Vec<Detail>,
}

/// One reason: an option, or a whole process (then without an option).
struct Detail {
    process: String,
    option: String,
    from: String,
    to: String,
    file: String,
    line: i64,
}

pub(super) fn update(session: &mut Session, options: &[&str], groups: &[&str]) -> Outcome {
    match ask(session, options, groups) {
        Ok(answer) => show(session, &answer)?,
        Err(Trouble::Call(ClientError::Fault(fault))) => {
            refuse(session, options, fault.code, &fault.string);
        }
        Err(trouble) => return Err(trouble),
    }
    Ok(Flow::Continue)
}

fn ask(session: &mut Session, options: &[&str], groups: &[&str]) -> Result<Value, Trouble> {
    if !groups.is_empty() {
        let whole = list(&session.server().plan_update(&[])?, Step::read)?;
        let new: Vec<String> = whole.into_iter().map(|step| step.group).collect();
        say_unknown(session, groups, &new)?;
    }
    let mut server = session.server();
    Ok(if options.contains(&PLAN) {
        server.plan_update(groups)?
    } else {
        server.update_minimal(groups)?
    })
}

fn show(session: &mut Session, answer: &Value) -> Result<(), Trouble> {
    if session.json {
        Session::say_json(&json::from(answer));
        return Ok(());
    }
    for line in lines(answer)? {
        session.say(line);
    }
    Ok(())
}

/// What a daemon would do or has done, for people.
pub fn lines(answer: &Value) -> Result<Vec<String>, ClientError> {
    let mut lines = Vec::new();
    for step in list(answer, Step::read)? {
        lines.push(format!("{}: {}", step.group, step.action));
        for detail in step.details.iter().filter(|detail| !step.tells_of_group(detail)) {
            lines.push(format!("    {}", detail.words(&step.group)));
        }
    }
    if lines.is_empty() {
        lines.push("No config updates to processes".to_owned());
    }
    Ok(lines)
}

fn refuse(session: &mut Session, options: &[&str], code: i64, why: &str) {
    let line = match Code::from_number(code) {
        Some(Code::UnknownMethod) => {
            let option = options.first().copied().unwrap_or_default();
            format!("ERROR: this daemon does not know {option}; plain `update` works")
        }
        Some(Code::ShutdownState) => "ERROR: already shutting down".to_owned(),
        _ => format!("ERROR: {why}"),
    };
    session.fail(exit::GENERIC, line);
}

impl Step {
    /// Whether a process only repeats what its group says: a lone program shares its options.
    fn tells_of_group(&self, detail: &Detail) -> bool {
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
            process => format!("{}: ", names::join(group, process)),
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
