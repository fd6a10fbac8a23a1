//! Measures supkit beside Supervisor 4.3.0, beside s6 and runit where they do the same job, and beside
//! small programs of our own that do only the part of the work that cannot be avoided (`reference`).
//! Every figure is taken from each in turn, so what slows the machine slows all of them.
//!
//! `make bench` runs it and writes `docs/performance.md`; `make bench QUICK=1` prints only, and so does
//! `make bench ONLY=word` for the figures whose titles contain the word.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "it measures time, starts programs and prints tables"
)]

mod bench;
mod client;
mod conf;
mod daemon;
mod figures;
mod kernel;
mod reference;
mod report;
mod workers;

use std::process::ExitCode;
use std::time::Instant;

use bench::Bench;

/// How long it takes on two idle processors, in minutes.
const FULL: usize = 23;
const QUICK: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--as", rest)) =
        arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        workers::run(rest);
        return ExitCode::SUCCESS;
    }
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |title: &str| words.is_empty() || words.iter().any(|it| title.contains(*it));
    measure(&Bench::from_environment(), is_wanted, words.is_empty())
}

fn measure(bench: &Bench, is_wanted: impl Fn(&str) -> bool, is_complete: bool) -> ExitCode {
    kernel::raise_descriptors();
    let (began, mut groups) = (Instant::now(), Vec::new());
    if is_complete {
        println!("About {} minutes on two idle processors.", bench.amount(FULL, QUICK));
    }
    println!("S: times better than Supervisor. L: times the cost of the reference.");
    for group in figures::all(bench) {
        let figures = group.figures.into_iter().filter(|figure| is_wanted(&figure.title));
        let mut measured = Vec::new();
        for figure in figures {
            if measured.is_empty() {
                report::print_head(group.title);
            }
            measured.push(report::measure(bench, &figure));
            measured.iter().last().into_iter().for_each(report::print);
        }
        groups.push(report::Group { title: group.title, figures: measured });
    }
    println!("\n{} seconds", began.elapsed().as_secs());
    if !bench.is_quick && is_complete {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
        std::fs::write(path, report::page(&groups)).expect("the page can be written");
        println!("wrote docs/performance.md");
    }
    let has_failed =
        groups.iter().flat_map(|group| &group.figures).any(|it| !it.failures.is_empty());
    ExitCode::from(u8::from(has_failed))
}
