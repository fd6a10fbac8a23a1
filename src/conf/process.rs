//! The options of a process: each row of the table is a field of [`Process`] and an option of
//! `[program:x]`. What is read, compared, documented and shown in the sample comes from here.
//!
//! `section/table.rs` explains the rows. An option is read once for the section, or for each process,
//! whose number its value may then contain. The number and names of processes are not compared: they
//! show in the processes.

use super::config::{Environment, LogTarget, User};
use super::host::Host;
use super::kinds::{
    Account, ByteLimit, Bytes, Count, CountLimit, Cron, Dependencies, EnvFiles, ExitCodes, Flag,
    Haproxy, HeaderField, Integer, Killed, LogFile, LogLineFormat, Maybe, Niceness, Octal,
    OomScore, Pages, Pattern, Rare, Restart, Seconds, ServerUrl, SignalName, Statuses, TcpAddress,
    Text, Url, Variables, Varnish, ZoneName,
};
use super::program;
use super::schedule::Schedule;
use super::section::Sample::{Commented, Hidden, SupkitOnly};
use super::section::table::options;

options! {
    /// A program, or several processes of it.
    "program", Own;

    /// One configured process: a program after the expansion of `numprocs`.
    struct Process {
        /// `process_name`, expanded.
        name: String,
        /// The section that defines it, such as `program:web`.
        program: String,
    }

    /// Command with arguments; a name without a slash is looked up on PATH.
    COMMAND command: Text = None, Commented("/bin/cat"), Each, read: program::command;
    /// Name of each process.
    PROCESS_NAME process_name: Text = Some("%(program_name)s"), Commented("%(program_name)s"), Once,
        read: program::process_name, differs: never;
    /// Number of processes.
    NUMPROCS numprocs: Integer = Some("1"), Commented("1"), Once, differs: never;
    /// Number of the first process.
    NUMPROCS_START numprocs_start: Integer = Some("0"), Hidden, Once, differs: never;
    /// Working directory.
    DIRECTORY directory: Maybe<Text> = None, Commented("/tmp"), Each;
    /// Umask of the process.
    UMASK umask: Maybe<Octal> = None, Commented("022"), Once;
    /// Low numbers start first and stop last.
    PRIORITY priority: Integer = Some("999"), Commented("999"), Once;
    /// Start it together with the daemon.
    AUTOSTART autostart: Flag = Some("true"), Commented("true"), Once;
    /// Seconds that it must stay up to be considered started.
    STARTSECS startsecs: Integer = Some("1"), Commented("1"), Once;
    /// Number of retries after a failed start; -1 retries without end.
    STARTRETRIES startretries: Integer = Some("3"), Commented("3"), Once;
    /// Restart it after it exits: true, false, or unexpected (by exit code).
    AUTORESTART autorestart: Restart = Some("unexpected"), Commented("unexpected"), Once;
    /// Expected exit codes.
    EXITCODES exitcodes: ExitCodes = Some("0"), Commented("0"), Once;
    /// Signal that stops it.
    STOPSIGNAL stopsignal: SignalName = Some("TERM"), Commented("QUIT"), Once;
    /// Seconds before SIGKILL is sent.
    STOPWAITSECS stopwaitsecs: Integer = Some("10"), Commented("10"), Once;
    /// Send the stop signal to its whole process group.
    STOPASGROUP stopasgroup: Flag = Some("false"), Commented("false"), Once;
    /// Send SIGKILL to its whole process group; the default is the value of stopasgroup.
    KILLASGROUP killasgroup: Flag = None, Commented("false"), Once, read: program::killasgroup;
    /// User to run it as.
    USER user: Maybe<Account> = None, Commented("chrism"), Once, read: program::user,
        differs: other_uid;
    /// Redirect its stderr to its stdout.
    REDIRECT_STDERR redirect_stderr: Flag = Some("false"), Commented("true"), Once;
    /// Log of its stdout: a path, AUTO or NONE.
    STDOUT_LOGFILE stdout_logfile: LogFile = Some("AUTO"), Commented("/a/path"), Each,
        read: program::log_file, differs: other_log;
    /// Size at which that log is rotated; 0 disables rotation.
    STDOUT_LOGFILE_MAXBYTES stdout_logfile_maxbytes: Bytes = Some("50MB"), Commented("1MB"), Each;
    /// Number of rotated logs to keep.
    STDOUT_LOGFILE_BACKUPS stdout_logfile_backups: Integer = Some("10"), Commented("10"), Each;
    /// Maximum bytes of a captured message; 0 disables capturing.
    STDOUT_CAPTURE_MAXBYTES stdout_capture_maxbytes: Bytes = Some("0"), Commented("1MB"), Once;
    /// Send an event for all output to stdout.
    STDOUT_EVENTS_ENABLED stdout_events_enabled: Flag = Some("false"), Commented("false"), Once;
    /// Also send its stdout to syslog.
    STDOUT_SYSLOG stdout_syslog: Flag = Some("false"), Commented("false"), Each;
    /// Log of its stderr: a path, AUTO or NONE.
    STDERR_LOGFILE stderr_logfile: LogFile = Some("AUTO"), Commented("/a/path"), Each,
        read: program::log_file, differs: other_log;
    /// Size at which that log is rotated; 0 disables rotation.
    STDERR_LOGFILE_MAXBYTES stderr_logfile_maxbytes: Bytes = Some("50MB"), Commented("1MB"), Each;
    /// Number of rotated logs to keep.
    STDERR_LOGFILE_BACKUPS stderr_logfile_backups: Integer = Some("10"), Commented("10"), Each;
    /// Maximum bytes of a captured message; 0 disables capturing.
    STDERR_CAPTURE_MAXBYTES stderr_capture_maxbytes: Bytes = Some("0"), Commented("1MB"), Once;
    /// Send an event for all output to stderr.
    STDERR_EVENTS_ENABLED stderr_events_enabled: Flag = Some("false"), Commented("false"), Once;
    /// Also send its stderr to syslog.
    STDERR_SYSLOG stderr_syslog: Flag = Some("false"), Commented("false"), Each;
    /// Environment variables.
    ENVIRONMENT environment: Variables = Some(""), Commented("A=\"1\",B=\"2\""), Each,
        read: program::environment, differs: other_variables;
    /// Value of `SUPERVISOR_SERVER_URL` for the process.
    SERVERURL serverurl: ServerUrl = Some("AUTO"), Commented("AUTO"), Once;
    /// Programs or groups that must be up before it is started: `NAME:running`, `NAME:ready` (its
    /// ready_ probes succeed) or `NAME:completed` (it exited with an expected code), separated by
    /// commas; `any(NAME:ready, NAME:ready)` if one of several suffices.
    DEPENDS_ON depends_on: Dependencies = Some(""), SupkitOnly, Each;
    /// Stop it when a program that it depends on is stopped or terminates, and start it with that
    /// again.
    DEPENDS_RESTART depends_restart: Flag = Some("false"), SupkitOnly, Once;
    /// Files with environment variables, read at each start; a `-` before a path means that it may
    /// be missing. The variables of `environment` take precedence.
    ENV_FILE env_file: EnvFiles = Some(""), SupkitOnly, Each;
    /// The time zone of `schedule`; the default is that of the system.
    SCHEDULE_TIMEZONE schedule_timezone: Maybe<ZoneName> = None, SupkitOnly, Each;
    /// Start it at these times, if it does not run then. With it the defaults of `autostart` and
    /// `autorestart` are false, and that of `startsecs` is 0.
    SCHEDULE schedule: Rare<Cron> = None, SupkitOnly, Each,
        read: program::schedule, differs: other_schedule;
    /// When it ends and is not restarted, stop the others and exit with its status.
    ESSENTIAL essential: Flag = Some("false"), SupkitOnly, Once;
    /// Seconds before a restart, after a failed start and after an exit; the default is Supervisor's:
    /// one second more after each failed start, and at once after an exit.
    RESTARTDELAY restartdelay: Maybe<Seconds> = None, SupkitOnly, Once;
    /// The delay after a failed start grows up to this number of seconds; restartdelay is then the
    /// first one and doubles.
    RESTARTDELAYMAX restartdelaymax: Maybe<Seconds> = None, SupkitOnly, Once;
    /// It is ready when this TCP port accepts connections.
    READY_TCP ready_tcp: Maybe<TcpAddress> = None, SupkitOnly, Each;
    /// It is ready when this unix socket accepts connections.
    READY_UNIX ready_unix: Maybe<Text> = None, SupkitOnly, Each;
    /// It is ready when this URL answers.
    READY_HTTP ready_http: Rare<Url> = None, SupkitOnly, Each;
    /// Statuses of that answer that count as success.
    READY_HTTP_STATUS ready_http_status: Statuses = Some("200-399"), SupkitOnly, Each;
    /// A header field of that request.
    READY_HTTP_HEADER ready_http_header: Maybe<HeaderField> = None, SupkitOnly, Each;
    /// A regular expression that the body of that answer must match.
    READY_HTTP_BODY ready_http_body: Maybe<Pattern> = None, SupkitOnly, Each;
    /// It is ready when this command exits with 0.
    READY_EXEC ready_exec: Maybe<Text> = None, SupkitOnly, Each;
    /// It is ready when a line of its output matches this regular expression.
    READY_LOG ready_log: Maybe<Pattern> = None, SupkitOnly, Each;
    /// It is ready when it sends `READY=1` to `NOTIFY_SOCKET`, as for systemd.
    READY_NOTIFY ready_notify: Flag = Some("false"), SupkitOnly, Once;
    /// Seconds between two readiness probes; before the first success the first intervals are
    /// shorter.
    READY_INTERVAL ready_interval: Seconds = Some("2"), SupkitOnly, Once;
    /// Seconds after which a readiness probe without an answer has failed.
    READY_TIMEOUT ready_timeout: Seconds = Some("5"), SupkitOnly, Once;
    /// Successive successes after which it is ready.
    READY_SUCCESSES ready_successes: Count = Some("1"), SupkitOnly, Once;
    /// Successive failures after which it is no longer ready.
    READY_FAILURES ready_failures: Count = Some("3"), SupkitOnly, Once;
    /// Restart it when this TCP port no longer accepts connections.
    LIVE_TCP live_tcp: Maybe<TcpAddress> = None, SupkitOnly, Each;
    /// Restart it when this unix socket no longer accepts connections.
    LIVE_UNIX live_unix: Maybe<Text> = None, SupkitOnly, Each;
    /// Restart it when this URL no longer answers.
    LIVE_HTTP live_http: Rare<Url> = None, SupkitOnly, Each;
    /// Statuses of that answer that count as success.
    LIVE_HTTP_STATUS live_http_status: Statuses = Some("200-399"), SupkitOnly, Each;
    /// A header field of that request.
    LIVE_HTTP_HEADER live_http_header: Maybe<HeaderField> = None, SupkitOnly, Each;
    /// A regular expression that the body of that answer must match.
    LIVE_HTTP_BODY live_http_body: Maybe<Pattern> = None, SupkitOnly, Each;
    /// Restart it when this command exits with another status than 0.
    LIVE_EXEC live_exec: Maybe<Text> = None, SupkitOnly, Each;
    /// Restart it when it no longer sends `WATCHDOG=1` to `NOTIFY_SOCKET`, as for systemd: at least
    /// once in `live_interval` times `live_failures` seconds, which it gets as `WATCHDOG_USEC`.
    LIVE_NOTIFY live_notify: Flag = Some("false"), SupkitOnly, Once;
    /// Seconds between two liveness probes, and before the first one. They begin when it is RUNNING
    /// and, with a ready_ option, ready.
    LIVE_INTERVAL live_interval: Seconds = Some("10"), SupkitOnly, Once;
    /// Seconds after which a liveness probe without an answer has failed.
    LIVE_TIMEOUT live_timeout: Seconds = Some("5"), SupkitOnly, Once;
    /// Successive failures after which it is restarted.
    LIVE_FAILURES live_failures: Count = Some("3"), SupkitOnly, Once;
    /// What is killed when it ends: `process` (what the options of Supervisor say), the rest of its
    /// process `group`, or the whole `tree` of its descendants.
    KILLMODE killmode: Killed = Some("process"), SupkitOnly, Once;
    /// How its output is logged: raw, as text lines with time, program, pid and stream, or as JSON.
    LOG_FORMAT log_format: LogLineFormat = Some("raw"), SupkitOnly, Once;
    /// Command that runs before each start; if it fails, the start has failed.
    PRESTART prestart: Maybe<Text> = None, SupkitOnly, Each;
    /// Seconds after which that command is killed and has failed.
    PRESTART_TIMEOUT prestart_timeout: Seconds = Some("60"), SupkitOnly, Once;
    /// Command that stops it, instead of the stop signal; that is sent if the command fails.
    STOP_COMMAND stop_command: Maybe<Text> = None, SupkitOnly, Each;
    /// Seconds after which that command is killed and has failed.
    STOP_COMMAND_TIMEOUT stop_command_timeout: Seconds = Some("60"), SupkitOnly, Once;
    /// Command that runs after each end of it, whatever the reason.
    POSTSTOP poststop: Maybe<Text> = None, SupkitOnly, Each;
    /// Seconds after which that command is killed.
    POSTSTOP_TIMEOUT poststop_timeout: Seconds = Some("60"), SupkitOnly, Once;
    /// Signal that makes it read its own configuration again, for `supervisorctl reload-program`.
    RELOADSIGNAL reloadsignal: Maybe<SignalName> = None, SupkitOnly, Once;
    /// Maximum bytes of its address space.
    RLIMIT_AS rlimit_as: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of a core file; 0 disables core files.
    RLIMIT_CORE rlimit_core: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Seconds of CPU time: SIGXCPU is sent at the soft limit, SIGKILL at the hard one.
    RLIMIT_CPU rlimit_cpu: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of its data segment.
    RLIMIT_DATA rlimit_data: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of a file that it writes.
    RLIMIT_FSIZE rlimit_fsize: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Maximum number of file locks; Linux ignores it.
    RLIMIT_LOCKS rlimit_locks: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of locked memory.
    RLIMIT_MEMLOCK rlimit_memlock: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of POSIX message queues of its user.
    RLIMIT_MSGQUEUE rlimit_msgqueue: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// How far it may lower its niceness: to 20 minus this number.
    RLIMIT_NICE rlimit_nice: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Limit of its descriptor numbers.
    RLIMIT_NOFILE rlimit_nofile: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Maximum number of processes of its user.
    RLIMIT_NPROC rlimit_nproc: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of resident memory; Linux ignores it.
    RLIMIT_RSS rlimit_rss: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Maximum real-time priority.
    RLIMIT_RTPRIO rlimit_rtprio: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Microseconds of CPU time under real-time scheduling without a blocking system call.
    RLIMIT_RTTIME rlimit_rttime: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Maximum number of queued signals of its user.
    RLIMIT_SIGPENDING rlimit_sigpending: Rare<CountLimit> = None, SupkitOnly, Once;
    /// Maximum bytes of its stack.
    RLIMIT_STACK rlimit_stack: Rare<ByteLimit> = None, SupkitOnly, Once;
    /// Its niceness, from -20 (favoured) to 19.
    NICE nice: Maybe<Niceness> = None, SupkitOnly, Once;
    /// How likely the kernel kills it when memory is exhausted: from -1000 (never) to 1000.
    OOM_SCORE_ADJ oom_score_adj: Maybe<OomScore> = None, SupkitOnly, Once;
    /// Before a rolling restart stops it, Varnish sends no more requests to this backend of its VCL
    /// (`varnishadm backend.set_health`).
    DRAIN_VARNISH drain_varnish: Rare<Varnish> = None, SupkitOnly, Each;
    /// Before a rolling restart stops it, HAProxy sends no more requests to this server (`set server`
    /// on its runtime socket).
    DRAIN_HAPROXY drain_haproxy: Rare<Haproxy> = None, SupkitOnly, Each;
    /// Command that takes it out of service before a rolling restart stops it; it exits with 0 when
    /// requests no longer come.
    DRAIN_EXEC drain_exec: Maybe<Text> = None, SupkitOnly, Each;
    /// Command that puts it back into service.
    ENABLE_EXEC enable_exec: Maybe<Text> = None, SupkitOnly, Each;
    /// Seconds that its connections have to end before it is stopped anyway, and that a proxy has to
    /// use it again.
    DRAIN_TIMEOUT drain_timeout: Seconds = Some("30"), SupkitOnly, Once;
    /// Pages that are fetched after a rolling restart has started it and before requests come: paths
    /// at the address of `ready_http`, or URLs.
    WARM_HTTP warm_http: Pages = Some(""), SupkitOnly, Each, read: program::warm_http;
    /// Seconds after which a rolling restart fails if it is not ready, or not RUNNING if it has no
    /// ready_ option.
    ROLLING_TIMEOUT rolling_timeout: Seconds = Some("300"), SupkitOnly, Once;
    /// Restart it as a rolling restart does when its processes use more memory than this; 0 disables
    /// it. Measured every 30 seconds while it is RUNNING.
    MEMORY_MAX_RESTART memory_max_restart: Bytes = Some("0"), SupkitOnly, Each;
}

