//! Event delivery: events are numbered, buffered in the pools that subscribe to them, sent to ready
//! listeners, and put back into the buffer when a listener fails.

use std::fmt::Write;
use std::sync::Arc;

use super::effect::{Effect, OutputStream, Pid, ProcId};
use super::event::{self, Event, StateChange, Subject};
use super::event_queue::{NumberedEvent, Overflow};
use super::listener::ProtocolStep;
use super::result_handler::Verdict;
use super::state::{ListenerState, ProcessState};
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::{LogLevel, ResultHandler};
use crate::conf::events::EventType;

/// An event about one process.
#[derive(Clone, Copy)]
pub(super) enum Notification<'a> {
    State(StateChange),
    Log(OutputStream, &'a [u8]),
    Communication(OutputStream, &'a [u8]),
}

impl Notification<'_> {
    fn kind(&self) -> EventType {
        match *self {
            Notification::State(change) => event::state_type(change.to),
            Notification::Log(stream, _) => event::log_type(stream),
            Notification::Communication(stream, _) => event::communication_type(stream),
        }
    }
}

impl Supervisor {
    pub(super) fn notify_process(&mut self, id: ProcId, pid: Pid, what: &Notification, now: Now) {
        // The payload is a copy of the output.
        if !self.has_subscriber(what.kind()) {
            return;
        }
        let Some(process) = self.processes.get(&id) else { return };
        let subject = Subject { process: process.name(), group: process.group(), pid };
        let event = match *what {
            Notification::State(change) => Event::state(subject, change),
            Notification::Log(stream, data) => Event::log(subject, stream, data),
            Notification::Communication(stream, data) => {
                Event::communication(subject, stream, data)
            }
        };
        self.emit(event, now);
    }

    pub(super) fn notify_group(&mut self, kind: EventType, name: &str, now: Now) {
        self.emit(Event::group(kind, name), now);
    }

    pub(super) fn notify_supervisor(&mut self, kind: EventType, now: Now) {
        self.emit(Event::supervisor(kind), now);
    }

    /// `sendRemoteCommEvent`.
    pub fn remote_event(&mut self, kind: &str, data: &str, now: Now) {
        self.emit(Event::remote(kind, data), now);
        self.pump(now);
    }

    /// Whether a pool or an HTTP stream subscribes to events of this type.
    pub(super) fn has_subscriber(&self, kind: EventType) -> bool {
        self.publishing || !self.pools.subscribers(kind).is_empty()
    }

    /// Numbers an event and buffers it in every pool that subscribes to its type. A serial is used
    /// only if at least one pool buffers the event.
    pub(super) fn emit(&mut self, event: Event, now: Now) {
        if self.publishing {
            self.publish(&event);
        }
        let subscribers = self.pools.subscribers(event.kind).to_vec();
        if subscribers.is_empty() {
            return;
        }
        self.revision += 1;
        let event = Arc::new(event);
        let serial = self.serial;
        self.serial += 1;
        for at in subscribers {
            let group = &mut self.groups[at];
            let limit = group.pool().map_or(0, |pool| pool.buffer_size);
            let overflow = group.queue.push(Arc::clone(&event), serial, limit, now.mono);
            self.report_overflow(at, overflow);
        }
    }

    fn publish(&mut self, event: &Event) {
        let serial = self.published;
        self.published += 1;
        let (kind, payload) = (event.kind, event.payload.clone());
        self.effects.push_back(Effect::Publish { serial, kind, payload });
    }

    fn report_overflow(&mut self, at: usize, overflow: Option<Overflow>) {
        let Some(Overflow { serial, others }) = overflow else { return };
        let name = self.groups[at].name().to_owned();
        let mut message = format!("pool {name} event buffer overflowed, discarding event {serial}");
        if others > 0 {
            let _ = write!(message, " (and {others} others since the last report)");
        }
        self.log(LogLevel::Error, message);
    }

    /// Sends buffered events to ready listeners, oldest first.
    pub(super) fn dispatch(&mut self) {
        for pool in 0..self.pools.pools().len() {
            let at = self.pools.pools()[pool];
            while !self.groups[at].queue.is_empty() {
                let Some(id) = self.ready_listener(at) else { break };
                let Some(event) = self.groups[at].queue.pop() else { break };
                self.send_event(at, id, event);
            }
        }
    }

    fn ready_listener(&self, at: usize) -> Option<ProcId> {
        self.members(&self.groups[at])
            .find(|process| {
                process.state() == ProcessState::Running
                    && process.listener() == Some(ListenerState::Ready)
                    && !process.stdin_closed
            })
            .map(super::group::Process::id)
    }

    fn send_event(&mut self, at: usize, id: ProcId, numbered: NumberedEvent) {
        let envelope = self.envelope(at, &numbered);
        let Some(process) = self.processes.get_mut(&id) else { return };
        let name = process.name().to_owned();
        let serial = numbered.serial;
        if let Some(pool_member) = &mut process.listener {
            pool_member.protocol.on_event_sent();
            pool_member.event = Some(numbered);
        }
        self.effects.push_back(Effect::Stdin { id, bytes: envelope });
        self.debug(|| format!("event {serial} sent to listener {name}"));
    }

