//! The method table: every method with its parameters, return type, help text and function.
//! Dispatch, arity checks, the `system` methods and the reference are derived from it.

use std::fmt::Write;

use super::access::Access;
use super::answer::Answer;
use super::args::Args;
use super::audit;
use super::context::Context;
use super::fault::{Code, Fault};
use super::method::Availability::{Always, NotShutdown, Running};
use super::method::Namespace::{Supervisor, Supkit, System, Twiddler};
use super::method::{Method, Namespace, Param};
use super::record::Record;
use super::value::Value;
use super::{
    config, control, daemon, dependencies, disabling, graph, info, jobs, log_files, logs,
    permission, reload, resources, rolling, schedules, supkit, system, twiddler, upgrade, why,
};
use crate::conf::Config;
use crate::conf::config::{RpcFactory, RpcInterface};

const fn req(name: &'static str, kind: &'static str) -> Param {
    Param { name, kind, is_optional: false, is_secret: false }
}

const fn opt(name: &'static str, kind: &'static str) -> Param {
    Param { name, kind, is_optional: true, is_secret: false }
}

/// A text that may contain a password.
const fn secret(name: &'static str) -> Param {
    Param { name, kind: "string", is_optional: false, is_secret: true }
}

const NAME: Param = req("name", "string");
const WAIT: Param = opt("wait", "boolean");
const SIGNAL: Param = req("signal", "string");
const OFFSET: Param = req("offset", "int");
const LENGTH: Param = req("length", "int");

macro_rules! methods {
    ($($name:literal $namespace:ident $availability:ident $access:ident ($($param:expr),*) -> $returns:literal, $run:path, $help:expr;)*) => {
        &[$(Method {
            name: $name,
            namespace: $namespace,
            params: &[$($param),*],
            returns: $returns,
            help: $help,
            access: Access::$access,
            availability: $availability,
            run: $run,
        },)*]
    };
}

const START: &str = "Start a process; `group:*` starts all processes of a group. With `wait` the \
    call returns when the process has stayed up for its `startsecs`.";
const STOP: &str = "Stop a process; `group:*` stops all processes of a group. With `wait` the call \
    returns when the process has terminated.";
const READ: &str = "Read `length` bytes of a log from `offset` on. Length 0 reads to the end; a \
    negative offset with length 0 reads that many bytes from the end.";
const TAIL: &str = "Read at most `length` bytes of a log from `offset` on, or the last `length` bytes \
    if there are more. Returns the text, the size of the log, and whether bytes were omitted.";
const CLEAR: &str = "Truncate the logs of a process.";
const API: &str = "The version of this interface.";

