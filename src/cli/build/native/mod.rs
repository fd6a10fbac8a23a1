//! Builds a project without zc.buildout: installs the eggs, and writes what the parts are made of.

mod environment;
mod files;
mod record;

use std::ffi::OsString;
use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::buildout::Installed;
use crate::os::lock::Lock;
use crate::parts::{Place, Plan};

use super::super::deployment::print_line;
use super::args::Args;
use super::failure::Failure;
use super::installer;
use super::runner::Runner;
use super::start::Start;
use super::workshop::Workshop;
use files::Difference;
pub(super) use record::NativeRecord;
use record::eggs_checksum;

/// A build that does not need zc.buildout.
pub(super) struct Native<'a> {
    args: &'a Args,
    place: Place,
    plan: Plan,
}

impl<'a> Native<'a> {
    /// The inner error is the reason why zc.buildout is needed.
    pub(super) fn of(args: &'a Args, start: &Start) -> Result<Result<Self, String>, Failure> {
        if args.zc_buildout {
            return Ok(Err("--zc-buildout".to_owned()));
        }
        let place = place(start)?;
        let environment = start.workshop.eggs();
        let found = environment.exists().then(|| environment::read(&environment));
        let plan = start.plan(&place, found.as_ref())?;
        Ok(plan.map(|plan| Self { args, place, plan }))
    }

    /// What would be done, a line each.
    pub(super) fn planned(&self, start: &Start) -> Vec<String> {
        let record = start.workshop.native();
        let mut lines = Vec::new();
        if self.needs_eggs(&start.workshop, &record) {
            lines.push(self.what());
        }
        let difference = Difference::of(&self.plan.products, &record.files, &self.place);
        let below = format!("{}/", self.place.directory);
        let shown = |path: &str| path.strip_prefix(&below).unwrap_or(path).to_owned();
        lines.extend(difference.paths().map(|path| format!("build {}", shown(path))));
        lines
    }

    pub(super) fn run(&self, start: &Start, lock: &mut Lock) -> Result<(), Failure> {
        let workshop = &start.workshop;
        let mut record = workshop.native();
        self.replace_buildout(workshop, lock)?;
        let mut installed = None;
        if self.needs_eggs(workshop, &record) {
            lock.sign().context("cannot write the lock")?;
            self.install(workshop, lock, &mut record)?;
            // Now the scripts of the eggs are known.
            let found = environment::read(&workshop.eggs());
            let plan = start.plan(&self.place, Some(&found))?.map_err(anyhow::Error::msg)?;
            record.eggs = eggs_checksum(&plan.requirements, &self.args.python);
            check_picked(&plan, &found)?;
            workshop.save_native(&record)?;
            installed = Some(plan);
        }
        let products = &installed.as_ref().unwrap_or(&self.plan).products;
        let difference = Difference::of(products, &record.files, &self.place);
        if !difference.is_empty() {
            lock.sign().context("cannot write the lock")?;
            let count = difference.paths().count();
            let plural = if count == 1 { "" } else { "s" };
            print_line(&format!("build the parts: {count} file{plural}"));
            // What is written is known before it is, so that an interrupted build is continued.
            record.files.extend(difference.paths().map(|path| (path.to_owned(), String::new())));
            workshop.save_native(&record)?;
            difference.write(&self.place)?;
        }
        record.files = files::checksums(products);
        Ok(workshop.save_native(&record)?)
    }

    fn what(&self) -> String {
        let count = self.plan.requirements.eggs.len();
        format!("install the eggs of the project ({count} with what they require)")
    }

    fn needs_eggs(&self, workshop: &Workshop, record: &NativeRecord) -> bool {
        if self.plan.requirements.eggs.is_empty() {
            return false;
        }
        let is_recorded = record.eggs == eggs_checksum(&self.plan.requirements, &self.args.python);
        let exists = workshop.eggs().join("bin/python").exists();
        self.args.force || self.args.project.is_newest() || !(is_recorded && exists)
    }

    fn install(&self, workshop: &Workshop, lock: &Lock, record: &mut NativeRecord) -> Result<()> {
        let requirements = &self.plan.requirements;
        let has_links = requirements.arguments.iter().any(|word| word == "--find-links");
        let is_offline = self.args.project.is_offline();
        if is_offline && !has_links {
            bail!("eggs have to be installed, which is not possible with --offline");
        }
        // What is not required any longer would still be found by other eggs.
        if record.names.iter().any(|name| !requirements.eggs.contains(name)) {
            let _ = fs::remove_dir_all(workshop.eggs());
        }
        record.eggs.clear();
        record.names.clone_from(&requirements.eggs);
        workshop.save_native(record)?;
        let eggs = workshop.write_for_pip("eggs.txt", &requirements.file())?;
        let pins = workshop.write_for_pip("constraints.txt", &requirements.constraints())?;
        let mut words: Vec<OsString> =
            vec!["--requirement".into(), eggs.into(), "--constraint".into(), pins.into()];
        words.extend(requirements.arguments.iter().map(Into::into));
        if is_offline {
            words.push("--no-index".into());
        }
        if self.args.project.is_newest() {
            words.push("--upgrade".into());
        }
        let is_verbose = self.args.project.verbose > 0;
        let mut runner = Runner::new(&workshop.log(), lock, &self.what(), is_verbose)?;
        let done = installer::install(&workshop.eggs(), &self.args.python, &words, &mut runner);
        runner.finish();
        done
    }

    /// Removes what zc.buildout made: it would take the files of this build for its own.
    fn replace_buildout(&self, workshop: &Workshop, lock: &mut Lock) -> Result<()> {
        let path = workshop.installed_cfg();
        let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
        lock.sign().context("cannot write the lock")?;
        print_line("remove what zc.buildout made");
        let installed = Installed::read(&text);
        let paths = installed.parts().iter().flat_map(|part| installed.paths(part));
        files::remove_all(paths, &self.place)?;
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }
}

fn place(start: &Start) -> Result<Place, Failure> {
    let project = start.project()?;
    let get = |option: &str| project.get("buildout", option).ok().flatten().unwrap_or_default();
    Ok(Place {
        directory: project.directory().to_owned(),
        bin: get("bin-directory"),
        parts: get("parts-directory"),
        python: start.workshop.eggs().join("bin/python").display().to_string(),
    })
}

fn check_picked(plan: &Plan, found: &crate::parts::Distributions) -> Result<()> {
    let picked = plan.requirements.picked(found);
    if !picked.is_empty() {
        bail!(
            "`allow-picked-versions = false`, but these eggs are not pinned: {}\n\
             pin them in [versions]",
            picked.join(", ")
        );
    }
    Ok(())
}

/// Removes what a build without zc.buildout made, so that zc.buildout makes all of it.
pub(super) fn remove(start: &Start, lock: &mut Lock) -> Result<(), Failure> {
    let mut record = start.workshop.native();
    if record.files.is_empty() {
        return Ok(());
    }
    lock.sign().context("cannot write the lock")?;
    print_line("remove what was made without zc.buildout");
    files::remove_all(record.files.keys().map(String::as_str), &place(start)?)?;
    record.files.clear();
    Ok(start.workshop.save_native(&record)?)
}