    /// The header line and the payload. `len` counts characters, as Supervisor's does.
    fn envelope(&self, at: usize, numbered: &NumberedEvent) -> Vec<u8> {
        let NumberedEvent { event, serial, pool_serial } = numbered;
        let (server, pool) = (&self.config.supervisord.identifier, self.groups[at].name());
        let (name, payload) = (event.kind.name(), &event.payload);
        let length = payload.chars().count();
        format!(
            "ver:3.0 server:{server} serial:{serial} pool:{pool} poolserial:{pool_serial} \
             eventname:{name} len:{length}\n{payload}"
        )
        .into_bytes()
    }

    /// Feeds output of a listener to its protocol and processes the resulting steps.
    pub(super) fn advance_protocol(&mut self, id: ProcId, bytes: &[u8], now: Now) {
        if let Some(pool_member) = self.pool_member(id) {
            pool_member.protocol.feed(bytes);
        }
        while let Some(step) = self.pool_member(id).and_then(|it| it.protocol.advance()) {
            match step {
                ProtocolStep::StateChanged { from, to } => self.listener_changed(id, from, to),
                ProtocolStep::BadResult(line) => self.bad_result(id, &line, now),
                ProtocolStep::Result(result) => self.result(id, &result, now),
            }
        }
    }

    fn pool_member(&mut self, id: ProcId) -> Option<&mut super::group::PoolMember> {
        self.processes.get_mut(&id)?.listener.as_deref_mut()
    }

    fn listener_changed(&mut self, id: ProcId, from: ListenerState, to: ListenerState) {
        let Some(process) = self.processes.get(&id) else { return };
        let name = process.name().to_owned();
        self.debug(|| format!("{name}: {} -> {}", from.name(), to.name()));
        if to == ListenerState::Unknown {
            let message = format!(
                "{name}: has entered the UNKNOWN state and will no longer receive events, this \
                 usually indicates the process violated the eventlistener protocol"
            );
            self.log(LogLevel::Warn, message);
        }
    }

    fn bad_result(&mut self, id: ProcId, line: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let line = super::python_repr::text_or_undecodable(line);
        let message = format!("{}: bad result line: '{line}'", process.name());
        self.log(LogLevel::Warn, message);
        self.on_verdict(id, false);
        self.return_event(id, now);
    }

    fn result(&mut self, id: ProcId, result: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let name = process.name().to_owned();
        let handler = self.result_handler(id);
        let verdict = self.handlers.handle(handler, result);
        if let Verdict::Forward(stream, bytes) = &verdict {
            self.effects.push_back(Effect::Relay { stream: *stream, bytes: bytes.clone() });
        }
        match verdict {
            Verdict::Accepted | Verdict::Forward(..) => {
                self.debug(|| format!("{name}: event was processed"));
                self.on_verdict(id, true);
                if let Some(pool_member) = self.pool_member(id) {
                    pool_member.event = None;
                }
            }
            Verdict::Rejected => {
                self.log(LogLevel::Warn, format!("{name}: event was rejected"));
                self.on_verdict(id, true);
                self.return_event(id, now);
            }
            Verdict::Failed => {
                self.log(LogLevel::Warn, format!("{name}: event caused an error"));
                self.on_verdict(id, false);
                self.return_event(id, now);
            }
        }
    }

    fn on_verdict(&mut self, id: ProcId, succeeded: bool) {
        let step =
            self.pool_member(id).map(|pool_member| pool_member.protocol.on_verdict(succeeded));
        if let Some(ProtocolStep::StateChanged { from, to }) = step {
            self.listener_changed(id, from, to);
        }
    }

    fn result_handler(&self, id: ProcId) -> ResultHandler {
        self.pool_of(id)
            .and_then(|at| self.groups[at].pool())
            .map_or(ResultHandler::Default, |pool| pool.result_handler)
    }

    /// The pool of a listener.
    fn pool_of(&self, id: ProcId) -> Option<usize> {
        let name = self.processes.get(&id)?.group();
        self.pools.pools().iter().copied().find(|at| self.groups[*at].name() == name)
    }

    /// Puts the event that a listener is busy with back at the head of its pool.
    pub(super) fn return_event(&mut self, id: ProcId, now: Now) {
        let Some(event) = self.pool_member(id).and_then(|pool_member| pool_member.event.take())
        else {
            return;
        };
        let Some(at) = self.pool_of(id) else { return };
        let group = &mut self.groups[at];
        let limit = group.pool().map_or(0, |pool| pool.buffer_size);
        let (serial, waiting, name) = (event.serial, group.queue.len(), group.name().to_owned());
        let overflow = group.queue.push_back(event, limit, now.mono);
        self.debug(|| {
            format!("rebuffering event {serial} for pool {name} (buf size={waiting}, max={limit})")
        });
        self.report_overflow(at, overflow);
    }

    /// A write failed because the pipe is closed: an event that was being sent goes back to its
    /// pool.
    pub(super) fn on_stdin_closed(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.stdin_closed = true;
        let name = process.name().to_owned();
        let Some(pool_member) = &mut process.listener else { return };
        let Some(event) = &pool_member.event else { return };
        let serial = event.serial;
        pool_member.protocol.on_send_failed();
        self.debug(|| {
            format!(
                "epipe occurred while sending event {serial} to listener {name}, listener state \
                 unchanged"
            )
        });
        self.return_event(id, now);
    }
}
