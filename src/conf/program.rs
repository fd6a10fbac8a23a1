//! Reads the processes of a `[program:x]`, `[eventlistener:x]` or `[fcgi-program:x]`: `numprocs`
//! instances, each with its own number. The options are in the table of `process`; here are the
//! exceptions that it names, and the rules that concern several options.

use std::sync::LazyLock;

use super::config::{Environment, LogTarget, Process, StreamLog};
use super::kinds::{self, Flag, Kind as _, LogFile, Name, Text, Variables};
use super::option_reader::{OptionReader, Read, Reported, Scope};
use super::process::{self as p, Each, Once, ProcessOption, When};
use super::python::names::{Names, Word};
use super::python::shlex;
use super::sections::Opt;

/// The maximum number of processes of one section.
const MAX_PROCESSES: i64 = 100_000;

/// Reads the options of a section for its processes. As in Supervisor, the environment variables of
/// one process stay visible to the following ones.
pub(super) struct ProcessReader<'r, 'a> {
    reader: &'r mut OptionReader<'a>,
    section: &'r str,
    names: Names,
    /// The environment of all children.
    base: &'r Environment,
    warnings: &'r mut Vec<String>,
    /// The log options with the obsolete value `syslog`.
    obsolete_syslog: Vec<&'static str>,
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
    let obsolete_syslog = Vec::new();
    let mut reader = ProcessReader { reader, section, names, base, warnings, obsolete_syslog };
    let shared = reader.shared()?;
    let first = shared.numprocs_start;
    let mut processes = Vec::new();
    for number in first..first.saturating_add(shared.numprocs) {
        processes.push(reader.process(&shared, number)?);
    }
    processes.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    Ok(processes)
}

/// All options in the order of reading.
static IN_ORDER: LazyLock<Vec<&'static dyn ProcessOption>> = LazyLock::new(|| {
    let place = |option: &&dyn ProcessOption| {
        let place = p::READ_FIRST.iter().position(|name| *name == option.name());
        place.unwrap_or(p::READ_FIRST.len())
    };
    let mut options = p::OPTIONS.to_vec();
    options.sort_by_key(place);
    options
});

impl<'a> ProcessReader<'_, 'a> {
    /// The reader, and the section with the names that its options may expand.
    pub(super) fn parts(&mut self) -> (&mut OptionReader<'a>, Scope<'_>) {
        (self.reader, Scope { section: self.section, names: &self.names, program: true })
    }

    fn refuse(&mut self, option: &str, message: impl Into<String>, help: &str) -> Reported {
        let (reader, scope) = self.parts();
        reader.refuse(scope, option, message, help)
    }

    /// A process with the options that all processes of the section share.
    fn shared(&mut self) -> Read<Process> {
        let mut process = Process::with_defaults(self.section, self.reader.host);
        let read = self.read(Once, &mut process);
        let valid = self.check_group_kill(&process).and(self.check_number(&process));
        read.and(valid).map(|()| process)
    }

    /// Reads the options of one time; all of them, to find all errors.
    fn read(&mut self, when: When, process: &mut Process) -> Read<()> {
        let mut all = Ok(());
        for option in IN_ORDER.iter().filter(|option| option.when() == when) {
            all = all.and(option.read(self, process));
        }
        all
    }

    fn check_group_kill(&mut self, process: &Process) -> Read<()> {
        if process.stopasgroup && !process.killasgroup {
            let message = "Cannot set stopasgroup=true and killasgroup=false";
            return Err(self.refuse(p::KILLASGROUP.name, message, "remove `killasgroup`"));
        }
        Ok(())
    }

    fn check_number(&mut self, process: &Process) -> Read<()> {
        let numprocs = process.numprocs;
        if numprocs > MAX_PROCESSES {
            let message = format!("numprocs {numprocs} is above upper bound ({MAX_PROCESSES})");
            return Err(self.refuse(p::NUMPROCS.name, message, "start fewer processes"));
        }
        Ok(())
    }

    fn process(&mut self, shared: &Process, number: i64) -> Read<Process> {
        let first = shared.numprocs_start;
        let numprocs = first.saturating_add(shared.numprocs).saturating_sub(first);
        self.names.set("process_num", Word::Number(number));
        self.names.set("numprocs", Word::Number(numprocs));
        self.names.update(&self.reader.environ);
        self.obsolete_syslog.clear();
        let mut process = shared.clone();
        let read = self.read(Each, &mut process);
        let (reader, scope) = self.parts();
        let name = reader.expand_again(scope, &shared.process_name, &p::PROCESS_NAME);
        self.apply_log_rules(&mut process);
        read?;
        process.name = name?;
        Ok(process)
    }

    fn apply_log_rules(&mut self, process: &mut Process) {
        let is_obsolete = |option: &Opt<LogFile>| self.obsolete_syslog.contains(&option.name);
        let stdout = is_obsolete(&p::STDOUT_LOGFILE);
        let stderr = is_obsolete(&p::STDERR_LOGFILE);
        self.warn_of_log(&process.stdout(), stdout, &p::STDOUT_LOGFILE, &p::STDOUT_SYSLOG);
        self.warn_of_log(&process.stderr(), stderr, &p::STDERR_LOGFILE, &p::STDERR_SYSLOG);
        process.stdout_syslog |= stdout;
        process.stderr_syslog |= stderr;
        if process.redirect_stderr {
            self.warn_of_ignored_file(&process.stderr_logfile);
            process.stderr_logfile = LogTarget::None;
        }
    }

    fn warn_of_log(
        &mut self,
        log: &StreamLog<'_>,
        is_obsolete: bool,
        logfile: &Opt<LogFile>,
        syslog: &Opt<Flag>,
    ) {
        let (section, logfile) = (self.section, logfile.name);
        if is_obsolete {
            self.warnings.push(format!(
                "For [{section}], {logfile}=syslog but this is deprecated and will be removed.  \
                 Use {}=true to enable syslog instead.",
                syslog.name
            ));
        }
        if *log.target == LogTarget::Auto && log.maxbytes == 0 {
            self.warnings.push(format!(
                "For [{section}], AUTO logging used for {logfile} without rollover, set maxbytes \
                 > 0 to avoid filling up filesystem unintentionally"
            ));
        }
    }

    fn warn_of_ignored_file(&mut self, target: &LogTarget) {
        if matches!(target, LogTarget::File(_)) {
            self.warnings.push(format!(
                "For [{}], redirect_stderr=true but stderr_logfile has also been set to a \
                 filename, the filename has been ignored",
                self.section
            ));
        }
    }
}

