//! Measures supkit beside Supervisor 4.3.0, beside s6 and runit where they do the same job, and beside
//! small programs of our own that do only the part of the work that cannot be avoided (`reference`).
//! Every figure is taken from each in turn, so what slows the machine slows all of them.
//!
//! `make bench` runs it and writes `docs/performance.md`; `make bench QUICK=1` prints only.

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

use bench::Bench;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--as", rest)) =
        arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return workers::run(rest);
    }
    let bench = Bench::from_environment();
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let mut groups = Vec::new();
    for group in figures::all(&bench) {
        let is_wanted =
            |title: &str| words.is_empty() || words.iter().any(|it| title.contains(*it));
        let figures = group.figures.into_iter().filter(|figure| is_wanted(&figure.title));
        let figures: Vec<_> = figures.map(|figure| report::measure(&bench, &figure)).collect();
        groups.push(report::Group { title: group.title, figures });
    }
    if bench.is_quick || !words.is_empty() {
        return;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
    std::fs::write(path, report::page(&groups)).expect("the page can be written");
    println!("wrote docs/performance.md");
}
