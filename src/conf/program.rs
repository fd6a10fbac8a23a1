//! Reads the processes of a `[program:x]`, `[eventlistener:x]` or `[fcgi-program:x]`: `numprocs`
//! instances, each with its own number.

use super::config::{AutoRestart, Environment, LogTarget, Process, StreamLog, User};
use super::kinds::{Bytes, Flag, Integer, Kind as _, LogDestination, LogFile, Name};
use super::option_reader::{OptionReader, Read, Scope};
use super::python::names::{Names, Word};
use super::sections::{Opt, program as p};
use super::signals::Signal;

/// The maximum number of processes of one section.
const MAX_PROCESSES: i64 = 100_000;

/// The options that all processes of a section share. They are read before the process number is
/// known, so they cannot use `process_num`.
struct Shared {
    priority: i64,
    autostart: bool,
    autorestart: AutoRestart,
    startsecs: i64,
    startretries: i64,
    stopsignal: Signal,
    stopwaitsecs: i64,
    stopasgroup: bool,
    killasgroup: bool,
    exitcodes: Vec<i64>,
    redirect_stderr: bool,
    first: i64,
    last: i64,
    stdout: Capture,
    stderr: Capture,
    serverurl: Option<String>,
    user: Option<User>,
    umask: Option<u32>,
    process_name: String,
}

struct Capture {
    maxbytes: i64,
    events_enabled: bool,
}

/// Reads the processes of a section for a group. `base` is the environment of all children.
pub(super) fn processes(
    reader: &mut OptionReader<'_>,
    section: &str,
    program: &str,
    group: &str,
    base: &Environment,
    warnings: &mut Vec<String>,
) -> Read<Vec<Process>> {
    let mut names = Names::default();
    names.text("here", reader.loaded.here.as_str());
    names.text("program_name", program);
    names.text("host_node_name", reader.host.host_name());
    names.text("group_name", group);
    let shared = shared(reader, Scope { section, names: &names, program: true })?;
    let mut processes = Vec::new();
    for number in shared.first..shared.last {
        names.set("process_num", Word::Number(number));
        names.set("numprocs", Word::Number(shared.last.saturating_sub(shared.first)));
        names.update(&reader.environ);
        let mut copy = ProcessReader { reader, section, names: &mut names, shared: &shared };
        processes.push(copy.process(base, warnings)?);
    }
    processes.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    Ok(processes)
}

