//! Stories of rolling restarts.

use insta::assert_snapshot;

use super::jobs::{Conflict, Fate, JobId, Scope, Task};
use crate::conf::config::Process;
use crate::conf::drain::{HaproxyServer, Page, VarnishBackend};
use crate::core::disabled::Disabled;
use crate::core::effect::WaitStatus;
use crate::core::sim::{Simulation, TERMINATED, group, one, program};
use crate::core::state::ProcessState;
use crate::core::virtual_daemon::World as _;

/// A program with both proxies, which is ready when its port answers.
pub(super) fn instance(name: &str) -> Process {
    let server = HaproxyServer { socket: "/h".into(), backend: "z".into(), server: name.into() };
    Process {
        ready_tcp: Some("127.0.0.1:8080".to_owned()),
        drain_varnish: Some(Box::new(VarnishBackend { directory: None, name: name.to_owned() })),
        drain_haproxy: Some(Box::new(server)),
        ..program(name)
    }
}

/// Instances that serve.
pub(super) fn serving(names: &[&str]) -> Simulation {
    let members = names.iter().map(|name| instance(name)).collect();
    let mut sim = Simulation::new(vec![group("web", 999, members)]);
    for name in names {
        sim.serving.insert((*name).to_owned());
    }
    sim.advance(5);
    sim.log.clear();
    sim
}

impl Simulation {
    pub(super) fn roll(
        &mut self,
        names: &[&str],
        max_unavailable: usize,
    ) -> Result<JobId, Conflict> {
        let ids = names.iter().map(|name| self.id(name)).collect();
        self.submit(&names.join(" "), Task::Roll { ids, max_unavailable, is_forced: false })
    }

    fn begin_roll(&mut self, names: &[&str]) -> JobId {
        self.roll(names, 1).expect("nothing else runs")
    }

    /// Ends what is being stopped.
    pub(super) fn end_stopping(&mut self) {
        let is_stopping = |it: &&crate::core::Process| it.state() == ProcessState::Stopping;
        let ids: Vec<_> =
            self.core.processes().filter(is_stopping).map(crate::core::Process::id).collect();
        for id in ids {
            self.terminate_id(id, TERMINATED);
        }
    }

    /// Lets some seconds pass in which every stop succeeds.
    pub(super) fn pass(&mut self, seconds: u64) {
        let (steps, millis) = if seconds > 20 { (seconds, 1000) } else { (seconds * 10, 100) };
        for _ in 0..steps {
            self.advance_millis(millis);
            self.end_stopping();
        }
    }

    pub(super) fn advance_millis(&mut self, millis: u64) {
        let until = super::time::Mono(self.now.mono.0 + std::time::Duration::from_millis(millis));
        self.run_until(until);
    }

    pub(super) fn failures_of(&self, job: JobId) -> String {
        self.job(job).failures().join("; ")
    }

    fn fates(&self, job: JobId) -> Vec<(String, Fate)> {
        let rolling = self.job(job).rolling().expect("it is a rolling restart");
        rolling.reports().iter().map(|it| (it.name.clone(), it.result.clone())).collect()
    }

    fn is_avoided(&self, name: &str) -> bool {
        self.avoided.contains(&self.id(name))
    }
}

