//! What is done on request, as calls of the daemon: data that the shell carries out.

use super::methods::{self as m, CallError};
use super::row::Target;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// An action on processes and groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) enum Verb {
    Start,
    Stop,
    Restart,
    Roll,
    Signal(String),
    ClearLogs,
    Disable,
    Enable,
}

impl Verb {
    /// As in `stop web?` and `stop web: done`.
    pub(in crate::top) fn words(&self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Stop => "stop".to_owned(),
            Self::Restart => "restart".to_owned(),
            Self::Roll => "rolling restart of".to_owned(),
            Self::Signal(signal) => format!("signal {signal} to"),
            Self::ClearLogs => "clear the logs of".to_owned(),
            Self::Disable => "disable".to_owned(),
            Self::Enable => "enable".to_owned(),
        }
    }

    /// Whether it interrupts a service or destroys data.
    pub(in crate::top) fn is_destructive(&self) -> bool {
        match self {
            Self::Stop | Self::Restart | Self::Roll | Self::ClearLogs | Self::Disable => true,
            // A signal was typed and confirmed by Enter.
            Self::Start | Self::Enable | Self::Signal(_) => false,
        }
    }

    fn steps(&self, target: &Target) -> Vec<Step> {
        let one = |process: &'static str, group: &'static str, rest: &[Value]| {
            let (method, name) = match target {
                Target::Process { .. } => (process, target.full_name()),
                Target::Group(name) => (group, name.clone()),
            };
            let params = [&[Value::Str(name)], rest].concat();
            Step { method, params, ignores: None }
        };
        // `group:*` for a group.
        let any = |method: &'static str| Step {
            method,
            params: vec![Value::Str(target.full_name())],
            ignores: None,
        };
        let wait = &[Value::Bool(true)];
        let stop = || one(m::STOP, m::STOP_GROUP, wait);
        let start = || one(m::START, m::START_GROUP, wait);
        match self {
            Self::Start => vec![start()],
            Self::Stop => vec![stop()],
            Self::Restart => vec![stop().ignoring(Code::NotRunning), start()],
            Self::Roll => {
                let names = Value::Array(vec![Value::Str(target.full_name())]);
                vec![Step { method: m::ROLL, params: vec![names], ignores: None }]
            }
            Self::Signal(signal) => {
                vec![one(m::SIGNAL, m::SIGNAL_GROUP, &[Value::str(signal.clone())])]
            }
            Self::ClearLogs => vec![any(m::CLEAR)],
            Self::Disable => vec![any(m::DISABLE)],
            Self::Enable => vec![any(m::ENABLE)],
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) struct Step {
    pub(in crate::top) method: &'static str,
    pub(in crate::top) params: Vec<Value>,
    /// A fault that does not end the part.
    pub(in crate::top) ignores: Option<Code>,
}

impl Step {
    pub(in crate::top) fn new(method: &'static str, params: Vec<Value>) -> Self {
        Self { method, params, ignores: None }
    }

    fn ignoring(self, code: Code) -> Self {
        Self { ignores: Some(code), ..self }
    }

    /// The result of the step. A call for a group succeeds as a whole although members failed.
    pub(in crate::top) fn judge(
        &self,
        answer: Result<Value, CallError>,
    ) -> Result<Value, CallError> {
        let answer = match answer {
            Err(error) if self.ignores.is_some_and(|code| error.is(code)) => return Ok(Value::Nil),
            answer => answer?,
        };
        match failures(&answer, self.ignores) {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }
}

/// The failures in a list of results, as one.
fn failures(answer: &Value, ignored: Option<Code>) -> Option<CallError> {
    let Value::Array(results) = answer else { return None };
    let failed: Vec<CallError> = results
        .iter()
        .filter_map(|result| {
            let error = CallError::inside(result).or_else(|| rolling_failure(result))?;
            let is_ignored = ignored.is_some_and(|code| error.is(code));
            let name = result.get("name").and_then(Value::as_str).unwrap_or_default();
            let text = if name.is_empty() { error.text } else { format!("{name}: {}", error.text) };
            (!is_ignored).then_some(CallError { text, ..error })
        })
        .collect();
    let code = failed.first()?.code;
    let texts: Vec<String> = failed.into_iter().map(|error| error.text).collect();
    Some(CallError { code, text: texts.join("; ") })
}

/// A result of a rolling restart, or of an update.
fn rolling_failure(result: &Value) -> Option<CallError> {
    let text = |name: &str| result.get(name).and_then(Value::as_str);
    let error = match text("result") {
        Some("failed") => text("reason")?,
        Some(_) => return None,
        None => text("error").filter(|error| !error.is_empty())?,
    };
    let group = text("group").map(|group| format!("{group}: ")).unwrap_or_default();
    Some(CallError { code: None, text: format!("{group}{error}") })
}

/// The steps for one target. The first failure ends them, but not those of other targets.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) struct Part {
    /// Whose row shows the result; `None` for an update.
    pub(in crate::top) target: Option<Target>,
    pub(in crate::top) steps: Vec<Step>,
}

