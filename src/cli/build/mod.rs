//! `supkit build`: builds the parts of a project by zc.buildout, which is installed on demand, and
//! generates its deployment. Steps whose inputs have not changed are not run.

mod inputs;
mod runner;
mod workshop;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::buildout::Project;
use crate::generate::build_plan::{BuildInputs, BuildRecord, Remains, Step};
use crate::os::lock::Lock;

use super::deployment::{print_line, report_error};
use super::generate::{self, ProjectError, Source};
use super::project::ProjectArgs;
use runner::Runner;
use workshop::Workshop;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// The Python for the environment with zc.buildout
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
    /// Run every step, even if nothing has changed
    #[arg(long)]
    force: bool,
    /// Print the steps that would be run
    #[arg(long, conflicts_with = "force")]
    dry_run: bool,
    /// Overwrite files that supkit did not write or that were edited since
    #[arg(long)]
    replace: bool,
    /// Override options of the project
    #[arg(value_name = "SECTION:OPTION=VALUE")]
    assignments: Vec<String>,
}

/// Why a build failed.
enum Failure {
    /// The project cannot be read.
    Project(ProjectError),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

pub(super) fn main(args: &Args) -> ExitCode {
    let failure = match build(args) {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    match failure {
        Failure::Project(error) => generate::output::report(&error),
        Failure::Other(error) => report_error(&format!("supkit build: {error:#}")),
    }
    ExitCode::FAILURE
}

fn build(args: &Args) -> Result<ExitCode, Failure> {
    let (start, extends_cache) = read(args)?;
    let assignments = with_cache(args, extends_cache.as_deref());
    let workshop = Workshop::of(&start.directory);
    let build = Build { args, assignments, extends_cache, workshop };
    if args.dry_run {
        for step in build.needed(&start.inputs, &build.workshop.record()) {
            print_line(&format!("would {}", build.what(step)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    build.run(&start.inputs)
}

/// A project as the start of a build.
struct Start {
    directory: PathBuf,
    inputs: BuildInputs,
}

/// Reads the project, if necessary with a cache for what it extends from the network.
fn read(args: &Args) -> Result<(Start, Option<PathBuf>), Failure> {
    let source = load(args, &args.assignments)?;
    let Some(cache) = extends_cache(buildout(&source)?) else {
        return Ok((start(args, &source, &args.assignments)?, None));
    };
    let assignments = with_cache(args, Some(&cache));
    let source = load(args, &assignments)?;
    Ok((start(args, &source, &assignments)?, Some(cache)))
}

/// The assignments of the command line, and that of the cache.
fn with_cache(args: &Args, cache: Option<&Path>) -> Vec<String> {
    let cache = cache.map(|cache| format!("buildout:extends-cache={}", cache.display()));
    args.assignments.iter().cloned().chain(cache).collect()
}

fn load(args: &Args, assignments: &[String]) -> Result<Source, Failure> {
    generate::load(&args.project, assignments).map_err(Failure::Project)
}

fn buildout(source: &Source) -> Result<&Project> {
    source.origin.buildout().context(
        "there is no buildout.cfg here, so there are no parts to build\n\
         pip builds this project; `supkit generate` deploys it",
    )
}

/// The cache for a project that extends URLs and has none itself.
fn extends_cache(project: &Project) -> Option<PathBuf> {
    let own = project.get("buildout", "extends-cache").ok().flatten().unwrap_or_default();
    let is_needed = own.trim().is_empty() && !project.unavailable().is_empty();
    is_needed.then(|| Path::new(project.directory()).join(workshop::own_name("extends-cache")))
}

fn start(args: &Args, source: &Source, assignments: &[String]) -> Result<Start> {
    let project = buildout(source)?;
    let inputs = inputs::read(project, &args.python, assignments, &args.project);
    Ok(Start { directory: PathBuf::from(project.directory()), inputs })
}

struct Build<'a> {
    args: &'a Args,
    assignments: Vec<String>,
    extends_cache: Option<PathBuf>,
    workshop: Workshop,
}

impl Build<'_> {
    fn needed(&self, inputs: &BuildInputs, record: &BuildRecord) -> Vec<Step> {
        let has_environment = self.workshop.has_environment();
        let installed = self.workshop.installed();
        let remains = Remains { installed: installed.as_deref(), has_environment };
        if self.args.force { record.all(remains) } else { record.needed(inputs, remains) }
    }

    fn run(&self, inputs: &BuildInputs) -> Result<ExitCode, Failure> {
        let lock = self.workshop.lock()?;
        let mut record = self.workshop.record();
        for step in self.needed(inputs, &record) {
            self.run_step(step, inputs, &lock, &mut record)?;
        }
        let code = generate::deploy(&self.args.project, &self.assignments, self.args.replace);
        // The deployment takes its scripts out of buildout's list.
        record.set_result(self.workshop.installed().as_deref());
        self.workshop.save(&record)?;
        Ok(code)
    }

    fn run_step(
        &self,
        step: Step,
        inputs: &BuildInputs,
        lock: &Lock,
        record: &mut BuildRecord,
    ) -> Result<(), Failure> {
        record.begin(step);
        self.workshop.save(record)?;
        let is_verbose = self.args.project.verbose > 0;
        let mut runner = Runner::new(&self.workshop.log(), lock, &self.what(step), is_verbose)?;
        let done = match step {
            Step::Environment => self.make_environment(inputs, &mut runner),
            Step::Parts => self.make_parts(inputs, &mut runner),
        };
        runner.finish();
        done?;
        match step {
            Step::Environment => record.finish(step, inputs),
            Step::Parts => {
                // Now the texts of all URLs are known, and which files buildout made.
                let source = load(self.args, &self.assignments)?;
                let now = start(self.args, &source, &self.assignments)?.inputs;
                record.finish(step, if inputs.is_edited_in(&now) { inputs } else { &now });
            }
        }
        Ok(self.workshop.save(record)?)
    }

    fn what(&self, step: Step) -> String {
        match step {
            Step::Environment => {
                format!("make the environment {}", self.workshop.shown_environment())
            }
            Step::Parts => "build the parts with zc.buildout".to_owned(),
        }
    }

    /// With uv, if it is there: it takes a fraction of the time.
    fn make_environment(&self, inputs: &BuildInputs, runner: &mut Runner<'_>) -> Result<()> {
        let workshop = &self.workshop;
        if self.args.project.is_offline() {
            bail!("zc.buildout has to be installed, which is not possible with --offline");
        }
        let requirements = workshop.write_requirements(&inputs.requirements)?;
        let environment = workshop.environment().as_os_str().to_owned();
        let python = self.args.python.as_str();
        if let Some(uv) = workshop::program("uv") {
            let make = ["venv", "--allow-existing", "--python", python].map(Into::into);
            runner.run(&uv, &[&make[..], &[environment]].concat())?;
            let install = ["pip", "install", "--python"].map(Into::into);
            let with =
                [workshop.tool("python").into(), "--requirement".into(), requirements.into()];
            return runner.run(&uv, &[install, with].concat());
        }
        let program = workshop::program(python).with_context(|| {
            format!("there is no program `{python}`; --python names another one")
        })?;
        runner.run(&program, &["-m".into(), "venv".into(), environment])?;
        let install = ["-m", "pip", "install", "--disable-pip-version-check", "--requirement"];
        let install = install.map(Into::into);
        runner.run(&workshop.tool("python"), &[&install[..], &[requirements.into()]].concat())
    }

    fn make_parts(&self, inputs: &BuildInputs, runner: &mut Runner<'_>) -> Result<()> {
        if let Some(cache) = &self.extends_cache {
            // Buildout requires that it exists.
            std::fs::create_dir_all(cache)
                .with_context(|| format!("cannot create {}", cache.display()))?;
        }
        let buildout = self.workshop.tool("buildout");
        let arguments: Vec<_> = inputs.arguments.iter().map(Into::into).collect();
        let is_there = self.workshop.directory().join("bin/buildout").exists();
        if !is_there {
            runner.run(&buildout, &[&arguments[..], &["bootstrap".into()]].concat())?;
        }
        runner.run(&buildout, &arguments)
    }
}
