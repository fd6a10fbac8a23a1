//! Stops the old program while it waits, makes sure that nothing has changed since it was examined, and
//! replaces it. Until that has succeeded, everything is taken back when something is in the way.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::path::Path;

use super::plan::{Facts, Plan};
use super::state::Handover;
use super::survey::Survey;
use super::target::{Target, inaccessible};
use crate::core::time::{Mono, Now, Wall};
use crate::daemon::kernel::CAUGHT;
use crate::daemon::upgrade::replacing::VARIABLE;
use crate::os::signals::{self, HUP, INT, QUIT, TERM, TSTP};
use crate::os::{clock, errno};

/// What must not end this program while the other one is stopped.
const INTERRUPTS: [i32; 5] = [HUP, INT, QUIT, TERM, TSTP];

/// What came of an attempt.
#[derive(Debug)]
pub enum Attempt {
    /// The daemon is supkit now, according to this plan.
    Done(Box<Plan>),
    /// It is no good moment, for this reason; nothing was changed.
    Busy(&'static str),
}

/// Tries to replace the daemon by `program`. `announced` is what the operator has accepted: no other program
/// is restarted. With `is_patient`, a moment without other clients is waited for, because they may be
/// changing something. With an error the daemon is as it was.
pub fn attempt(
    target: &Target,
    facts: &Facts,
    announced: &Plan,
    program: &Path,
    is_patient: bool,
) -> Result<Attempt, String> {
    signals::block(&INTERRUPTS).map_err(|error| errno::describe(&error))?;
    let accepted = Accepted { plan: announced, is_patient };
    let outcome = replace(target, facts, &accepted, program);
    signals::unblock(&INTERRUPTS).map_err(|error| errno::describe(&error))?;
    outcome
}

/// Under which conditions a switch may happen.
struct Accepted<'a> {
    plan: &'a Plan,
    is_patient: bool,
}

/// What the stopped daemon is examined for.
struct Stopped {
    plan: Plan,
    handover: Handover,
}

/// Either of both, or why it is no good moment.
fn examine(
    target: &Target,
    facts: &Facts,
    accepted: &Accepted<'_>,
) -> Result<Result<Stopped, &'static str>, String> {
    let examined = Survey::of(target.pid).map_err(|error| inaccessible(target.pid, &error))?;
    let Some(survey) = examined else { return Ok(Err("the daemon is busy")) };
    if !target.is_same() {
        return Err("the daemon has ended meanwhile".to_owned());
    }
    if let Some(why) = survey.is_in_transition(target.pid) {
        return Ok(Err(why));
    }
    let now: BTreeSet<i32> = survey.children.iter().map(|child| child.pid).collect();
    let known: BTreeSet<i32> =
        facts.reported.iter().filter_map(|it| it.pid.map(|pid| pid.0)).collect();
    if !known.is_subset(&now)
        || now.iter().any(|pid| !known.contains(pid) && !facts.children.contains(pid))
    {
        return Ok(Err("programs are being started or stopped"));
    }
    let plan = Plan::make(&target.config, facts, &survey)?;
    // One is our own.
    if accepted.is_patient && plan.connections > 1 {
        return Ok(Err("clients are connected"));
    }
    let shown: BTreeSet<String> =
        accepted.plan.restarted().map(|(program, _)| program.reported.full_name()).collect();
    if plan.restarted().any(|(program, _)| !shown.contains(&program.reported.full_name())) {
        return Ok(Err("more programs than shown would be restarted"));
    }
    let clocks = Now { mono: Mono(clock::monotonic()), wall: Wall(clock::wall()) };
    let handover = Handover::make(target, facts, &plan, &survey, clocks)?;
    Ok(Ok(Stopped { plan, handover }))
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn replace(
    target: &Target,
    facts: &Facts,
    accepted: &Accepted<'_>,
    program: &Path,
) -> Result<Attempt, String> {
    use crate::os::poll_call::CALLS;
    use crate::os::tracee::{StopError, Tracee};
    let mut tracee = match Tracee::stop(target.pid, CALLS) {
        Ok(tracee) => tracee,
        Err(StopError::Elsewhere) => return Ok(Attempt::Busy("the daemon is busy")),
        Err(StopError::Io(error)) => return Err(inaccessible(target.pid, &error)),
    };
    let stopped = match examine(target, facts, accepted)? {
        Ok(stopped) => stopped,
        Err(why) => return Ok(Attempt::Busy(why)),
    };
    let failed = |error: std::io::Error| {
        format!(
            "{} could not be executed by the daemon: {}",
            program.display(),
            errno::describe(&error)
        )
    };
    let state = tracee.memory_file(&stopped.handover.bytes).map_err(failed)?;
    let result = execute(&mut tracee, target, program, state, &stopped.handover.kept);
    if let Err(error) = result {
        for number in &stopped.handover.kept {
            // What matters is the first error.
            let _ = tracee.set_inherited(*number, false);
        }
        let _ = tracee.close(state);
        return Err(failed(error));
    }
    // The new program acts on signals as soon as it is ready.
    tracee.release(&CAUGHT).map_err(|error| inaccessible(target.pid, &error))?;
    Ok(Attempt::Done(Box::new(stopped.plan)))
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn execute(
    tracee: &mut crate::os::tracee::Tracee,
    target: &Target,
    program: &Path,
    state: i32,
    kept: &[i32],
) -> std::io::Result<()> {
    use std::io;
    use std::os::unix::ffi::OsStrExt as _;
    for number in kept {
        tracee.set_inherited(*number, true)?;
    }
    let string = |bytes: &[u8]| CString::new(bytes).map_err(io::Error::other);
    let arguments = target.arguments.iter().map(|it| string(it.as_bytes()));
    let arguments = arguments.collect::<io::Result<Vec<_>>>()?;
    let name = format!("{VARIABLE}=");
    let own = format!("{name}{state},-");
    let inherited = target.environment.iter().filter(|it| !it.starts_with(name.as_bytes()));
    let environment = inherited.map(|it| string(it)).chain([string(own.as_bytes())]);
    let environment = environment.collect::<io::Result<Vec<_>>>()?;
    let program = string(program.as_os_str().as_bytes())?;
    tracee.execute(&program, &arguments, &environment)
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn replace(_: &Target, _: &Facts, _: &Accepted<'_>, _: &Path) -> Result<Attempt, String> {
    // `Target::examine` has refused it before.
    Err("it is not supported on this machine".to_owned())
}

/// Looks at a daemon that is never seen waiting: it is stopped for a moment.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn look_at_stopped(pid: i32) -> std::io::Result<Option<Survey>> {
    use crate::os::poll_call::CALLS;
    use crate::os::tracee::{StopError, Tracee};
    let _stopped = match Tracee::stop(pid, CALLS) {
        Ok(tracee) => tracee,
        Err(StopError::Elsewhere) => return Ok(None),
        Err(StopError::Io(error)) => return Err(error),
    };
    Survey::of(pid)
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn look_at_stopped(_: i32) -> std::io::Result<Option<Survey>> {
    Ok(None)
}
