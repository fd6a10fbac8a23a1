//! The data of the page of a process: its state and why, its dependencies, its past runs, and its
//! options. What the account may not see is left out.

use super::actions::Action;
use super::graph::{self, Edge, Label};
use super::log_links;
use super::printable::printable;
use super::texts::Language;
use crate::conf::secrets::masked;
use crate::conf::settings;
use crate::core::effect::OutputStream;
use crate::core::{Process, Supervisor};
use crate::http::form::percent_encode;
use crate::rpc::access::Access;
use crate::rpc::context::{LocalTime, Log};
use crate::rpc::why::{self, PastEvent, PastRun};
use crate::rpc::{Context, names};

use crate::core::time::Wall;
use serde_json::{Value, json};

const BUTTONS: [Action; 4] = [Action::Start, Action::Restart, Action::Stop, Action::ClearLog];
/// How many names of one priority are shown.
const MAX_NAMES: usize = 5;
/// How many priorities before and after that of the process are shown.
const NEIGHBOURS: usize = 2;

/// `None` if there is no such process.
pub(super) fn data(context: &mut Context<'_>, language: Language, name: &str) -> Option<Value> {
    let changes = changes(context, name);
    let context = &*context;
    let process = names::find_process(context, name).ok()?;
    let may = |access| context.rights.includes(access, process.group(), process.name());
    let may_read = may(Access::ReadLog);
    let mut data = json!({
        "name": process.full_name(),
        "state": process.state().name().to_lowercase(),
        "buttons": buttons(process, may),
        "logs": if may_read { logs(context, process) } else { Vec::new() },
        "may_read": may_read,
        "may_see_options": may(Access::ReadOwnOptions),
        "order": order(context.supervisor, process),
    });
    merge(&mut data, dependencies(context.supervisor, process, language));
    merge(&mut data, facts(context, language, process, may_read));
    if may(Access::ReadOwnOptions) {
        merge(&mut data, options(context, process));
        merge(&mut data, changes);
    }
    Some(data)
}

fn merge(data: &mut Value, more: Value) {
    if let (Value::Object(data), Value::Object(more)) = (data, more) {
        data.extend(more);
    }
}

fn buttons(process: &Process, may: impl Fn(Access) -> bool) -> Vec<&'static str> {
    let sensible = Action::of(process.state());
    let offered = BUTTONS.into_iter().filter(|it| sensible.contains(it) && may(it.access()));
    offered.map(Action::name).collect()
}

fn logs(context: &Context<'_>, process: &Process) -> Vec<Value> {
    let exists = |stream: OutputStream| {
        context.services.log_path(Log::Child(process.id(), stream)).is_some()
    };
    let streams = OutputStream::BOTH.into_iter().filter(|stream| exists(*stream));
    let name = process.full_name();
    let link = |stream: OutputStream| json!({ "channel": stream.name(), "href": log_links::page(&name, stream) });
    streams.map(link).collect()
}

/// Why it is in its state, its present child, and its past ones.
fn facts(context: &Context<'_>, language: Language, process: &Process, may_read: bool) -> Value {
    let local = |when: Wall| context.services.local_time(when);
    let started = process.pid().and(process.started());
    let mut data = json!({
        "pid": process.pid().map(|pid| pid.0),
        "started": started.map(|at| local(at.wall).to_string()),
        "disabled": context.supervisor.is_disabled(process.id()),
        "timetable": schedule(process, &local),
        "readiness": process.is_ready().map(|is_ready| if is_ready { "ready" } else { "not-ready" }),
        "probes": [],
        "history": [],
        "past_events": [],
        "last_exit": "",
        "reason": "",
        "status": "",
        "total": 0,
        "failures": 0,
    });
    if !may_read {
        return data;
    }
    let why = why::explain_without_disk(context, process);
    let (total, failures) = why.totals();
    data["reason"] = json!(language.translate(&why.answer()));
    data["status"] = json!(process.notified_status().map(printable).unwrap_or_default());
    data["probes"] = process
        .probes()
        .into_iter()
        .map(|probe| {
            json!({
                "name": probe.id.name(),
                "target": masked(&probe.target),
                "is_up": probe.is_up,
                "error": language.translate(&masked(&probe.error)),
            })
        })
        .collect();
    data["history"] = why.history(&local).into_iter().map(|run| past_run(language, run)).collect();
    data["past_events"] = why.events(&local).into_iter().map(|it| event(language, &it)).collect();
    data["last_exit"] = json!(process.last_exit().map(|it| language.translate(&it.cause())));
    data["total"] = json!(total);
    data["failures"] = json!(failures);
    data
}

fn past_run(language: Language, run: PastRun) -> Value {
    let causes = run.causes.iter().map(|cause| language.translate(cause));
    let output = run.output.into_iter().map(|(stream, lines)| {
        json!({ "channel": stream.name(), "lines": printable(&lines.join("\n")) })
    });
    json!({
        "started": run.started,
        "ended": run.ended,
        "how": language.translate(&run.how),
        "causes": causes.collect::<Vec<_>>(),
        "failed": run.is_failure,
        "output": output.collect::<Vec<_>>(),
    })
}

fn event(language: Language, event: &PastEvent) -> Value {
    json!({
        "when": event.when,
        "text": language.translate(&event.text),
        "failed": event.is_failure,
    })
}

fn schedule(process: &Process, local: &dyn Fn(Wall) -> LocalTime) -> Value {
    let Some(schedule) = &process.config().schedule else { return Value::Null };
    json!({
        "expression": schedule.expression,
        "zone": schedule.zone.name,
        "next": process.next_run().map(|at| local(at).to_string()),
    })
}

