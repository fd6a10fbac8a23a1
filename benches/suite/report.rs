//! Medians and ratios, on the terminal and as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bench::{Bench, Contender, Figure, Goal, Measure};

pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) figures: Vec<Measured>,
}

pub(crate) struct Measured {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
    /// Who did not do the work completely and correctly.
    pub(crate) failures: Vec<Contender>,
}

/// One measure of a figure, with the median of each contender.
pub(crate) struct Row {
    pub(crate) measure: Measure,
    medians: BTreeMap<Contender, f64>,
}

/// Measures all contenders in turn, several times.
pub(crate) fn measure(bench: &Bench, figure: &Figure) -> Measured {
    let mut samples: BTreeMap<Contender, Vec<Vec<f64>>> = BTreeMap::new();
    let mut failures = Vec::new();
    for _ in 0..bench.rounds(figure) {
        for contender in Contender::ALL {
            if failures.contains(&contender) {
                continue;
            }
            // A panic has printed its message.
            match catch_unwind(AssertUnwindSafe(|| (figure.run)(bench, contender))) {
                Ok(Some(values)) => samples.entry(contender).or_default().push(values),
                Ok(None) => {}
                Err(_) => failures.push(contender),
            }
        }
    }
    samples.retain(|contender, _| !failures.contains(contender));
    let rows = figure.measures.iter().enumerate().map(|(at, measure)| {
        let median_of = |rounds: &Vec<Vec<f64>>| median(rounds.iter().map(|it| it[at]).collect());
        let medians = samples.iter().map(|(who, rounds)| (*who, median_of(rounds)));
        Row { measure: *measure, medians: medians.filter(|it| it.1.is_finite()).collect() }
    });
    Measured { title: figure.title.clone(), rows: rows.collect(), failures }
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

    /// The goal, and how it was reached or by how much it was missed.
    fn goal(&self) -> String {
        let judged = self.measure.goals.iter().filter_map(|goal| {
            // Above 1 it is missed, by this factor.
            let (text, factor) = match *goal {
                Goal::TimesBetter(least) => {
                    (format!("{} S", number(least)), least / self.times_better()?)
                }
                Goal::TimesTheCost(most) => {
                    (format!("{} L", number(most)), self.times_the_cost()? / most)
                }
                Goal::AtMost(most) => (number(most), self.of(Contender::Supkit)? / most),
            };
            Some((text, factor))
        });
        let best = judged.min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or_else(String::new, |(text, factor)| {
            // The noise of a measurement is no failure.
            if factor <= 1.0 {
                format!("{text}: met")
            } else {
                format!("{text}: missed by {factor:.2}")
            }
        })
    }

    fn others(&self) -> String {
        let others = [Contender::Runit, Contender::S6].into_iter();
        let found = others.filter_map(|other| Some(format!("{other} {}", number(self.of(other)?))));
        found.collect::<Vec<_>>().join(", ")
    }

    /// The cells of a table.
    fn cells(&self) -> [String; 8] {
        let cell = |value: Option<f64>| value.map(number).unwrap_or_default();
        let Measure { name, unit, .. } = self.measure;
        [
            format!("{name} ({unit})"),
            cell(self.of(Contender::Supkit)),
            cell(self.of(Contender::Supervisor)),
            cell(self.times_better()),
            cell(self.of(Contender::Reference)),
            cell(self.times_the_cost()),
            self.others(),
            self.goal(),
        ]
    }
}

const COLUMNS: [&str; 8] = ["", "supkit", "Supervisor", "S", "reference", "L", "others", "goal"];

/// Prints a figure as lines of a table.
pub(crate) fn print(measured: &Measured) {
    println!("{}", measured.title);
    for row in &measured.rows {
        println!("{}", aligned(&row.cells()));
    }
    for contender in &measured.failures {
        println!("  {contender} FAILED; see above");
    }
}

/// Prints the heads of the columns below the title of a group.
pub(crate) fn print_head(title: &str) {
    println!("\n{title}\n{}", aligned(&COLUMNS.map(str::to_owned)));
}

fn aligned([name, supkit, supervisor, s, reference, l, others, goal]: &[String; 8]) -> String {
    let line = format!(
        "  {name:<28}{supkit:>9}{supervisor:>12}{s:>8}{reference:>11}{l:>8}  {others:<22}  {goal}"
    );
    line.trim_end().to_owned()
}

/// Three significant digits.
fn number(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

const METHOD: &str = include_str!("method.md");
const REASONS: &str = include_str!("reasons.md");

/// The page in `docs/`.
pub(crate) fn page(groups: &[Group]) -> String {
    let mut page = METHOD.replace("{machine}", &machine());
    for Group { title, figures } in groups {
        let _ = writeln!(page, "\n## {title}\n\n| | {} |", COLUMNS.join(" | "));
        page.push_str("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |\n");
        for figure in figures {
            for (at, row) in figure.rows.iter().enumerate() {
                let title = if at == 0 { figure.title.as_str() } else { "" };
                let _ = writeln!(page, "| {title} | {} |", row.cells().join(" | "));
            }
            for contender in &figure.failures {
                let _ = writeln!(page, "| | {contender} failed |||||||");
            }
        }
    }
    page + "\n" + REASONS
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