pub static METHODS: &[Method] = methods! {
    "supervisor.addProcessGroup" Supervisor Running Administer (NAME) -> "boolean", config::add_process_group,
        "Activate a group of the configuration; its programs with `autostart` are started.";
    "supervisor.clearAllProcessLogs" Supervisor Running ControlAll () -> "array", logs::clear_all_process_logs,
        "Truncate the logs of all processes. Returns a struct for each process.";
    "supervisor.clearLog" Supervisor Running Administer () -> "boolean", logs::clear_log,
        "Truncate the activity log.";
    "supervisor.clearProcessLog" Supervisor Running Control (NAME) -> "boolean", logs::clear_process_logs, CLEAR;
    "supervisor.clearProcessLogs" Supervisor Running Control (NAME) -> "boolean", logs::clear_process_logs, CLEAR;
    "supervisor.getAPIVersion" Supervisor Running See () -> "string", daemon::get_api_version, API;
    "supervisor.getAllConfigInfo" Supervisor Running ReadOptions () -> "array", config::get_all_config_info,
        "A struct of settings for each process of the configuration, active or not.";
    "supervisor.getAllProcessInfo" Supervisor Running See () -> "array", info::get_all_process_info,
        "The result of `getProcessInfo` for all processes.";
    "supervisor.getIdentification" Supervisor Running See () -> "string", daemon::get_identification,
        "The `identifier` of this daemon.";
    "supervisor.getPID" Supervisor Running See () -> "int", daemon::get_pid,
        "The process id of this daemon.";
    "supervisor.getProcessInfo" Supervisor Running See (NAME) -> "struct", info::get_process_info,
        "State, times, logs and a description of one process.";
    "supervisor.getState" Supervisor Running See () -> "struct", daemon::get_state,
        "The state of this daemon, as `statecode` and `statename`.";
    "supervisor.getSupervisorVersion" Supervisor Running See () -> "string",
        daemon::get_supervisor_version, "The version of Supervisor that this daemon is compatible with.";
    "supervisor.getVersion" Supervisor Running See () -> "string", daemon::get_api_version, API;
    "supervisor.readLog" Supervisor Running ReadMainLog (OFFSET, LENGTH) -> "string", logs::read_log, READ;
    "supervisor.readMainLog" Supervisor Running ReadMainLog (OFFSET, LENGTH) -> "string", logs::read_log, READ;
    "supervisor.readProcessLog" Supervisor Running ReadLog (NAME, OFFSET, LENGTH) -> "string",
        logs::read_process_stdout_log, READ;
    "supervisor.readProcessStderrLog" Supervisor Running ReadLog (NAME, OFFSET, LENGTH) -> "string",
        logs::read_process_stderr_log, READ;
    "supervisor.readProcessStdoutLog" Supervisor Running ReadLog (NAME, OFFSET, LENGTH) -> "string",
        logs::read_process_stdout_log, READ;
    "supervisor.reloadConfig" Supervisor Running Administer () -> "array", config::reload_config,
        "Read the configuration again and return `[[added, changed, removed]]`, lists of group \
         names. Nothing is started or stopped.";
    "supervisor.removeProcessGroup" Supervisor Running Administer (NAME) -> "boolean",
        config::remove_process_group, "Remove a group whose processes are all stopped.";
    "supervisor.restart" Supervisor Running Administer () -> "boolean", daemon::restart,
        "Stop all processes, read the configuration again and restart the daemon.";
    "supervisor.sendProcessStdin" Supervisor Running Control (NAME, secret("chars")) -> "boolean",
        control::send_process_stdin, "Write to the standard input of a process, as UTF-8.";
    "supervisor.sendRemoteCommEvent" Supervisor Always Administer (req("type", "string"), req("data", "string"))
        -> "boolean", control::send_remote_comm_event,
        "Send a REMOTE_COMMUNICATION event to the event listeners.";
    "supervisor.shutdown" Supervisor Running Administer () -> "boolean", daemon::shutdown,
        "Stop all processes and exit.";
    "supervisor.signalAllProcesses" Supervisor Running ControlAll (SIGNAL) -> "array",
        control::signal_all_processes, "Send a signal to all processes. Returns a struct for each process.";
    "supervisor.signalProcess" Supervisor Running Control (NAME, SIGNAL) -> "boolean",
        control::signal_process, "Send a signal, by name or number, to a process; `group:*` means a group.";
    "supervisor.signalProcessGroup" Supervisor Running ControlGroup (NAME, SIGNAL) -> "array",
        control::signal_process_group, "Send a signal to all processes of a group. Returns a struct for each.";
    "supervisor.startAllProcesses" Supervisor Running ControlAll (WAIT) -> "array",
        control::start_all_processes, "Start all processes by priority. Returns a struct for each process.";
    "supervisor.startProcess" Supervisor Running Control (NAME, WAIT) -> "boolean",
        control::start_process, START;
    "supervisor.startProcessGroup" Supervisor Running ControlGroup (NAME, WAIT) -> "array",
        control::start_process_group, "Start all processes of a group. Returns a struct for each process.";
    "supervisor.stopAllProcesses" Supervisor Running ControlAll (WAIT) -> "array",
        control::stop_all_processes, "Stop all processes. Returns a struct for each process.";
    "supervisor.stopProcess" Supervisor Running Control (NAME, WAIT) -> "boolean",
        control::stop_process, STOP;
    "supervisor.stopProcessGroup" Supervisor Running ControlGroup (NAME, WAIT) -> "array",
        control::stop_process_group, "Stop all processes of a group. Returns a struct for each process.";
    "supervisor.tailProcessLog" Supervisor Running ReadLog (NAME, OFFSET, LENGTH) -> "array",
        logs::tail_process_stdout_log, TAIL;
    "supervisor.tailProcessStderrLog" Supervisor Running ReadLog (NAME, OFFSET, LENGTH) -> "array",
        logs::tail_process_stderr_log, TAIL;
    "supervisor.tailProcessStdoutLog" Supervisor Running ReadLog (NAME, OFFSET, LENGTH) -> "array",
        logs::tail_process_stdout_log, TAIL;
    "system.listMethods" System Always See () -> "array", list_methods,
        "The names of all methods.";
    "system.methodHelp" System Always See (NAME) -> "string", method_help,
        "What a method does.";
    "system.methodSignature" System Always See (NAME) -> "array", method_signature,
        "The type that a method returns, then the types of its parameters.";
    "system.multicall" System Always See (req("calls", "array")) -> "array", multicall,
        "Make several calls, structs of `methodName` and `params`, in sequence. Returns their \
         results; a fault is a struct of `faultCode` and `faultString`.";
    "twiddler.addProgramToGroup" Twiddler NotShutdown Administer (req("group_name", "string"),
        req("program_name", "string"), req("program_options", "struct")) -> "boolean",
        twiddler::add_program_to_group,
        "Add the processes of a program, with options as in the configuration file, to a group.";
    "twiddler.getAPIVersion" Twiddler NotShutdown See () -> "int", twiddler::get_api_version, API;
    "twiddler.getGroupNames" Twiddler NotShutdown See () -> "array", twiddler::get_group_names,
        "The names of the active groups.";
    "twiddler.log" Twiddler NotShutdown Administer (req("message", "string"), opt("level", "string|int"))
        -> "boolean", twiddler::log, "Write a line to the activity log.";
    "twiddler.removeProcessFromGroup" Twiddler NotShutdown Administer (req("group_name", "string"),
        req("process_name", "string")) -> "boolean", twiddler::remove_process_from_group,
        "Remove a stopped process from its group.";
    "supkit.awaitJob" Supkit Always See (req("id", "int"), opt("done", "int"), opt("from", "int"))
        -> "struct", jobs::await_job,
        "Wait until a job has finished, or until `done` of its processes are done. Returns the struct \
         of `getJobs` with `members`: for a start or stop a struct for each process, in the order in \
         which they were done and without the first `from`, with `group`, `name`, `result` (pending, \
         done, failed), `reason` (why it failed) and `killed` (SIGKILL was needed). A client that \
         disconnects changes nothing.";
    "supkit.cancelJob" Supkit Running ControlListed (req("id", "int")) -> "boolean", rolling::cancel_job,
        "End a rolling restart or a rolling update: no further process is taken out of service, and \
         those that are out are restarted and put back. The job then finishes as failed, with what was \
         not restarted. Fails for other jobs.";
    "supkit.disableAllProcesses" Supkit Running ControlAll () -> "array",
        disabling::disable_all_processes,
        "Disable all groups that are active now. Returns the same as `disableProcess`.";
    "supkit.disableProcess" Supkit Running Control (req("name", "string")) -> "array",
        disabling::disable_process,
        "Disable a process, or `group:*`: it is not started, neither automatically nor by request, \
         until it is enabled. This persists when the configuration changes and the daemon restarts. A \
         process that runs continues, but is not restarted. Returns a struct for each process with \
         `group`, `name`, `disabled`, `changed` and `running`.";
    "supkit.enableAllProcesses" Supkit Running ControlAll () -> "array",
        disabling::enable_all_processes,
        "Enable all processes that are active now. Nothing is started. Returns the same as \
         `disableProcess`.";
    "supkit.enableProcess" Supkit Running Control (req("name", "string")) -> "array",
        disabling::enable_process,
        "Enable a process, or `group:*`, that was disabled. Nothing is started. Returns the same as \
         `disableProcess`.";
    "supkit.explainProcess" Supkit Always ReadLog (NAME) -> "struct", why::explain_process,
        "Why a process is in its state, and how its last children ended: `text` for people, `name`, \
         `state`, `failed_starts`, `spawn_error`, `waits_for`, `endings` (newest first; a struct for \
         each with `time`, `failed`, `output` by stream, `kind` (expected, unexpected, too quickly, \
         stopped, not spawned) and either `error` or `description`, `pid`, `lasted` in seconds, \
         `exitstatus`, `signal`, `core_dumped`, `killed`, `oom_kill` (empty if it is not suspected, \
         else confirmed, likely, possible, excluded, unknown), `usage` (`peak_memory_kib`, \
         `cpu_user`, `cpu_system`), and where they apply `stop` (`by`, `job`, `signal`, `time`) and \
         `sent_signal` (`signal`, `requester`, `time`)), `endings_total`, `endings_failed`, \
         `changes` (options on disk that are not applied: `option`, `from`, `to`, `file`, `line`), \
         `changes_problem` (why they are unknown), and where they apply `disabled` (true), \
         `next_run` (Unix time), `next_attempt` and `kill_in` (seconds), `stop` and `child` (`pid`, `up`, `usage`, `not_ready`, `output`).";
    "supkit.getDependencies" Supkit Always See () -> "array", dependencies::get_dependencies,
        "What each process with `depends_on` depends on: a struct for each with `group`, `name`, \
         `waits` (it is started as soon as its dependencies are met), `reason` (what it waits for; \
         empty if it does not wait), `failed` (the part of that which only a request can change, such as \
         `waits for zeoserver: FATAL`; empty if there is none) and `depends_on`, a struct for each dependency with `name`, \
         `condition`, `is_met`, `processes` (the full names of those that it means) and `any` (the \
         number of the `any(...)` in which it is written, of which one suffices; otherwise 0).";
    "supkit.getEventPools" Supkit Running See () -> "array", supkit::get_event_pools,
        "The event listener pools: a struct for each with `group`, `buffered`, `buffer_size`, \
         `dropped` (the number of events dropped from the full buffer) and `listeners`, with the \
         `name` and protocol `state` of each process.";
    "supkit.getGraph" Supkit Always See () -> "struct", graph::get_graph,
        "Which process depends on which: `processes`, a struct for each with `name`, `state`, \
         `readiness` (ready, not ready, or empty without ready_ options), `waits` and `needs` (as \
         `depends_on` of `getDependencies`), and `critical_path`: the processes that came up one \
         after the other, each waiting for the previous one, up to the one that came up last, a \
         struct for each with `name` and `milliseconds`.";
    "supkit.getJobs" Supkit Always See () -> "array", jobs::get_jobs,
        "The running jobs and the last hundred that finished, oldest first: a struct for each with \
         `id`, `kind` (start, stop, restart, rolling restart, enable, update, stop and shutdown, \
         shutdown), `target`, \
         `requester`, `state` (running, done, failed), `started` and `finished` (Unix time; 0 if not \
         finished), `waits_for` (names of processes, in a rolling restart with what each waits for) \
         and `failures` (sentences).";
    "supkit.getLastExits" Supkit Always See () -> "array", supkit::get_last_exits,
        "How the last child of each process ended, if one has: a struct for each with `group`, `name`, \
         `exitstatus` (-1 after a signal), `signal` (its name; empty without one), `core_dumped`, \
         `expected` (stopped on request, or an expected exit code), `killed` (SIGKILL was needed, \
         because it did not stop within `stopwaitsecs`), `time` (Unix time) and `description`.";
    "supkit.getProbes" Supkit Always See () -> "array", dependencies::get_probes,
        "The processes with ready_ or live_ options: a struct for each with `group`, `name`, \
         `is_ready` (true without ready_ options), `reason` (why it is not ready; empty if it is, or \
         if it is not up), `status` (the STATUS of its last notification) and `probes`, a struct for \
         each probe of a process that is up with `name`, `target`, `is_up` and `error` (why the last \
         probe failed; empty if it did not).";
    "supkit.getResourceHistory" Supkit Always See (NAME, opt("seconds", "int")) -> "struct",
        resources::get_resource_history,
        "What a process used in the last `seconds`, at most (and by default) those of a day, minute by \
         minute: `name`, `begin` (Unix time of the first minute), `interval` (60), the arrays \
         `cpu_percent`, `memory_kib` and `descriptors` (as in `getResources`, oldest first; -1 for \
         what is not known) and `marks`, a struct with `time`, `kind` (started, ended, failed) and `text` \
         (how it ended; empty if that is not known any more) for each start and end.";
    "supkit.getResources" Supkit Always See () -> "struct", resources::get_resources,
        "What processes, the machine and this daemon use, measured for this call unless that was done \
         in the last second (with many programs, the last ten seconds). `processes`: a struct for \
         each with `group`, `name`, `state`, `reason` \
         (why it is in this state; empty if that is as usual), `pid` (0 without), `uptime` (seconds), \
         `restarts` (how often it was started again), `last_exit` (how its last child ended; empty if \
         none has), `last_exit_time` (Unix time), `cpu_seconds` (of all its children so far) and, while \
         it runs, `cpu_percent` (since the previous measurement; 100 is one processor), `memory_kib`, \
         `processes` and `descriptors` (if they may be counted) of the process and its descendants. \
         `machine`: `processors`, `cpu_percent` (of all processors), `load` (of 1, 5 and 15 minutes), \
         `memory_kib` and `available_kib`. `daemon`: `pid`, `cpu_seconds`, `memory_kib` and \
         `descriptors`.";
    "supkit.getSchedules" Supkit Always See () -> "array", schedules::get_schedules,
        "The processes with `schedule`: a struct for each with `group`, `name`, `expression`, \
         `timezone` (empty for that of the system) and `next_run` (Unix time; 0 if none is planned).";
    "supkit.getVersion" Supkit Always See () -> "string", supkit::get_version,
        "The version of supkit.";
    "supkit.planUpdate" Supkit Running ReadPlan (opt("groups", "array")) -> "array", supkit::plan_update,
        "Read the configuration again without applying it, and return what an update would do: a \
         struct for each group with `group`, `action` (added, changed, removed), \
         `error` (empty) and `details`.";
    "supkit.readLogBytes" Supkit Running ReadAnyLog (req("name", "string"), req("channel", "string"), OFFSET,
        LENGTH) -> "base64", logs::read_log_bytes,
        "Read at most 64 KiB of a log as they are, with the offset and length of \
         `supervisor.readProcessStdoutLog`. The channel is `stdout` or `stderr`; an empty name means the \
         log of the daemon, which requires the role operator.";
    "supkit.reloadAllProcesses" Supkit Running ControlAll () -> "array", reload::reload_all_processes,
        "Send every running process that has a `reloadsignal` that signal. Returns a struct for each.";
    "supkit.reloadProcess" Supkit Running Control (NAME) -> "boolean", reload::reload_process,
        "Send a process its `reloadsignal`; `group:*` means a group. Fails with BAD_SIGNAL if it has \
         none, and with NOT_RUNNING if it does not run.";
    "supkit.reloadProcessGroup" Supkit Running ControlGroup (NAME) -> "array", reload::reload_process_group,
        "Send all running processes of a group their `reloadsignal`. Returns a struct for each.";
    "supkit.reopenLogs" Supkit Running ControlLogs (opt("name", "string")) -> "array", log_files::reopen_logs,
        "Close the logs of a process, of a group, or all logs with that of the daemon, and open them \
         under their names. Returns the paths of those that were open. Without \
         a name it requires the role admin.";
    "supkit.restartRolling" Supkit Running ControlListed (req("names", "array"), opt("max_unavailable", "int"))
        -> "array", rolling::restart_rolling,
        "Restart processes one after the other: each is taken out of service as its drain_ options \
         say, restarted, awaited until it is ready, and put back. At most `max_unavailable` (1) are \
         out of service at the same time. A name is that of a process or a group, `group:*`, a shell \
         pattern or `all`. The restart continues if the client disconnects, and ends with the first \
         process that does not become ready, or if a process is stopped. Returns when it is complete: \
         a struct for each process with `name`, `result` (restarted, failed, untouched) and `reason` \
         (why it failed). Fails if another job is changing one of the processes.";
    "supkit.rotateLogs" Supkit Running ControlLogs (opt("name", "string")) -> "array", log_files::rotate_logs,
        "Rotate the logs of a process, of a group, or all logs with that of the daemon, whatever \
         their sizes. Empty logs and those that are no files are left as they are. Returns the paths \
         of the others. Fails for a log without backups. Without a name it requires the role \
         admin.";
    "supkit.startAutostart" Supkit Running ControlAll () -> "int", control::start_autostart,
        "Start the processes with `autostart` that are down, in the order of their priorities. Left \
         out are those that are disabled, have completed, or will be started by another job. Returns \
         the id of the job at once; 0 if nothing is to be started.";
    "supkit.stopAndShutdown" Supkit Running Administer () -> "int", jobs::stop_and_shutdown,
        "Stop one process after the other, the highest priority first, what depends on it before, and \
         then shut the daemon down. Returns the id of the job at once; the job is finished without \
         the client, and other jobs are cancelled. If such a job runs already, its id is returned.";
    "supkit.updateMinimal" Supkit Running Administer (opt("groups", "array")) -> "array",
        supkit::update_minimal,
        "Read the configuration again and apply it, restarting only changed processes. The update \
         continues if the client disconnects. Returns when it is complete, in the form of \
         `planUpdate`; `error` is what failed in a group. Fails if another job is changing one of \
         the groups.";
    "supkit.updateRolling" Supkit Running Administer (opt("groups", "array"), opt("max_unavailable", "int"))
        -> "array", supkit::update_rolling,
        "As `updateMinimal`, but changed processes are restarted as by `restartRolling`, group by \
         group. The first one that does not become ready ends the update; the groups after it stay as \
         they are.";
    "supkit.upgrade" Supkit Running Administer (opt("program", "string")) -> "int", upgrade::upgrade,
        "Replace the program of the daemon while everything runs on: pids, uptimes, logs, listening \
         sockets and connections stay. Without a path it is the file from which the daemon was \
         started, which a new version may have replaced. A path is an absolute one to a file that \
         only the user of the daemon or root can change. Returns the id of the job at once. The new program first shows that \
         it can read the state; if it cannot, the job fails with the reason and the old one runs on. \
         Fails if another upgrade runs.";
};

