//! The state machine of one probe: when it is done, and how many results decide. It knows no socket
//! and no process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Mono;
use crate::conf::probe::Schedule;

/// Before the first success a probe is repeated sooner: this is the first interval, which doubles.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);

/// A limit that is looked at so late has passed while this daemon did not run: the machine was suspended, or
/// the container frozen. What it limits may not have run either, and gets its time again.
const LATE: Duration = Duration::from_secs(1);

/// One report decides.
const AT_ONCE: Schedule =
    Schedule { interval: Duration::ZERO, timeout: Duration::ZERO, successes: 1, failures: 1 };

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Off,
    /// The process reports by itself.
    Passive,
    Idle {
        at: Mono,
    },
    /// It was requested and is unanswered.
    Running {
        until: Mono,
    },
    /// The process reports by itself that it is alive, at least once in `limit`.
    Watched {
        until: Mono,
        limit: Duration,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Probe {
    phase: Phase,
    /// The number of the last request; the answer to an earlier one is ignored.
    number: u64,
    is_up: bool,
    successes: u32,
    failures: u32,
    delay: Duration,
    /// The last one could not be made.
    #[serde(default)]
    is_postponed: bool,
    failing_since: Option<Mono>,
    error: Option<String>,
}

/// What a step of a probe requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeAction {
    Request(u64),
    Cancel(u64),
    Up,
    Down,
}

impl Probe {
    pub(super) fn is_off(&self) -> bool {
        self.phase == Phase::Off
    }

    pub(super) fn is_up(&self) -> bool {
        self.is_up
    }

    /// Why the last probe failed, and since when all have failed.
    pub(super) fn failure(&self) -> Option<(&str, Mono)> {
        Some((self.error.as_deref()?, self.failing_since?))
    }

    /// A probe that finds out when something comes up.
    pub(super) fn begin(&mut self, is_passive: bool, schedule: Schedule, now: Mono) {
        let delay = FIRST_INTERVAL.min(schedule.interval);
        let phase = if is_passive { Phase::Passive } else { Phase::Idle { at: after(now, delay) } };
        *self = Self { phase, delay, number: self.number, ..Self::default() };
    }

    /// A probe of what is up.
    pub(super) fn begin_up(&mut self, schedule: Schedule, now: Mono) {
        let delay = schedule.interval;
        let phase = Phase::Idle { at: after(now, delay) };
        *self = Self { phase, delay, is_up: true, number: self.number, ..Self::default() };
    }

    /// A process that has to report that it is alive.
    pub(super) fn begin_watch(&mut self, limit: Duration, now: Mono) {
        let phase = Phase::Watched { until: after(now, limit), limit };
        *self = Self { phase, is_up: true, number: self.number, ..Self::default() };
    }

    /// It has reported that it is alive.
    pub(super) fn keep_alive(&mut self, now: Mono) {
        if let Phase::Watched { until, limit } = &mut self.phase {
            *until = after(now, *limit);
        }
    }

    /// It reports in another interval from now on.
    pub(super) fn change_limit(&mut self, to: Duration, now: Mono) {
        if let Phase::Watched { until, limit } = &mut self.phase {
            (*until, *limit) = (after(now, to), to);
        }
    }

    /// It has reported that it does not work.
    pub(super) fn give_up(&mut self, error: &str, now: Mono) -> Option<ProbeAction> {
        let is_watched = matches!(self.phase, Phase::Watched { .. });
        if is_watched { self.lose(error.to_owned(), now) } else { None }
    }

    fn lose(&mut self, error: String, now: Mono) -> Option<ProbeAction> {
        self.phase = Phase::Passive;
        self.record(Err(error), AT_ONCE, now)
    }

    pub(super) fn end(&mut self) -> Option<ProbeAction> {
        let is_running = matches!(self.phase, Phase::Running { .. });
        *self = Self { number: self.number, ..Self::default() };
        is_running.then_some(ProbeAction::Cancel(self.number))
    }

    /// The answer to the last request will not come; it is requested again.
    pub(super) fn repeat(&mut self, now: Mono) {
        if matches!(self.phase, Phase::Running { .. }) {
            self.phase = Phase::Idle { at: now };
        }
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        match self.phase {
            Phase::Off | Phase::Passive => None,
            Phase::Idle { at }
            | Phase::Running { until: at }
            | Phase::Watched { until: at, .. } => Some(at),
        }
    }

