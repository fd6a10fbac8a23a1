//! Medians and ratios, on the terminal and as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::bench::{Bench, Contender, Figure, Measure};

pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) figures: Vec<Measured>,
}

pub(crate) struct Measured {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// One measure of a figure, with the median of each contender.
pub(crate) struct Row {
    pub(crate) measure: Measure,
    pub(crate) medians: BTreeMap<Contender, f64>,
}

/// Measures all contenders in turn, several times, and prints the rows.
pub(crate) fn measure(bench: &Bench, figure: &Figure) -> Measured {
    let mut samples: BTreeMap<Contender, Vec<Vec<f64>>> = BTreeMap::new();
    for _ in 0..bench.rounds() {
        for contender in Contender::ALL {
            if let Some(values) = (figure.run)(bench, contender) {
                assert_eq!(values.len(), figure.measures.len(), "{}", figure.title);
                samples.entry(contender).or_default().push(values);
            }
        }
    }
    let rows = figure.measures.iter().enumerate().map(|(at, measure)| {
        let median_of = |rounds: &Vec<Vec<f64>>| median(rounds.iter().map(|it| it[at]).collect());
        let medians = samples.iter().map(|(who, rounds)| (*who, median_of(rounds))).collect();
        Row { measure: *measure, medians }
    });
    let measured = Measured { title: figure.title.clone(), rows: rows.collect() };
    for row in &measured.rows {
        println!("{}", line(&measured.title, row));
    }
    measured
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Row {
    fn of(&self, contender: Contender) -> Option<f64> {
        self.medians.get(&contender).copied()
    }

    /// How many times better than Supervisor.
    fn times_better(&self) -> Option<f64> {
        Some(self.of(Contender::Supervisor)? / self.of(Contender::Supkit)?)
    }

    /// How many times the cost of the reference.
    fn times_the_cost(&self) -> Option<f64> {
        Some(self.of(Contender::Supkit)? / self.of(Contender::Reference)?)
    }
}

fn line(title: &str, row: &Row) -> String {
    let mut line = format!("{title:<52} {:<12} {:>7}", row.measure.name, row.measure.unit);
    for (contender, median) in &row.medians {
        let _ = write!(line, "  {contender} {}", number(*median));
    }
    let ratio = |ratio: Option<f64>, letter| {
        ratio.map_or(String::new(), |ratio| format!("  {} {letter}", number(ratio)))
    };
    line + &ratio(row.times_better(), 'S') + &ratio(row.times_the_cost(), 'L')
}

/// Three significant digits.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

const METHOD: &str = include_str!("method.md");

/// The page in `docs/`.
pub(crate) fn page(groups: &[Group]) -> String {
    let mut page = METHOD.replace("{machine}", &machine());
    for Group { title, figures } in groups {
        let _ = write!(
            page,
            "\n## {title}\n\n| | | supkit | Supervisor | S | reference | L | others |\n\
             | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
        );
        for figure in figures {
            for (at, row) in figure.rows.iter().enumerate() {
                let title = if at == 0 { figure.title.as_str() } else { "" };
                let _ = writeln!(page, "{}", cells(title, row));
            }
        }
    }
    page
}

fn cells(title: &str, row: &Row) -> String {
    let cell = |value: Option<f64>| value.map(number).unwrap_or_default();
    let others: Vec<String> = [Contender::Runit, Contender::S6]
        .into_iter()
        .filter_map(|other| Some(format!("{other} {}", number(row.of(other)?))))
        .collect();
    format!(
        "| {title} | {} ({}) | {} | {} | {} | {} | {} | {} |",
        row.measure.name,
        row.measure.unit,
        cell(row.of(Contender::Supkit)),
        cell(row.of(Contender::Supervisor)),
        cell(row.times_better()),
        cell(row.of(Contender::Reference)),
        cell(row.times_the_cost()),
        others.join(", "),
    )
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let processors = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = read("/proc/sys/kernel/osrelease");
    let system = read("/etc/os-release");
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let system = system.map_or("an unknown system", |name| name.trim_matches('"'));
    format!("{processors} processors ({model}), {system}, Linux {}", kernel.trim())
}
