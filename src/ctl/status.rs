//! The actions `status`, `avail` and `pid`.

use super::error::ClientError;
use super::exit;
use super::extras::Extras;
use super::json;
use super::names::{self, Name};
use super::patterns::{Groups, expand};
use super::server::{ProcessInfo, list, member, number, text};
use super::session::{ActionError, Flow, Outcome, Session};
use super::status_options::{StatusOptions, state_column};
use super::wide;
use crate::conf::sections::program;
use crate::core::group::full_name;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// The minimum width of the name column, which is followed by three blanks.
const NAME_WIDTH: usize = 30;
const STATE_WIDTH: usize = 10;

pub(super) fn status(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        session.status = exit::STATUS_UNKNOWN;
        return Ok(Flow::Continue);
    }
    let Value::Array(values) = session.server().all_info_value()? else {
        return Err(ActionError::Value("the server returned no list of processes".to_owned()));
    };
    let all = values.into_iter().map(|value| Ok((ProcessInfo::read(&value)?, value)));
    let all = all.collect::<Result<Vec<_>, ClientError>>()?;
    let StatusOptions { exit_code, colour, is_wide, names } = match StatusOptions::parse(rest) {
        Ok(options) => options,
        Err(why) => {
            session.fail(exit::GENERIC, format_args!("Error: {why}"));
            return Ok(Flow::ShowUsage);
        }
    };
    let chosen = if names.is_empty() || names.contains(&"all") {
        all
    } else {
        names.iter().flat_map(|name| choose(session, &all, name)).collect()
    };
    if session.json {
        let extras = Extras::read(|method| session.server().extension(method))?;
        let described = chosen.iter().map(|(info, value)| extras.describe(info, value));
        Session::print_json(&described.collect());
    } else if is_wide {
        show_wide(session, &chosen, colour.is_wanted())?;
    } else {
        show(session, &chosen, colour.is_wanted());
    }
    if chosen.iter().any(|(info, _)| exit_code.counts(info)) {
        session.status = exit::STATUS_NOT_RUNNING;
    }
    Ok(Flow::Continue)
}

/// The processes with this name; reports an error if there are none.
fn choose(
    session: &mut Session,
    all: &[(ProcessInfo, Value)],
    name: &str,
) -> Vec<(ProcessInfo, Value)> {
    let parsed = Name::parse(name);
    let matching: Vec<_> = all.iter().filter(|(info, _)| parsed.is_of(info)).cloned().collect();
    if !matching.is_empty() {
        return matching;
    }
    let described = all.iter().filter(|(info, _)| names::matches(name, info));
    let matching: Vec<_> = described.filter(|_| names::is_pattern(name)).cloned().collect();
    if matching.is_empty() {
        let line = match parsed.process {
            None => format!("{}: ERROR (no such group)", parsed.group),
            Some(_) => format!("{name}: ERROR (no such process)"),
        };
        session.fail(exit::STATUS_UNKNOWN, line);
    }
    matching
}

fn show_wide(
    session: &mut Session,
    chosen: &[(ProcessInfo, Value)],
    is_coloured: bool,
) -> Result<(), ActionError> {
    let resources = session.server().extension("getResources")?;
    if resources == Value::Nil {
        let message = "Error: --wide needs supkit's daemon; that of Supervisor does not measure";
        session.fail(exit::GENERIC, message);
        return Ok(());
    }
    for line in wide::lines(chosen, &resources, is_coloured)? {
        session.print_line(line);
    }
    Ok(())
}

fn show(session: &mut Session, chosen: &[(ProcessInfo, Value)], is_coloured: bool) {
    let names: Vec<_> = chosen.iter().map(|(i, _)| full_name(&i.group, &i.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.max(NAME_WIDTH) + 3;
    for (name, (info, _)) in names.iter().zip(chosen) {
        let state = state_column(&info.statename, STATE_WIDTH, is_coloured);
        session.print_line(format_args!("{name:width$}{state}{}", info.description));
    }
}

pub(super) fn avail(session: &mut Session, rest: &str) -> Outcome {
    if !rest.is_empty() {
        session.fail(exit::GENERIC, "Error: avail accepts no arguments");
        return Ok(Flow::ShowUsage);
    }
    match session.server().all_config() {
        Ok(configs) if session.json => Session::print_json(&json::from(&configs)),
        Ok(configs) => {
            for line in list(&configs, avail_line)? {
                session.print_line(line);
            }
        }
        Err(ClientError::Fault(fault)) if fault.code == Code::ShutdownState.number() => {
            session.fail(exit::GENERIC, "ERROR: supervisor shutting down");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

fn avail_line(config: &Value) -> Result<String, ClientError> {
    let group = text(member(config, "group")?)?;
    let name = full_name(&group, &text(member(config, "name")?)?);
    let is = |what: &str| Ok::<_, ClientError>(number(member(config, what)?)? != 0);
    let inuse = if is("inuse")? { "in use" } else { "avail" };
    let autostart = if is(program::AUTOSTART.name)? { "auto" } else { "manual" };
    let group_prio = number(member(config, "group_prio")?)?;
    let process_prio = number(member(config, "process_prio")?)?;
    Ok(format!("{name:32} {inuse:9} {autostart:9} {group_prio}:{process_prio}"))
}

pub(super) fn pid(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    let mut pids = Vec::new();
    if words.is_empty() {
        let pid = session.server().pid()?;
        add_pid(session, &mut pids, "supervisord", pid);
    } else if words.contains(&"all") {
        for info in session.server().all_info()? {
            add_pid(session, &mut pids, &full_name(&info.group, &info.name), info.pid);
        }
    } else {
        for name in expand(session, &words, Groups::Expand)? {
            if let Some(pid) = pid_of(session, &name)? {
                add_pid(session, &mut pids, &name, pid);
            }
        }
    }
    if session.json {
        Session::print_json(&pids.into());
    }
    Ok(Flow::Continue)
}

/// Prints a pid, or collects it for JSON output.
fn add_pid(session: &mut Session, pids: &mut Vec<serde_json::Value>, name: &str, pid: i64) {
    if session.json {
        pids.push(serde_json::json!({ "name": name, "pid": pid }));
    } else {
        session.print_line(pid);
    }
}

fn pid_of(session: &mut Session, name: &str) -> Result<Option<i64>, ActionError> {
    match session.server().info(name) {
        Ok(info) => {
            if info.pid == 0 {
                session.status = exit::NOT_RUNNING;
            }
            Ok(Some(info.pid))
        }
        Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
            session.fail(exit::GENERIC, format_args!("No such process {name}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