    pub(super) fn tick(&mut self, schedule: Schedule, now: Mono) -> Vec<ProbeAction> {
        match self.phase {
            Phase::Idle { at } if now >= at => {
                self.number += 1;
                self.phase = Phase::Running { until: after(now, schedule.timeout) };
                vec![ProbeAction::Request(self.number)]
            }
            Phase::Running { until } if now.since(until) > LATE => {
                self.phase = Phase::Running { until: after(now, schedule.timeout) };
                Vec::new()
            }
            Phase::Watched { until, limit } if now.since(until) > LATE => {
                self.phase = Phase::Watched { until: after(now, limit), limit };
                Vec::new()
            }
            Phase::Running { until } if now >= until => {
                let error = format!("no answer within {} s", schedule.timeout.as_secs_f64());
                let mut actions = vec![ProbeAction::Cancel(self.number)];
                actions.extend(self.record(Err(error), schedule, now));
                actions
            }
            Phase::Watched { until, limit } if now >= until => {
                let error = format!("no WATCHDOG=1 within {} s", limit.as_secs_f64());
                self.lose(error, now).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The answer to a request.
    pub(super) fn answer(
        &mut self,
        number: u64,
        result: Result<(), String>,
        schedule: Schedule,
        now: Mono,
    ) -> Option<ProbeAction> {
        let is_expected = matches!(self.phase, Phase::Running { .. }) && number == self.number;
        if is_expected { self.record(result, schedule, now) } else { None }
    }

    /// The request could not be carried out, which is no result. True if the one before could.
    pub(super) fn postpone(&mut self, number: u64, schedule: Schedule, now: Mono) -> bool {
        if !matches!(self.phase, Phase::Running { .. }) || number != self.number {
            return false;
        }
        self.phase = Phase::Idle { at: after(now, schedule.interval) };
        !std::mem::replace(&mut self.is_postponed, true)
    }

    /// What the process reports by itself decides at once.
    pub(super) fn report(&mut self, result: Result<(), String>, now: Mono) -> Option<ProbeAction> {
        if self.phase == Phase::Passive { self.record(result, AT_ONCE, now) } else { None }
    }

    fn record(
        &mut self,
        result: Result<(), String>,
        schedule: Schedule,
        now: Mono,
    ) -> Option<ProbeAction> {
        self.is_postponed = false;
        let action = match result {
            Ok(()) => self.succeed(schedule),
            Err(error) => self.fail(error, schedule, now),
        };
        if self.phase != Phase::Passive {
            self.delay = if self.is_up { schedule.interval } else { self.delay };
            self.phase = Phase::Idle { at: after(now, self.delay) };
            self.delay = self.delay.saturating_mul(2).min(schedule.interval);
        }
        action
    }

    fn succeed(&mut self, schedule: Schedule) -> Option<ProbeAction> {
        self.successes = self.successes.saturating_add(1);
        (self.failures, self.failing_since, self.error) = (0, None, None);
        let comes_up = !self.is_up && self.successes >= schedule.successes;
        self.is_up |= comes_up;
        comes_up.then_some(ProbeAction::Up)
    }

    fn fail(&mut self, error: String, schedule: Schedule, now: Mono) -> Option<ProbeAction> {
        self.failures = self.failures.saturating_add(1);
        self.successes = 0;
        self.error = Some(error);
        self.failing_since.get_or_insert(now);
        let goes_down = self.is_up && self.failures >= schedule.failures;
        self.is_up &= !goes_down;
        goes_down.then_some(ProbeAction::Down)
    }
}

fn after(now: Mono, delay: Duration) -> Mono {
    Mono(now.0.saturating_add(delay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ProbeAction::{Cancel, Down, Request, Up};

    const SCHEDULE: Schedule = Schedule {
        interval: Duration::from_secs(2),
        timeout: Duration::from_secs(5),
        successes: 2,
        failures: 3,
    };

    fn refused() -> Result<(), String> {
        Err("refused".to_owned())
    }

    /// Advances to the next deadline; returns what it requires and the milliseconds that passed.
    fn step(probe: &mut Probe, now: &mut Mono) -> (Vec<ProbeAction>, u128) {
        let at = probe.deadline().expect("a deadline");
        let passed = at.since(*now).as_millis();
        *now = at;
        (probe.tick(SCHEDULE, *now), passed)
    }

    #[test]
    fn the_intervals_grow_until_it_is_up() {
        let (mut probe, mut now) = (Probe::default(), Mono(Duration::from_secs(100)));
        probe.begin(false, SCHEDULE, now);
        let mut waited = Vec::new();
        for number in 1..=7 {
            let (actions, passed) = step(&mut probe, &mut now);
            assert_eq!(actions, [Request(number)]);
            waited.push(passed);
            assert_eq!(probe.answer(number, refused(), SCHEDULE, now), None);
        }
        assert_eq!(waited, [100, 100, 200, 400, 800, 1600, 2000]);
        assert_eq!(probe.failure().unwrap().0, "refused");
        assert_eq!(now.since(probe.failure().unwrap().1), Duration::from_millis(5100));
    }

    #[test]
    fn successive_results_decide() {
        let (mut probe, mut now) = (Probe::default(), Mono(Duration::from_secs(100)));
        probe.begin(false, SCHEDULE, now);
        let results = [Ok(()), refused(), Ok(()), Ok(()), refused(), Ok(()), refused(), refused()];
        let mut actions = Vec::new();
        for (result, number) in results.into_iter().zip(1..) {
            step(&mut probe, &mut now);
            actions.push(probe.answer(number, result, SCHEDULE, now));
        }
        assert_eq!(actions, [None, None, None, Some(Up), None, None, None, None]);
        step(&mut probe, &mut now);
        assert_eq!(probe.answer(9, refused(), SCHEDULE, now), Some(Down));
        assert!(!probe.is_up());
    }

    #[test]
    fn a_silent_target_fails_after_the_timeout_and_its_late_answer_is_ignored() {
        let (mut probe, mut now) = (Probe::default(), Mono(Duration::from_secs(100)));
        let once = Schedule { failures: 1, ..SCHEDULE };
        probe.begin_up(once, now);
        assert_eq!(step(&mut probe, &mut now), (vec![Request(1)], 2000));
        now = probe.deadline().unwrap();
        assert_eq!(probe.tick(once, now), [Cancel(1), Down]);
        assert_eq!(probe.failure().unwrap().0, "no answer within 5 s");
        assert_eq!(probe.answer(1, Ok(()), once, now), None);
        step(&mut probe, &mut now);
        assert_eq!(probe.answer(1, Ok(()), once, now), None, "an answer to the first request");
        assert_eq!(probe.end(), Some(Cancel(2)));
        assert_eq!((probe.deadline(), probe.end()), (None, None));
    }

    #[test]
    fn a_limit_that_has_passed_while_nothing_ran_begins_again() {
        let limit = Duration::from_secs(30);
        let (mut probe, begin) = (Probe::default(), Mono(Duration::from_secs(100)));
        let once = Schedule { failures: 1, ..SCHEDULE };
        probe.begin_watch(limit, begin);
        let thawed = after(begin, Duration::from_secs(3600));
        assert_eq!(probe.tick(once, thawed), []);
        assert_eq!(probe.deadline(), Some(after(thawed, limit)));
        assert_eq!(probe.tick(once, after(thawed, limit)), [Down]);
        probe.begin_up(once, begin);
        assert_eq!(probe.tick(once, after(begin, once.interval)), [Request(1)]);
        assert_eq!(probe.tick(once, thawed), []);
        assert_eq!(probe.answer(1, Ok(()), once, thawed), None);
        assert!(probe.is_up());
    }

    #[test]
    fn a_probe_that_cannot_be_made_is_no_result() {
        let (mut probe, mut now) = (Probe::default(), Mono(Duration::from_secs(100)));
        let once = Schedule { failures: 1, ..SCHEDULE };
        probe.begin_up(once, now);
        for number in 1..=5 {
            assert_eq!(step(&mut probe, &mut now), (vec![Request(number)], 2000));
            assert!(!probe.postpone(number + 1, once, now), "another request");
            assert_eq!(probe.postpone(number, once, now), number == 1, "only the first is news");
        }
        assert!(probe.is_up() && probe.failure().is_none());
        step(&mut probe, &mut now);
        assert_eq!(probe.answer(6, Ok(()), once, now), None);
        step(&mut probe, &mut now);
        assert!(probe.postpone(7, once, now), "news again");
        step(&mut probe, &mut now);
        assert_eq!(probe.answer(8, refused(), once, now), Some(Down));
    }

    #[test]
    fn what_is_reported_decides_at_once_and_sets_no_timer() {
        let now = Mono(Duration::from_secs(100));
        let mut probe = Probe::default();
        assert_eq!(probe.report(Ok(()), now), None, "it is off");
        probe.begin(true, SCHEDULE, now);
        assert_eq!(probe.report(Ok(()), now), Some(Up));
        assert_eq!(probe.report(Ok(()), now), None);
        assert_eq!(probe.report(refused(), now), Some(Down));
        assert_eq!(probe.deadline(), None);
    }

    #[test]
    fn a_process_that_reports_in_time_is_alive() {
        let (limit, mut now) = (Duration::from_secs(30), Mono(Duration::from_secs(100)));
        let mut probe = Probe::default();
        probe.keep_alive(now);
        assert!(probe.is_off() && probe.give_up("x", now).is_none());
        probe.begin_watch(limit, now);
        for _ in 0..5 {
            now = after(now, Duration::from_secs(29));
            assert_eq!(probe.tick(SCHEDULE, now), []);
            probe.keep_alive(now);
        }
        probe.change_limit(Duration::from_secs(5), now);
        assert_eq!(step(&mut probe, &mut now), (vec![Down], 5000));
        assert_eq!(probe.failure().unwrap().0, "no WATCHDOG=1 within 5 s");
        assert_eq!((probe.deadline(), probe.is_up()), (None, false));
        probe.begin_watch(limit, now);
        assert_eq!(probe.give_up("WATCHDOG=trigger", now), Some(Down));
    }
}
