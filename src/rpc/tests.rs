//! Tests of calls and pendings on a core with simulated children.

use super::access::Rights;
use super::call_stats::CallStats;
use super::context::{CommandFault, LocalTime, Log, LogFile, LogTotals, Services};
use super::fault::{Fault, MaxReply};
use super::log_part::{LogPart, PartRequest};
use super::log_text::{FileFault, LogSource, OpenLogFault};
use super::record::Record;
use super::value::Value;
use super::{Context, Outcome, Pending, methods};
use crate::conf::config::{Config, Process, Supervisord};
use crate::conf::fake_host::examine_bytes;
use crate::core::Supervisor;
use crate::core::effect::{Effect, Input, OutputStream, Pid, ProcId, WaitStatus};
use crate::core::exit_report::Usage;
use crate::core::lasting::Lasting;
use crate::core::resources::Resources;
use crate::core::time::{Mono, Now, Wall};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const CONF: &str = "[supervisord]\n[rpcinterface:supervisor]\n\
    supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\
    [program:slow]\ncommand=/bin/cat\nstartsecs=5\nautostart=false\nstopwaitsecs=9\n\
    [program:quick]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nautorestart=false\n\
    [program:broken]\ncommand=/nowhere\nautostart=false\n\
    [program:unfound]\ncommand=/nowhere\nautostart=false\n\
    [program:b]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\npriority=2\n\
    [program:a]\ncommand=/bin/cat\nautostart=false\nstartsecs=2\npriority=1\n\
    [group:pair]\nprograms=a,b\n";

/// Services without files; only the command `/nowhere` cannot be run.
pub(super) struct FakeServices;

impl Services for FakeServices {
    fn pid(&self) -> i64 {
        1
    }

    fn local_time(&self, _: Wall) -> LocalTime {
        LocalTime { year: 2026, month: 11, day: 23, hour: 17, minute: 31, second: 32 }
    }

    fn usage(&self, _: i32) -> Option<Usage> {
        None
    }

    fn monotonic(&self) -> Mono {
        Mono::default()
    }

    fn began(&self) -> Wall {
        Wall::default()
    }

    fn count_call(&mut self, _: &'static str, _: bool, _: Mono) {}

    fn calls(&self) -> &CallStats {
        static NONE: LazyLock<CallStats> = LazyLock::new(CallStats::default);
        &NONE
    }

    fn log_totals(&self, _: ProcId, _: OutputStream) -> Option<LogTotals> {
        None
    }

    fn sample_resources(&mut self, _: &Supervisor) {}

    fn resources(&self) -> &Resources {
        static NONE: LazyLock<Resources> = LazyLock::new(Resources::default);
        &NONE
    }

    fn log_path(&self, _: Log) -> Option<String> {
        None
    }

    fn log_file(&self, _: &str) -> LogFile {
        LogFile::Missing
    }

    fn read_file(&self, _: &str, _: u64, _: u64) -> Result<Vec<u8>, FileFault> {
        Err(FileFault)
    }

    fn log_part(&self, _: &str, _: &PartRequest) -> Result<LogPart, FileFault> {
        Err(FileFault)
    }

    fn open_log(&self, _: &str) -> Result<Arc<dyn LogSource>, OpenLogFault> {
        Err(OpenLogFault::Unreadable)
    }

    fn clear_main_log(&mut self) -> Result<(), FileFault> {
        Err(FileFault)
    }

    fn clear_child_logs(&mut self, _: ProcId) -> Result<(), FileFault> {
        Ok(())
    }

    fn rotate_log(&mut self, _: Log) -> Result<bool, String> {
        Ok(false)
    }

    fn reopen_log(&mut self, _: Log) -> Result<bool, String> {
        Ok(false)
    }

    fn save_state(&mut self, _: &Supervisord, _: &Lasting) -> Result<(), String> {
        Ok(())
    }

    fn check_command(&self, process: &Process) -> Result<(), CommandFault> {
        match process.command.as_str() {
            "/nowhere" => Err(CommandFault::NotFound("can't find command '/nowhere'".to_owned())),
            _ => Ok(()),
        }
    }

    fn reread(&mut self) -> Result<Config, String> {
        Err("File contains parsing errors".to_owned())
    }

    fn check_restart(&mut self, _: &Config) -> Result<(), String> {
        Ok(())
    }

    fn audit(&mut self, _: Record) {}

    fn program_for_upgrade(&self, given: Option<&str>) -> Result<String, String> {
        Ok(given.unwrap_or("/supkit").to_owned())
    }

    fn program(
        &self,
        _: &Config,
        _: &str,
        _: &str,
        _: &[(String, String)],
    ) -> Result<Vec<Arc<Process>>, String> {
        Ok(Vec::new())
    }
}

/// A core with simulated children; pids count from 100.
struct Fixture {
    supervisor: Supervisor,
    millis: u64,
    next_pid: i32,
    /// Forks fail with this error.
    fork_error: Option<&'static str>,
    /// Children terminate immediately on any signal.
    stops_on_signal: bool,
}

impl Fixture {
    fn new() -> Self {
        let config = examine_bytes(CONF.as_bytes()).config.expect("the configuration is right");
        let mut supervisor = Supervisor::new(config);
        supervisor.boot(Now::default());
        supervisor.run(Now::default());
        let mut fixture =
            Self { supervisor, millis: 0, next_pid: 100, fork_error: None, stops_on_signal: true };
        fixture.perform();
        fixture
    }

