//! The actions of the driver: one row each, with the weight by which it is drawn.

use std::io::Write as _;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supkit::rpc::value::Value;

use super::client::Reply;
use super::driver::Driver;
use super::model::Wanted;
use super::processes;
use super::programs::{Conduct, EXTRAS, GROUPS, members, names};

pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) weight: usize,
    pub(super) run: fn(&mut Driver<'_>),
}

macro_rules! actions {
    ($($name:literal $weight:literal $run:expr;)*) => {
        &[$(Action { name: $name, weight: $weight, run: $run }),*]
    };
}

pub(super) static ACTIONS: &[Action] = actions! {
    "start a process and wait"             10 |it| it.start_process(true);
    "start a process"                       6 |it| it.start_process(false);
    "stop a process and wait"              10 |it| it.stop_process(true);
    "stop a process"                        6 |it| it.stop_process(false);
    "start a group"                         4 |it| it.group("supervisor.startProcessGroup", Wanted::Running);
    "stop a group"                          4 |it| it.group("supervisor.stopProcessGroup", Wanted::Stopped);
    "start all"                             2 |it| it.start_all();
    "stop all"                              1 |it| it.stop_all();
    "restart by supervisorctl"              4 |it| it.restart_by_ctl();
    "signal a process"                      6 |it| it.signal_process();
    "signal a group"                        2 |it| it.signal_group();
    "kill a program"                        8 |it| it.kill_program();
    "freeze a program"                      4 |it| it.freeze_program();
    "suspend the daemon"                    2 |it| it.suspend_daemon();
    "change the configuration"             10 |it| it.change_configuration();
    "reread"                                4 |it| it.reread();
    "reread a broken configuration"         2 |it| it.reread_broken();
    "update"                                8 |it| it.update();
    "add a group"                           4 |it| it.add_group();
    "remove a group"                        4 |it| it.remove_group();
    "read logs"                             6 |it| it.read_logs();
    "clear a log"                           3 |it| it.clear_log();
    "clear the activity log"                1 |it| it.clear_activity_log();
    "reopen the logs"                       2 |it| it.signal_daemon(Signal::SIGUSR2);
    "write to a stdin"                      4 |it| it.write_stdin();
    "send an event"                         4 |it| it.send_event();
    "call many methods"                     2 |it| it.call_many();
    "follow"                                4 |it| it.follow();
    "stop following"                        3 |it| it.followers.clear();
    "wait and disconnect"                   6 |it| it.wait_and_disconnect();
    "send half a request"                   4 |it| it.send_half();
    "kill a supervisorctl"                  4 |it| it.kill_ctl();
    "look at the page"                      2 |it| it.look_at_page();
    "upgrade"                               6 |it| it.upgrade();
    "reload"                                2 |it| it.reload(|it| it.call("supervisor.restart", &[]));
    "reload by a signal"                    1 |it| it.reload(|it| it.signal_daemon(Signal::SIGHUP));
    "reload by supervisorctl"               1 |it| it.reload(|it| it.ctl(&["reload"]));
    "end the daemon and start it again"     1 |it| it.end_daemon();
    "kill the daemon and start it again"    1 |it| it.kill_daemon();
};

/// Signals that end a program, and one that most ignore.
const SIGNALS: [&str; 6] = ["TERM", "KILL", "INT", "HUP", "USR1", "WINCH"];