const READ_FIRST: &[&str] = &[
    PRIORITY.name,
    AUTOSTART.name,
    AUTORESTART.name,
    STARTSECS.name,
    STARTRETRIES.name,
    STOPSIGNAL.name,
    STOPWAITSECS.name,
    STOPASGROUP.name,
    KILLASGROUP.name,
    EXITCODES.name,
    REDIRECT_STDERR.name,
    NUMPROCS.name,
    NUMPROCS_START.name,
    STDOUT_CAPTURE_MAXBYTES.name,
    STDOUT_EVENTS_ENABLED.name,
    STDERR_CAPTURE_MAXBYTES.name,
    STDERR_EVENTS_ENABLED.name,
    SERVERURL.name,
    USER.name,
    UMASK.name,
    PROCESS_NAME.name,
    ENVIRONMENT.name,
    DIRECTORY.name,
    STDOUT_LOGFILE.name,
    STDOUT_LOGFILE_BACKUPS.name,
    STDOUT_LOGFILE_MAXBYTES.name,
    STDOUT_SYSLOG.name,
    STDERR_LOGFILE.name,
    STDERR_LOGFILE_BACKUPS.name,
    STDERR_LOGFILE_MAXBYTES.name,
    STDERR_SYSLOG.name,
    COMMAND.name,
];

