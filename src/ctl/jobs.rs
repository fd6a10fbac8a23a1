//! `jobs`: lists the running and finished multi-step operations of the daemon, and cancels one.

use super::json;
use super::server::{list, member, number, text};
use super::session::{Flow, Outcome, Session};
use super::{error::ClientError, exit};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

const HEADS: [&str; 5] = ["ID", "KIND", "TARGET", "STATE", "THROUGH"];

struct Job {
    id: i64,
    kind: String,
    target: String,
    state: String,
    requester: String,
    waits_for: Vec<String>,
    failures: Vec<String>,
}

pub(super) fn jobs(session: &mut Session, rest: &str) -> Outcome {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words.as_slice() {
        [] => show_all(session),
        ["cancel", id] => cancel(session, id),
        ["cancel"] => {
            session.fail(exit::GENERIC, "Error: jobs cancel requires the number of a job");
            Ok(Flow::ShowUsage)
        }
        [other, ..] => {
            session.fail(exit::GENERIC, format_args!("Error: jobs: bad argument {other}"));
            Ok(Flow::ShowUsage)
        }
    }
}

fn cancel(session: &mut Session, id: &str) -> Outcome {
    let Ok(number) = id.parse() else {
        session.fail(exit::GENERIC, format_args!("Error: {id} is not the number of a job"));
        return Ok(Flow::ShowUsage);
    };
    let fault = match session.server().call_supkit("cancelJob", &[Value::Int(number)]) {
        Ok(_) => {
            session.print_line(format_args!("job {id}: ends after what it has begun"));
            return Ok(Flow::Continue);
        }
        Err(ClientError::Fault(fault)) => fault,
        Err(error) => return Err(error.into()),
    };
    let why = match fault.code {
        code if code == Code::UnknownMethod.number() => "this daemon does not support jobs",
        _ => fault.string.split_once(": ").map_or(&*fault.string, |(_, why)| why),
    };
    session.fail(exit::GENERIC, format_args!("job {id}: ERROR ({why})"));
    Ok(Flow::Continue)
}

fn show_all(session: &mut Session) -> Outcome {
    let answer = match session.server().jobs() {
        Ok(answer) => answer,
        Err(ClientError::Fault(fault)) if fault.code == Code::UnknownMethod.number() => {
            session.fail(exit::GENERIC, "ERROR: this daemon does not support jobs");
            return Ok(Flow::Continue);
        }
        Err(error) => return Err(error.into()),
    };
    if session.json {
        Session::print_json(&json::from(&answer));
        return Ok(Flow::Continue);
    }
    show(session, &list(&answer, Job::read)?);
    Ok(Flow::Continue)
}

fn show(session: &mut Session, jobs: &[Job]) {
    if jobs.is_empty() {
        session.print_line("no jobs");
        return;
    }
    let rows: Vec<[String; 5]> = jobs.iter().map(Job::cells).collect();
    let heads = HEADS.map(str::to_owned);
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|at| rows.iter().chain([&heads]).map(|row| row[at].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    session.print_line(line(&heads));
    for (job, row) in jobs.iter().zip(&rows) {
        session.print_line(line(row));
        for failure in &job.failures {
            session.print_line(format_args!("    {failure}"));
        }
        if !job.waits_for.is_empty() {
            session.print_line(format_args!("    waits for {}", job.waits_for.join(", ")));
        }
    }
}

impl Job {
    fn read(value: &Value) -> Result<Self, ClientError> {
        let word = |name: &str| text(member(value, name)?);
        Ok(Self {
            id: number(member(value, "id")?)?,
            kind: word("kind")?,
            target: word("target")?,
            state: word("state")?,
            requester: word("requester")?,
            waits_for: list(member(value, "waits_for")?, text)?,
            failures: list(member(value, "failures")?, text)?,
        })
    }

    fn cells(&self) -> [String; 5] {
        let Self { id, kind, target, state, requester, .. } = self;
        [id.to_string(), kind.clone(), target.clone(), state.clone(), requester.clone()]
    }
}
