//! One process of a rolling restart: it is drained, stopped, started, awaited and put back into
//! service.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::conf::config::LogLevel;
use crate::conf::drain::Proxy;
use crate::core::Process;
use crate::core::effect::{Effect, ProcId};
use crate::core::exchange::{Answer, Exchange, to_drain, to_enable};
use crate::core::jobs::rolling::{Goal, Instance, Pending, Stage};
use crate::core::jobs::{Member, Members};
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};

/// The pause before a question is asked again.
const QUESTION_INTERVAL: Duration = Duration::from_millis(200);
/// The pause before a command to a proxy is repeated that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How often in succession there must be no connection: one may have been about to begin.
const IDLE_COUNTS: u8 = 2;

/// How far a process is.
pub(super) enum Progress {
    /// Something has to happen first.
    Wait,
    /// The next step can be taken now.
    Again,
    Done,
    Failed(String),
}

impl Instance {
    pub(super) fn begin(supervisor: &mut Supervisor, id: ProcId, name: String, goal: Goal) -> Self {
        let mut instance = Self {
            name,
            goal,
            stage: Stage::Checking { is_down: false },
            exchanges: VecDeque::new(),
            request: None,
            retry_at: None,
            limit: None,
            idle_counts: 0,
            last: None,
        };
        match instance.goal {
            // While it serves, so that one that cannot run keeps serving.
            Goal::Restart => supervisor.request(Effect::CheckCommand { id }),
            Goal::Replace(_) | Goal::Remove => instance.begin_draining(supervisor, id),
            Goal::Enable => instance.begin_enabling(supervisor, id),
        }
        instance
    }

    pub(super) fn advance(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        touched: &[ProcId],
        is_forced: bool,
        now: Now,
    ) -> Progress {
        if supervisor.process(id).is_none() {
            return Progress::Failed("was removed".to_owned());
        }
        match &mut self.stage {
            Stage::Checking { .. } => Progress::Wait,
            Stage::Draining => self.drain(supervisor, id, is_forced, now),
            Stage::Stopping(members) => {
                members.advance_stops(supervisor, touched, now);
                self.await_stop(supervisor, id, now)
            }
            Stage::Starting => self.await_readiness(supervisor, id, now),
            Stage::Enabling => self.enable(supervisor, id, now),
        }
    }

    pub(super) fn on_checked(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        usable: bool,
        now: Now,
    ) -> Progress {
        let Stage::Checking { is_down } = self.stage else { return Progress::Wait };
        if !usable {
            return Progress::Failed("has a command that cannot be run".to_owned());
        }
        // It would be stopped, and the start that follows refused.
        if let Some(why) = supervisor.disabled_reason(id).filter(|_| !is_down) {
            return Progress::Failed(why);
        }
        if is_down {
            self.begin_starting(supervisor, id, now);
        } else {
            self.begin_draining(supervisor, id);
        }
        Progress::Again
    }

    fn enter(&mut self, stage: Stage, exchanges: VecDeque<Exchange>) {
        self.stage = stage;
        self.exchanges = exchanges;
        (self.retry_at, self.limit, self.idle_counts, self.last) = (None, None, 0, None);
    }

    fn begin_draining(&mut self, supervisor: &mut Supervisor, id: ProcId) {
        let exchanges = supervisor.process(id).map(|it| to_drain(it.config())).unwrap_or_default();
        if !exchanges.is_empty() {
            supervisor.set_drained(id, true);
        }
        self.enter(Stage::Draining, exchanges);
    }

    fn drain(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        is_forced: bool,
        now: Now,
    ) -> Progress {
        if matches!(self.exchanges.front(), Some(Exchange::Count(_))) {
            let end = after(now, drain_timeout(supervisor, id));
            if now.mono >= *self.limit.get_or_insert(end) {
                self.stop_counting(supervisor, id);
            }
        } else {
            self.limit = None;
        }
        if self.exchanges.is_empty() {
            self.begin_stopping(supervisor, id, now);
            return Progress::Again;
        }
        self.request_first(supervisor, id, is_forced, now)
    }

    fn stop_counting(&mut self, supervisor: &mut Supervisor, id: ProcId) {
        if let Some(pending) = self.request.take() {
            supervisor.cancel_exchange(id, pending.number);
        }
        let timeout = drain_timeout(supervisor, id).as_secs_f64();
        let left = self.last.take().unwrap_or_else(|| "their number is not known".to_owned());
        let message = format!(
            "rolling restart: connections to {} have not ended within {timeout} s ({left})",
            self.name
        );
        supervisor.log(LogLevel::Warn, message);
        self.exchanges.retain(|exchange| !matches!(exchange, Exchange::Count(_)));
        (self.limit, self.retry_at) = (None, None);
    }

