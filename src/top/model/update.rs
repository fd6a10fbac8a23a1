//! Updates: the plan that is shown before, and the calls that apply it. With Supervisor's daemon they
//! are those of its `update`.

use super::methods as m;
use super::request::Query;
use super::snapshot::Job;
use super::task::{Part, Step, Task};
use crate::ctl::update_lines;
use crate::rpc::value::Value;

/// A plan that can be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) enum Plan {
    /// By supkit's daemon.
    Supkit,
    /// By calls for each group.
    Plain { added: Vec<String>, changed: Vec<String>, removed: Vec<String> },
}

/// How a plan is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) enum Manner {
    /// Only what has changed is restarted.
    Minimal,
    /// The same, one process after the other.
    Rolling,
}

/// The call that answers a question.
pub(super) fn step_of(query: &Query) -> Step {
    match query {
        Query::Why(target) => Step::new(m::EXPLAIN, vec![Value::Str(target.full_name())]),
        Query::Graph => Step::new(m::GRAPH, Vec::new()),
        Query::Plan => Step::new(m::PLAN, Vec::new()),
        Query::PlainPlan => Step::new(m::RELOAD_CONFIG, Vec::new()),
    }
}

impl Plan {
    /// Reads what an update would do, and words it. There is no plan if nothing changes.
    pub(super) fn read(answer: &Value, is_plain: bool) -> (Option<Self>, Vec<String>) {
        if !is_plain {
            let is_empty = matches!(answer, Value::Array(all) if all.is_empty());
            return match update_lines(answer) {
                Ok(lines) => ((!is_empty).then_some(Self::Supkit), lines),
                Err(error) => (None, vec![error.to_string()]),
            };
        }
        let names = |at: usize| match answer {
            Value::Array(outer) => match outer.first() {
                Some(Value::Array(three)) => texts(three.get(at)),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let (added, changed, removed) = (names(0), names(1), names(2));
        let line = |names: &[String], word: &'static str| {
            names.iter().map(move |name| format!("{name}: {word}")).collect::<Vec<_>>()
        };
        let lines = [
            line(&added, "added"),
            line(&changed, "changed; all its processes are restarted"),
            line(&removed, "removed"),
        ];
        let lines: Vec<String> = lines.concat();
        if lines.is_empty() {
            return (None, vec!["No config updates to processes".to_owned()]);
        }
        (Some(Self::Plain { added, changed, removed }), lines)
    }

    pub(super) fn task(&self, id: u64, manner: Manner) -> Task {
        let title = match manner {
            Manner::Minimal => "update".to_owned(),
            Manner::Rolling => "rolling update".to_owned(),
        };
        let parts = match (self, manner) {
            (Self::Supkit, Manner::Minimal) => vec![vec![Step::new(m::UPDATE_MINIMAL, Vec::new())]],
            (Self::Supkit, Manner::Rolling) => vec![vec![Step::new(m::UPDATE_ROLLING, Vec::new())]],
            (Self::Plain { added, changed, removed }, _) => {
                let step = |method, group: &String| Step::new(method, vec![Value::str(group)]);
                let added = added.iter().map(|group| vec![step(m::ADD_GROUP, group)]);
                let removed = removed
                    .iter()
                    .map(|group| vec![step(m::STOP_GROUP, group), step(m::REMOVE_GROUP, group)]);
                let changed = changed.iter().map(|group| {
                    let methods = [m::STOP_GROUP, m::REMOVE_GROUP, m::ADD_GROUP];
                    methods.map(|method| step(method, group)).to_vec()
                });
                removed.chain(changed).chain(added).collect()
            }
        };
        let part = |steps| Part { target: None, steps };
        Task { id, title, parts: parts.into_iter().map(part).collect() }
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The jobs of the daemon, newest first.
pub(super) fn job_lines(jobs: &[Job]) -> Vec<String> {
    if jobs.is_empty() {
        return vec!["The daemon has no jobs. Supervisor's has none at all.".to_owned()];
    }
    let mut lines = Vec::new();
    for job in jobs.iter().rev() {
        let Job { id, kind, target, requester, state, waits_for, failures } = job;
        lines.push(format!("{id:5}  {state:8} {kind} {target} (through {requester})"));
        if !waits_for.is_empty() {
            lines.push(format!("       waits for {}", waits_for.join(", ")));
        }
        lines.extend(failures.iter().map(|failure| format!("       {failure}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(lists: [&[&str]; 3]) -> Value {
        let list = |names: &[&str]| Value::Array(names.iter().map(|it| Value::str(*it)).collect());
        Value::Array(vec![Value::Array(lists.map(list).to_vec())])
    }

    #[test]
    fn a_plain_update_does_what_supervisorctl_does() {
        let (plan, lines) = Plan::read(&lists([&["new"], &["web"], &["old"]]), true);
        assert_eq!(
            lines,
            ["new: added", "web: changed; all its processes are restarted", "old: removed"]
        );
        let task = plan.expect("there are changes").task(1, Manner::Minimal);
        let methods: Vec<Vec<&str>> = task
            .parts
            .iter()
            .map(|part| part.steps.iter().map(|step| step.method).collect())
            .collect();
        assert_eq!(
            methods,
            [
                vec![m::STOP_GROUP, m::REMOVE_GROUP],
                vec![m::STOP_GROUP, m::REMOVE_GROUP, m::ADD_GROUP],
                vec![m::ADD_GROUP]
            ]
        );
    }

    #[test]
    fn without_changes_there_is_no_plan() {
        let nothing = "No config updates to processes";
        assert_eq!(Plan::read(&lists([&[], &[], &[]]), true), (None, vec![nothing.to_owned()]));
        let answer = Value::Array(Vec::new());
        assert_eq!(Plan::read(&answer, false), (None, vec![nothing.to_owned()]));
    }
}