    fn now(&self) -> Now {
        let time = Duration::from_millis(self.millis);
        Now { mono: Mono(time), wall: Wall(Duration::from_secs(1_000_000_000) + time) }
    }

    fn perform(&mut self) {
        let now = self.now();
        while let Some(effect) = self.supervisor.next_effect() {
            match effect {
                Effect::Spawn { id } => {
                    let outcome = self.fork(id);
                    self.supervisor.take(outcome, now);
                }
                Effect::CheckCommand { id } => {
                    self.supervisor.take(Input::CommandChecked { id, usable: true }, now);
                }
                Effect::Kill { pid, signal, .. } if self.stops_on_signal => {
                    let status = WaitStatus::Signaled { signal: signal.0, core_dumped: false };
                    self.supervisor
                        .take(Input::Reaped { pid, status, report: <_>::default() }, now);
                }
                _ => {}
            }
        }
    }

    fn fork(&mut self, id: ProcId) -> Input {
        if let Some(error) = self.fork_error {
            return Input::SpawnFailed { id, error: error.to_owned() };
        }
        self.next_pid += 1;
        Input::Spawned { id, pid: Pid(self.next_pid - 1) }
    }

    fn advance(&mut self, millis: u64) {
        self.millis += millis;
        self.supervisor.expire(self.now());
        self.perform();
    }

    fn terminate(&mut self, pid: i32, code: i32) {
        let now = self.now();
        self.supervisor.take(
            Input::Reaped {
                pid: Pid(pid),
                status: WaitStatus::Exited(code),
                report: <_>::default(),
            },
            now,
        );
        self.perform();
    }

    fn context<T>(&mut self, act: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let now = self.now();
        act(&mut Context {
            supervisor: &mut self.supervisor,
            services: &mut FakeServices,
            requester: "test",
            rights: &Rights::all(None),
            max_reply: MaxReply { bytes: 100_000, option: "http_maxbytes" },
            now,
        })
    }

    /// Makes a call and performs its effects.
    fn call(&mut self, name: &str, params: &[Value]) -> Result<Outcome, Fault> {
        let outcome = self.context(|context| methods::call(context, name, params));
        self.perform();
        outcome
    }

    fn pending(&mut self, name: &str, params: &[Value]) -> Pending {
        match self.call(name, params) {
            Ok(Outcome::Later(pending)) => pending,
            other => panic!("no pending: {other:?}"),
        }
    }

    /// Polls a pending and performs the resulting effects.
    fn poll(&mut self, pending: &mut Pending) -> Option<Result<Value, Fault>> {
        let answer = self.context(|context| pending.poll(context));
        self.perform();
        answer
    }

