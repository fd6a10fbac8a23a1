//! The steps of a build, and their execution.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::generate::build_plan::{BuildInputs, BuildRecord, Remains, Step};
use crate::os::lock::Lock;

use super::super::generate;
use super::args::Args;
use super::failure::Failure;
use super::native::Native;
use super::runner::Runner;
use super::start::Start;
use super::workshop::Workshop;
use super::{installer, native};

pub(super) struct Build<'a> {
    args: &'a Args,
    start: Start,
    inputs: BuildInputs,
    maker: Maker<'a>,
}

/// What builds the parts.
enum Maker<'a> {
    Supkit(Box<Native<'a>>),
    /// zc.buildout, with the reason.
    Buildout(String),
}

impl<'a> Build<'a> {
    pub(super) fn of(args: &'a Args, start: Start) -> Result<Self, Failure> {
        let inputs = start.inputs(args)?;
        let maker = match Native::of(args, &start)? {
            Ok(native) => Maker::Supkit(Box::new(native)),
            Err(reason) => Maker::Buildout(reason),
        };
        Ok(Self { args, start, inputs, maker })
    }

    pub(super) fn workshop(&self) -> &Workshop {
        &self.start.workshop
    }

    /// What would be done, a line each.
    pub(super) fn planned(&self) -> Vec<String> {
        match &self.maker {
            Maker::Supkit(native) => native.planned(&self.start),
            Maker::Buildout(_) => {
                let steps = self.needed(&self.workshop().record());
                steps.into_iter().map(|step| self.what(step)).collect()
            }
        }
    }

    fn needed(&self, record: &BuildRecord) -> Vec<Step> {
        let has_environment = self.workshop().has_environment();
        let installed = self.workshop().installed();
        let remains = Remains { installed: installed.as_deref(), has_environment };
        if self.args.force { record.all(remains) } else { record.needed(&self.inputs, remains) }
    }

    /// Runs what is needed, and generates the deployment.
    pub(super) fn run(&self, lock: &mut Lock) -> Result<ExitCode, Failure> {
        match &self.maker {
            Maker::Supkit(native) => {
                native.run(&self.start, lock)?;
                Ok(self.deploy())
            }
            Maker::Buildout(_) => self.run_steps(lock),
        }
    }

    fn run_steps(&self, lock: &mut Lock) -> Result<ExitCode, Failure> {
        native::remove(&self.start, lock)?;
        let mut record = self.workshop().record();
        for step in self.needed(&record) {
            self.run_step(step, lock, &mut record)?;
        }
        let code = self.deploy();
        // The deployment takes its scripts out of buildout's list.
        record.set_result(self.workshop().installed().as_deref());
        self.workshop().save(&record)?;
        Ok(code)
    }

    /// Whether zc.buildout builds the parts.
    pub(super) fn is_by_buildout(&self) -> bool {
        matches!(self.maker, Maker::Buildout(_))
    }

    pub(super) fn deploy(&self) -> ExitCode {
        let Args { project, assignments, replace, .. } = self.args;
        generate::deploy(project, assignments, *replace, self.workshop().has_own_buildout())
    }

    /// Makes the environment with zc.buildout, if it is missing.
    pub(super) fn equip(&self, lock: &mut Lock) -> Result<(), Failure> {
        if self.workshop().has_environment() {
            return Ok(());
        }
        self.run_step(Step::Environment, lock, &mut self.workshop().record())
    }

    /// Runs zc.buildout with a command of its own.
    pub(super) fn run_buildout(&self, words: &[String], lock: &mut Lock) -> Result<(), Failure> {
        lock.sign().context("cannot write the lock")?;
        let what = format!("run buildout {}", words.join(" "));
        let mut runner = Runner::new(&self.workshop().log(), lock, &what, true)?;
        Ok(runner.run(&self.workshop().tool("buildout"), &self.words_for_buildout(words))?)
    }

    /// The whole command line for a command of zc.buildout.
    pub(super) fn words_for_buildout(&self, words: &[String]) -> Vec<OsString> {
        self.inputs.arguments.iter().chain(words).map(Into::into).collect()
    }

    fn run_step(
        &self,
        step: Step,
        lock: &mut Lock,
        record: &mut BuildRecord,
    ) -> Result<(), Failure> {
        lock.sign().context("cannot write the lock")?;
        record.begin(step);
        self.workshop().save(record)?;
        let is_verbose = self.args.project.verbose > 0;
        let log = self.workshop().log();
        let mut runner = Runner::new(&log, lock, &self.what(step), is_verbose)?;
        let done = match step {
            Step::Environment => self.make_environment(&mut runner),
            Step::Parts => self.make_parts(&mut runner),
        };
        runner.finish();
        done?;
        match step {
            Step::Environment => record.finish(step, &self.inputs),
            Step::Parts => {
                // Now it is known which files buildout made.
                let now = self.start.again(self.args)?;
                let is_edited = self.inputs.is_edited_in(&now);
                record.finish(step, if is_edited { &self.inputs } else { &now });
            }
        }
        Ok(self.workshop().save(record)?)
    }

    pub(super) fn what(&self, step: Step) -> String {
        match step {
            Step::Environment => {
                format!("make the environment {}", self.workshop().shown_environment())
            }
            Step::Parts => match &self.maker {
                Maker::Buildout(reason) => format!("build the parts with zc.buildout: {reason}"),
                Maker::Supkit(_) => "build the parts with zc.buildout".to_owned(),
            },
        }
    }

    fn make_environment(&self, runner: &mut Runner<'_>) -> Result<()> {
        let workshop = self.workshop();
        if self.args.project.is_offline() {
            bail!("zc.buildout has to be installed, which is not possible with --offline");
        }
        let text = &self.inputs.requirements;
        let requirements = workshop.write_for_pip("requirements.txt", text)?;
        let arguments = ["--requirement".into(), requirements.into()];
        installer::install(workshop.environment(), &self.args.python, &arguments, runner)
    }

    fn make_parts(&self, runner: &mut Runner<'_>) -> Result<()> {
        runner.run(&self.workshop().tool("buildout"), &self.words_for_buildout(&[]))
    }
}
