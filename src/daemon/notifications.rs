//! The messages of processes with `ready_notify` or `live_notify`, and the main processes that they name.

use std::io;
use std::process;

use super::keeping::journal::Entry;
use super::launch::Variables;
use super::shell::Shell;
use super::tree_effects;
use crate::conf::config::{LogLevel, Process};
use crate::conf::signals::Signal;
use crate::core::effect::{Input, MainProcess, Pid, ProcId, WaitStatus};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::notify_socket::{Message, group_of};
use crate::os::processes::{self, ProcessStat};
use crate::os::{errno, pidfd, subreaper, users};

/// The maximum number of messages that are read in one turn of the loop.
const MAX_MESSAGES: usize = 64;

/// The variables of `sd_notify(3)` and `sd_watchdog_enabled(3)`.
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
const WATCHDOG_USEC: &str = "WATCHDOG_USEC";
const WATCHDOG_PID: &str = "WATCHDOG_PID";

/// How many generations a main process may be below its program.
const MAX_GENERATIONS: usize = 64;

impl Shell<'_> {
    /// What a child gets so that it can send messages.
    pub(super) fn open_notify_socket(
        &mut self,
        id: ProcId,
        config: &Process,
        environment: &mut Variables,
    ) -> io::Result<()> {
        let socket = self.notify_sockets.open(&mut self.poller, id)?;
        // Those of the daemon itself are not for its children. A pid is not known before the fork, and
        // may be missing.
        environment.retain(|(name, _)| {
            ![NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID].iter().any(|it| name == it)
        });
        environment.push((NOTIFY_SOCKET.into(), socket.into()));
        if let Some(limit) = config.watchdog() {
            environment.push((WATCHDOG_USEC.into(), limit.as_micros().to_string().into()));
        }
        // The end of a main process is seen by its parent, which this daemon becomes.
        if let Err(error) = subreaper::adopt_orphans() {
            let error = errno::describe(&error);
            self.logs.log(LogLevel::Warn, &format!("cannot adopt orphans: {error}"));
        }
        Ok(())
    }

    /// Messages of a process have arrived.
    pub(super) fn on_notification(&mut self, id: ProcId, core: &mut Supervisor, now: Now) {
        for _ in 0..MAX_MESSAGES {
            let Some(message) = self.notify_sockets.receive(id) else { return };
            if !is_trusted(&message, id, core) {
                continue;
            }
            let mut lines = message.text.lines().filter_map(|line| line.strip_prefix("MAINPID="));
            if let Some(claim) = lines.next_back().and_then(|word| self.claim(id, word, core)) {
                core.take(Input::MainNamed { id, claim }, now);
            }
            core.take(Input::Notified { id, message: message.text }, now);
        }
    }

    /// Whether a process that a program names is one of its own; `None` if it is the supervised one.
    fn claim(
        &self,
        id: ProcId,
        word: &str,
        core: &Supervisor,
    ) -> Option<Result<MainProcess, String>> {
        let refuse =
            |why: &str| Some(Err(format!("MAINPID={} is refused: {why}", word.escape_debug())));
        let Some(pid) = word.trim().parse::<i32>().ok().filter(|pid| *pid > 0) else {
            return refuse("it is no process id");
        };
        let process = core.process(id)?;
        if process.pid() == Some(Pid(pid)) {
            return None;
        }
        let Some(stat) = processes::stat(pid).filter(|stat| !stat.is_zombie) else {
            return refuse("there is no such process");
        };
        if core.owner(Pid(pid)).is_some() || !self.is_of_program(id, &stat, process.pid()) {
            return refuse("it is no process of this program");
        }
        let main =
            MainProcess { pid: Pid(pid), started: stat.started, leads_group: stat.group == pid };
        Some(Ok(main))
    }

    /// A descendant of the supervised process, or one that has inherited its socket or is in its cgroup:
    /// its ancestors may have ended.
    fn is_of_program(&self, id: ProcId, stat: &ProcessStat, leader: Option<Pid>) -> bool {
        let own = i32::try_from(process::id()).unwrap_or_default();
        let mut parent = stat.parent;
        for _ in 0..MAX_GENERATIONS {
            if leader == Some(Pid(parent)) {
                return true;
            }
            if parent <= 1 || parent == own {
                break;
            }
            let Some(next) = processes::stat(parent) else { break };
            parent = next.parent;
        }
        let socket = self.notify_sockets.name(id);
        let has_socket = |(name, value): &(String, String)| {
            name == NOTIFY_SOCKET && Some(value.as_str()) == socket
        };
        let environment = processes::environment(stat.pid).unwrap_or_default();
        environment.iter().any(has_socket) || tree_effects::is_in_cgroup(id, stat.pid)
    }

    /// The supervised process was reaped. True if its main process takes its place.
    pub(super) fn follow_main(
        &mut self,
        pid: Pid,
        status: WaitStatus,
        core: &mut Supervisor,
        now: Now,
    ) -> bool {
        let Some(id) = core.owner(pid).filter(|_| core.hook_owner(pid).is_none()) else {
            return false;
        };
        // It may have named its main process in its last moment.
        self.on_notification(id, core, now);
        let Some(process) = core.process(id) else { return false };
        let Some(main) = process.main_process() else { return false };
        let name = process.full_name();
        let stat = processes::stat(main.pid.0).filter(|stat| stat.started == main.started);
        let Some(stat) = stat else { return false };
        if !self.kernel.is_parent(stat.parent) {
            let message = format!(
                "{name}: its main process, pid {}, is no child of supervisord, which therefore cannot \
                 see its end",
                main.pid.0
            );
            self.logs.log(LogLevel::Warn, &message);
            return false;
        }
        if let Some(link) = self.kernel.link() {
            link.note(&Entry::Followed { id, pid, status, now }, 0);
        }
        core.take(Input::Followed { id, pid, status }, now);
        true
    }

    pub(super) fn signal_main(
        &mut self,
        id: ProcId,
        main: MainProcess,
        signal: Signal,
        core: &Supervisor,
    ) {
        let name = core.process(id).map_or("a process", |process| process.name());
        let pid = main.pid.0;
        let message = match pidfd::signal(pid, main.started, signal.0) {
            Ok(true) => format!("sent {signal} to the main process of {name} (pid {pid})"),
            Ok(false) => format!("the main process of {name} (pid {pid}) has ended"),
            Err(error) => {
                let error = errno::describe(&error);
                format!("cannot send {signal} to the main process of {name} (pid {pid}): {error}")
            }
        };
        self.logs.log(LogLevel::Debug, &message);
    }
}

/// Whether a message comes from the process itself: from its process group, its user, the user of
/// the daemon or root. Any user can send to an abstract socket.
fn is_trusted(message: &Message, id: ProcId, core: &Supervisor) -> bool {
    let Some(process) = core.process(id) else { return false };
    let users = [Some(0), Some(users::uid()), process.config().user.as_ref().map(|it| it.uid)];
    let is_own_group =
        || process.pid().is_some() && group_of(message.pid).map(Pid) == process.pid();
    users.contains(&Some(message.uid)) || is_own_group()
}