impl Process {
    /// A process of this section with the default of each option.
    pub fn of_section(section: &str, host: &dyn Host) -> Self {
        Self { program: section.to_owned(), ..Self::with_defaults(host) }
    }
}

#[expect(clippy::ref_option, reason = "the value of a kind is compared by reference")]
fn other_uid(old: &Option<User>, new: &Option<User>) -> bool {
    let uid = |user: &Option<User>| user.as_ref().map(|user| user.uid);
    uid(old) != uid(new)
}

/// The time zone is an option of its own.
#[expect(clippy::ref_option, reason = "the value of a kind is compared by reference")]
fn other_schedule(old: &Option<Box<Schedule>>, new: &Option<Box<Schedule>>) -> bool {
    let expression = |it: &Option<Box<Schedule>>| it.as_ref().map(|it| it.expression.clone());
    expression(old) != expression(new)
}

/// A process that has a log keeps it if the new configuration asks for any.
fn other_log(old: &LogTarget, new: &LogTarget) -> bool {
    *new != LogTarget::Auto && old != new
}

/// The order of variables makes no difference.
fn other_variables(old: &Environment, new: &Environment) -> bool {
    let sorted = |variables: &Environment| {
        let mut sorted = variables.clone();
        sorted.sort_unstable();
        sorted
    };
    sorted(old) != sorted(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::fake_host::FakeHost;

    #[test]
    fn the_order_of_reading_names_each_option_of_supervisor_once() {
        let mut listed = READ_FIRST.to_vec();
        listed.sort_unstable();
        let supervisors = SECTION.rows.iter().filter(|row| row.is_supervisors());
        let mut rows: Vec<_> = supervisors.map(|row| row.name).collect();
        rows.sort_unstable();
        assert_eq!(listed, rows);
    }

    /// There are thousands of them.
    #[test]
    fn a_process_needs_little_memory() {
        let size = size_of::<Process>();
        assert!(
            size <= 1320,
            "{size} bytes: give a large value that few programs have the kind `Rare`"
        );
    }

    #[test]
    fn a_process_has_the_defaults_of_the_table() {
        let process = Process::of_section("program:a", &FakeHost::default());
        assert_eq!((process.priority, process.startsecs, process.startretries), (999, 1, 3));
        assert_eq!((process.exitcodes.as_slice(), process.autostart), (&[0][..], true));
        assert_eq!(
            (&process.stdout_logfile, process.stdout().maxbytes),
            (&LogTarget::Auto, 50 << 20)
        );
        assert_eq!((process.umask, &process.serverurl), (None, &None));
    }
}
