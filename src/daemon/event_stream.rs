//! The events that one client streams and has not received yet. Clients share the text of an event,
//! which may be larger than what a client may fall behind.

use std::collections::VecDeque;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::conf::events::EventType;
use crate::web::Subscription;

/// How many bytes a client may fall behind before the next event.
const MAX_BEHIND: usize = 64 * 1024;
/// How many bytes are sent at once.
const MAX_CHUNK: usize = 16 * 1024;
const COMMENT: &str = ":\n\n";
const HEARTBEAT: &str = "event: heartbeat\ndata:\n\n";
/// Beside the events that have a type: what pages show of a process has changed.
const CHANGE: &str = "event: change\ndata:\n\n";

pub(super) struct EventStream {
    subscription: Subscription,
    queue: VecDeque<Rc<[u8]>>,
    /// How much of the first event was sent.
    sent: usize,
}

/// A stream as plain data.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedStream {
    subscription: Subscription,
    queue: Vec<String>,
    sent: usize,
}

impl EventStream {
    pub(super) fn save(&self) -> SavedStream {
        // The text of an event is valid UTF-8.
        let text = |it: &Rc<[u8]>| String::from_utf8_lossy(it).into_owned();
        let queue = self.queue.iter().map(text).collect();
        SavedStream { subscription: self.subscription.clone(), queue, sent: self.sent }
    }

    pub(super) fn restore(saved: SavedStream) -> Self {
        let queue = saved.queue.into_iter().map(|text| text.into_bytes().into()).collect();
        Self { subscription: saved.subscription, queue, sent: saved.sent }
    }

    pub(super) fn new(subscription: Subscription) -> Self {
        Self { subscription, queue: VecDeque::new(), sent: 0 }
    }

    pub(super) fn is_subscribed(&self, kind: EventType, payload: &str) -> bool {
        self.subscription.includes(kind, payload)
    }

    pub(super) fn has_heartbeat(&self) -> bool {
        self.subscription.has_heartbeat
    }

    /// Queues an event; false if the client is too far behind for another one.
    pub(super) fn push(&mut self, text: &Rc<[u8]>) -> bool {
        if self.behind() >= MAX_BEHIND {
            return false;
        }
        self.queue.push_back(Rc::clone(text));
        true
    }

    /// Queues a heartbeat or a comment, unless something is waiting anyway.
    pub(super) fn beat(&mut self) {
        if self.behind() == 0 {
            let beat = if self.has_heartbeat() { HEARTBEAT } else { COMMENT };
            self.queue.push_back(Rc::from(beat.as_bytes()));
        }
    }

    /// Queues a change for a page; false if it is no page, or will look anyway because something else is
    /// waiting.
    pub(super) fn notify(&mut self) -> bool {
        let is_wanted = self.has_heartbeat() && self.behind() == 0;
        if is_wanted {
            self.queue.push_back(Rc::from(CHANGE.as_bytes()));
        }
        is_wanted
    }

    fn behind(&self) -> usize {
        self.queue.iter().map(|text| text.len()).sum::<usize>() - self.sent
    }

    /// The next bytes to send, at most `room`.
    pub(super) fn next(&mut self, room: usize) -> Option<&[u8]> {
        if self.queue.front().is_some_and(|text| text.len() == self.sent) {
            self.queue.pop_front();
            self.sent = 0;
        }
        let text = self.queue.front()?;
        let count = room.min(MAX_CHUNK).min(text.len() - self.sent);
        if count == 0 {
            return None;
        }
        let from = self.sent;
        self.sent += count;
        Some(&text[from..self.sent])
    }

    /// Its share of the texts.
    pub(super) fn memory(&self) -> usize {
        self.queue.iter().map(|text| text.len() / Rc::strong_count(text)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::access::Rights;

    fn stream() -> EventStream {
        EventStream::new(Subscription {
            types: Vec::new(),
            has_heartbeat: false,
            rights: Rights::all(None),
        })
    }

    fn text(length: usize) -> Rc<[u8]> {
        vec![b'x'; length].into()
    }

    #[test]
    fn an_event_may_be_larger_than_what_a_client_may_fall_behind() {
        let mut stream = stream();
        let large = text(10 * MAX_BEHIND);
        assert!(stream.push(&large));
        assert_eq!(stream.memory(), large.len() / 2);
        assert!(!stream.push(&text(1)), "it is far behind");
        let mut received = 0;
        while let Some(bytes) = stream.next(1000) {
            received += bytes.len();
        }
        assert_eq!(received, large.len());
        assert!(stream.push(&text(1)));
        assert_eq!(stream.next(1000), Some(b"x".as_slice()));
        assert_eq!(stream.next(1000), None);
        assert_eq!(stream.memory(), 0);
    }

    #[test]
    fn a_change_is_sent_to_pages_only_and_once() {
        let mut stream = stream();
        assert!(!stream.notify());
        stream.subscription.has_heartbeat = true;
        assert!(stream.notify() && !stream.notify());
        assert_eq!(stream.next(99), Some(CHANGE.as_bytes()));
        assert_eq!(stream.next(99), None);
    }

    #[test]
    fn a_comment_is_sent_only_if_nothing_else_is() {
        let mut stream = stream();
        assert!(stream.push(&text(3)));
        stream.beat();
        assert_eq!(stream.next(9), Some(b"xxx".as_slice()));
        assert_eq!(stream.next(9), None);
        stream.beat();
        assert_eq!(stream.next(0), None);
        assert_eq!(stream.next(9), Some(b":\n\n".as_slice()));
    }
}
