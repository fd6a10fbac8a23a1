//! Reads the processes of a `[program:x]`, `[eventlistener:x]` or `[fcgi-program:x]`: `numprocs`
//! instances, each with its own number. The options are in the table of `process`; here are the
//! exceptions that it names, and the rules that concern several options.

use std::sync::LazyLock;

use super::config::{AutoRestart, Environment, LogTarget, Process, StreamLog, User};
use super::drain::Page;
use super::kinds::{
    self, Account, Cron, Flag, Kind as _, LogFile, Maybe, Name, Pages, Rare, Text, Variables,
};
use super::option_reader::{OptionReader, Read};
use super::placeholders::{GROUP_NAME, HERE, HOST_NODE_NAME, NUMPROCS, PROCESS_NUM, PROGRAM_NAME};
use super::process as p;
use super::python::names::{Names, Word};
use super::python::shlex;
use super::run_as;
use super::schedule::{Schedule, Zone};
use super::section::Opt;
use super::section::field::{Each, FromSection as _, Once, SectionOption, When};
use super::section_reader::SectionReader;

/// The maximum number of processes of one section.
const MAX_PROCESSES: i64 = 100_000;

/// Reads the processes of a section for a group. As in Supervisor, the environment variables of one
/// process stay visible to the following ones.
pub(super) fn processes(
    reader: &mut OptionReader<'_>,
    section: &str,
    program: &str,
    group: &str,
) -> Read<Vec<Process>> {
    let mut names = Names::default();
    names.text(HERE.name, reader.loaded.here.as_str());
    names.text(PROGRAM_NAME.name, program);
    names.text(HOST_NODE_NAME.name, reader.host.host_name());
    names.text(GROUP_NAME.name, group);
    let mut reader = SectionReader::of_program(reader, section, names);
    let shared = shared(&mut reader)?;
    let first = shared.numprocs_start;
    let mut processes = Vec::new();
    for number in first..first.saturating_add(shared.numprocs) {
        processes.push(process(&mut reader, &shared, number)?);
    }
    processes.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    Ok(processes)
}

/// All options in the order of reading.
static IN_ORDER: LazyLock<Vec<&'static dyn SectionOption<Process>>> =
    LazyLock::new(Process::in_order);

/// Reads the options of one time; all of them, to find all errors.
fn read(reader: &mut SectionReader<'_, '_>, when: When, process: &mut Process) -> Read<()> {
    let mut all = Ok(());
    for option in IN_ORDER.iter().filter(|option| option.when() == when) {
        all = all.and(option.read(reader, process));
    }
    all
}

/// A process with the options that all processes of the section share.
fn shared(reader: &mut SectionReader<'_, '_>) -> Read<Process> {
    let mut process = reader.reader.process_of(reader.section);
    let read = read(reader, Once, &mut process);
    let valid = check_group_kill(reader, &process).and(check_number(reader, &process));
    read.and(valid).map(|()| process)
}

fn check_group_kill(reader: &mut SectionReader<'_, '_>, process: &Process) -> Read<()> {
    if process.stopasgroup && !process.killasgroup {
        let message = "Cannot set stopasgroup=true and killasgroup=false";
        return Err(reader.refuse(p::KILLASGROUP.name, message, "remove `killasgroup`"));
    }
    Ok(())
}

fn check_number(reader: &mut SectionReader<'_, '_>, process: &Process) -> Read<()> {
    let numprocs = process.numprocs;
    if numprocs > MAX_PROCESSES {
        let message = format!("numprocs {numprocs} is above upper bound ({MAX_PROCESSES})");
        return Err(reader.refuse(p::NUMPROCS.name, message, "start fewer processes"));
    }
    Ok(())
}

fn process(reader: &mut SectionReader<'_, '_>, shared: &Process, number: i64) -> Read<Process> {
    let first = shared.numprocs_start;
    let numprocs = first.saturating_add(shared.numprocs).saturating_sub(first);
    reader.names.set(PROCESS_NUM.name, Word::Number(number));
    reader.names.set(NUMPROCS.name, Word::Number(numprocs));
    reader.names.update(&reader.reader.environ);
    let mut process = shared.clone();
    let read = read(reader, Each, &mut process);
    let (options, scope) = reader.parts();
    let name = options.expand_again(scope, &shared.process_name, &p::PROCESS_NAME);
    apply_log_rules(reader, &mut process);
    apply_schedule(reader, &mut process);
    read?;
    process.name = name?;
    Ok(process)
}

/// A program with a schedule is a task: it is started at its times, and may end at once.
fn apply_schedule(reader: &SectionReader<'_, '_>, process: &mut Process) {
    let Some(schedule) = &mut process.schedule else { return };
    schedule.zone = Zone::of(process.schedule_timezone.as_deref(), reader.reader.host);
    let is_set = |option: &str| reader.reader.entry(reader.section, option).is_some();
    if !is_set(p::AUTOSTART.name) {
        process.autostart = false;
    }
    if !is_set(p::AUTORESTART.name) {
        process.autorestart = AutoRestart::Never;
    }
    if !is_set(p::STARTSECS.name) {
        process.startsecs = 0;
    }
}

