//! The events that wait for the listeners of one pool, oldest first, never more than
//! `buffer_size`. Knows no process.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Event;
use super::time::Mono;

/// The overflow of a pool is logged at most this often.
const REPORT_EVERY: i64 = 1;

/// An event with the two serials that it keeps however often it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    pub event: Arc<Event>,
    pub serial: u64,
    pub pool_serial: u64,
}

/// What a full buffer dropped, when it is time to say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    pub serial: u64,
    /// How many others were dropped since the last report.
    pub others: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Numbered>,
    numbered: u64,
    dropped: u64,
    unreported: u64,
    reported_at: Option<Mono>,
}

impl Queue {
    /// Buffers a new event.
    pub fn push(
        &mut self,
        event: Arc<Event>,
        serial: u64,
        bound: i64,
        now: Mono,
    ) -> Option<Overflow> {
        let pool_serial = self.numbered;
        self.numbered += 1;
        let overflow = self.make_room(bound, now);
        self.waiting.push_back(Numbered { event, serial, pool_serial });
        overflow
    }

    /// Takes back an event that was rejected or could not be delivered: it is the next again.
    pub fn push_back(&mut self, event: Numbered, bound: i64, now: Mono) -> Option<Overflow> {
        let overflow = self.make_room(bound, now);
        self.waiting.push_front(event);
        overflow
    }

    pub fn pop(&mut self) -> Option<Numbered> {
        self.waiting.pop_front()
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many events were lost to the bound so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn make_room(&mut self, bound: i64, now: Mono) -> Option<Overflow> {
        let bound = usize::try_from(bound).unwrap_or(0);
        if self.waiting.len() < bound {
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
    fn a_full_buffer_loses_its_oldest_and_says_so_once_a_second() {
        let mut queue = Queue::default();
        let mut told = Vec::new();
        for serial in 0..5 {
            told.extend(queue.push(event(), serial, 2, Mono::default()));
        }
        assert_eq!(told, [Overflow { serial: 0, others: 0 }]);
        let later = Mono::default().plus_secs(1);
        let told = queue.push(event(), 5, 2, later);
        assert_eq!(told, Some(Overflow { serial: 3, others: 2 }));
        assert_eq!(queue.dropped(), 4);
        assert_eq!(queue.pop().map(|e| (e.serial, e.pool_serial)), Some((4, 4)));
    }

    #[test]
    fn a_rejected_event_keeps_its_serials_and_goes_first() {
        let mut queue = Queue::default();
        queue.push(event(), 10, 5, Mono::default());
        queue.push(event(), 11, 5, Mono::default());
        let first = queue.pop().unwrap();
        queue.push_back(first.clone(), 5, Mono::default());
        assert_eq!(queue.pop(), Some(first));
    }
}
