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
}

pub(crate) const fn measure(name: &'static str, unit: &'static str) -> Measure {
    Measure { name, unit }
}

type Run = Box<dyn Fn(&Bench, Contender) -> Option<Vec<f64>>>;

/// Something that is measured, with one value for each of its measures.
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) measures: Vec<Measure>,
    /// `None` if the contender does not do this.
    pub(crate) run: Run,
}

impl Figure {
    pub(crate) fn new(
        title: impl Into<String>,
        measures: &[Measure],
        run: impl Fn(&Bench, Contender) -> Option<Vec<f64>> + 'static,
    ) -> Self {
        Self { title: title.into(), measures: measures.to_vec(), run: Box::new(run) }
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

    pub(crate) fn rounds(&self) -> usize {
        if self.is_quick { 3 } else { 5 }
    }

    /// The first number, or the second for a quick run.
    pub(crate) fn amount(&self, full: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { full }
    }

    /// A program of supkit or of Supervisor; the others have none of the same name.
    pub(crate) fn program(&self, contender: Contender, name: &str) -> Option<PathBuf> {
        match contender {
            Contender::Supkit => Some(self.supkit.join(name)),
            Contender::Supervisor => Some(self.oracle.join(name)),
            Contender::Reference | Contender::Runit | Contender::S6 => None,
        }
    }
}
