//! The resource limits of a program: which option sets which.

use super::limits::{Resource, ResourceLimit};
use super::process::{self as p, Process};

/// The limits that a program sets, each with the name of its option.
pub fn of(process: &Process) -> impl Iterator<Item = (&'static str, Resource, ResourceLimit)> {
    use Resource as R;
    let all = [
        (p::RLIMIT_AS.name, R::AddressSpace, &process.rlimit_as),
        (p::RLIMIT_CORE.name, R::Core, &process.rlimit_core),
        (p::RLIMIT_CPU.name, R::Cpu, &process.rlimit_cpu),
        (p::RLIMIT_DATA.name, R::Data, &process.rlimit_data),
        (p::RLIMIT_FSIZE.name, R::FileSize, &process.rlimit_fsize),
        (p::RLIMIT_LOCKS.name, R::Locks, &process.rlimit_locks),
        (p::RLIMIT_MEMLOCK.name, R::LockedMemory, &process.rlimit_memlock),
        (p::RLIMIT_MSGQUEUE.name, R::MessageQueues, &process.rlimit_msgqueue),
        (p::RLIMIT_NICE.name, R::Nice, &process.rlimit_nice),
        (p::RLIMIT_NOFILE.name, R::OpenFiles, &process.rlimit_nofile),
        (p::RLIMIT_NPROC.name, R::Processes, &process.rlimit_nproc),
        (p::RLIMIT_RSS.name, R::ResidentSet, &process.rlimit_rss),
        (p::RLIMIT_RTPRIO.name, R::RealtimePriority, &process.rlimit_rtprio),
        (p::RLIMIT_RTTIME.name, R::RealtimeTime, &process.rlimit_rttime),
        (p::RLIMIT_SIGPENDING.name, R::PendingSignals, &process.rlimit_sigpending),
        (p::RLIMIT_STACK.name, R::Stack, &process.rlimit_stack),
    ];
    all.into_iter().filter_map(|(name, resource, limit)| Some((name, resource, **limit.as_ref()?)))
}