    fn begin_stopping(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) {
        // Also one that is being stopped already.
        let has_to_end = |it: &Process| it.is_active() || it.pid().is_some();
        let ids =
            if supervisor.process(id).is_some_and(has_to_end) { vec![id] } else { Vec::new() };
        let members = supervisor.begin_stop(&ids, true, now);
        self.enter(Stage::Stopping(members), VecDeque::new());
    }

    fn await_stop(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) -> Progress {
        let Stage::Stopping(members) = &self.stage else { return Progress::Wait };
        if !members.are_done() {
            return Progress::Wait;
        }
        if let Some(failure) = members.iter().find_map(Member::failure) {
            return Progress::Failed(failure.to_string());
        }
        match &self.goal {
            Goal::Remove => Progress::Done,
            Goal::Replace(config) => {
                supervisor.replace_process(id, Arc::clone(config), now);
                self.enter(Stage::Checking { is_down: true }, VecDeque::new());
                supervisor.request(Effect::CheckCommand { id });
                Progress::Wait
            }
            Goal::Restart | Goal::Enable => {
                self.begin_starting(supervisor, id, now);
                Progress::Again
            }
        }
    }

    fn begin_starting(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) {
        let timeout = supervisor.process(id).map(|it| it.config().rolling_timeout);
        self.enter(Stage::Starting, VecDeque::new());
        self.limit = Some(after(now, timeout.unwrap_or_default()));
        // Only its readiness counts: a start that fails may be repeated.
        supervisor.begin_one_start(&mut Members::default(), id, now);
    }

    fn await_readiness(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) -> Progress {
        if supervisor.is_serving(id) {
            self.begin_enabling(supervisor, id);
            return Progress::Again;
        }
        if let Some(why) = supervisor.failed_dependency(id).filter(|_| supervisor.is_waiting(id)) {
            return Progress::Failed(why);
        }
        let process = supervisor.process(id);
        let why = process.map(|it| it.not_serving_text(now.mono)).unwrap_or_default();
        if supervisor.is_at_rest(id) {
            return Progress::Failed(format!("did not become ready: {why}"));
        }
        if self.limit.is_some_and(|limit| now.mono >= limit) {
            let seconds = process.map(|it| it.config().rolling_timeout.as_secs_f64());
            let seconds = seconds.unwrap_or_default();
            return Progress::Failed(format!("did not become ready within {seconds} s: {why}"));
        }
        Progress::Wait
    }

    fn begin_enabling(&mut self, supervisor: &Supervisor, id: ProcId) {
        let mut exchanges =
            supervisor.process(id).map(|it| to_enable(it.config())).unwrap_or_default();
        if matches!(self.goal, Goal::Enable) {
            exchanges.retain(|exchange| !matches!(exchange, Exchange::Warm(_)));
        }
        self.enter(Stage::Enabling, exchanges);
    }

    fn enable(&mut self, supervisor: &mut Supervisor, id: ProcId, now: Now) -> Progress {
        if !supervisor.is_serving(id) {
            let process = supervisor.process(id);
            let why = process.map(|it| it.not_serving_text(now.mono)).unwrap_or_default();
            return Progress::Failed(format!("is no longer ready: {why}"));
        }
        match self.exchanges.front() {
            None => {
                supervisor.set_drained(id, false);
                let message = format!("rolling restart: {} is in service", self.name);
                supervisor.log(LogLevel::Info, message);
                return Progress::Done;
            }
            Some(Exchange::Warm(_)) => {}
            Some(_) if self.limit.is_none() => {
                self.limit = Some(after(now, drain_timeout(supervisor, id)));
            }
            Some(exchange) if self.limit.is_some_and(|limit| now.mono >= limit) => {
                if matches!(self.goal, Goal::Enable) {
                    // The operator who repairs the proxy enables it there.
                    supervisor.set_drained(id, false);
                }
                let why = self.last.as_deref().unwrap_or("no answer");
                let what = match exchange {
                    Exchange::CheckUse(proxy) => format!("is not used by {proxy}"),
                    _ => "could not be put back into service".to_owned(),
                };
                return Progress::Failed(format!("{what}: {why}"));
            }
            Some(_) => {}
        }
        self.request_first(supervisor, id, false, now)
    }

