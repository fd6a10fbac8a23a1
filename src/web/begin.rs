//! Begins what a form requests: an action on one process, or on several in one job.

use std::collections::BTreeSet;

use super::actions::{Action, Message, PendingAction, failure};
use super::texts::{Language, Value as Text};
use crate::core::Process;
use crate::core::effect::ProcId;
use crate::core::jobs::JobId;
use crate::http::form;
use crate::rpc::names::Target;
use crate::rpc::record::{AuditResult, Record, shortened};
use crate::rpc::{Context, audit, names, web_ops};

use Action as A;

/// How many names of processes the name of a job has.
const NAMED: usize = 3;

/// What a form requests.
pub(super) struct Order<'a> {
    pub(super) action: Action,
    /// Of processes or `group:*`; of a job its number.
    pub(super) names: Vec<&'a str>,
    /// How many may be out of service at the same time. `None` is an invalid number.
    pub(super) max_unavailable: Option<usize>,
}

/// The result so far, and the job that continues.
pub(super) struct Begun {
    pub(super) message: Message,
    pub(super) job: Option<JobId>,
}

impl<'a> Order<'a> {
    pub(super) fn of(action: Action, fields: &'a [(String, String)]) -> Self {
        // Many names are one field, because the number of fields is limited.
        let names =
            fields.iter().filter(|(key, _)| ["processname", "names"].contains(&key.as_str()));
        let number = form::field(fields, "max_unavailable").unwrap_or("1").trim().parse();
        Self {
            action,
            names: names.flat_map(|(_, name)| name.split('\n')).collect(),
            max_unavailable: number.ok().filter(|number| *number > 0),
        }
    }

    /// Of several processes those are left out that are in the wanted state.
    pub(super) fn begin(&self, context: &mut Context<'_>, language: Language) -> Begun {
        let (action, names) = (self.action, self.names.as_slice());
        if action.needs_name() && names.iter().all(|name| name.is_empty()) {
            return Message::failure(language.text("failure.none-selected")).into();
        }
        let targets: Vec<String> = names.iter().flat_map(|name| expand(context, name)).collect();
        match (action, targets.as_slice()) {
            (A::RestartRolling, _) => self.roll(context, language),
            (A::Start | A::Stop | A::Restart, [_, _, ..]) => {
                self.begin_many(context, language, &targets)
            }
            (A::ClearLog, [_, _, ..]) => clear_logs(context, language, &targets),
            _ => {
                let name = targets.first().map_or("", String::as_str);
                PendingAction::start(context, language, action, name).progress(context).into()
            }
        }
    }

    fn roll(&self, context: &mut Context<'_>, language: Language) -> Begun {
        let Some(number) = self.max_unavailable else {
            return Message::failure(language.text("failure.max-unavailable")).into();
        };
        let mut pending = PendingAction::restart_rolling(context, language, &self.names, number);
        Begun { job: pending.job(), message: pending.progress(context) }
    }