impl Driver<'_> {
    /// Any process, configured or not.
    fn any_process(&mut self) -> &'static str {
        let steady = names(Conduct::Steady).chain(EXTRAS);
        let others = names(Conduct::Ends).chain(names(Conduct::Fails));
        let all: Vec<&str> = steady.chain(others).collect();
        self.rng.one_of(&all)
    }

    fn start_process(&mut self, waits: bool) {
        let name = self.any_process();
        self.model.touch(name, Wanted::Running);
        self.call("supervisor.startProcess", &[Value::str(name), Value::Bool(waits)]);
    }

    fn stop_process(&mut self, waits: bool) {
        let name = self.any_process();
        self.model.touch(name, Wanted::Stopped);
        self.call("supervisor.stopProcess", &[Value::str(name), Value::Bool(waits)]);
    }

    fn group(&mut self, method: &str, wanted: Wanted) {
        let group = self.rng.one_of(&GROUPS);
        let waits = self.rng.below(2) == 0;
        for name in members(group) {
            self.model.touch(name, wanted);
        }
        self.call(method, &[Value::str(group), Value::Bool(waits)]);
    }

    fn start_all(&mut self) {
        self.model.touch_all(Wanted::Running);
        let waits = self.rng.below(2) == 0;
        self.call("supervisor.startAllProcesses", &[Value::Bool(waits)]);
    }

    fn stop_all(&mut self) {
        self.model.touch_all(Wanted::Stopped);
        let waits = self.rng.below(2) == 0;
        self.call("supervisor.stopAllProcesses", &[Value::Bool(waits)]);
    }

    fn restart_by_ctl(&mut self) {
        let name = self.any_process();
        self.model.touch(name, Wanted::Running);
        self.ctl(&["restart", name]);
    }

    fn signal_process(&mut self) {
        let (name, signal) = (self.any_process(), self.rng.one_of(&SIGNALS));
        self.call("supervisor.signalProcess", &[Value::str(name), Value::str(signal)]);
    }

    fn signal_group(&mut self) {
        let (group, signal) = (self.rng.one_of(&GROUPS), self.rng.one_of(&SIGNALS));
        self.call("supervisor.signalProcessGroup", &[Value::str(group), Value::str(signal)]);
    }

    /// The pid of any process, if it has one.
    fn any_pid(&mut self) -> Option<i32> {
        let name = self.any_process();
        let infos = self.infos().unwrap_or_default();
        let info = infos.into_iter().find(|info| info.name == name && info.pid > 0)?;
        self.story.push(format!("      {name} with pid {}", info.pid));
        Some(info.pid)
    }

    fn kill_program(&mut self) {
        let signal = self.rng.one_of(&[Signal::SIGKILL, Signal::SIGKILL, Signal::SIGTERM]);
        if let Some(pid) = self.any_pid() {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    fn freeze_program(&mut self) {
        if let Some(pid) = self.any_pid() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
            self.frozen.insert(pid);
        }
    }

    /// Requests and the ends of programs meet the daemon all at once when it continues.
    fn suspend_daemon(&mut self) {
        let pid = self.any_pid();
        self.signal_daemon(Signal::SIGSTOP);
        for _ in 0..3 {
            let waits = self.rng.below(2) == 0;
            if self.rng.below(2) == 0 {
                self.start_process(waits);
            } else {
                self.stop_process(waits);
            }
        }
        if let Some(pid) = pid {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        self.signal_daemon(Signal::SIGCONT);
    }

    fn change_configuration(&mut self) {
        let (which, version) = (self.rng.below(EXTRAS.len() + 1), self.rng.below(3));
        match self.configuration.extras.get_mut(which) {
            Some(extra) => *extra = (version > 0).then_some(version),
            None => self.configuration.steady = version,
        }
        let text = self.configuration.text();
        self.write_configuration(&text);
        self.story.push(format!("      {:?}", self.configuration));
    }

    fn reread(&mut self) {
        self.call("supervisor.reloadConfig", &[]);
    }

    fn reread_broken(&mut self) {
        self.settle();
        let text = self.configuration.text();
        let broken = ["[program:x]\n", "nonsense", "[group:z]\nprograms=q\n"];
        let broken = self.rng.one_of(&broken);
        self.write_configuration(&format!("{text}{broken}"));
        let reply = self.ask("supervisor.reloadConfig", &[]);
        assert!(matches!(&reply, Reply::Fault(fault) if fault.code == 92), "{broken:?}: {reply:?}");
        self.write_configuration(&text);
    }

    /// What is changed is restarted, and what is added is started.
    fn update(&mut self) {
        for name in EXTRAS.into_iter().chain(members("steady")) {
            self.model.touch(name, Wanted::Either);
        }
        if self.is_alone {
            self.model.expect_extras(&self.configuration);
        } else {
            self.model.forget_extras();
        }
        self.ctl(&["update"]);
    }

    fn add_group(&mut self) {
        let name = self.rng.one_of(&EXTRAS);
        self.model.touch(name, Wanted::Either);
        self.model.forget_extras();
        self.call("supervisor.addProcessGroup", &[Value::str(name)]);
    }

    fn remove_group(&mut self) {
        let name = self.rng.one_of(&EXTRAS);
        self.model.touch(name, Wanted::Either);
        self.model.forget_extras();
        self.call("supervisor.removeProcessGroup", &[Value::str(name)]);
    }

    fn read_logs(&mut self) {
        let name = self.any_process();
        let offset = self.rng.below(200) as i64 - 100;
        let length = self.rng.one_of(&[0, 0, 10, 1000, 100_000]);
        let method = self.rng.one_of(&[
            "supervisor.tailProcessStdoutLog",
            "supervisor.readProcessStdoutLog",
            "supervisor.tailProcessStderrLog",
            "supervisor.readProcessStderrLog",
        ]);
        self.call(method, &[Value::str(name), Value::Int(offset), Value::Int(length)]);
        self.call("supervisor.readLog", &[Value::Int(-1000), Value::Int(0)]);
    }

    fn clear_log(&mut self) {
        self.is_clearing = true;
        if self.rng.below(4) == 0 {
            return self.call("supervisor.clearAllProcessLogs", &[]);
        }
        let name = self.any_process();
        self.call("supervisor.clearProcessLogs", &[Value::str(name)]);
    }

    fn clear_activity_log(&mut self) {
        self.call("supervisor.clearLog", &[]);
    }

    fn write_stdin(&mut self) {
        let name = self.any_process();
        let text = "x".repeat(self.rng.one_of(&[1, 100, 70_000])) + "\n";
        self.call("supervisor.sendProcessStdin", &[Value::str(name), Value::Str(text)]);
    }

    fn send_event(&mut self) {
        let data = "event ".repeat(self.rng.one_of(&[1, 10, 5000]));
        self.call("supervisor.sendRemoteCommEvent", &[Value::str("soak"), Value::Str(data)]);
    }

    fn call_many(&mut self) {
        let call = |method: &str| {
            Value::record([("methodName", Value::str(method)), ("params", Value::Array(vec![]))])
        };
        let calls = ["supervisor.getAllProcessInfo", "supervisor.getState", "supkit.getGraph"];
        let calls: Vec<Value> = calls.iter().cycle().take(30).map(|method| call(method)).collect();
        self.call("system.multicall", &[Value::Array(calls)]);
    }

    /// A client that receives a log or the events and never reads them.
    fn follow(&mut self) {
        let path =
            self.rng.one_of(&["/logtail/fast", "/mainlogtail", "/events", "/logtail/steady:0"]);
        self.story.push(format!("      {path}"));
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if let Some(mut stream) = self.connect() {
            if stream.write_all(request.as_bytes()).is_ok() {
                self.followers.push(stream);
            }
        }
    }

    /// The client of a waiting call is gone before the reply.
    fn wait_and_disconnect(&mut self) {
        let name = self.any_process();
        let method = self.rng.one_of(&["supervisor.startProcess", "supervisor.stopProcess"]);
        // The request may be dropped with its client.
        self.model.touch(name, Wanted::Either);
        self.abandoned_call(method, &[Value::str(name), Value::Bool(true)]);
    }

    fn send_half(&mut self) {
        let request =
            b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n<?xml ve";
        let end = self.rng.below(request.len());
        let stays = self.rng.below(2) == 0;
        if let Some(mut stream) = self.connect() {
            if stream.write_all(&request[..end]).is_ok() && stays {
                self.followers.push(stream);
            }
        }
    }

    fn kill_ctl(&mut self) {
        let name = self.any_process();
        let words: &[&str] = match self.rng.below(4) {
            0 => &["status"],
            1 => &["restart", name],
            2 => &["tail", "-f", name],
            _ => &["update"],
        };
        self.model.touch(name, Wanted::Either);
        for name in EXTRAS.into_iter().chain(members("steady")) {
            self.model.touch(name, Wanted::Either);
        }
        self.model.forget_extras();
        let mut child = self.spawn_ctl(words);
        // It gets as far as the others of the step are requested.
        let _ = self.infos();
        let _ = child.kill();
        let _ = child.wait();
    }

    fn look_at_page(&mut self) {
        let path = self.rng.one_of(&["/", "/status", "/tail.html?processname=fast", "/healthz"]);
        if let Some(mut stream) = self.connect() {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            // It is not read.
            let _ = stream.write_all(request.as_bytes());
        }
    }

    fn upgrade(&mut self) {
        self.ctl(&["upgrade"]);
    }

    fn reload(&mut self, request: fn(&mut Self)) {
        if self.is_restarting() {
            return;
        }
        self.expect_restart();
        self.model.touch_all(Wanted::Running);
        if self.is_alone {
            self.model.expect_extras(&self.configuration);
        } else {
            self.model.forget_extras();
        }
        request(self);
    }

    fn end_daemon(&mut self) {
        self.settle();
        self.followers.clear();
        self.stop_daemon();
        self.begin_again();
    }

    /// Its programs are ended by the next daemon. What they have printed last may be lost, and what has left
    /// the session of a program is left alone.
    fn kill_daemon(&mut self) {
        self.settle();
        self.followers.clear();
        let all = processes::running(self.sandbox);
        self.signal_daemon(Signal::SIGKILL);
        self.daemon.wait();
        for process in all.into_iter().filter(|it| it.session == it.pid) {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
        self.is_clearing = true;
        self.begin_again();
    }

    fn begin_again(&mut self) {
        self.launch();
        self.model.touch_all(Wanted::Running);
        self.model.expect_extras(&self.configuration);
    }
}
