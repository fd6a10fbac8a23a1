//! The run: steps of random actions, and now and then a return to the level of the beginning.

use std::io::Write as _;
use std::time::{Duration, Instant};

use supkit::rpc::value::Value;

use super::actions::ACTIONS;
use super::driver::Driver;
use super::inspection::Level;
use super::model::Wanted;
use super::programs::Configuration;
use crate::support::wait_until;

/// The most actions of a step; they overlap.
const MAX_ACTIONS: usize = 5;

/// How many steps there are between two returns to the level of the beginning.
const STEPS: usize = 40;

/// How often the progress is printed.
const PROGRESS: Duration = Duration::from_secs(60);

impl Driver<'_> {
    pub(super) fn run(&mut self, time: Duration) {
        let begin = Instant::now();
        let mut shown = begin;
        self.model.touch_all(Wanted::Running);
        self.model.end_step();
        let level = self.measure();
        let mut steps = 0;
        while begin.elapsed() < time {
            steps += 1;
            self.step(steps);
            if steps % STEPS == 0 {
                self.measure();
                self.return_to(&level);
            }
            if shown.elapsed() >= PROGRESS {
                shown = Instant::now();
                let (seconds, actions) = (begin.elapsed().as_secs(), self.story.len());
                let line = format!("soak: {seconds} s, {steps} steps, {actions} lines of story\n");
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
        }
        self.finish(&level);
    }

    /// Some actions at once, then everything must be as it should.
    fn step(&mut self, number: usize) {
        let count = match self.rng.below(2) {
            0 => 1,
            _ => 2 + self.rng.below(MAX_ACTIONS - 1),
        };
        self.is_alone = count == 1;
        let total: usize = ACTIONS.iter().map(|action| action.weight).sum();
        for _ in 0..count {
            let mut drawn = self.rng.below(total);
            let action = ACTIONS.iter().find(|action| {
                let is_it = drawn < action.weight;
                drawn = drawn.saturating_sub(action.weight);
                is_it
            });
            let action = action.expect("the number is below the total");
            self.story.push(format!("{number:5} {}", action.name));
            (action.run)(self);
        }
        self.settle();
        self.model.end_step();
        self.come_to_rest();
    }

    /// Makes all programs run with the first configuration, and measures the daemon then.
    fn measure(&mut self) -> Level {
        self.story.push("      measure".to_owned());
        self.followers.clear();
        self.configuration = Configuration::default();
        self.write_configuration(&self.configuration.text());
        self.ctl(&["update"]);
        self.settle();
        self.call("supervisor.startAllProcesses", &[]);
        self.settle();
        self.call("supervisor.stopProcess", &[Value::str("crasher")]);
        self.settle();
        self.model.touch_all(Wanted::Running);
        self.model.expect_extras(&self.configuration);
        self.model.end_step();
        self.come_to_rest();
        self.level()
    }

    /// Nothing is left of the daemon after its end.
    fn finish(&mut self, level: &Level) {
        self.measure();
        self.return_to(level);
        self.stop_daemon();
    }

    /// Ends the daemon by a signal.
    pub(super) fn stop_daemon(&mut self) {
        assert_eq!(self.daemon.stop().code(), Some(0));
        wait_until("nothing is left of the daemon", || self.sandbox.processes().is_empty());
        for name in ["d.sock", "d.pid"] {
            assert!(!self.sandbox.path(name).exists(), "{name} is left");
        }
    }
}
