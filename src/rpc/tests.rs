//! Calls and the answers that wait, on a core of which the test plays the kernel.

use super::fault::Fault;
use super::value::Value;
use super::world::{Civil, CommandFault, FileFault, Log, Services};
use super::{Outcome, Promise, World, methods};
use crate::conf::config::{Config, Process};
use crate::conf::paper::examine_bytes;
use crate::core::Supervisor;
use crate::core::effect::{Effect, Input, Pid, ProcId, WaitStatus};
use crate::core::time::{Mono, Now, Wall};
use std::time::Duration;

const CONF: &str = "[supervisord]\n[rpcinterface:supervisor]\n\
    supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\
    [program:slow]\ncommand=/bin/cat\nstartsecs=5\nautostart=false\nstopwaitsecs=9\n\
    [program:quick]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nautorestart=false\n\
    [program:broken]\ncommand=/nowhere\nautostart=false\n\
    [program:b]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\npriority=2\n\
    [program:a]\ncommand=/bin/cat\nautostart=false\nstartsecs=2\npriority=1\n\
    [group:pair]\nprograms=a,b\n";

/// A world without files, in which only `/nowhere` cannot be run.
struct Fake;

impl Services for Fake {
    fn pid(&self) -> i64 {
        1
    }

    fn civil(&self, _: Wall) -> Civil {
        Civil { year: 2026, month: 11, day: 23, hour: 17, minute: 31, second: 32 }
    }

    fn log_path(&self, _: Log) -> Option<String> {
        None
    }

    fn file_size(&self, _: &str) -> Option<u64> {
        None
    }

    fn read_file(&self, _: &str, _: u64, _: u64) -> Result<Vec<u8>, FileFault> {
        Err(FileFault)
    }

    fn clear_main_log(&mut self) -> Result<(), FileFault> {
        Err(FileFault)
    }