/// Work that takes a while. Its parts are carried out one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) struct Task {
    pub(in crate::top) id: u64,
    /// As in `stop web`.
    pub(in crate::top) title: String,
    pub(in crate::top) parts: Vec<Part>,
}

impl Task {
    pub(in crate::top) fn new(id: u64, verb: &Verb, targets: &[Target]) -> Self {
        let part =
            |target: &Target| Part { target: Some(target.clone()), steps: verb.steps(target) };
        let title = format!("{} {}", verb.words(), names(targets));
        Self { id, title, parts: targets.iter().map(part).collect() }
    }
}

impl Task {
    /// Ends a job after what it has begun.
    pub(in crate::top) fn cancel(id: u64, job: i64) -> Self {
        let steps = vec![Step::new(m::CANCEL, vec![Value::Int(job)])];
        Self { id, title: format!("cancel job {job}"), parts: vec![Part { target: None, steps }] }
    }
}

/// The names of a few targets, or the number of many.
pub(in crate::top) fn names(targets: &[Target]) -> String {
    match targets {
        [one] => one.words(),
        [one, other] => format!("{} and {}", one.words(), other.words()),
        many => format!("{} programs", many.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> Target {
        Target::Process { group: "web".to_owned(), name: "web".to_owned() }
    }

    fn calls(verb: &Verb, target: &Target) -> Vec<String> {
        let words = |step: &Step| format!("{} {:?}", step.method, step.params);
        verb.steps(target).iter().map(words).collect()
    }

    #[test]
    fn an_action_on_a_group_calls_the_method_for_groups() {
        let group = Target::Group("pool".to_owned());
        assert_eq!(
            calls(&Verb::Restart, &group),
            [
                "supervisor.stopProcessGroup [Str(\"pool\"), Bool(true)]",
                "supervisor.startProcessGroup [Str(\"pool\"), Bool(true)]"
            ]
        );
        assert_eq!(calls(&Verb::Disable, &group), ["supkit.disableProcess [Str(\"pool:*\")]"]);
        assert_eq!(
            calls(&Verb::Signal("HUP".to_owned()), &web()),
            ["supervisor.signalProcess [Str(\"web\"), Str(\"HUP\")]"]
        );
    }

    #[test]
    fn a_restart_does_not_mind_a_process_that_does_not_run() {
        let stop = &Verb::Restart.steps(&web())[0];
        let not_running = CallError { code: Some(Code::NotRunning.number()), text: String::new() };
        assert_eq!(stop.judge(Err(not_running.clone())), Ok(Value::Nil));
        let start = &Verb::Restart.steps(&web())[1];
        assert_eq!(start.judge(Err(not_running.clone())), Err(not_running));
    }

    #[test]
    fn failed_members_of_a_group_are_named() {
        let result = |name: &str, code: Code| {
            Value::record([
                ("name", Value::str(name)),
                ("group", Value::str("pool")),
                ("status", Value::Int(code.number())),
                ("description", Value::str(code.name())),
            ])
        };
        let answer = Value::Array(vec![
            result("a", Code::Success),
            result("b", Code::SpawnError),
            result("c", Code::AlreadyStarted),
        ]);
        let step = Step::new(m::START_GROUP, Vec::new());
        let error = step.judge(Ok(answer)).unwrap_err();
        assert_eq!(error.text, "b: it could not be started; c: already started");
    }
}