fn link(supervisor: &Supervisor, name: &str) -> Value {
    let state = by_full_name(supervisor, name).map(|it| it.state().name().to_lowercase());
    json!({ "name": name, "query": percent_encode(name), "state": state })
}

fn by_full_name<'s>(supervisor: &'s Supervisor, name: &str) -> Option<&'s Process> {
    let (group, process) = name.split_once(':').unwrap_or((name, name));
    supervisor.find(group, process).and_then(|id| supervisor.process(id))
}

/// What it depends on and what depends on it, as lists and as a picture.
fn dependencies(supervisor: &Supervisor, process: &Process, language: Language) -> Value {
    let name = process.full_name();
    let edges: Vec<Edge> = supervisor.processes().flat_map(|it| edges(supervisor, it)).collect();
    let needs = supervisor.dependencies_of(process.id()).into_iter().map(|it| {
        let links = it.processes.iter().map(|name| link(supervisor, name));
        json!({
            "name": it.name,
            "condition": it.condition.name(),
            "met": it.is_met,
            "processes": links.collect::<Vec<_>>(),
        })
    });
    let needed_by = edges.iter().filter(|edge| edge.dependency == name);
    let mut needed_by: Vec<&str> = needed_by.map(|edge| edge.dependant.as_str()).collect();
    needed_by.sort_unstable();
    needed_by.dedup();
    let label = |name: &str| {
        let process = by_full_name(supervisor, name)?;
        let state = process.state().name().to_lowercase();
        let state = language.word("state", &state, &[]);
        Some(Label { state, priority: process.config().priority })
    };
    json!({
        "needs": needs.collect::<Vec<_>>(),
        "needed_by": needed_by.into_iter().map(|it| link(supervisor, it)).collect::<Vec<_>>(),
        "graph": graph::picture(&name, &edges, label),
    })
}

fn edges(supervisor: &Supervisor, process: &Process) -> Vec<Edge> {
    if process.config().depends_on.is_empty() {
        return Vec::new();
    }
    let dependant = process.full_name();
    let all = supervisor.dependencies_of(process.id()).into_iter().flat_map(|it| it.processes);
    all.map(|dependency| Edge { dependant: dependant.clone(), dependency }).collect()
}

/// The priorities in the order of starting, near that of the process, with the processes of each.
fn order(supervisor: &Supervisor, process: &Process) -> Vec<Value> {
    let mut levels: Vec<((i64, i64), Vec<&Process>)> = Vec::new();
    for id in supervisor.by_priority() {
        let Some(process) = supervisor.process(id) else { continue };
        let group = supervisor.group(process.group()).map_or(0, |it| it.config().priority);
        let key = (group, process.config().priority);
        match levels.last_mut() {
            Some((last, names)) if *last == key => names.push(process),
            _ => levels.push((key, vec![process])),
        }
    }
    let is_own = |it: &&Process| it.id() == process.id();
    let own = levels.iter().position(|(_, all)| all.iter().any(&is_own)).unwrap_or(0);
    let first = own.saturating_sub(NEIGHBOURS);
    let shown = levels.iter().enumerate().skip(first).take(2 * NEIGHBOURS + 1);
    let level = |(at, ((group, own_priority), all)): (usize, &((i64, i64), Vec<&Process>))| {
        let is_current = at == own;
        let others = all.iter().filter(|it| !(is_current && is_own(it)));
        let names = others.take(MAX_NAMES).map(|it| link(supervisor, &it.full_name()));
        let names: Vec<Value> = names.collect();
        json!({
            "number": at + 1,
            "level": own_priority,
            "group": (group != own_priority).then_some(group),
            "current": is_current,
            "more": all.len() - names.len() - usize::from(is_current),
            "names": names,
        })
    };
    shown.map(level).collect()
}

/// The options that are written in the configuration, and the defaults of the others.
fn options(context: &Context<'_>, process: &Process) -> Value {
    let all = settings::of_process(process.config(), &context.supervisor.config().origins);
    let (set, defaults): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.place.is_some());
    let row = |it: settings::Setting| json!({ "option": it.option, "value": it.value, "place": it.place });
    let defaults = defaults.into_iter().filter(|it| !it.value.is_empty());
    let mut variables: Vec<&str> =
        process.config().environment.iter().map(|(name, _)| name.as_str()).collect();
    variables.sort_unstable();
    json!({
        "section": process.config().program,
        "options": set.into_iter().map(row).collect::<Vec<_>>(),
        "defaults": defaults.map(row).collect::<Vec<_>>(),
        "variables": variables,
    })
}

/// What the configuration on disk would change, for accounts that may see that.
fn changes(context: &mut Context<'_>, name: &str) -> Value {
    let none = json!({ "changes": [], "changes_problem": "", "gone": false });
    if !context.rights.includes(Access::ReadPlan, "", "")
        || names::find_process(context, name).is_err()
    {
        return none;
    }
    let on_disk = context.services.reread();
    let Ok(process) = names::find_process(context, name) else { return none };
    let config = match on_disk {
        Ok(config) => config,
        Err(why) => {
            return json!({ "changes": [], "changes_problem": masked(&why), "gone": false });
        }
    };
    let group = config.groups.iter().find(|it| it.name == process.group());
    let new = group.and_then(|group| {
        group.distinct().into_iter().find(|member| member.name == process.name())
    });
    let Some(new) = new else {
        return json!({ "changes": [], "changes_problem": "", "gone": true });
    };
    let changes = settings::changes(process.config(), new).into_iter().map(|it| {
        let place = settings::place(&config.origins, new, it.option);
        json!({ "option": it.option, "from": it.from, "to": it.to, "place": place })
    });
    json!({ "changes": changes.collect::<Vec<_>>(), "changes_problem": "", "gone": false })
}