// The `system` methods work on this table.

fn list_methods(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    Ok(system::list_methods(published(context.supervisor.config())).into())
}

fn method_help(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::Str(find(context, args)?.documentation()).into())
}

fn method_signature(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    Ok(system::signature(find(context, args)?).into())
}

fn find(context: &Context<'_>, args: &Args<'_>) -> Result<&'static Method, Fault> {
    let name = args.value(0).as_str().unwrap_or_default();
    let found = published(context.supervisor.config()).find(|(published, _)| published == name);
    found.map(|(_, method)| method).ok_or_else(|| Fault::bare(Code::SignatureUnsupported))
}

fn multicall(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    system::multicall(context, args, call)
}

/// The namespaces of a configuration, each with the kind of its methods.
fn namespaces(config: &Config) -> impl Iterator<Item = (&str, Namespace)> {
    const SYSTEM: &str = "system";
    let interfaces = &config.rpcinterfaces;
    // Supervisor adds `system` last, so that it hides an interface of that name.
    let configured = interfaces.iter().filter(|it| it.namespace != SYSTEM);
    let configured = configured.map(|it| match it.factory {
        RpcFactory::Main => (it.namespace.as_str(), Supervisor),
        RpcFactory::Twiddler => (it.namespace.as_str(), Twiddler),
    });
    let own = interfaces.iter().any(RpcInterface::is_main).then_some(("supkit", Supkit));
    configured.chain([(SYSTEM, System)]).chain(own)
}

