//! `GET /metrics`: the state of processes, of the daemon and of the machine for Prometheus. One table
//! has all metrics; `docs/monitoring.md` describes them.

use crate::core::Process;
use crate::core::effect::OutputStream;
use crate::core::state::{Mood, ProcessState};
use crate::http::{Reply, Request};
use crate::rpc::Context;
use crate::rpc::call_stats::BOUNDS;
use crate::rpc::context::LogTotals;
use crate::rpc::method::SUPERVISOR_VERSION;
use crate::rpc::names;

use super::exposition::{Exposition, Format, Kind, labels};

/// Emits the value of one sample with its own labels.
type Emit<'e> = &'e mut dyn FnMut(&str, f64);

/// Where the samples of a metric come from.
enum Source {
    /// At most one of each process.
    Process(fn(&Context<'_>, &Process) -> Option<f64>),
    /// Several of each process, with labels of their own.
    ProcessParts(fn(&Context<'_>, &Process, Emit<'_>)),
    /// Others.
    Any(fn(&Context<'_>, Emit<'_>)),
    /// The durations of calls.
    Calls,
}

/// A metric; the name has no suffix.
struct Metric {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    source: Source,
}

macro_rules! metrics {
    ($($name:literal $kind:ident $source:ident $of:expr, $help:literal;)*) => {
        &[$(Metric {
            name: $name, kind: Kind::$kind, help: $help, source: Source::$source($of),
        },)*
        Metric {
            name: "supkit_rpc_duration_seconds",
            kind: Kind::Histogram,
            help: "Time until an XML-RPC call was answered, with what the call waited for.",
            source: Source::Calls,
        }]
    };
}

static METRICS: &[Metric] = metrics! {
    "supkit_build" Info Any build, "Versions of supkit and of the Supervisor that it stands in for.";
    "supkit_daemon_running" Gauge Any |context, emit| {
        emit("", flag(context.supervisor.mood() == Mood::Running));
    }, "Whether the daemon is in its state RUNNING, neither shutting down nor restarting.";
    "supkit_process_up" Gauge Process |_, it| Some(flag(it.state() == ProcessState::Running)),
        "Whether the process is RUNNING.";
    "supkit_process_state" Gauge ProcessParts |_, it, emit| {
        emit(&labels([("state", it.state().name())]), 1.0);
    }, "The present state of the process, as a label.";
    "supkit_process_ready" Gauge Process |_, it| it.is_ready().map(flag),
        "Whether a process with ready_ options is ready.";
    "supkit_process_waiting" Gauge Process |context, it| {
        Some(flag(context.supervisor.is_waiting(it.id())))
    }, "Whether the process will be started when what it depends on is up.";
    "supkit_process_disabled" Gauge Process |context, it| {
        Some(flag(context.supervisor.is_disabled(it.id())))
    }, "Whether the process was disabled.";
    "supkit_process_start_time_seconds" Gauge Process |_, it| {
        it.pid().and(it.started()).map(|started| started.wall.0.as_secs_f64())
    }, "When the child that runs was started, in seconds since the epoch.";
    "supkit_process_restarts" Counter Process |_, it| Some(it.restarts() as f64),
        "How often the process was started again.";
    "supkit_process_exits" Counter Process |context, it| {
        Some(record(context, it).map_or(0.0, |record| record.total as f64))
    }, "How many children of the process have ended or could not be started.";
    "supkit_process_failures" Counter Process |context, it| {
        Some(record(context, it).map_or(0.0, |record| record.failures as f64))
    }, "How many of these ends were failures.";
    "supkit_process_cpu_seconds" Counter Process |context, it| {
        Some(context.services.resources().cpu(it).as_secs_f64())
    }, "Time on a processor of the process and its descendants.";
    "supkit_process_resident_memory_bytes" Gauge Process |context, it| {
        context.services.resources().current(it).map(|it| it.memory as f64)
    }, "Resident memory of the process and its descendants.";
    "supkit_process_open_fds" Gauge Process |context, it| {
        let current = context.services.resources().current(it)?;
        current.descriptors.map(|it| it as f64)
    }, "Open descriptors of the process and its descendants.";
    "supkit_process_tree_processes" Gauge Process |context, it| {
        context.services.resources().current(it).map(|it| it.processes as f64)
    }, "The number of the process and its descendants.";
    "supkit_process_log_bytes" Counter ProcessParts |context, it, emit| {
        log_totals(context, it, |totals| totals.bytes, emit);
    }, "Output that was received for the log of a stream, lost output included.";
    "supkit_process_log_lost_bytes" Counter ProcessParts |context, it, emit| {
        log_totals(context, it, |totals| totals.lost_bytes, emit);
    }, "Output that could not be written to the log of a stream, counted when writing works again.";
    "supkit_process_log_lost_lines" Counter ProcessParts |context, it, emit| {
        log_totals(context, it, |totals| totals.lost_lines, emit);
    }, "Lines that could not be written to the log of a stream, counted when writing works again.";
    "supkit_probe_up" Gauge ProcessParts |_, it, emit| {
        for probe in it.probes() {
            emit(&labels([("probe", probe.id.name())]), flag(probe.is_up));
        }
    }, "Whether the last request of a ready_ or live_ probe succeeded.";
    "supkit_event_pool_buffered_events" Gauge Any |context, emit| {
        pools(context, emit, |group| group.buffered() as f64);
    }, "Events that wait for a listener of the pool.";
    "supkit_event_pool_dropped_events" Counter Any |context, emit| {
        pools(context, emit, |group| group.dropped() as f64);
    }, "Events that were dropped because the buffer of the pool was full.";
    "supkit_jobs_running" Gauge Any |context, emit| {
        emit("", context.supervisor.jobs().filter(|it| it.finished().is_none()).count() as f64);
    }, "Jobs that run, such as starts, updates and rolling restarts.";
    "supkit_jobs" Counter Any |context, emit| emit("", context.supervisor.jobs_begun() as f64),
        "Jobs that were begun.";
    "supkit_jobs_failed" Counter Any |context, emit| {
        emit("", context.supervisor.jobs_failed() as f64);
    }, "Jobs that ended with a failure.";
    "supkit_rpc_requests" Counter Any |context, emit| {
        for (method, calls) in context.services.calls().methods() {
            for (result, number) in [("success", calls.succeeded), ("fault", calls.failed)] {
                emit(&labels([("method", method), ("result", result)]), number as f64);
            }
        }
    }, "XML-RPC calls that were answered.";
    "supkit_machine_processors" Gauge Any |context, emit| {
        machine(context, emit, |it| it.processors as f64);
    }, "The number of processors of the machine.";
    "supkit_machine_cpu_seconds" Counter Any |context, emit| {
        if let Some((machine, _)) = context.services.resources().machine() {
            for (mode, time) in [("busy", machine.busy), ("idle", machine.idle)] {
                emit(&labels([("mode", mode)]), time.as_secs_f64());
            }
        }
    }, "Time of all processors of the machine with and without work.";
    "supkit_machine_memory_bytes" Gauge Any |context, emit| {
        machine(context, emit, |it| it.memory as f64);
    }, "Memory of the machine.";
    "supkit_machine_memory_available_bytes" Gauge Any |context, emit| {
        machine(context, emit, |it| it.available as f64);
    }, "Memory of the machine that can be used without swapping.";
    "process_cpu_seconds" Counter Any |context, emit| {
        emit("", context.services.resources().daemon().cpu.as_secs_f64());
    }, "Time on a processor of the daemon.";
    "process_resident_memory_bytes" Gauge Any |context, emit| {
        emit("", context.services.resources().daemon().memory as f64);
    }, "Resident memory of the daemon.";
    "process_open_fds" Gauge Any |context, emit| {
        if let Some(number) = context.services.resources().daemon().descriptors {
            emit("", number as f64);
        }
    }, "Open descriptors of the daemon.";
    "process_start_time_seconds" Gauge Any |context, emit| {
        emit("", context.services.began().0.as_secs_f64());
    }, "When the daemon began, in seconds since the epoch.";
};

/// The names of all samples, for the test of the documentation.
pub fn sample_names() -> Vec<String> {
    let names = METRICS.iter().flat_map(|metric| {
        let suffixes: &[&str] = match metric.kind {
            Kind::Counter => &["_total"],
            Kind::Gauge => &[""],
            Kind::Info => &["_info"],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
        };
        suffixes.iter().map(|suffix| format!("{}{suffix}", metric.name))
    });
    names.collect()
}

/// The reply to a scrape.
pub(super) fn reply(context: &mut Context<'_>, request: &Request) -> Reply {
    context.services.sample_resources(context.supervisor);
    let format = Format::preferred(request.header("accept").unwrap_or_default());
    let text = document(context, format);
    Reply::new(200, format.content_type(), text).header("Cache-Control", "no-store")
}

fn document(context: &Context<'_>, format: Format) -> String {
    let processes = names::by_name(context.supervisor);
    let with_labels: Vec<(&Process, String)> = processes
        .into_iter()
        .map(|it| (it, labels([("group", it.group()), ("process", it.name())])))
        .collect();
    let mut out = Exposition::new(format);
    for metric in METRICS {
        write(&mut out, metric, context, &with_labels);
    }
    out.finish()
}

fn write(
    out: &mut Exposition,
    metric: &Metric,
    context: &Context<'_>,
    processes: &[(&Process, String)],
) {
    let Metric { name, kind, help, source } = metric;
    let sample_name = match kind {
        Kind::Counter => format!("{name}_total"),
        Kind::Info => format!("{name}_info"),
        Kind::Gauge | Kind::Histogram => (*name).to_owned(),
    };
    let mut has_begun = false;
    let mut emit = |labels: &str, value: f64| {
        if !std::mem::replace(&mut has_begun, true) {
            out.begin(name, *kind, help);
        }
        out.sample(&sample_name, labels, value);
    };
    match source {
        Source::Process(of) => {
            for (process, labels) in processes {
                if let Some(value) = of(context, process) {
                    emit(labels, value);
                }
            }
        }
        Source::ProcessParts(of) => {
            for (process, labels) in processes {
                of(context, process, &mut |own, value| emit(&format!("{labels},{own}"), value));
            }
        }
        Source::Any(of) => of(context, &mut emit),
        Source::Calls => write_calls(out, metric, context),
    }
}

fn write_calls(out: &mut Exposition, metric: &Metric, context: &Context<'_>) {
    let name = metric.name;
    for (at, (method, calls)) in context.services.calls().methods().enumerate() {
        if at == 0 {
            out.begin(name, metric.kind, metric.help);
        }
        let all = calls.succeeded + calls.failed;
        for (bound, number) in BOUNDS.iter().zip(calls.within) {
            let bound = format!("{:?}", *bound as f64 / 1000.0);
            let labels = labels([("method", method), ("le", &bound)]);
            out.sample(&format!("{name}_bucket"), &labels, number);
        }
        let labels_of_all = labels([("method", method), ("le", "+Inf")]);
        out.sample(&format!("{name}_bucket"), &labels_of_all, all);
        let labels = labels([("method", method)]);
        out.sample(&format!("{name}_sum"), &labels, calls.duration.as_secs_f64());
        out.sample(&format!("{name}_count"), &labels, all);
    }
}

fn flag(is_set: bool) -> f64 {
    f64::from(u8::from(is_set))
}

fn build(_: &Context<'_>, emit: Emit<'_>) {
    let versions =
        [("version", env!("CARGO_PKG_VERSION")), ("supervisor_version", SUPERVISOR_VERSION)];
    emit(&labels(versions), 1.0);
}

fn record<'c>(
    context: &'c Context<'_>,
    process: &Process,
) -> Option<&'c crate::core::history::Record> {
    context.supervisor.history().of(process.group(), process.name())
}

fn log_totals(context: &Context<'_>, process: &Process, of: fn(LogTotals) -> u64, emit: Emit<'_>) {
    for stream in OutputStream::BOTH {
        if let Some(totals) = context.services.log_totals(process.id(), stream) {
            emit(&labels([("stream", stream.name())]), of(totals) as f64);
        }
    }
}

fn pools(context: &Context<'_>, emit: Emit<'_>, of: fn(&crate::core::Group) -> f64) {
    for group in context.supervisor.groups().iter().filter(|group| group.pool().is_some()) {
        emit(&labels([("pool", group.name())]), of(group));
    }
}

fn machine(
    context: &Context<'_>,
    emit: Emit<'_>,
    of: fn(crate::core::resources::MachineUsage) -> f64,
) {
    if let Some((machine, _)) = context.services.resources().machine() {
        emit("", of(machine));
    }
}
