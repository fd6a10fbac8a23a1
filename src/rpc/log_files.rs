//! The methods that rotate and reopen logs.

use super::answer::Answer;
use super::args::Args;
use super::context::{Context, Log};
use super::fault::{Code, Fault};
use super::names::{self, Target};
use super::value::Value;
use crate::core::Process;
use crate::core::effect::OutputStream;

pub(super) fn rotate_logs(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    for_each(context, args, "rotated", |context, log| context.services.rotate_log(log))
}

pub(super) fn reopen_logs(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    for_each(context, args, "reopened", |context, log| context.services.reopen_log(log))
}

/// Calls `act` for both logs of a process or of all processes of a group, or, without a name, for the
/// activity log and those of all processes. Returns the paths for which it was done. All are tried;
/// the fault has what failed, and for which it was done nevertheless.
fn for_each(
    context: &mut Context<'_>,
    args: &Args<'_>,
    verb: &str,
    act: impl Fn(&mut Context<'_>, Log) -> Result<bool, String>,
) -> Answer {
    let logs = match args.value(0) {
        Value::Nil => every_log(context),
        _ => logs_of(context, args.name(0)?)?,
    };
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for log in logs {
        let path = context.services.log_path(log);
        match act(context, log) {
            Ok(true) => done.extend(path),
            Ok(false) => {}
            Err(why) => failures.push(why),
        }
    }
    // Programs may share a log.
    done.dedup();
    if failures.is_empty() {
        Ok(Value::Array(done.into_iter().map(Value::Str).collect()).into())
    } else {
        let rest =
            if done.is_empty() { String::new() } else { format!("; {verb}: {}", done.join(", ")) };
        Err(Fault::new(Code::Failed, failures.join("; ") + &rest))
    }
}

fn every_log(context: &Context<'_>) -> Vec<Log> {
    let of_children = names::by_name(context.supervisor).into_iter().flat_map(both);
    std::iter::once(Log::Main).chain(of_children).collect()
}

fn logs_of(context: &Context<'_>, name: &str) -> Result<Vec<Log>, Fault> {
    let supervisor = &*context.supervisor;
    Ok(match names::find_or_group(supervisor, name)? {
        Target::Process(id) => supervisor.process(id).into_iter().flat_map(both).collect(),
        Target::Group(group) => {
            let group = supervisor.group(&group).into_iter();
            group.flat_map(|group| supervisor.members(group)).flat_map(both).collect()
        }
    })
}

fn both(process: &Process) -> impl Iterator<Item = Log> + use<> {
    let id = process.id();
    OutputStream::BOTH.into_iter().map(move |stream| Log::Child(id, stream))
}
