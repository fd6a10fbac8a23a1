//! The effects of the core that concern requests to proxies and programs, and their outcomes.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::net::UnixStream;

use super::exchanges::{Expected, Talk};
use super::host_names::Waiter;
use super::launch::{child_spec, spawn_error};
use super::pipes::ChildEnds;
use super::place::{Place, place};
use super::probes::describe;
use super::shell::Shell;
use super::{haproxy, varnish};
use crate::conf::config::Process;
use crate::conf::drain::Proxy;
use crate::core::effect::{ExchangeId, Input, WaitStatus};
use crate::core::exchange::{Answer, Exchange};
use crate::core::group;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::http::client;
use crate::os::connect::Peer;
use crate::os::locale;
use crate::os::poller::Token;
use crate::os::stream::SocketStream;

const KILL: i32 = 9;

const GONE: &str = "is no longer configured";

impl Shell<'_> {
    /// Makes a request; one that cannot be made has failed.
    pub(super) fn begin_exchange(
        &mut self,
        id: ExchangeId,
        exchange: Exchange,
        core: &mut Supervisor,
        now: Now,
    ) {
        let Some(process) = core.process(id.process) else { return };
        let begun = match exchange {
            Exchange::Drain(proxy)
            | Exchange::Count(proxy)
            | Exchange::Detach(proxy)
            | Exchange::Enable(proxy)
            | Exchange::CheckUse(proxy) => match proxy {
                Proxy::Command => self.run_command(id, exchange, process),
                Proxy::Varnish => self.run_varnish(id, exchange, process.config()),
                Proxy::Haproxy => self.ask_haproxy(id, exchange, process.config(), now),
            },
            Exchange::Warm(at) => self.fetch_page(id, exchange, at, process.config(), now),
        };
        if let Err(error) = begun {
            core.take(Input::Exchanged { id, answer: Err(error) }, now);
        }
    }

    /// Executes a command of the configuration as the program itself is executed.
    fn run_command(
        &mut self,
        id: ExchangeId,
        exchange: Exchange,
        process: &group::Process,
    ) -> Result<(), String> {
        let config = process.config();
        let command = match exchange {
            Exchange::Enable(_) => &config.enable_exec,
            _ => &config.drain_exec,
        };
        let command = command.clone().ok_or(GONE)?;
        let command = Process { command, ..config.clone() };
        let environment = self.environment(process)?;
        self.run(id, exchange, Expected::Success, &command, &[], environment)
    }

    /// Varnish's tools are executed as this daemon is.
    fn run_varnish(
        &mut self,
        id: ExchangeId,
        exchange: Exchange,
        config: &Process,
    ) -> Result<(), String> {
        let backend = config.drain_varnish.as_deref().cloned().ok_or(GONE)?;
        let (program, arguments) = varnish::command(exchange, &backend);
        let command = Process {
            command: program.to_owned(),
            environment: Vec::new(),
            directory: None,
            umask: None,
            user: None,
            ..config.clone()
        };
        let (expected, environment) = (Expected::Varnish(backend), locale::environment());
        self.run(id, exchange, expected, &command, &arguments, environment)
    }

    /// Executes a command in a process group of its own; its output is the reply.
    fn run(
        &mut self,
        id: ExchangeId,
        exchange: Exchange,
        expected: Expected,
        process: &Process,
        arguments: &[String],
        environment: Vec<(OsString, OsString)>,
    ) -> Result<(), String> {
        let mut command = self.kernel.resolve(process).map_err(|error| error.to_string())?;
        command.argv.extend(arguments.iter().map(OsString::from));
        let (ours, theirs) = UnixStream::pair().map_err(|error| describe(&error))?;
        ours.set_nonblocking(true).map_err(|error| describe(&error))?;
        let stdin = File::open("/dev/null").map_err(|error| describe(&error))?;
        let stderr = theirs.try_clone().map_err(|error| describe(&error))?;
        let ends =
            ChildEnds { stdin: stdin.into(), stdout: theirs.into(), stderr: Some(stderr.into()) };
        let spec = child_spec(process, command, environment, ends);
        let spawned = self.kernel.spawn(spec);
        let pid = spawned.map_err(|error| spawn_error(&process.name, &error))?;
        let talk = Talk::new(id, exchange, expected, Vec::new(), SocketStream::Unix(ours));
        let added = self.exchanges.add_child(&mut self.poller, pid, talk);
        added.map_err(|error| describe(&error))
    }

    fn ask_haproxy(
        &mut self,
        id: ExchangeId,
        exchange: Exchange,
        config: &Process,
        now: Now,
    ) -> Result<(), String> {
        let server = config.drain_haproxy.as_deref().cloned().ok_or(GONE)?;
        let place = if server.socket.contains('/') {
            Place::Peer(Peer::Unix(server.socket.clone().into()))
        } else {
            place(&server.socket)?
        };
        let peer = self.peer(place, Waiter::Exchange(id, exchange), now);
        let peer = peer.map_err(|error| format!("{}: {}", server.socket, String::from(error)))?;
        let Some(peer) = peer else { return Ok(()) };
        let request = haproxy::command(exchange, &server).into_bytes();
        let failed = |error: &std::io::Error| format!("{}: {}", server.socket, describe(error));
        let stream = self.kernel.connect(&peer).map_err(|error| failed(&error))?;
        let talk = Talk::new(id, exchange, Expected::Haproxy(server.clone()), request, stream);
        self.exchanges.add(&mut self.poller, talk).map_err(|error| failed(&error))
    }

    fn fetch_page(
        &mut self,
        id: ExchangeId,
        exchange: Exchange,
        at: usize,
        config: &Process,
        now: Now,
    ) -> Result<(), String> {
        let url = config.warm_page(at).ok_or(GONE)?;
        let peer = self.peer(place(&url.address)?, Waiter::Exchange(id, exchange), now)?;
        let Some(peer) = peer else { return Ok(()) };
        let header = config.ready_http_header.as_deref();
        let request = client::get(&url.host, &url.path, header);
        let stream = self.kernel.connect(&peer).map_err(|error| describe(&error))?;
        let talk = Talk::new(id, exchange, Expected::Page, request, stream);
        self.exchanges.add(&mut self.poller, talk).map_err(|error| describe(&error))
    }

    pub(super) fn on_exchange_ready(&mut self, token: Token, core: &mut Supervisor, now: Now) {
        if let Some(answer) = self.exchanges.ready(token, &mut self.poller) {
            deliver(answer, core, now);
        }
    }

    /// A child was reaped; false if it is not that of a request.
    pub(super) fn on_exchange_reaped(
        &mut self,
        pid: i32,
        status: WaitStatus,
        core: &mut Supervisor,
        now: Now,
    ) -> bool {
        if !self.exchanges.is_child(pid) {
            return false;
        }
        if let Some(answer) = self.exchanges.reaped(pid, status, &mut self.poller) {
            deliver(answer, core, now);
        }
        true
    }

    pub(super) fn cancel_exchange(&mut self, id: ExchangeId) {
        self.names.cancel_exchange(id);
        if let Some(pid) = self.exchanges.cancel(id, &mut self.poller) {
            self.kill_child(pid);
        }
    }

    /// The daemon ends: no child of it is left.
    pub(super) fn end_exchanges(&mut self) {
        for pid in self.exchanges.cancel_all(&mut self.poller) {
            self.kill_child(pid);
        }
    }

    /// It leads a group of its own, as soon as it has made one. That it has just exited is no error.
    fn kill_child(&mut self, pid: i32) {
        let _ = self.kernel.kill(pid, KILL, true);
        let _ = self.kernel.kill(pid, KILL, false);
    }
}

fn deliver((id, answer): (ExchangeId, Answer), core: &mut Supervisor, now: Now) {
    core.take(Input::Exchanged { id, answer }, now);
}