/// All methods of a configuration with their full names.
fn published(config: &Config) -> impl Iterator<Item = (String, &'static Method)> {
    namespaces(config).flat_map(|(namespace, kind)| {
        let methods = METHODS.iter().filter(move |method| method.namespace == kind);
        methods.map(move |method| (format!("{namespace}.{}", method.own_name()), method))
    })
}

/// The method that a call means. A namespace with a dot cannot be called, as in Supervisor.
fn resolve(config: &Config, name: &str) -> Option<&'static Method> {
    let (namespace, own) = name.split_once('.')?;
    let (_, kind) = namespaces(config).find(|(known, _)| *known == namespace)?;
    METHODS.iter().find(|method| method.namespace == kind && method.own_name() == own)
}

/// The method that a call means, by its name in the table.
pub fn table_name(config: &Config, name: &str) -> &'static str {
    resolve(config, name).map_or("unknown", |method| method.name)
}

/// Checks that the configuration allows a method of a twiddler interface.
fn check_whitelist(config: &Config, name: &str) -> Result<(), Fault> {
    let (namespace, own) = name.split_once('.').unwrap_or_default();
    let interface = config.rpcinterfaces.iter().find(|it| it.namespace == namespace);
    match interface.filter(|interface| interface.factory == RpcFactory::Twiddler) {
        Some(interface) => twiddler::check_whitelist(&interface.whitelist, own),
        None => Ok(()),
    }
}