    fn fault(&mut self, name: &str, params: &[Value]) -> String {
        match self.call(name, params) {
            Err(fault) => fault.string,
            other => panic!("no fault: {other:?}"),
        }
    }
}

fn string(value: &str) -> Value {
    Value::str(value)
}

const TRUE: Option<Result<Value, Fault>> = Some(Ok(Value::Bool(true)));

fn fault_text(answer: Option<Result<Value, Fault>>) -> String {
    answer.expect("an answer").expect_err("a fault").string
}

/// `name description` for each entry of a batch result.
fn entries(answer: Option<Result<Value, Fault>>) -> Vec<String> {
    let Some(Ok(Value::Array(entries))) = answer else { panic!("no entries: {answer:?}") };
    let member =
        |entry: &Value, key| entry.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    entries
        .iter()
        .map(|entry| format!("{} {}", member(entry, "name"), member(entry, "description")))
        .collect()
}

#[test]
fn startprocess_returns_when_the_process_has_stayed_up() {
    let mut fixture = Fixture::new();
    let mut start = fixture.pending("supervisor.startProcess", &[string("slow")]);
    assert_eq!(fixture.poll(&mut start), None);
    fixture.advance(4999);
    assert_eq!(fixture.poll(&mut start), None);
    fixture.advance(1);
    assert_eq!(fixture.poll(&mut start), TRUE);
    assert_eq!(
        fixture.fault("supervisor.startProcess", &[string("slow")]),
        "ALREADY_STARTED: slow"
    );
}

#[test]
fn a_failed_start_returns_the_matching_fault() {
    let mut fixture = Fixture::new();
    let mut crash = fixture.pending("supervisor.startProcess", &[string("slow")]);
    fixture.terminate(100, 1);
    assert_eq!(fault_text(fixture.poll(&mut crash)), "SPAWN_ERROR: slow");

    let mut stopped = fixture.pending("supervisor.startProcess", &[string("pair:b")]);
    fixture.pending("supervisor.stopProcess", &[string("pair:b")]);
    assert_eq!(fault_text(fixture.poll(&mut stopped)), "ABNORMAL_TERMINATION: pair:b");

    fixture.fork_error = Some("too many processes");
    let mut not_forked =
        fixture.pending("supervisor.startProcess", &[string("pair:a"), Value::Bool(false)]);
    assert_eq!(fault_text(fixture.poll(&mut not_forked)), "SPAWN_ERROR: pair:a");
    let missing = fixture.fault("supervisor.startProcess", &[string("broken")]);
    assert_eq!(missing, "NO_FILE: can't find command '/nowhere'");
}

#[test]
fn startprocess_without_wait_returns_after_the_fork() {
    let mut fixture = Fixture::new();
    let name = [string("slow"), Value::Bool(false)];
    let outcome =
        fixture.context(|context| methods::call(context, "supervisor.startProcess", &name));
    let Ok(Outcome::Later(mut start)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(fixture.context(|context| start.poll(context)), None, "nothing was forked yet");
    fixture.perform();
    assert_eq!(fixture.poll(&mut start), TRUE);
}

#[test]
fn stopprocess_returns_when_the_process_has_terminated() {
    let mut fixture = Fixture::new();
    fixture.stops_on_signal = false;
    fixture.pending("supervisor.startProcess", &[string("slow")]);
    let mut stop = fixture.pending("supervisor.stopProcess", &[string("slow")]);
    assert_eq!(fixture.poll(&mut stop), None);
    assert_eq!(fixture.fault("supervisor.stopProcess", &[string("slow")]), "NOT_RUNNING: slow");
    assert_eq!(
        fixture.fault("supervisor.sendProcessStdin", &[string("slow"), string("x")]),
        "NOT_RUNNING: slow"
    );
    fixture.terminate(100, 0);
    assert_eq!(fixture.poll(&mut stop), TRUE);
}

#[test]
fn slow_forks_do_not_change_the_order_of_a_batch() {
    let mut fixture = Fixture::new();
    let mut all = fixture.pending("supervisor.startAllProcesses", &[Value::Bool(false)]);
    fixture.advance(400);
    let results = entries(fixture.poll(&mut all));
    let names: Vec<_> = results.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["broken", "a", "b", "quick", "slow", "unfound"]);
}

#[test]
fn a_program_without_startsecs_is_listed_with_what_is_known_at_once() {
    let mut fixture = Fixture::new();
    let mut all = fixture.pending("supervisor.startAllProcesses", &[]);
    assert_eq!(fixture.poll(&mut all), None, "its turn to run has not come");
    for millis in [70, 1000, 1000, 5000] {
        fixture.advance(millis);
    }
    let results = entries(fixture.poll(&mut all));
    let names: Vec<_> = results.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["broken", "quick", "unfound", "b", "a", "slow"]);
}

