//! What is measured against what, and how often.

use std::fmt;
use std::path::{Path, PathBuf};

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Supkit,
    Supervisor,
    /// A program of this benchmark that does only what cannot be avoided.
    Reference,
    Runit,
    S6,
}

impl Contender {
    pub(crate) const ALL: [Self; 5] =
        [Self::Supkit, Self::Supervisor, Self::Reference, Self::Runit, Self::S6];
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supkit => "supkit",
            Self::Supervisor => "Supervisor",
            Self::Reference => "reference",
            Self::Runit => "runit",
            Self::S6 => "s6",
        })
    }
}

/// One quantity of a figure. Less is better, always.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// One of them is enough.
    pub(crate) goals: &'static [Goal],
}

/// What supkit should reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At least so many times better than Supervisor.
    TimesBetter(f64),
    /// At most so many times the cost of the reference.
    TimesTheCost(f64),
    /// At most this value.
    AtMost(f64),
}

pub(crate) const fn measure(name: &'static str, unit: &'static str) -> Measure {
    Measure { name, unit, goals: &[] }
}

impl Measure {
    pub(crate) const fn goal(self, goals: &'static [Goal]) -> Self {
        Self { goals, ..self }
    }
}

type Run = Box<dyn Fn(&Bench, Contender) -> Option<Vec<f64>>>;

/// Something that is measured, with one value for each of its measures.
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) measures: Vec<Measure>,
    /// Whether one round takes long; then there is only one.
    pub(crate) is_long: bool,
    /// `None` if the contender does not do this.
    pub(crate) run: Run,
}

impl Figure {
    pub(crate) fn new(
        title: impl Into<String>,
        measures: &[Measure],
        run: impl Fn(&Bench, Contender) -> Option<Vec<f64>> + 'static,
    ) -> Self {
        let measures = measures.to_vec();
        Self { title: title.into(), measures, is_long: false, run: Box::new(run) }
    }

    pub(crate) fn long_if(self, is_long: bool) -> Self {
        Self { is_long, ..self }
    }
}

pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) struct Bench {
    /// Fewer rounds and smaller numbers.
    pub(crate) is_quick: bool,
    /// The directory with `supervisord`, `supervisorctl` and `supkit`.
    supkit: PathBuf,
    oracle: PathBuf,
    /// This program, which plays the children and the references.
    pub(crate) worker: PathBuf,
}

impl Bench {
    pub(crate) fn from_environment() -> Self {
        let supkit = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-bin");
        std::fs::create_dir_all(&supkit).expect("a directory for the links");
        for name in ["supkit", "supervisord", "supervisorctl"] {
            let path = supkit.join(name);
            let _ = std::fs::remove_file(&path);
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_supkit"), &path).expect("a link");
        }
        let oracle = std::env::var_os("SUPKIT_ORACLE").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/oracle"),
            PathBuf::from,
        );
        Self {
            is_quick: std::env::var("QUICK").is_ok_and(|quick| !matches!(&*quick, "" | "0")),
            supkit,
            oracle: oracle.join("bin"),
            worker: std::env::current_exe().expect("the path of this program"),
        }
    }

    pub(crate) fn rounds(&self, figure: &Figure) -> usize {
        if self.is_quick || figure.is_long { 1 } else { 3 }
    }

    /// The first number, or the second for a quick run.
    pub(crate) fn amount(&self, full: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { full }
    }

    /// Growing numbers; a quick run leaves out those above a limit.
    pub(crate) fn curve(&self, numbers: &[usize], quick_limit: usize) -> Vec<usize> {
        let is_wanted = |number: &usize| !self.is_quick || *number <= quick_limit;
        numbers.iter().copied().filter(is_wanted).collect()
    }

    /// A program of supkit or of Supervisor; the others have none of the same name.
    pub(crate) fn program(&self, contender: Contender, name: &str) -> Option<PathBuf> {
        match contender {
            Contender::Supkit => Some(self.supkit.join(name)),
            Contender::Supervisor => Some(self.oracle.join(name)),
            Contender::Reference | Contender::Runit | Contender::S6 => None,
        }
    }

    /// The size of the program that is measured, in MB.
    pub(crate) fn program_size() -> f64 {
        let size = std::fs::metadata(env!("CARGO_BIN_EXE_supkit")).map_or(0, |it| it.len());
        size as f64 / 1e6
    }
}
