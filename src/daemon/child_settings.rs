//! The resource limits, niceness and OOM score of a program as the kernel takes them.

use crate::conf::config::Process;
use crate::conf::limits::Resource as Limited;
use crate::conf::process_limits;
use crate::conf::sections::program;
use crate::os::child_settings::{ChildSetting, Setting};
use crate::os::limits::{ChildLimit, Resource};

/// What a child of this program sets, in an order in which no setting is in the way of a later one:
/// the OOM score needs a descriptor, and a limit may permit a niceness.
pub(super) fn of(process: &Process) -> Vec<ChildSetting> {
    let oom_score = process.oom_score_adj.map(|score| ChildSetting {
        name: program::OOM_SCORE_ADJ.name,
        value: Setting::OomScore(score.to_string()),
    });
    let limits = process_limits::of(process).map(|(name, resource, limit)| {
        let limit = ChildLimit::new(kernel_resource(resource), limit.soft, limit.hard);
        ChildSetting { name, value: Setting::Limit(limit) }
    });
    let niceness = process.nice.map(|niceness| ChildSetting {
        name: program::NICE.name,
        value: Setting::Niceness(niceness),
    });
    oom_score.into_iter().chain(limits).chain(niceness).collect()
}

fn kernel_resource(resource: Limited) -> Resource {
    match resource {
        Limited::AddressSpace => Resource::RLIMIT_AS,
        Limited::Core => Resource::RLIMIT_CORE,
        Limited::Cpu => Resource::RLIMIT_CPU,
        Limited::Data => Resource::RLIMIT_DATA,
        Limited::FileSize => Resource::RLIMIT_FSIZE,
        Limited::Locks => Resource::RLIMIT_LOCKS,
        Limited::LockedMemory => Resource::RLIMIT_MEMLOCK,
        Limited::MessageQueues => Resource::RLIMIT_MSGQUEUE,
        Limited::Nice => Resource::RLIMIT_NICE,
        Limited::OpenFiles => Resource::RLIMIT_NOFILE,
        Limited::Processes => Resource::RLIMIT_NPROC,
        Limited::ResidentSet => Resource::RLIMIT_RSS,
        Limited::RealtimePriority => Resource::RLIMIT_RTPRIO,
        Limited::RealtimeTime => Resource::RLIMIT_RTTIME,
        Limited::PendingSignals => Resource::RLIMIT_SIGPENDING,
        Limited::Stack => Resource::RLIMIT_STACK,
    }
}
