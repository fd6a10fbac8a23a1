//! The event buffer of one listener pool: oldest first, never more than `buffer_size` events.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::time::Mono;

/// The overflow of a pool is logged at most this often.
const REPORT_EVERY: i64 = 1;

/// An event with its two serials, which stay the same when it is delivered again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedEvent {
    pub event: Arc<Event>,
    pub serial: u64,
    pub pool_serial: u64,
}

/// What a full buffer dropped, when a report is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    pub serial: u64,
    /// How many others were dropped since the last report.
    pub others: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EventQueue {
    waiting: VecDeque<NumberedEvent>,
    next_pool_serial: u64,
    dropped: u64,
    unreported: u64,
    reported_at: Option<Mono>,
}

impl EventQueue {
    /// Buffers a new event.
    pub fn push(
        &mut self,
        event: Arc<Event>,
        serial: u64,
        limit: i64,
        now: Mono,
    ) -> Option<Overflow> {
        let pool_serial = self.next_pool_serial;
        self.next_pool_serial += 1;
        let overflow = self.make_room(limit, now);
        self.waiting.push_back(NumberedEvent { event, serial, pool_serial });
        overflow
    }

    /// Puts an event that was rejected or not delivered back at the head of the queue.
    pub fn push_back(&mut self, event: NumberedEvent, limit: i64, now: Mono) -> Option<Overflow> {
        let overflow = self.make_room(limit, now);
        self.waiting.push_front(event);
        overflow
    }

    pub fn pop(&mut self) -> Option<NumberedEvent> {
        self.waiting.pop_front()
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many events were dropped so far because the buffer was full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn make_room(&mut self, limit: i64, now: Mono) -> Option<Overflow> {
        let limit = usize::try_from(limit).unwrap_or(0);
        if self.waiting.len() < limit {
            return None;
        }
        let oldest = self.waiting.pop_front()?;
        self.dropped += 1;
        if self.reported_at.is_some_and(|at| now < at.plus_secs(REPORT_EVERY)) {
            self.unreported += 1;
            return None;
        }
        self.reported_at = Some(now);
        let others = std::mem::take(&mut self.unreported);
        Some(Overflow { serial: oldest.serial, others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::events::EventType;

    fn event() -> Arc<Event> {
        Arc::new(Event::tick(EventType::Tick5, 5))
    }

    #[test]
    fn a_full_buffer_drops_its_oldest_event_and_reports_once_a_second() {
        let mut queue = EventQueue::default();
        let mut reported = Vec::new();
        for serial in 0..5 {
            reported.extend(queue.push(event(), serial, 2, Mono::default()));
        }
        assert_eq!(reported, [Overflow { serial: 0, others: 0 }]);
        let later = Mono::default().plus_secs(1);
        let reported = queue.push(event(), 5, 2, later);
        assert_eq!(reported, Some(Overflow { serial: 3, others: 2 }));
        assert_eq!(queue.dropped(), 4);
        assert_eq!(queue.pop().map(|e| (e.serial, e.pool_serial)), Some((4, 4)));
    }

    #[test]
    fn a_rejected_event_keeps_its_serials_and_is_sent_first() {
        let mut queue = EventQueue::default();
        queue.push(event(), 10, 5, Mono::default());
        queue.push(event(), 11, 5, Mono::default());
        let first = queue.pop().unwrap();
        queue.push_back(first.clone(), 5, Mono::default());
        assert_eq!(queue.pop(), Some(first));
    }
}
