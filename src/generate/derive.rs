//! Derives the deployment of a project. If a part is a whole configuration, that part alone is used;
//! otherwise each part is converted to a program by its recipe and its own options.

use super::base_sections::{self, Daemons};
use super::catalogue::Catalogue;
use super::collective::{self, has_programs};
use super::deployment::{Deployment, Section};
use super::input::{Input, Part};
use super::part_options::COMMAND;
use super::part_roles::{fills_configuration, is_left_out, is_whole_configuration};
use super::paths::Place;
use super::programs::{ProgramBuilder, unknown_recipes};
use super::recipe::{Produces, Recipe};
use super::{autostart, build_commands, configurations, drains, groups, readiness, templated};
use crate::buildout::paths::{self, join};
use crate::conf::sections::program::AUTOSTART;
use crate::conf::sections::supervisorctl;
use crate::diag::{Diagnostic, united};

/// The deployment of a project.
#[derive(Clone, Debug)]
pub struct Derived {
    pub deployment: Deployment,
    /// The path of the configuration, if the project sets it.
    pub conf: Option<String>,
    /// Scripts in addition to Supervisor's own: (name, applet).
    pub scripts: Vec<(String, &'static str)>,
    /// Whether the project contains the configuration, in a part of collective.recipe.supervisor or
    /// a template.
    pub is_verbatim: bool,
    /// The directory that `%(here)s` means in it, if it is made from a template.
    pub here: Option<String>,
    /// Further configurations, which the main one includes.
    pub fragments: Vec<Fragment>,
    pub warnings: Vec<Diagnostic>,
}

/// A configuration without `[supervisord]`, in a file of its own.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub deployment: Deployment,
    /// Absolute.
    pub conf: String,
}

impl Derived {
    /// Whether the configuration has no `[supervisord]`: another one includes it.
    pub fn is_fragment(&self) -> bool {
        self.is_verbatim && !self.deployment.has_daemon()
    }

    /// Keeps the meaning of `%(here)s` if the configuration is written to another directory.
    pub fn rebase(&mut self, conf: &str) {
        if let Some(here) = self.here.take().filter(|here| *here != paths::dirname(conf)) {
            self.deployment.rebase(&here);
        }
    }
}

/// Derives the deployment. `place` is the place of the configuration.
pub fn derive(
    input: &Input,
    catalogue: &Catalogue,
    place: &Place,
) -> Result<Derived, Vec<Diagnostic>> {
    let parts: Vec<(&Part, Option<&Recipe>)> =
        input.parts.iter().map(|part| (part, catalogue.of(part))).collect();
    let producing = |what: Produces| {
        let found = parts.iter().filter(move |(part, recipe)| {
            !is_left_out(part) && recipe.is_some_and(|recipe| recipe.produces == what)
        });
        found.map(|(part, _)| *part)
    };
    let configurations: Vec<&Part> = producing(Produces::Configuration).collect();
    if !configurations.is_empty() {
        return from_configurations(input, catalogue, &configurations);
    }
    if let Some(part) = producing(Produces::Template).find(|part| fills_configuration(part)) {
        return from_template(part);
    }
    let (whole, unlisted): (Vec<&Part>, Vec<&Part>) =
        input.supervisors.iter().partition(|part| is_whole_configuration(catalogue, part));
    let daemons: Vec<&Part> = producing(Produces::Daemon).chain(unlisted).collect();
    let from_parts = || from_parts(input, catalogue, &parts, Daemons(&daemons), place);
    let mut derived = match whole.first() {
        Some(part) if has_programs(part) => from_collective(input, catalogue, part)?,
        Some(part) => {
            with_base_sections(from_parts()?, from_collective(input, catalogue, part)?, place)
        }
        None => from_parts()?,
    };
    derived.warnings.extend(input.warnings.iter().cloned());
    derived.warnings = united(std::mem::take(&mut derived.warnings));
    Ok(derived)
}

fn two_configurations(first: &Part, second: &Part) -> Diagnostic {
    let message =
        format!("parts `{}` and `{}` both write a configuration", first.name, second.name);
    let help = format!("leave one out: set `supervisor = false` in [{}]", second.name);
    Diagnostic::error("two-configurations", message).help(help).maybe_at(second.span)
}

/// The configurations of one or more parts of collective.recipe.supervisor, of which only one may be
/// that of the daemon; the others are files that it includes.
fn from_configurations(
    input: &Input,
    catalogue: &Catalogue,
    parts: &[&Part],
) -> Result<Derived, Vec<Diagnostic>> {
    let (whole, fragments): (Vec<&Part>, Vec<&Part>) =
        parts.iter().partition(|part| !collective::is_fragment(part));
    if let [first, second, ..] = whole.as_slice() {
        return Err(vec![two_configurations(first, second)]);
    }
    let mut parts = whole.into_iter().chain(fragments);
    let Some(main) = parts.next() else { return Err(Vec::new()) };
    let mut derived = from_collective(input, catalogue, main)?;
    for part in parts {
        let more = from_collective(input, catalogue, part)?;
        derived.scripts.extend(more.scripts);
        derived.warnings.extend(more.warnings);
        let default = || join(&input.parts_directory, &format!("{}/supervisord.conf", part.name));
        let conf = join(&input.directory, &more.conf.unwrap_or_else(default));
        derived.fragments.push(Fragment { deployment: more.deployment, conf });
    }
    Ok(derived)
}