    fn clear_child_logs(&mut self, _: ProcId) -> Result<(), FileFault> {
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

    fn program(
        &self,
        _: &Config,
        _: &str,
        _: &str,
        _: &[(String, String)],
    ) -> Result<Vec<Process>, String> {
        Ok(Vec::new())
    }
}

/// A daemon whose children are numbers, from 100 on.
struct Stage {
    supervisor: Supervisor,
    millis: u64,
    next_pid: i32,
    /// Answer forks with this error.
    fork_error: Option<&'static str>,
    /// Children that were told to end do so at once.
    obedient: bool,
}

impl Stage {
    fn new() -> Self {
        let config = examine_bytes(CONF.as_bytes()).config.expect("the configuration is right");
        let mut supervisor = Supervisor::new(config);
        supervisor.boot(Now::default());
        supervisor.run(Now::default());
        let mut stage =
            Self { supervisor, millis: 0, next_pid: 100, fork_error: None, obedient: true };
        stage.perform();
        stage
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
                Effect::Kill { pid, signal, .. } if self.obedient => {
                    let status = WaitStatus::Signaled { signal: signal.0, core_dumped: false };
                    self.supervisor.take(Input::Reaped { pid, status }, now);
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

    fn pass(&mut self, millis: u64) {
        self.millis += millis;
        self.supervisor.expire(self.now());
        self.perform();
    }

    fn die(&mut self, pid: i32, code: i32) {
        let now = self.now();
        self.supervisor
            .take(Input::Reaped { pid: Pid(pid), status: WaitStatus::Exited(code) }, now);
        self.perform();
    }

    fn world<T>(&mut self, act: impl FnOnce(&mut World<'_>) -> T) -> T {
        let now = self.now();
        act(&mut World { supervisor: &mut self.supervisor, services: &mut Fake, now })
    }

    /// Makes a call and does what it asks for.
    fn call(&mut self, name: &str, params: &[Value]) -> Result<Outcome, Fault> {
        let outcome = self.world(|world| methods::call(world, name, params));
        self.perform();
        outcome
    }

    fn promise(&mut self, name: &str, params: &[Value]) -> Promise {
        match self.call(name, params) {
            Ok(Outcome::Later(promise)) => promise,
            other => panic!("no promise: {other:?}"),
        }
    }

    /// Asks after a turn; what it asks for is done before the next.
    fn poll(&mut self, promise: &mut Promise) -> Option<Result<Value, Fault>> {
        let answer = self.world(|world| promise.poll(world));
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

fn text(value: &str) -> Value {
    Value::str(value)
}

const TRUE: Option<Result<Value, Fault>> = Some(Ok(Value::Bool(true)));

fn failed(answer: Option<Result<Value, Fault>>) -> String {
    answer.expect("an answer").expect_err("a fault").string
}

/// `name description` of the lines of an answer for several processes.
fn lines(answer: Option<Result<Value, Fault>>) -> Vec<String> {
    let Some(Ok(Value::Array(lines))) = answer else { panic!("no lines: {answer:?}") };
    let word = |line: &Value, key| line.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    lines
        .iter()
        .map(|line| format!("{} {}", word(line, "name"), word(line, "description")))
        .collect()
}

#[test]
fn a_start_is_answered_when_the_process_has_stayed_up() {
    let mut stage = Stage::new();
    let mut start = stage.promise("supervisor.startProcess", &[text("slow")]);
    assert_eq!(stage.poll(&mut start), None);
    stage.pass(4999);
    assert_eq!(stage.poll(&mut start), None);
    stage.pass(1);
    assert_eq!(stage.poll(&mut start), TRUE);
    assert_eq!(stage.fault("supervisor.startProcess", &[text("slow")]), "ALREADY_STARTED: slow");
}

#[test]
fn a_start_that_fails_says_how() {
    let mut stage = Stage::new();
    let mut crash = stage.promise("supervisor.startProcess", &[text("slow")]);
    stage.die(100, 1);
    assert_eq!(failed(stage.poll(&mut crash)), "SPAWN_ERROR: slow");

    let mut stopped = stage.promise("supervisor.startProcess", &[text("pair:b")]);
    stage.promise("supervisor.stopProcess", &[text("pair:b")]);
    assert_eq!(failed(stage.poll(&mut stopped)), "ABNORMAL_TERMINATION: pair:b");

    stage.fork_error = Some("too many processes");
    let mut unborn =
        stage.promise("supervisor.startProcess", &[text("pair:a"), Value::Bool(false)]);
    assert_eq!(failed(stage.poll(&mut unborn)), "SPAWN_ERROR: pair:a");
    let missing = stage.fault("supervisor.startProcess", &[text("broken")]);
    assert_eq!(missing, "NO_FILE: can't find command '/nowhere'");
}

#[test]
fn a_start_without_waiting_is_answered_once_there_is_a_process() {
    let mut stage = Stage::new();
    let name = [text("slow"), Value::Bool(false)];
    let outcome = stage.world(|world| methods::call(world, "supervisor.startProcess", &name));
    let Ok(Outcome::Later(mut start)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(stage.world(|world| start.poll(world)), None, "nothing was forked yet");
    stage.perform();
    assert_eq!(stage.poll(&mut start), TRUE);
}

#[test]
fn a_stop_is_answered_when_the_process_is_gone() {
    let mut stage = Stage::new();
    stage.obedient = false;
    stage.promise("supervisor.startProcess", &[text("slow")]);
    let mut stop = stage.promise("supervisor.stopProcess", &[text("slow")]);
    assert_eq!(stage.poll(&mut stop), None);
    assert_eq!(stage.fault("supervisor.stopProcess", &[text("slow")]), "NOT_RUNNING: slow");
    assert_eq!(
        stage.fault("supervisor.sendProcessStdin", &[text("slow"), text("x")]),
        "NOT_RUNNING: slow"
    );
    stage.die(100, 0);
    assert_eq!(stage.poll(&mut stop), TRUE);
}

#[test]
fn a_group_is_answered_in_the_order_in_which_its_processes_were_done() {
    let mut stage = Stage::new();
    let mut start = stage.promise("supervisor.startProcessGroup", &[text("pair")]);
    stage.pass(1000);
    assert_eq!(stage.poll(&mut start), None);
    stage.pass(1000);
    assert_eq!(lines(stage.poll(&mut start)), ["b OK", "a OK"]);
    let mut stop = stage.promise("supervisor.stopProcessGroup", &[text("pair")]);
    assert_eq!(lines(stage.poll(&mut stop)), ["a OK", "b OK"]);
    let mut all = stage.promise("supervisor.startAllProcesses", &[Value::Bool(false)]);
    let told = lines(stage.poll(&mut all));
    let broken = "broken NO_FILE: can't find command '/nowhere'";
    assert_eq!(told, [broken, "a OK", "b OK", "quick OK", "slow OK"]);
}

#[test]
fn several_calls_are_made_one_after_the_other() {
    let mut stage = Stage::new();
    let call = |name: &str, params: Vec<Value>| {
        let members = [("methodName", text(name)), ("params", Value::Array(params))];
        Value::Struct(members.map(|(key, value)| (key.to_owned(), value)).into())
    };
    let calls = vec![
        call("supervisor.startProcess", vec![text("slow")]),
        call("supervisor.getAPIVersion", vec![]),
        call("supervisor.stopProcess", vec![text("slow")]),
        call("supervisor.stopProcess", vec![text("slow")]),
        call("system.multicall", vec![]),
    ];
    let mut several = stage.promise("system.multicall", &[Value::Array(calls)]);
    assert_eq!(stage.poll(&mut several), None);
    stage.pass(5000);
    assert_eq!(stage.poll(&mut several), None, "the stop was only now asked for");
    let Some(Ok(Value::Array(results))) = stage.poll(&mut several) else { panic!("no results") };
    assert_eq!(results[..3], [Value::Bool(true), text("3.0"), Value::Bool(true)]);
    assert_eq!(results[3].get("faultString"), Some(&text("NOT_RUNNING: slow")));
    let recursive = text("INCORRECT_PARAMETERS: Recursive system.multicall forbidden");
    assert_eq!(results[4].get("faultString"), Some(&recursive));
}

#[test]
fn while_ending_little_is_answered() {
    let mut stage = Stage::new();
    stage.obedient = false;
    stage.promise("supervisor.startProcess", &[text("slow")]);
    assert!(matches!(stage.call("supervisor.shutdown", &[]), Ok(Outcome::Now(Value::Bool(true)))));
    assert_eq!(stage.fault("supervisor.getState", &[]), "SHUTDOWN_STATE");
    assert_eq!(stage.fault("supervisor.getState", &[Value::Nil]), "INCORRECT_PARAMETERS");
    assert_eq!(stage.fault("supervisor.nope", &[]), "UNKNOWN_METHOD");
    assert!(stage.call("supervisor.sendRemoteCommEvent", &[text("a"), text("b")]).is_ok());
    assert!(stage.call("system.listMethods", &[]).is_ok());
}

#[test]
fn a_configuration_that_cannot_be_read_changes_nothing() {
    let mut stage = Stage::new();
    for method in ["supervisor.reloadConfig", "supkit.planUpdate", "supkit.updateMinimal"] {
        assert_eq!(stage.fault(method, &[]), "CANT_REREAD: File contains parsing errors");
    }
}
