//! From what happened to those who listen: events are numbered, buffered in the pools that
//! subscribed, handed to listeners that are ready, and taken back when they fail.

use std::fmt::Write;
use std::sync::Arc;

use super::effect::{Effect, Pid, ProcId, Stream};
use super::event::{Change, Event, Subject};
use super::group::Group;
use super::listener::Step;
use super::pool::{Numbered, Overflow};
use super::relay::Verdict;
use super::state::{ListenerState, ProcessState};
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::{LogLevel, ResultHandler};
use crate::conf::events::EventType;

/// What is told about one process.
#[derive(Clone, Copy)]
pub(super) enum Announced<'a> {
    State(Change),
    Log(Stream, &'a [u8]),
    Communication(Stream, &'a [u8]),
}

impl Group {
    fn hears(&self, kind: EventType) -> bool {
        self.pool().is_some_and(|pool| pool.events.iter().any(|of| kind.is_a(*of)))
    }
}

impl Supervisor {
    pub(super) fn announce(&mut self, id: ProcId, pid: Pid, what: &Announced, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let subject = Subject { process: process.name(), group: process.group(), pid };
        let event = match *what {
            Announced::State(change) => Event::state(subject, change),
            Announced::Log(stream, data) => Event::log(subject, stream, data),
            Announced::Communication(stream, data) => Event::communication(subject, stream, data),
        };
        self.emit(event, now);
    }

    pub(super) fn announce_group(&mut self, kind: EventType, name: &str, now: Now) {
        self.emit(Event::group(kind, name), now);
    }

    pub(super) fn announce_supervisor(&mut self, kind: EventType, now: Now) {
        self.emit(Event::supervisor(kind), now);
    }

    /// `sendRemoteCommEvent`.
    pub fn remote_event(&mut self, kind: &str, data: &str, now: Now) {
        self.emit(Event::remote(kind, data), now);
        self.settle(now);
    }

    /// Whether any pool or stream wants events of this type.
    pub(super) fn is_heard(&self, kind: EventType) -> bool {
        self.publishing || self.groups.iter().any(|group| group.hears(kind))
    }

    /// Numbers an event and buffers it in every pool that subscribed to its type. A serial is used
    /// up only when some pool takes the event.
    pub(super) fn emit(&mut self, event: Event, now: Now) {
        if self.publishing {
            self.publish(&event);
        }
        if !self.groups.iter().any(|group| group.hears(event.kind)) {
            return;
        }
        let event = Arc::new(event);
        let serial = self.serial;
        self.serial += 1;
        for at in 0..self.groups.len() {
            let group = &mut self.groups[at];
            if group.hears(event.kind) {
                let bound = group.pool().map_or(0, |pool| pool.buffer_size);
                let overflow = group.queue.push(Arc::clone(&event), serial, bound, now.mono);
                self.report_overflow(at, overflow);
            }
        }
    }

    fn publish(&mut self, event: &Event) {
        let serial = self.published;
        self.published += 1;
        let (name, payload) = (event.kind.name(), event.payload.clone());
        self.effects.push_back(Effect::Publish { serial, name, payload });
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

    /// Hands waiting events to listeners that are ready, oldest first.
    pub(super) fn dispatch(&mut self) {
        for at in 0..self.groups.len() {
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

    fn send_event(&mut self, at: usize, id: ProcId, numbered: Numbered) {
        let envelope = self.envelope(at, &numbered);
        let Some(process) = self.processes.get_mut(&id) else { return };
        let name = process.name().to_owned();
        let serial = numbered.serial;
        if let Some(listening) = &mut process.listener {
            listening.protocol.sent();
            listening.event = Some(numbered);
        }
        self.effects.push_back(Effect::Stdin { id, bytes: envelope });
        self.debug(|| format!("event {serial} sent to listener {name}"));
    }

    /// The header line and the payload. `len` counts characters, as Supervisor's does.
    fn envelope(&self, at: usize, numbered: &Numbered) -> Vec<u8> {
        let Numbered { event, serial, pool_serial } = numbered;
        let (server, pool) = (&self.config.supervisord.identifier, self.groups[at].name());
        let (name, payload) = (event.kind.name(), &event.payload);
        let length = payload.chars().count();
        format!(
            "ver:3.0 server:{server} serial:{serial} pool:{pool} poolserial:{pool_serial} \
             eventname:{name} len:{length}\n{payload}"
        )
        .into_bytes()
    }

    /// A listener said something: follows the protocol as far as it goes.
    pub(super) fn listen(&mut self, id: ProcId, bytes: &[u8], now: Now) {
        if let Some(listening) = self.listening(id) {
            listening.protocol.say(bytes);
        }
        while let Some(step) = self.listening(id).and_then(|it| it.protocol.advance()) {
            match step {
                Step::Changed { from, to } => self.listener_changed(id, from, to),
                Step::BadResult(line) => self.bad_result(id, &line, now),
                Step::Result(result) => self.result(id, &result, now),
            }
        }
    }

    fn listening(&mut self, id: ProcId) -> Option<&mut super::group::Listening> {
        self.processes.get_mut(&id)?.listener.as_mut()
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
        let line = super::python::text_or_undecodable(line);
        let message = format!("{}: bad result line: '{line}'", process.name());
        self.log(LogLevel::Warn, message);
        self.judged(id, false);
        self.return_event(id, now);
    }

    fn result(&mut self, id: ProcId, result: &[u8], now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let name = process.name().to_owned();
        let handler = self.result_handler(id);
        let verdict = self.relay.judge(handler, result);
        if let Verdict::Relayed(stream, bytes) = &verdict {
            self.effects.push_back(Effect::Relay { stream: *stream, bytes: bytes.clone() });
        }
        match verdict {
            Verdict::Accepted | Verdict::Relayed(..) => {
                self.debug(|| format!("{name}: event was processed"));
                self.judged(id, true);
                if let Some(listening) = self.listening(id) {
                    listening.event = None;
                }
            }
            Verdict::Rejected => {
                self.log(LogLevel::Warn, format!("{name}: event was rejected"));
                self.judged(id, true);
                self.return_event(id, now);
            }
            Verdict::Broken => {
                self.log(LogLevel::Warn, format!("{name}: event caused an error"));
                self.judged(id, false);
                self.return_event(id, now);
            }
        }
    }

    fn judged(&mut self, id: ProcId, well: bool) {
        let step = self.listening(id).map(|listening| listening.protocol.judged(well));
        if let Some(Step::Changed { from, to }) = step {
            self.listener_changed(id, from, to);
        }
    }

    fn result_handler(&self, id: ProcId) -> ResultHandler {
        self.group_of(id)
            .and_then(|at| self.groups[at].pool())
            .map_or(ResultHandler::Default, |pool| pool.result_handler)
    }

    fn group_of(&self, id: ProcId) -> Option<usize> {
        let name = self.processes.get(&id)?.group();
        self.groups.iter().position(|group| group.name() == name)
    }

    /// The event that a listener was busy with goes back to the head of its pool.
    pub(super) fn return_event(&mut self, id: ProcId, now: Now) {
        let Some(event) = self.listening(id).and_then(|listening| listening.event.take()) else {
            return;
        };
        let Some(at) = self.group_of(id) else { return };
        let group = &mut self.groups[at];
        let bound = group.pool().map_or(0, |pool| pool.buffer_size);
        let (serial, waiting, name) = (event.serial, group.queue.len(), group.name().to_owned());
        let overflow = group.queue.push_back(event, bound, now.mono);
        self.debug(|| {
            format!("rebuffering event {serial} for pool {name} (buf size={waiting}, max={bound})")
        });
        self.report_overflow(at, overflow);
    }

    /// A write met a closed pipe: an event that was being sent is another listener's now.
    pub(super) fn stdin_closed(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.stdin_closed = true;
        let name = process.name().to_owned();
        let Some(listening) = &mut process.listener else { return };
        let Some(event) = &listening.event else { return };
        let serial = event.serial;
        listening.protocol.unsent();
        self.debug(|| {
            format!(
                "epipe occurred while sending event {serial} to listener {name}, listener state \
                 unchanged"
            )
        });
        self.return_event(id, now);
    }
}