#[test]
fn batch_results_are_ordered_by_completion() {
    let mut fixture = Fixture::new();
    let mut start = fixture.pending("supervisor.startProcessGroup", &[string("pair")]);
    fixture.advance(1000);
    assert_eq!(fixture.poll(&mut start), None);
    fixture.advance(1000);
    assert_eq!(entries(fixture.poll(&mut start)), ["b OK", "a OK"]);
    let mut stop = fixture.pending("supervisor.stopProcessGroup", &[string("pair")]);
    assert_eq!(entries(fixture.poll(&mut stop)), ["a OK", "b OK"]);
    let mut all = fixture.pending("supervisor.startAllProcesses", &[Value::Bool(false)]);
    let results = entries(fixture.poll(&mut all));
    let broken = "broken NO_FILE: can't find command '/nowhere'";
    let unfound = "unfound NO_FILE: can't find command '/nowhere'";
    assert_eq!(results, [broken, "a OK", "b OK", "quick OK", "slow OK", unfound]);
}

#[test]
fn multicall_makes_its_calls_in_sequence() {
    let mut fixture = Fixture::new();
    let call = |name: &str, params: Vec<Value>| {
        let members = [("methodName", string(name)), ("params", Value::Array(params))];
        Value::record(members)
    };
    let calls = vec![
        call("supervisor.startProcess", vec![string("slow")]),
        call("supervisor.getAPIVersion", vec![]),
        call("supervisor.stopProcess", vec![string("slow")]),
        call("supervisor.stopProcess", vec![string("slow")]),
        call("system.multicall", vec![]),
    ];
    let mut several = fixture.pending("system.multicall", &[Value::Array(calls)]);
    assert_eq!(fixture.poll(&mut several), None);
    fixture.advance(5000);
    assert_eq!(fixture.poll(&mut several), None, "the stop has just begun");
    let Some(Ok(Value::Array(results))) = fixture.poll(&mut several) else { panic!("no results") };
    assert_eq!(results[..3], [Value::Bool(true), string("3.0"), Value::Bool(true)]);
    assert_eq!(results[3].get("faultString"), Some(&string("NOT_RUNNING: slow")));
    let recursive = string("INCORRECT_PARAMETERS: Recursive system.multicall forbidden");
    assert_eq!(results[4].get("faultString"), Some(&recursive));
}

#[test]
fn during_shutdown_most_methods_are_refused() {
    let mut fixture = Fixture::new();
    fixture.stops_on_signal = false;
    fixture.pending("supervisor.startProcess", &[string("slow")]);
    assert!(matches!(
        fixture.call("supervisor.shutdown", &[]),
        Ok(Outcome::Now(Value::Bool(true)))
    ));
    assert_eq!(fixture.fault("supervisor.getState", &[]), "SHUTDOWN_STATE");
    assert_eq!(fixture.fault("supervisor.getState", &[Value::Nil]), "INCORRECT_PARAMETERS");
    assert_eq!(fixture.fault("supervisor.nope", &[]), "UNKNOWN_METHOD");
    assert!(fixture.call("supervisor.sendRemoteCommEvent", &[string("a"), string("b")]).is_ok());
    assert!(fixture.call("system.listMethods", &[]).is_ok());
}

#[test]
fn an_unreadable_configuration_is_a_fault() {
    let mut fixture = Fixture::new();
    for method in ["supervisor.reloadConfig", "supkit.planUpdate", "supkit.updateMinimal"] {
        assert_eq!(fixture.fault(method, &[]), "CANT_REREAD: File contains parsing errors");
    }
}