#[test]
fn instances_are_replaced_one_after_the_other() {
    let mut sim = serving(&["a", "b"]);
    sim.connections.insert("a".to_owned(), 3);
    let job = sim.begin_roll(&["a", "b"]);
    sim.pass(8);
    assert!(sim.is_finished(job));
    assert_eq!(sim.failures_of(job), "");
    assert_snapshot!(sim.log, @r"
      5s rolling restart: web:a is next
      5s a: drain at Varnish
      5s a: drain at HAProxy
      6s a: detach from HAProxy
      6s kill pid 101 SIGTERM
      6s waiting for a to stop
      6s stopped: a (terminated by SIGTERM)
      6s spawned: 'a' with pid 103
      6s ready: web:a
      6s a: enable at Varnish
      6s a: enable at HAProxy
      6s rolling restart: web:a is in service
      6s rolling restart: web:b is next
      6s b: drain at Varnish
      6s b: drain at HAProxy
      6s b: detach from HAProxy
      6s kill pid 102 SIGTERM
      6s waiting for b to stop
      6s stopped: b (terminated by SIGTERM)
      6s spawned: 'b' with pid 104
      6s ready: web:b
      6s b: enable at Varnish
      6s b: enable at HAProxy
      6s rolling restart: web:b is in service
      6s job 1 (rolling restart of a b, requested through test) finished
      7s success: a entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      7s success: b entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn the_first_that_does_not_become_ready_ends_it_and_stays_drained() {
    let mut sim = serving(&["a", "b", "c"]);
    let job = sim.begin_roll(&["a", "b", "c"]);
    while sim.fates(job)[0].1 != Fate::Restarted {
        sim.advance_millis(50);
        sim.end_stopping();
    }
    sim.serving.remove("b");
    sim.pass(310);
    assert!(sim.is_finished(job));
    assert_eq!(
        sim.failures_of(job),
        "web:b did not become ready within 300 s: ready_tcp 127.0.0.1:8080, refused for 299 s; \
         not restarted: web:c"
    );
    assert_eq!(sim.fates(job)[2].1, Fate::Untouched);
    assert!(sim.is_avoided("b") && !sim.is_avoided("a") && !sim.is_avoided("c"));
    assert_eq!(sim.alive.len(), 3, "all run");
    // It is put back into service as soon as it is ready.
    sim.serving.insert("b".to_owned());
    sim.pass(3);
    assert!(!sim.is_avoided("b"));
    assert!(sim.log.contains("rolling restart: web:b is in service"), "{}", sim.log);
}

#[test]
fn a_cancelled_restart_finishes_what_it_has_begun() {
    let mut sim = serving(&["a", "b", "c"]);
    let job = sim.begin_roll(&["a", "b", "c"]);
    let stages = |sim: &Simulation| {
        let rolling = sim.job(job).rolling().expect("it is a rolling restart");
        rolling.stages().map(|(name, stage, _)| format!("{name} {stage}")).collect::<Vec<_>>()
    };
    assert_eq!(stages(&sim), ["web:a draining", "web:b queued", "web:c queued"]);
    let cancel = |sim: &mut Simulation| {
        let result = sim.core.cancel_job(job, "test", sim.now).map_err(|why| why.to_string());
        sim.perform();
        result
    };
    assert_eq!(cancel(&mut sim), Ok(()));
    let refused = "job 1 (rolling restart of a b c, requested through test) cannot be cancelled, \
                   because it is not restarting one by one";
    assert_eq!(cancel(&mut sim), Err(refused.to_owned()), "it is ending");
    sim.pass(8);
    assert!(sim.is_finished(job));
    assert_eq!(stages(&sim), ["web:a restarted", "web:b untouched", "web:c untouched"]);
    assert_eq!(sim.failures_of(job), "cancelled through test; not restarted: web:b, web:c");
    assert!(sim.avoided.is_empty() && sim.alive.len() == 3);
    assert!(cancel(&mut sim).is_err_and(|why| why.ends_with("has finished")));
    let unknown = sim.core.cancel_job(JobId(99), "test", sim.now);
    assert_eq!(unknown.map_err(|why| why.to_string()), Err("there is no job 99".to_owned()));
}

#[test]
fn an_instance_that_crashes_during_its_start_ends_it_when_it_is_fatal() {
    let mut sim = serving(&["a", "b"]);
    let job = sim.begin_roll(&["a", "b"]);
    sim.serving.remove("a");
    for _ in 0..4 {
        sim.pass(4);
        if sim.alive.values().any(|id| *id == sim.id("a")) {
            sim.terminate("a", WaitStatus::Exited(3));
        }
    }
    // It was RUNNING each time, so Supervisor starts it again without end.
    assert!(!sim.is_finished(job));
    for _ in 0..8 {
        sim.advance_millis(500);
        if sim.alive.values().any(|id| *id == sim.id("a")) {
            sim.terminate("a", WaitStatus::Exited(3));
        }
        sim.advance(3);
        if sim.alive.values().any(|id| *id == sim.id("a")) {
            sim.terminate("a", WaitStatus::Exited(3));
        }
    }
    sim.pass(310);
    assert!(sim.is_finished(job));
    assert!(sim.failures_of(job).starts_with("web:a did not become ready"));
    assert_eq!(sim.fates(job)[1].1, Fate::Untouched);
}

#[test]
fn a_command_that_cannot_run_is_found_while_the_instance_serves() {
    let mut sim = serving(&["a", "b"]);
    sim.spawn_error = Some("can't find command 'cmd'".to_owned());
    let job = sim.begin_roll(&["a", "b"]);
    assert_eq!(
        sim.failures_of(job),
        "web:a has a command that cannot be run; not restarted: web:b"
    );
    assert_eq!(sim.alive.len(), 2);
    assert!(sim.avoided.is_empty());
}

#[test]
fn a_disabled_instance_keeps_serving() {
    let limited = |name| Process { memory_max_restart: 100 << 20, ..instance(name) };
    let mut sim = Simulation::new(vec![group("web", 999, vec![limited("a"), limited("b")])]);
    sim.serving.extend(["a".to_owned(), "b".to_owned()]);
    sim.advance(5);
    let mut disabled = Disabled::default();
    disabled.insert("web", Some("a"));
    sim.core.set_disabled(disabled, sim.now);
    sim.perform();
    let job = sim.begin_roll(&["a", "b"]);
    sim.pass(2);
    assert_eq!(
        sim.failures_of(job),
        "web:a is disabled; `supervisorctl enable web:a` allows it to start; not restarted: web:b"
    );
    sim.memory.insert("a".to_owned(), 101 << 20);
    sim.pass(90);
    assert_eq!(sim.state("a"), ProcessState::Running);
    assert_eq!(sim.alive.len(), 2);
    assert!(sim.avoided.is_empty());
    assert!(!sim.log.contains("kill pid"), "{}", sim.log);
}

#[test]
fn an_instance_that_cannot_be_drained_keeps_serving() {
    let mut sim = serving(&["a", "b"]);
    sim.failing.insert("a: drain at HAProxy".to_owned());
    let job = sim.begin_roll(&["a", "b"]);
    sim.pass(2);
    assert_eq!(sim.failures_of(job), "web:a could not be drained: refused; not restarted: web:b");
    assert_eq!(sim.alive.len(), 2);
    assert!(sim.avoided.is_empty(), "Varnish sends requests to it again");
}

#[test]
fn connections_that_do_not_end_are_cut_after_the_limit() {
    let mut sim = serving(&["a"]);
    sim.connections.insert("a".to_owned(), 100_000);
    let job = sim.begin_roll(&["a"]);
    sim.pass(29);
    assert_eq!(sim.state("a"), ProcessState::Running);
    assert_eq!(sim.job(job).waits_for(&sim.core), ["web:a: its connections to end"]);
    sim.pass(5);
    assert!(sim.is_finished(job) && sim.failures_of(job).is_empty());
    let message = "rolling restart: connections to web:a have not ended within 30 s (9";
    assert!(sim.log.contains(message), "{}", sim.log);
}

#[test]
fn a_proxy_that_does_not_answer_is_given_up() {
    let mut sim = serving(&["a", "b"]);
    sim.hanging.insert("a: drain at Varnish".to_owned());
    let job = sim.begin_roll(&["a", "b"]);
    sim.pass(11);
    assert_eq!(
        sim.failures_of(job),
        "web:a could not be drained: no answer within 10 s; not restarted: web:b"
    );
    assert!(sim.unanswered_exchanges.is_empty(), "the request was cancelled");
}

#[test]
fn an_instance_that_a_proxy_does_not_use_ends_it() {
    let mut sim = serving(&["a", "b"]);
    sim.failing.insert("a: check use by HAProxy".to_owned());
    let job = sim.begin_roll(&["a", "b"]);
    sim.pass(40);
    assert_eq!(sim.failures_of(job), "web:a is not used by HAProxy: refused; not restarted: web:b");
    // It is tried once more, and then left to those who repair the proxy.
    sim.pass(120);
    assert_eq!(sim.core.jobs().count(), 2);
    assert!(sim.core.jobs().all(|job| job.finished().is_some()));
}

#[test]
fn a_stop_in_the_middle_ends_it_and_the_others_serve() {
    let mut sim = serving(&["a", "b", "c"]);
    sim.connections.insert("a".to_owned(), 1_000);
    let job = sim.begin_roll(&["a", "b", "c"]);
    sim.pass(1);
    assert!(sim.is_avoided("a"));
    sim.stop("b");
    sim.pass(1);
    // The one that was being drained was not stopped, so it is put back.
    assert_eq!(sim.fates(job)[1].1, Fate::Failed("was taken over by job 2".to_owned()));
    sim.pass(40);
    assert!(sim.is_finished(job));
    assert!(sim.avoided.is_empty());
    assert_eq!(sim.state("b"), ProcessState::Stopped);
    assert_eq!(sim.state("c"), ProcessState::Running);
}

#[test]
fn a_stop_of_the_drained_instance_wins_and_its_next_start_puts_it_back() {
    let mut sim = serving(&["a", "b"]);
    let job = sim.begin_roll(&["a", "b"]);
    sim.advance_millis(500);
    assert_eq!(sim.state("a"), ProcessState::Stopping);
    sim.stop("a");
    sim.pass(5);
    assert_eq!(sim.failures_of(job), "web:a was taken over by job 2; not restarted: web:b");
    assert_eq!(sim.state("a"), ProcessState::Stopped);
    assert!(sim.is_avoided("a"));
    sim.start("a");
    sim.pass(5);
    assert_eq!(sim.state("a"), ProcessState::Running);
    assert!(sim.avoided.is_empty());
}

#[test]
fn a_shutdown_cancels_it_and_leaves_no_proxy_behind() {
    let mut sim = serving(&["a", "b"]);
    sim.hanging.insert("a: count connections of Varnish".to_owned());
    let job = sim.begin_roll(&["a", "b"]);
    sim.pass(1);
    sim.shutdown();
    assert_eq!(sim.failures_of(job), "cancelled by job 2; not restarted: web:b");
    assert!(sim.unanswered_exchanges.is_empty(), "the request was cancelled");
    assert!(sim.avoided.is_empty());
    sim.pass(2);
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn a_shutdown_waits_a_moment_for_the_proxy_of_what_stays_drained() {
    let mut sim = serving(&["a", "b"]);
    sim.begin_roll(&["a", "b"]);
    sim.advance_millis(500);
    sim.stop("a");
    sim.stop("b");
    sim.pass(1);
    assert!(sim.is_avoided("a") && sim.alive.is_empty());
    sim.hanging.insert("a: enable at HAProxy".to_owned());
    sim.shutdown();
    sim.pass(4);
    assert!(!sim.log.contains("exit restart"), "{}", sim.log);
    sim.pass(2);
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn what_was_requested_is_requested_again_after_a_hand_over() {
    let mut sim = serving(&["a"]);
    sim.hanging.insert("a: drain at Varnish".to_owned());
    let job = sim.begin_roll(&["a"]);
    sim.pass(1);
    // The request ended with the daemon that made it.
    sim.hanging.clear();
    sim.unanswered_exchanges.clear();
    sim.core.resume_exchanges();
    sim.perform();
    sim.pass(5);
    assert!(sim.is_finished(job) && sim.failures_of(job).is_empty());
    assert_eq!(sim.log.matches("a: drain at Varnish").count(), 2);
}

#[test]
fn what_does_not_serve_is_first_and_several_may_be_out_of_service() {
    let mut sim = serving(&["a", "b", "c", "d"]);
    sim.stop("c");
    sim.pass(1);
    sim.log.clear();
    let job = sim.roll(&["a", "b", "c", "d"], 2).expect("nothing else runs");
    let next = |sim: &Simulation| -> Vec<String> {
        let lines = sim.log.lines().filter(|line| line.contains(" is next"));
        lines.map(|line| line.split_whitespace().nth(3).unwrap().to_owned()).collect()
    };
    assert_eq!(next(&sim), ["web:c", "web:a"]);
    sim.pass(20);
    assert_eq!(next(&sim), ["web:c", "web:a", "web:b", "web:d"]);
    assert!(sim.is_finished(job) && sim.failures_of(job).is_empty());
}

#[test]
fn the_next_one_waits_for_those_before_it() {
    let mut sim = serving(&["a", "b", "c"]);
    let job = sim.begin_roll(&["a", "b", "c"]);
    sim.hanging.insert("b: drain at Varnish".to_owned());
    sim.pass(3);
    assert_eq!(sim.fates(job)[0].1, Fate::Restarted);
    // While `b` is about to be drained, `a` is lost.
    sim.serving.remove("a");
    sim.pass(6);
    sim.hanging.clear();
    let (id, _) = sim.unanswered_exchanges.pop_first().expect("a request");
    sim.core.take(super::effect::Input::Exchanged { id, answer: Ok(0) }, sim.now);
    sim.perform();
    sim.pass(4);
    assert_eq!(sim.fates(job)[1].1, Fate::Restarted);
    assert_eq!(sim.job(job).waits_for(&sim.core), ["web:a: to be ready"]);
    sim.serving.insert("a".to_owned());
    sim.pass(8);
    assert!(sim.is_finished(job) && sim.failures_of(job).is_empty());
}

#[test]
fn a_lost_instance_ends_it() {
    let mut sim = serving(&["a", "b", "c"]);
    let job = sim.begin_roll(&["a", "b", "c"]);
    sim.hanging.insert("b: drain at Varnish".to_owned());
    sim.pass(3);
    sim.stop("a");
    sim.pass(1);
    sim.hanging.clear();
    let (id, _) = sim.unanswered_exchanges.pop_first().expect("a request");
    sim.core.take(super::effect::Input::Exchanged { id, answer: Ok(0) }, sim.now);
    sim.perform();
    sim.pass(4);
    assert!(sim.is_finished(job));
    assert_eq!(sim.failures_of(job), "web:a is not in service: STOPPED; not restarted: web:c");
}

#[test]
fn programs_without_proxies_are_awaited_until_they_run() {
    let mut sim = Simulation::new(vec![group(
        "web",
        1,
        vec![program("a"), Process { startsecs: 5, ..program("b") }],
    )]);
    sim.pass(6);
    sim.log.clear();
    let job = sim.begin_roll(&["b", "a"]);
    sim.pass(10);
    assert!(sim.is_finished(job));
    assert_snapshot!(sim.log, @r"
      6s rolling restart: web:b is next
      6s kill pid 102 SIGTERM
      6s waiting for b to stop
      6s stopped: b (terminated by SIGTERM)
      6s spawned: 'b' with pid 103
     11s success: b entered RUNNING state, process has stayed up for > than 5 seconds (startsecs)
     11s rolling restart: web:b is in service
     11s rolling restart: web:a is next
     11s kill pid 101 SIGTERM
     11s waiting for a to stop
     11s stopped: a (terminated by SIGTERM)
     11s spawned: 'a' with pid 104
     12s success: a entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
     12s rolling restart: web:a is in service
     12s job 1 (rolling restart of b a, requested through test) finished
    ");
}

#[test]
fn another_job_for_the_same_process_is_refused() {
    let mut sim = serving(&["a", "b"]);
    let job = sim.begin_roll(&["a", "b"]);
    assert!(sim.roll(&["b"], 1).is_err());
    let id = sim.id("b");
    assert!(sim.submit("b", Task::Restart(Scope::One(id))).is_err());
    sim.pass(10);
    assert!(sim.is_finished(job) && sim.failures_of(job).is_empty());
}

#[test]
fn pages_are_fetched_before_requests_come() {
    let web = Process {
        drain_exec: Some("drain".to_owned()),
        enable_exec: Some("enable".to_owned()),
        warm_http: ["/a", "/b"].map(|path| Page::Path(path.to_owned())).into(),
        ..program("web")
    };
    let mut sim = one(web);
    sim.pass(3);
    sim.log.clear();
    sim.failing.insert("web: fetch page 0".to_owned());
    let job = sim.begin_roll(&["web"]);
    sim.pass(3);
    assert!(sim.is_finished(job));
    assert_snapshot!(sim.log, @r"
      3s rolling restart: web is next
      3s web: drain at its command
      3s kill pid 101 SIGTERM
      3s waiting for web to stop
      3s stopped: web (terminated by SIGTERM)
      3s spawned: 'web' with pid 102
      4s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      4s web: fetch page 0
      4s rolling restart:  of web: refused
      4s web: fetch page 1
      4s web: enable at its command
      4s rolling restart: web is in service
      4s job 1 (rolling restart of web, requested through test) finished
    ");
}

#[test]
fn a_command_that_drains_has_the_limit_of_draining() {
    let mut sim = one(Process {
        drain_exec: Some("drain".to_owned()),
        drain_timeout: std::time::Duration::from_secs(7),
        ..program("web")
    });
    sim.pass(3);
    sim.hanging.insert("web: drain at its command".to_owned());
    let job = sim.begin_roll(&["web"]);
    sim.pass(6);
    assert_eq!(sim.state("web"), ProcessState::Running);
    sim.pass(4);
    assert!(sim.is_finished(job) && sim.failures_of(job).is_empty());
    assert!(sim.log.contains("has not ended within 7 s"), "{}", sim.log);
}
