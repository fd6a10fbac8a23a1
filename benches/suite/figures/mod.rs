//! The figures, by subject.

mod calls;
mod configuration;
mod ctl;
mod output;
mod restart;
mod start;

use super::bench::{Bench, Group};

pub(crate) fn all(bench: &Bench) -> Vec<Group> {
    vec![
        Group { title: "Start, memory and shutdown", figures: start::figures(bench) },
        Group { title: "Output of programs", figures: output::figures(bench) },
        Group { title: "XML-RPC", figures: calls::figures(bench) },
        Group { title: "supervisorctl", figures: ctl::figures(bench) },
        Group { title: "Restarts and idle time", figures: restart::figures(bench) },
        Group { title: "Configurations and buildouts", figures: configuration::figures(bench) },
    ]
}