/// Checked before expansion: the expanded name may contain any character.
pub(super) fn process_name(
    reader: &mut ProcessReader<'_, '_>,
    option: &Opt<Text>,
    process: &Process,
) -> Read<String> {
    let (reader, scope) = reader.parts();
    let raw = reader.raw(scope.section, option).unwrap_or_default();
    let name = Name::parse(raw, reader.host)
        .map_err(|message| reader.refuse(scope, option.name, message, Name::HINT))?;
    if process.numprocs > 1 && !name.contains("%(process_num)") {
        let message = "%(process_num) must be present within process_name when numprocs > 1";
        let help = "write `process_name = %(program_name)s_%(process_num)02d`";
        let is_set = reader.entry(scope.section, option.name).is_some();
        let blamed = if is_set { option.name } else { p::NUMPROCS.name };
        return Err(reader.refuse(scope, blamed, message, help));
    }
    Ok(name)
}

/// The default is the value of `stopasgroup`.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn killasgroup(
    reader: &mut ProcessReader<'_, '_>,
    option: &Opt<Flag>,
    process: &Process,
) -> Read<bool> {
    let (reader, scope) = reader.parts();
    Ok(reader.if_any(scope, option).unwrap_or(process.stopasgroup))
}

/// It is required.
pub(super) fn command(
    reader: &mut ProcessReader<'_, '_>,
    option: &Opt<Text>,
    _: &Process,
) -> Read<String> {
    let (reader, scope) = reader.parts();
    let command = reader.maybe(scope, option)?;
    let message = format!("program section {} does not specify a command", scope.section);
    command.ok_or_else(|| reader.refuse(scope, "", message, "add `command = PROGRAM`"))
}

/// The variables of the process on top of those of all children. The options that are read next can
/// use them.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn environment(
    reader: &mut ProcessReader<'_, '_>,
    option: &Opt<Variables>,
    _: &Process,
) -> Read<Environment> {
    let mut environment = reader.base.clone();
    for (key, value) in own_environment(reader, option).unwrap_or_default() {
        reader.names.set(format!("ENV_{key}"), Word::Text(value.clone()));
        shlex::put(&mut environment, key, value);
    }
    Ok(environment)
}

/// Expanded once, without the environment of the daemon.
fn own_environment(
    reader: &mut ProcessReader<'_, '_>,
    option: &Opt<Variables>,
) -> Read<Environment> {
    let (reader, scope) = reader.parts();
    let raw = reader.raw(scope.section, option).unwrap_or_default();
    let text = reader.expand_again(scope, raw, option)?;
    reader.parse(scope, &text, option)
}

/// Expanded twice, the second time without the environment of the daemon.
pub(super) fn log_file(
    reader: &mut ProcessReader<'_, '_>,
    option: &Opt<LogFile>,
    _: &Process,
) -> Read<LogTarget> {
    let (options, scope) = reader.parts();
    let once = options.text(scope, option)?.unwrap_or_default();
    let twice = options.expand_again(scope, &once, option)?;
    let target = options.parse(scope, &twice, option).unwrap_or(LogTarget::Auto);
    if kinds::is_syslog(&twice) {
        reader.obsolete_syslog.push(option.name);
    }
    Ok(target)
}