/// Dispatches a call. Actions, and whatever the account may not do, are written to the audit log.
pub fn call(context: &mut Context<'_>, name: &str, params: &[Value]) -> Answer {
    let method = resolve(context.supervisor.config(), name);
    let method = method.ok_or_else(|| Fault::bare(Code::UnknownMethod))?;
    let answer = call_method(context, method, name, params);
    let is_refused = answer.as_ref().is_err_and(|fault| fault.refusal().is_some());
    if method.access.is_action() || is_refused {
        context.services.audit(Record {
            interface: "xml-rpc",
            action: name.to_owned(),
            arguments: audit::arguments(method.params, params),
            result: audit::result_of(&answer),
        });
    }
    answer
}

fn call_method(context: &mut Context<'_>, method: &Method, name: &str, params: &[Value]) -> Answer {
    let required = method.params.iter().filter(|param| !param.is_optional).count();
    if !(required..=method.params.len()).contains(&params.len()) {
        return Err(Fault::bare(Code::IncorrectParameters));
    }
    if !method.is_available(context.supervisor.mood()) {
        return Err(Fault::bare(Code::ShutdownState));
    }
    check_whitelist(context.supervisor.config(), name)?;
    let first = params.first().and_then(Value::as_str).unwrap_or_default();
    permission::check(context, method.access, name, first)?;
    (method.run)(context, &Args(params))
}

/// Renders the reference page.
pub fn reference() -> String {
    let mut page = String::from(
        "# XML-RPC methods\n\n\
         Generated from the method table by a test; do not edit. Parameters in brackets are optional.\n",
    );
    let namespaces = [
        (Supervisor, "supervisor"),
        (System, "system"),
        (Twiddler, "twiddler (with a `[rpcinterface:twiddler]` section)"),
        (Supkit, "supkit (extensions)"),
    ];
    for (namespace, title) in namespaces {
        let _ = write!(page, "\n## {title}\n");
        for method in METHODS.iter().filter(|method| method.namespace == namespace) {
            let signature = |param: &Param| {
                let text = format!("{}: {}", param.name, param.kind);
                if param.is_optional { format!("[{text}]") } else { text }
            };
            let params: Vec<String> = method.params.iter().map(signature).collect();
            let (name, params, returns) = (method.name, params.join(", "), method.returns);
            let (help, role) = (method.help, method.access.role().name());
            let _ =
                write!(page, "\n### `{name}({params}) -> {returns}`\n\n{help}\n\nRole: {role}.\n");
        }
    }
    page
}