    /// Requests the first exchange unless that is pending or is to be repeated later.
    fn request_first(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        is_forced: bool,
        now: Now,
    ) -> Progress {
        if let Some(pending) = self.request {
            if now.mono < pending.until {
                return Progress::Wait;
            }
            supervisor.cancel_exchange(id, pending.number);
            return self.on_timeout(supervisor, id, pending.exchange, is_forced, now);
        }
        if self.retry_at.is_some_and(|at| now.mono < at) {
            return Progress::Wait;
        }
        self.retry_at = None;
        if let (Some(exchange), Some(process)) = (self.exchanges.front(), supervisor.process(id)) {
            let until = after(now, exchange.timeout(process.config()));
            let number = supervisor.request_exchange(id, *exchange);
            self.request = Some(Pending { number, exchange: *exchange, until });
        }
        Progress::Wait
    }

    fn on_timeout(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        exchange: Exchange,
        is_forced: bool,
        now: Now,
    ) -> Progress {
        let timeout = supervisor.process(id).map(|it| exchange.timeout(it.config()));
        let seconds = timeout.unwrap_or_default().as_secs_f64();
        if exchange != Exchange::Drain(Proxy::Command) {
            let error = format!("no answer within {seconds} s");
            return self.on_answer(supervisor, id, &Err(error), is_forced, now);
        }
        let message = format!(
            "rolling restart: the command that drains {} has not ended within {seconds} s",
            self.name
        );
        supervisor.log(LogLevel::Warn, message);
        self.request = None;
        self.exchanges.pop_front();
        Progress::Again
    }

    /// The step that follows is taken by `advance`.
    pub(super) fn on_answer(
        &mut self,
        supervisor: &mut Supervisor,
        id: ProcId,
        answer: &Answer,
        is_forced: bool,
        now: Now,
    ) -> Progress {
        let Some(Pending { exchange, .. }) = self.request.take() else { return Progress::Wait };
        match (exchange, answer) {
            (Exchange::Count(_), Ok(0)) => {
                self.idle_counts += 1;
                if self.idle_counts >= IDLE_COUNTS {
                    self.idle_counts = 0;
                    self.exchanges.pop_front();
                } else {
                    self.retry_at = Some(after(now, QUESTION_INTERVAL));
                }
            }
            (Exchange::Count(_), answer) => {
                self.idle_counts = 0;
                self.last = Some(match answer {
                    Ok(number) => format!("{number} are left"),
                    Err(why) => why.clone(),
                });
                self.retry_at = Some(after(now, QUESTION_INTERVAL));
            }
            (_, Ok(_)) => {
                self.exchanges.pop_front();
            }
            (Exchange::Drain(_) | Exchange::Detach(_), Err(why)) => {
                return self.on_drain_failure(supervisor, why, is_forced);
            }
            (Exchange::Warm(at), Err(why)) => {
                let page = supervisor.process(id).and_then(|it| it.config().warm_page(at));
                let page = page.map(|it| it.to_string()).unwrap_or_default();
                let message = format!("rolling restart: {page} of {}: {why}", self.name);
                supervisor.log(LogLevel::Warn, message);
                self.exchanges.pop_front();
            }
            (Exchange::Enable(_) | Exchange::CheckUse(_), Err(why)) => {
                self.last = Some(why.clone());
                let is_question = matches!(exchange, Exchange::CheckUse(_));
                let pause = if is_question { QUESTION_INTERVAL } else { RETRY_INTERVAL };
                self.retry_at = Some(after(now, pause));
            }
        }
        Progress::Again
    }

    /// A process that could not be drained keeps serving, unless it has to be restarted in any case.
    fn on_drain_failure(
        &mut self,
        supervisor: &mut Supervisor,
        why: &str,
        is_forced: bool,
    ) -> Progress {
        let problem = format!("could not be drained: {why}");
        if !is_forced {
            return Progress::Failed(problem);
        }
        let message = format!("rolling restart: {} {problem}", self.name);
        supervisor.log(LogLevel::Warn, message);
        self.exchanges.pop_front();
        Progress::Again
    }
}

fn after(now: Now, delay: Duration) -> Mono {
    Mono(now.mono.0.saturating_add(delay))
}

fn drain_timeout(supervisor: &Supervisor, id: ProcId) -> Duration {
    supervisor.process(id).map(|it| it.config().drain_timeout).unwrap_or_default()
}