fn shared(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Shared> {
    let priority = reader.get(scope, &p::PRIORITY);
    let autostart = reader.get(scope, &p::AUTOSTART);
    let autorestart = reader.get(scope, &p::AUTORESTART);
    let startsecs = reader.get(scope, &p::STARTSECS);
    let startretries = reader.get(scope, &p::STARTRETRIES);
    let stopsignal = reader.get(scope, &p::STOPSIGNAL);
    let stopwaitsecs = reader.get(scope, &p::STOPWAITSECS);
    let stopasgroup = reader.get(scope, &p::STOPASGROUP);
    let killasgroup = reader.if_any(scope, &p::KILLASGROUP);
    let exitcodes = reader.get(scope, &p::EXITCODES);
    let redirect_stderr = reader.get(scope, &p::REDIRECT_STDERR);
    let numprocs = reader.get(scope, &p::NUMPROCS);
    let first = reader.get(scope, &p::NUMPROCS_START);
    let stdout = capture(reader, scope, &p::STDOUT_CAPTURE_MAXBYTES, &p::STDOUT_EVENTS_ENABLED);
    let stderr = capture(reader, scope, &p::STDERR_CAPTURE_MAXBYTES, &p::STDERR_EVENTS_ENABLED);
    let serverurl = reader.if_any(scope, &p::SERVERURL);
    let user = reader.if_any(scope, &p::USER);
    let umask = reader.if_any(scope, &p::UMASK);
    let process_name = process_name(reader, scope, numprocs);
    let killasgroup = group_kill(reader, scope, stopasgroup, killasgroup);
    let last = last_number(reader, scope, numprocs, first);
    Ok(Shared {
        priority: priority?,
        autostart: autostart?,
        autorestart: autorestart?,
        startsecs: startsecs?,
        startretries: startretries?,
        stopsignal: stopsignal?,
        stopwaitsecs: stopwaitsecs?,
        stopasgroup: stopasgroup?,
        killasgroup: killasgroup?,
        exitcodes: exitcodes?,
        redirect_stderr: redirect_stderr?,
        first: first?,
        last: last?,
        stdout: stdout?,
        stderr: stderr?,
        serverurl: serverurl.flatten(),
        user,
        umask: umask.map(|umask| umask as u32),
        process_name: process_name?,
    })
}

fn capture(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    maxbytes: &Opt<Bytes>,
    events: &Opt<Flag>,
) -> Read<Capture> {
    let maxbytes = reader.get(scope, maxbytes);
    let events_enabled = reader.get(scope, events);
    Ok(Capture { maxbytes: maxbytes?, events_enabled: events_enabled? })
}

/// Checked before expansion: the expanded name may contain any character.
fn process_name(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    numprocs: Read<i64>,
) -> Read<String> {
    let raw = reader.raw(scope.section, &p::PROCESS_NAME).unwrap_or_default();
    let option = p::PROCESS_NAME.name;
    let name = Name::parse(raw, reader.host)
        .map_err(|message| reader.refuse(scope, option, message, Name::HINT))?;
    if numprocs? > 1 && !name.contains("%(process_num)") {
        let message = "%(process_num) must be present within process_name when numprocs > 1";
        let help = "write `process_name = %(program_name)s_%(process_num)02d`";
        let written = reader.entry(scope.section, option).is_some();
        let option = if written { option } else { p::NUMPROCS.name };
        return Err(reader.refuse(scope, option, message, help));
    }
    Ok(name)
}

fn group_kill(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    stopasgroup: Read<bool>,
    killasgroup: Option<bool>,
) -> Read<bool> {
    let stopasgroup = stopasgroup?;
    let killasgroup = killasgroup.unwrap_or(stopasgroup);
    if stopasgroup && !killasgroup {
        let message = "Cannot set stopasgroup=true and killasgroup=false";
        return Err(reader.refuse(scope, p::KILLASGROUP.name, message, "remove `killasgroup`"));
    }
    Ok(killasgroup)
}

fn last_number(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    numprocs: Read<i64>,
    first: Read<i64>,
) -> Read<i64> {
    let numprocs = numprocs?;
    if numprocs > MAX_PROCESSES {
        let message = format!("numprocs {numprocs} is above upper bound ({MAX_PROCESSES})");
        return Err(reader.refuse(scope, p::NUMPROCS.name, message, "start fewer processes"));
    }
    Ok(first?.saturating_add(numprocs))
}

/// Reads one process of a section. As in Supervisor, its environment variables stay visible to the
/// following processes.
struct ProcessReader<'r, 'a, 'n> {
    reader: &'r mut OptionReader<'a>,
    section: &'n str,
    names: &'n mut Names,
    shared: &'n Shared,
}

