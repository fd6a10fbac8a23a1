//! The project as a build starts from it: read with everything that it extends.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::buildout::{OWN_CACHE, Project};
use crate::generate::build_plan::BuildInputs;
use crate::os::lock::Lock;
use crate::parts::{Distributions, Place, Plan, Reason, decide};

use super::super::generate::{self, Source};
use super::super::real_buildout_env::RealBuildoutEnv;
use super::args::Args;
use super::failure::Failure;
use super::fetch::{self, Fetcher};
use super::inputs;
use super::workshop::Workshop;

pub(super) struct Start {
    pub(super) workshop: Workshop,
    source: Source,
}

impl Start {
    /// Reads the project as far as its texts are there.
    pub(super) fn read(args: &Args) -> Result<Self, Failure> {
        let source = load(args)?;
        let workshop = Workshop::of(Path::new(buildout(&source)?.directory()));
        Ok(Self { workshop, source })
    }

    pub(super) fn project(&self) -> Result<&Project, Failure> {
        Ok(buildout(&self.source)?)
    }

    /// What would be fetched.
    pub(super) fn fetches(&self) -> Vec<String> {
        let project = self.source.origin.buildout();
        let missing = project.into_iter().flat_map(Project::unavailable);
        missing.map(|gap| format!("fetch {}", fetch::shown(&gap.url))).collect()
    }

    /// Fetches what is missing.
    pub(super) fn complete(self, args: &Args, lock: &mut Lock) -> Result<Self, Failure> {
        let Self { workshop, mut source } = self;
        let mut fetcher = Fetcher::new(&workshop, args.project.is_newest());
        while fetcher.fetch(buildout(&source)?, &source, lock)? {
            source = load(args)?;
        }
        fetcher.finish(buildout(&source)?)?;
        Ok(Self { workshop, source })
    }

    /// Reads the project again, after its parts were built.
    pub(super) fn again(&self, args: &Args) -> Result<BuildInputs, Failure> {
        let source = load(args)?;
        let project = buildout(&source)?;
        let mut fetcher = Fetcher::new(&self.workshop, false);
        // Buildout has fetched the texts anew.
        fetcher.trust(project);
        fetcher.finish(project)?;
        Ok(inputs_of(args, project))
    }

    /// What the parts are made of, or why zc.buildout builds them.
    pub(super) fn plan(
        &self,
        place: &Place,
        found: Option<&Distributions>,
    ) -> Result<Result<Plan, String>, Failure> {
        let project = self.project()?;
        let env = RealBuildoutEnv::around(project.file());
        let plan = decide(project, &self.source.catalogue, &env, place, found);
        Ok(plan.map_err(|Reason { why, span }| match span {
            Some(span) => {
                let place = self.source.origin.sources().place(span);
                format!("{why} ({}:{})", place.file, place.line)
            }
            None => why,
        }))
    }

    pub(super) fn inputs(&self, args: &Args) -> Result<BuildInputs, Failure> {
        Ok(inputs_of(args, self.project()?))
    }
}

fn load(args: &Args) -> Result<Source, Failure> {
    Ok(generate::load(&args.project, &args.assignments)?)
}

fn buildout(source: &Source) -> anyhow::Result<&Project> {
    source.origin.buildout().context(
        "there is no buildout.cfg here, so there are no parts to build\n\
         pip builds this project; `supkit generate` deploys it",
    )
}

fn inputs_of(args: &Args, project: &Project) -> BuildInputs {
    inputs::read(project, &args.python, &assignments(args, project), &args.project)
}

/// The assignments for zc.buildout: those of the command line, and the cache of the build.
fn assignments(args: &Args, project: &Project) -> Vec<String> {
    let cache = own_cache(project);
    let cache = cache.map(|cache| format!("buildout:extends-cache={}", cache.display()));
    args.assignments.iter().cloned().chain(cache).collect()
}

/// The cache of a project that extends URLs and names none itself.
fn own_cache(project: &Project) -> Option<PathBuf> {
    let own = project.get("buildout", "extends-cache").ok().flatten().unwrap_or_default();
    let is_needed =
        own.trim().is_empty() && !(project.unavailable().is_empty() && project.cached().is_empty());
    is_needed.then(|| Path::new(project.directory()).join(OWN_CACHE))
}