fn apply_log_rules(reader: &mut SectionReader<'_, '_>, process: &mut Process) {
    let mut is_obsolete =
        |option| reader.take_text(option).is_some_and(|text| kinds::is_syslog(&text));
    let (stdout, stderr) = (is_obsolete(&p::STDOUT_LOGFILE), is_obsolete(&p::STDERR_LOGFILE));
    warn_of_log(reader, &process.stdout(), stdout, &p::STDOUT_LOGFILE, &p::STDOUT_SYSLOG);
    warn_of_log(reader, &process.stderr(), stderr, &p::STDERR_LOGFILE, &p::STDERR_SYSLOG);
    process.stdout_syslog |= stdout;
    process.stderr_syslog |= stderr;
    if process.redirect_stderr {
        warn_of_ignored_file(reader, &process.stderr_logfile);
        process.stderr_logfile = LogTarget::None;
    }
}

fn warn_of_log(
    reader: &mut SectionReader<'_, '_>,
    log: &StreamLog<'_>,
    is_obsolete: bool,
    logfile: &Opt<LogFile>,
    syslog: &Opt<Flag>,
) {
    let (section, logfile) = (reader.section, logfile.name);
    if is_obsolete {
        reader.reader.warnings.push(format!(
            "For [{section}], {logfile}=syslog but this is deprecated and will be removed.  \
             Use {}=true to enable syslog instead.",
            syslog.name
        ));
    }
    if *log.target == LogTarget::Auto && log.maxbytes == 0 {
        reader.reader.warnings.push(format!(
            "For [{section}], AUTO logging used for {logfile} without rollover, set maxbytes \
             > 0 to avoid filling up filesystem unintentionally"
        ));
    }
}

fn warn_of_ignored_file(reader: &mut SectionReader<'_, '_>, target: &LogTarget) {
    if matches!(target, LogTarget::File(_)) {
        let section = reader.section;
        reader.reader.warnings.push(format!(
            "For [{section}], redirect_stderr=true but stderr_logfile has also been set to a \
             filename, the filename has been ignored"
        ));
    }
}

/// Checked before expansion: the expanded name may contain any character.
pub(super) fn process_name(
    reader: &mut SectionReader<'_, '_>,
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
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Flag>,
    process: &Process,
) -> Read<bool> {
    let (reader, scope) = reader.parts();
    Ok(reader.if_any(scope, option).unwrap_or(process.stopasgroup))
}

/// Ignored on request if this process cannot switch to it.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn user(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Account>>,
    _: &Process,
) -> Read<Option<User>> {
    let (reader, scope) = reader.parts();
    Ok(run_as::of_section(reader, scope, option))
}

/// A path is ignored, as Supervisor ignores the option: Celery's published example has
/// `schedule=/var/lib/celery/beat.db`.
pub(super) fn schedule(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Rare<Cron>>,
    _: &Process,
) -> Read<Option<Box<Schedule>>> {
    let (reader, scope) = reader.parts();
    let raw = reader.raw(scope.section, option).unwrap_or_default();
    if raw.starts_with(['/', '.', '~', '%']) && !raw.contains(char::is_whitespace) {
        return Ok(None);
    }
    reader.maybe(scope, option).map(Option::flatten)
}

/// A path needs the address of `ready_http` or `live_http`, which are read before.
pub(super) fn warm_http(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Pages>,
    process: &Process,
) -> Read<Vec<Page>> {
    let (reader, scope) = reader.parts();
    let pages = reader.if_any(scope, option).unwrap_or_default();
    let has_base = process.ready_http.is_some() || process.live_http.is_some();
    if !has_base && pages.iter().any(|page| matches!(page, Page::Path(_))) {
        let message = "a path without an address";
        let help = "write `http://127.0.0.1:port/path`, or add `ready_http`";
        return Err(reader.refuse(scope, option.name, message, help));
    }
    Ok(pages)
}

/// It is required.
pub(super) fn command(
    reader: &mut SectionReader<'_, '_>,
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
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Variables>,
    _: &Process,
) -> Read<Environment> {
    let mut environment = reader.reader.environment.clone();
    for (key, value) in own_environment(reader, option).unwrap_or_default() {
        reader.names.set(format!("ENV_{key}"), Word::Text(value.clone()));
        shlex::put(&mut environment, key, value);
    }
    Ok(environment)
}

/// Expanded once, without the environment of the daemon.
fn own_environment(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Variables>,
) -> Read<Environment> {
    let (reader, scope) = reader.parts();
    let raw = reader.raw(scope.section, option).unwrap_or_default();
    let text = reader.expand_again(scope, raw, option)?;
    reader.parse(scope, &text, option)
}

/// Expanded twice, the second time without the environment of the daemon.
pub(super) fn log_file(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<LogFile>,
    _: &Process,
) -> Read<LogTarget> {
    let (options, scope) = reader.parts();
    let once = options.text(scope, option)?.unwrap_or_default();
    let twice = options.expand_again(scope, &once, option)?;
    let target = options.parse(scope, &twice, option).unwrap_or(LogTarget::Auto);
    reader.keep_text(option, twice);
    Ok(target)
}