impl ProcessReader<'_, '_, '_> {
    fn scope<'s>(names: &'s Names, section: &'s str) -> Scope<'s> {
        Scope { section, names, program: true }
    }

    fn process(&mut self, base: &Environment, warnings: &mut Vec<String>) -> Read<Process> {
        let own = self.environment().unwrap_or_default();
        for (key, value) in &own {
            self.names.set(format!("ENV_{key}"), Word::Text(value.clone()));
        }
        let scope = Self::scope(self.names, self.section);
        let directory = self.reader.if_any(scope, &p::DIRECTORY);
        let shared = self.shared;
        let stdout = self.stream(&STDOUT, &shared.stdout, warnings);
        let mut stderr = self.stream(&STDERR, &shared.stderr, warnings);
        if shared.redirect_stderr {
            if let Ok(stderr) = &mut stderr {
                self.drop_stderr_file(stderr, warnings);
            }
        }
        let command = self.command();
        let scope = Self::scope(self.names, self.section);
        let name = self.reader.expand_again(scope, &shared.process_name, &p::PROCESS_NAME);
        let mut environment = base.clone();
        for (key, value) in own {
            super::python::shlex::put(&mut environment, key, value);
        }
        Ok(Process {
            name: name?,
            program: self.section.to_owned(),
            command: command?,
            directory,
            umask: shared.umask,
            user: shared.user.clone(),
            priority: shared.priority,
            autostart: shared.autostart,
            autorestart: shared.autorestart,
            startsecs: shared.startsecs,
            startretries: shared.startretries,
            stdout: stdout?,
            stderr: stderr?,
            redirect_stderr: shared.redirect_stderr,
            stopsignal: shared.stopsignal,
            stopwaitsecs: shared.stopwaitsecs,
            stopasgroup: shared.stopasgroup,
            killasgroup: shared.killasgroup,
            exitcodes: shared.exitcodes.clone(),
            environment,
            serverurl: shared.serverurl.clone(),
        })
    }

    fn environment(&mut self) -> Read<Environment> {
        let raw = self.reader.raw(self.section, &p::ENVIRONMENT).unwrap_or_default();
        let scope = Self::scope(self.names, self.section);
        let text = self.reader.expand_again(scope, raw, &p::ENVIRONMENT)?;
        self.reader.parse(scope, &text, &p::ENVIRONMENT)
    }

    fn command(&mut self) -> Read<String> {
        let scope = Self::scope(self.names, self.section);
        let command = self.reader.maybe(scope, &p::COMMAND)?;
        let message = format!("program section {} does not specify a command", self.section);
        command.ok_or_else(|| self.reader.refuse(scope, "", message, "add `command = PROGRAM`"))
    }

    fn stream(
        &mut self,
        options: &StreamOptions,
        capture: &Capture,
        warnings: &mut Vec<String>,
    ) -> Read<StreamLog> {
        let place = self.log_destination(&options.logfile);
        let scope = Self::scope(self.names, self.section);
        let backups = self.reader.get(scope, &options.backups);
        let maxbytes = self.reader.get(scope, &options.maxbytes);
        let syslog = self.reader.get(scope, &options.syslog);
        let (place, backups, maxbytes, syslog) = (place?, backups?, maxbytes?, syslog?);
        let old_syslog = place == LogDestination::Syslog;
        let target = match place {
            LogDestination::Target(target) => target,
            LogDestination::Syslog => LogTarget::None,
        };
        let (section, logfile) = (self.section, options.logfile.name);
        if old_syslog {
            warnings.push(format!(
                "For [{section}], {logfile}=syslog but this is deprecated and will be removed.  \
                 Use {}=true to enable syslog instead.",
                options.syslog.name
            ));
        }
        if target == LogTarget::Auto && maxbytes == 0 {
            warnings.push(format!(
                "For [{section}], AUTO logging used for {logfile} without rollover, set maxbytes \
                 > 0 to avoid filling up filesystem unintentionally"
            ));
        }
        Ok(StreamLog {
            target,
            maxbytes,
            backups,
            capture_maxbytes: capture.maxbytes,
            events_enabled: capture.events_enabled,
            syslog: syslog || old_syslog,
        })
    }

    /// Expanded twice, the second time without the daemon's environment.
    fn log_destination(&mut self, option: &Opt<LogFile>) -> Read<LogDestination> {
        let scope = Self::scope(self.names, self.section);
        let once = self.reader.text(scope, option)?.unwrap_or_default();
        let twice = self.reader.expand_again(scope, &once, option)?;
        let auto = LogDestination::Target(LogTarget::Auto);
        Ok(self.reader.parse(scope, &twice, option).unwrap_or(auto))
    }

    fn drop_stderr_file(&self, stderr: &mut StreamLog, warnings: &mut Vec<String>) {
        if matches!(stderr.target, LogTarget::File(_)) {
            warnings.push(format!(
                "For [{}], redirect_stderr=true but stderr_logfile has also been set to a \
                 filename, the filename has been ignored",
                self.section
            ));
        }
        stderr.target = LogTarget::None;
    }
}

/// The options of one output stream.
struct StreamOptions {
    logfile: Opt<LogFile>,
    backups: Opt<Integer>,
    maxbytes: Opt<Bytes>,
    syslog: Opt<Flag>,
}

const STDOUT: StreamOptions = StreamOptions {
    logfile: p::STDOUT_LOGFILE,
    backups: p::STDOUT_LOGFILE_BACKUPS,
    maxbytes: p::STDOUT_LOGFILE_MAXBYTES,
    syslog: p::STDOUT_SYSLOG,
};

const STDERR: StreamOptions = StreamOptions {
    logfile: p::STDERR_LOGFILE,
    backups: p::STDERR_LOGFILE_BACKUPS,
    maxbytes: p::STDERR_LOGFILE_MAXBYTES,
    syslog: p::STDERR_SYSLOG,
};