/// The configuration in a part of collective.recipe.supervisor.
fn from_collective(
    input: &Input,
    catalogue: &Catalogue,
    part: &Part,
) -> Result<Derived, Vec<Diagnostic>> {
    let mut found = collective::deployment(input, part)?;
    for section in &mut found.deployment.base_sections {
        if section.name == supervisorctl::SECTION.word {
            base_sections::set_client(section, part);
        }
    }
    found.warnings.extend(misspelt_options(part, catalogue.of(part)));
    Ok(Derived {
        deployment: found.deployment,
        conf: found.conf,
        scripts: found.scripts,
        is_verbatim: true,
        here: None,
        fragments: Vec::new(),
        warnings: found.warnings,
    })
}

/// The programs of the parts with the other sections of a configuration without programs.
fn with_base_sections(parts: Derived, configuration: Derived, place: &Place) -> Derived {
    let mut derived = parts;
    let base_sections = &mut derived.deployment.base_sections;
    *base_sections = configuration.deployment.base_sections;
    for setting in base_sections.iter_mut().flat_map(|section| &mut section.settings) {
        setting.value = place.shorten(&setting.value);
    }
    let groups = &mut derived.deployment.groups;
    let known = |name: &str| groups.iter().any(|group: &Section| group.name == name);
    let new: Vec<Section> =
        configuration.deployment.groups.into_iter().filter(|group| !known(&group.name)).collect();
    groups.extend(new);
    derived.deployment.includes.extend(configuration.deployment.includes);
    (derived.conf, derived.scripts) = (configuration.conf, configuration.scripts);
    derived.warnings.extend(configuration.warnings);
    derived
}

/// The configuration in the template of a part.
fn from_template(part: &Part) -> Result<Derived, Vec<Diagnostic>> {
    let template = part.template.clone().unwrap_or_default();
    Ok(Derived {
        deployment: templated::deployment(part, &template)?,
        here: Some(paths::dirname(&template.output).to_owned()),
        conf: Some(template.output),
        scripts: Vec::new(),
        is_verbatim: true,
        fragments: Vec::new(),
        warnings: Vec::new(),
    })
}

/// Options that the recipe does not read, but has in another spelling.
fn misspelt_options(part: &Part, recipe: Option<&Recipe>) -> Vec<Diagnostic> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let known: &[String] = recipe.map_or(&[], |recipe| &recipe.reads.0);
    let unknown = part.options.keys().filter(|option| !known.contains(option));
    unknown
        .filter_map(|option| {
            let meant = known.iter().find(|known| plain(known) == plain(option))?;
            let message = format!("the recipe of part `{}` does not read `{option}`", part.name);
            let help = format!("it is spelt `{meant}`");
            let warning = Diagnostic::warning("misspelt-option", message).help(help);
            Some(warning.maybe_at(part.span_of(option)))
        })
        .collect()
}

/// The programs of the parts and supkit's own base sections.
fn from_parts(
    input: &Input,
    catalogue: &Catalogue,
    parts: &[(&Part, Option<&Recipe>)],
    daemons: Daemons<'_>,
    place: &Place,
) -> Result<Derived, Vec<Diagnostic>> {
    let mut builder = ProgramBuilder::new(input, place);
    for (part, recipe) in parts.iter().filter(|(part, _)| !is_left_out(part)) {
        builder.add(part, *recipe);
    }
    let is_unlisted = |part: &Part| input.supervisors.iter().any(|it| std::ptr::eq(it, part));
    for part in daemons.0.iter().filter(|part| is_unlisted(part)) {
        builder.check_unlisted_daemon(part);
    }
    let mut built = builder.build();
    let not_started = autostart::decide(input, catalogue, &mut built.programs);
    let running = parts.iter().filter_map(|(part, recipe)| Some((*part, (*recipe)?)));
    let makes_program = |part: &Part| {
        let mut programs = built.programs.iter().filter(|it| it.part == part.name);
        programs.any(|program| program.get(AUTOSTART.name) != Some("false"))
    };
    let running = running.filter(|(part, _)| makes_program(part) && part.given(COMMAND).is_none());
    let missing_configurations = configurations::missing(input, running);
    let mut faults = built.faults;
    let groups = groups::requested(parts.iter().map(|(part, _)| *part), daemons, &built.programs);
    let groups = groups.unwrap_or_else(|more| {
        faults.extend(more);
        Vec::new()
    });
    if !faults.is_empty() {
        return Err(faults);
    }
    let unknown_hosts = readiness::add(input, catalogue, &mut built.programs, &groups, place);
    let ambiguous_backends = drains::add(input, &mut built.programs, place);
    let base_sections = base_sections::sections(&place.path("var"), daemons);
    let unserved_client = base_sections::unserved_client(&base_sections);
    let deployment = Deployment {
        base_sections,
        programs: built.programs,
        groups,
        includes: vec![place.local_additions()],
        ..Deployment::default()
    };
    let warnings = unknown_recipes(&built.unknown)
        .into_iter()
        .chain(not_started)
        .chain(unknown_hosts)
        .chain(ambiguous_backends)
        .chain(missing_configurations)
        .chain(templated::not_included(input))
        .chain(build_commands::unsupervised(catalogue, input, &deployment.programs))
        .chain(daemons.disagreements())
        .chain(unserved_client)
        .chain(daemons.0.iter().flat_map(|part| base_sections::unknown_options(part)));
    Ok(Derived {
        deployment,
        conf: None,
        scripts: Vec::new(),
        is_verbatim: false,
        here: None,
        fragments: Vec::new(),
        warnings: warnings.collect(),
    })
}
