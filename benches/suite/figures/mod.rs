//! The figures, by subject.

mod buildouts;
mod calls;
mod configuration;
mod ctl;
mod events;
mod output;
mod restart;
mod services;
mod start;

use super::bench::{Bench, Group};

pub(crate) fn all(bench: &Bench) -> Vec<Group> {
    vec![
        Group { title: "Start, memory and shutdown", figures: start::figures(bench) },
        Group { title: "Output of programs", figures: output::figures(bench) },
        Group { title: "Events", figures: events::figures(bench) },
        Group { title: "XML-RPC", figures: calls::figures(bench) },
        Group { title: "supervisorctl", figures: ctl::figures(bench) },
        Group { title: "Restarts and idle time", figures: restart::figures(bench) },
        Group { title: "Large configurations", figures: configuration::figures(bench) },
        Group { title: "Buildouts", figures: buildouts::figures(bench) },
    ]
}