    fn begin_many(
        &self,
        context: &mut Context<'_>,
        language: Language,
        targets: &[String],
    ) -> Begun {
        let (mut ids, mut failures) = (BTreeSet::new(), Vec::new());
        for name in targets {
            match names::find_process(context, name) {
                Ok(process) if makes_sense(self.action, process) => {
                    ids.insert(process.id());
                }
                Ok(_) => {}
                Err(_) => {
                    let values: [Text<'_>; 1] = [("name", name)];
                    failures.push(language.fill("failure.unknown-process", &values));
                }
            }
        }
        let mut order = context.supervisor.by_priority();
        order.retain(|id| ids.contains(id));
        let ids = order;
        let asked = ids.len() + failures.len();
        let begun = perform(context, self.action, &target(&self.names), &ids);
        self.audit(context, &begun);
        let begun = match begun {
            Ok(begun) => begun,
            Err(fault) => return Message::failure(failure(language, &fault)).into(),
        };
        let refused = begun.refused.iter();
        failures.extend(refused.map(|(name, fault)| self.action.failure(language, name, fault)));
        let message = if let Some(first) = failures.first() {
            let values: [Text<'_>; 3] =
                [("failed", &failures.len()), ("count", &asked), ("first", first)];
            Message::failure(language.fill("failure.some", &values))
        } else {
            let is_group = self.names.len() == 1;
            let number = language.count("processes", ids.len(), &[]);
            let what = if is_group { self.names[0].to_owned() } else { number };
            self.action.progress(language, &what)
        };
        Begun { message, job: begun.job }
    }

    fn audit(
        &self,
        context: &mut Context<'_>,
        begun: &Result<web_ops::Begun, crate::rpc::fault::Fault>,
    ) {
        let result = match begun {
            Ok(begun) => begun.job.map_or(AuditResult::Done, AuditResult::Job),
            Err(fault) => audit::result_of(&Err(fault.clone())),
        };
        context.services.audit(Record {
            interface: "web",
            action: self.action.name().to_owned(),
            arguments: vec![shortened(&self.names.join(" ")).into()],
            result,
        });
    }
}

impl From<Message> for Begun {
    fn from(message: Message) -> Self {
        Self { message, job: None }
    }
}

fn perform(
    context: &mut Context<'_>,
    action: Action,
    target: &str,
    ids: &[ProcId],
) -> Result<web_ops::Begun, crate::rpc::fault::Fault> {
    match action {
        _ if ids.is_empty() => Ok(web_ops::Begun { job: None, refused: Vec::new() }),
        A::Start => web_ops::start_many(context, target, ids),
        A::Stop => web_ops::stop_many(context, target, ids),
        _ => web_ops::restart_many(context, target, ids),
    }
}

fn clear_logs(context: &mut Context<'_>, language: Language, targets: &[String]) -> Begun {
    let mut failures = Vec::new();
    for name in targets {
        let message = PendingAction::start(context, language, A::ClearLog, name).progress(context);
        if message.is_error {
            failures.push(message.text);
        }
    }
    let Some(first) = failures.first() else {
        let number = language.count("processes", targets.len(), &[]);
        return A::ClearLog.progress(language, &number).into();
    };
    let values: [Text<'_>; 3] =
        [("failed", &failures.len()), ("count", &targets.len()), ("first", first)];
    Message::failure(language.fill("failure.some", &values)).into()
}

/// `web:*`, or `a b c +4`.
fn target(names: &[&str]) -> String {
    let shown = names[..names.len().min(NAMED)].join(" ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} +{more}"),
    }
}

fn expand(context: &Context<'_>, name: &str) -> Vec<String> {
    let group = match names::find(context.supervisor, name) {
        Ok(Target::Group(group)) if name.ends_with(":*") => group,
        _ => return vec![name.to_owned()],
    };
    let Some(group) = context.supervisor.group(&group) else { return Vec::new() };
    let members = context.supervisor.members_by_priority(group);
    let process = members.iter().filter_map(|id| context.supervisor.process(*id));
    process.map(Process::full_name).collect()
}

fn makes_sense(action: Action, process: &Process) -> bool {
    action == A::Restart || Action::of(process.state()).contains(&action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_many_processes_has_a_short_name() {
        assert_eq!(target(&["web:*"]), "web:*");
        assert_eq!(target(&["a", "b", "c"]), "a b c");
        assert_eq!(target(&["a", "b", "c", "d", "e"]), "a b c +2");
    }

    #[test]
    fn a_number_below_one_is_invalid() {
        let order = |number: &str| {
            let fields = [("max_unavailable".to_owned(), number.to_owned())];
            Order::of(A::RestartRolling, &fields).max_unavailable
        };
        assert_eq!((order("2"), order("0"), order("x"), order("-1")), (Some(2), None, None, None));
        assert_eq!(Order::of(A::Start, &[]).max_unavailable, Some(1));
    }
}
