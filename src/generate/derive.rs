//! From the parts of a project to a deployment: each part finds its recipe, the recipe says what
//! program comes of it, the part may say it better. Where a part of collective.recipe.supervisor
//! tells everything already, it is believed and the other parts are not asked.

use crate::buildout::paths;
use crate::diag::{Diagnostic, Span};

use super::catalogue::Catalogue;
use super::deployment::{Deployment, Origin, Program, Section};
use super::frame::Daemons;
use super::input::{Input, Part};
use super::paths::Place;
use super::recipe::{PREFIX, Recipe, Yields};
use super::{collective, frame, groups, options, order, templated};

/// What became of a project.
#[derive(Clone, Debug)]
pub struct Derived {
    pub deployment: Deployment,
    /// Where the project itself wants the configuration.
    pub conf: Option<String>,
    /// Names beside Supervisor's own for its applets: (name, applet).
    pub scripts: Vec<(String, &'static str)>,
    /// Whether the project wrote the configuration, as a part of collective.recipe.supervisor or
    /// as a template.
    pub told: bool,
    /// The directory that `%(here)s` means in it, where it came as a text.
    pub here: Option<String>,
    pub warnings: Vec<Diagnostic>,
}

impl Derived {
    /// Keeps the meaning of a text that is written to another directory than it was made for.
    pub fn settle(&mut self, conf: &str) {
        if let Some(here) = self.here.take().filter(|here| *here != paths::dirname(conf)) {
            self.deployment.anchor(&here);
        }
    }
}

/// Reads the parts. `place` is where the configuration will lie.
pub fn derive(
    input: &Input,
    catalogue: &Catalogue,
    place: &Place,
) -> Result<Derived, Vec<Diagnostic>> {
    let parts: Vec<(&Part, Option<&Recipe>)> =
        input.parts.iter().map(|part| (part, recipe_of(catalogue, part))).collect();
    let yielding = |what: Yields| {
        let found = parts.iter().filter(move |(part, recipe)| {
            !is_left_out(part) && recipe.is_some_and(|recipe| recipe.yields == what)
        });
        found.map(|(part, _)| *part)
    };
    let mut configurations = yielding(Yields::Configuration);
    if let Some(part) = configurations.next() {
        return told(input, catalogue, part, configurations.next());
    }
    if let Some(part) = yielding(Yields::Template).find(|part| has_configuration(part)) {
        return filled(part);
    }
    let (tells, unlisted): (Vec<&Part>, Vec<&Part>) =
        input.supervisors.iter().partition(|part| tells_all(catalogue, part));
    let daemons: Vec<&Part> = yielding(Yields::Daemon).chain(unlisted).collect();
    let derive_parts = || derived(input, &parts, Daemons(&daemons), place);
    let mut derived = match tells.first() {
        Some(part) if tells_programs(part) => told(input, catalogue, part, None)?,
        Some(part) => framed(derive_parts()?, told(input, catalogue, part, None)?, place),
        None => derive_parts()?,
    };
    derived.warnings.extend(input.warnings.iter().cloned());
    Ok(derived)
}

fn recipe_of<'a>(catalogue: &'a Catalogue, part: &Part) -> Option<&'a Recipe> {
    catalogue.find(part.recipe(), &part.name, &|option| part.get(option).map(str::to_owned))
}

/// `supervisor = false`
pub(super) fn is_left_out(part: &Part) -> bool {
    let off = ["false", "no", "off", "0"];
    part.given("supervisor").is_some_and(|text| off.contains(&text.trim().to_lowercase().as_str()))
}

fn told(
    input: &Input,
    catalogue: &Catalogue,
    part: &Part,
    second: Option<&Part>,
) -> Result<Derived, Vec<Diagnostic>> {
    if let Some(second) = second {
        let message =
            format!("parts `{}` and `{}` both write a configuration", part.name, second.name);
        let help = format!("leave one out: set `supervisor = false` in [{}]", second.name);
        return Err(vec![at(
            Diagnostic::error("two-configurations", message).help(help),
            second.span,
        )]);
    }
    let mut told = collective::deployment(input, part)?;
    for section in &mut told.deployment.frame {
        if section.name == "supervisorctl" {
            frame::set_client(section, part);
        }
    }
    told.warnings.extend(slips(part, recipe_of(catalogue, part)));
    Ok(Derived {
        deployment: told.deployment,
        conf: told.conf,
        scripts: told.scripts,
        told: true,
        here: None,
        warnings: told.warnings,
    })
}

/// Whether a whole configuration has something to run; else the other parts have.
pub(super) fn tells_programs(part: &Part) -> bool {
    ["programs", "eventlisteners"].iter().any(|option| part.given(option).is_some())
}

/// The programs of the parts, with all else from a section that tells it.
fn framed(parts: Derived, told: Derived, place: &Place) -> Derived {
    let mut derived = parts;
    derived.deployment.frame = told.deployment.frame;
    for setting in derived.deployment.frame.iter_mut().flat_map(|section| &mut section.settings) {
        setting.value = place.shorten(&setting.value);
    }
    let groups = &mut derived.deployment.groups;
    let known = |name: &str| groups.iter().any(|group: &Section| group.name == name);
    let new: Vec<Section> =
        told.deployment.groups.into_iter().filter(|group| !known(&group.name)).collect();
    groups.extend(new);
    derived.deployment.includes.extend(told.deployment.includes);
    (derived.conf, derived.scripts) = (told.conf, told.scripts);
    derived.warnings.extend(told.warnings);
    derived
}

/// Whether the part is a whole configuration.
pub(super) fn tells_all(catalogue: &Catalogue, part: &Part) -> bool {
    let yields = recipe_of(catalogue, part).map(|recipe| recipe.yields);
    !is_left_out(part) && (yields == Some(Yields::Configuration) || has_configuration(part))
}

fn has_configuration(part: &Part) -> bool {
    part.template.as_ref().is_some_and(templated::is_configuration)
}

/// A part whose template is the configuration.
fn filled(part: &Part) -> Result<Derived, Vec<Diagnostic>> {
    let template = part.template.clone().unwrap_or_default();
    Ok(Derived {
        deployment: templated::deployment(part, &template)?,
        here: Some(paths::dirname(&template.output).to_owned()),
        conf: Some(template.output),
        scripts: Vec::new(),
        told: true,
        warnings: Vec::new(),
    })
}

/// Options that the recipe ignores without a word, but knows in another spelling.
fn slips(part: &Part, recipe: Option<&Recipe>) -> Vec<Diagnostic> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let known: &[String] = recipe.map_or(&[], |recipe| &recipe.reads.0);
    let unknown = part.options.keys().filter(|option| !known.contains(option));
    unknown
        .filter_map(|option| {
            let meant = known.iter().find(|known| plain(known) == plain(option))?;
            let message = format!("the recipe of part `{}` does not read `{option}`", part.name);
            let help = format!("it is spelt `{meant}`");
            let told = Diagnostic::warning("misspelt-option", message).help(help);
            Some(at(told, part.span_of(option)))
        })
        .collect()
}

fn derived(
    input: &Input,
    parts: &[(&Part, Option<&Recipe>)],
    daemons: Daemons<'_>,
    place: &Place,
) -> Result<Derived, Vec<Diagnostic>> {
    let mut work =
        Work { input, place, programs: Vec::new(), faults: Vec::new(), unknown: Vec::new() };
    for (part, recipe) in parts {
        if !is_left_out(part) {
            work.take(part, *recipe);
        }
    }
    // One that is not among the parts runs nothing, but its options are read.
    for part in
        daemons.0.iter().filter(|part| input.supervisors.iter().any(|it| std::ptr::eq(it, **part)))
    {
        if let Some(key) = work.options(part, true) {
            work.faults.push(no_program(part, key, true));
        }
    }
    let Work { mut programs, mut faults, unknown, .. } = work;
    faults.extend(twins(&programs));
    if programs.is_empty() && faults.is_empty() {
        faults.push(nothing_to_run(&unknown));
    }
    order::settle(&mut programs);
    let groups = groups::asked_for(parts.iter().map(|(part, _)| *part), daemons, &programs);
    let groups = groups.unwrap_or_else(|wrong| {
        faults.extend(wrong);
        Vec::new()
    });
    if !faults.is_empty() {
        return Err(faults);
    }
    let frame = frame::frame(&place.path("var"), daemons);
    let unserved_client = frame::unserved_client(&frame);
    let deployment = Deployment {
        frame,
        programs,
        groups,
        includes: vec!["%(here)s/supervisord.d/*.conf".to_owned()],
        ..Deployment::default()
    };
    Ok(Derived {
        deployment,
        conf: None,
        scripts: Vec::new(),
        told: false,
        here: None,
        warnings: unknown_recipes(&unknown)
            .into_iter()
            .chain(daemons.disagreements())
            .chain(unserved_client)
            .chain(daemons.0.iter().flat_map(|part| frame::unknown_options(part)))
            .collect(),
    })
}

/// The programs as they come in, and what is wrong with them.
struct Work<'a> {
    input: &'a Input,
    place: &'a Place,
    programs: Vec<Program>,
    faults: Vec<Diagnostic>,
    /// Parts whose recipe nobody knows.
    unknown: Vec<&'a Part>,
}

impl<'a> Work<'a> {
    fn take(&mut self, part: &'a Part, recipe: Option<&Recipe>) {
        let is_daemon = recipe.is_some_and(|recipe| recipe.yields == Yields::Daemon);
        let first = self.options(part, is_daemon);
        let commands = part.given("supervisor-command").is_some();
        match recipe {
            Some(recipe) if commands || recipe.yields == Yields::Program => {
                self.program(part, Some(recipe));
            }
            None if commands => self.program(part, None),
            _ => match first {
                Some(key) => self.faults.push(no_program(part, key, is_daemon)),
                None if recipe.is_none() => self.unknown.push(part),
                None => {}
            },
        }
    }

    /// Refuses options that no program has; gives the first that a program has.
    fn options<'p>(&mut self, part: &'p Part, is_daemon: bool) -> Option<&'p str> {
        let mut first = None;
        for key in part.options.keys() {
            let Some(option) = key.strip_prefix(PREFIX) else { continue };
            if is_daemon && frame::is_option(key) || option == "group" || option == "name" {
                continue;
            }
            if options::is_program_option(option) {
                first.get_or_insert(key.as_str());
            } else {
                self.faults.push(unknown_option(part, key, option, is_daemon));
            }
        }
        first
    }

    fn program(&mut self, part: &Part, recipe: Option<&Recipe>) {
        let mut program = Program {
            name: part.given("supervisor-name").unwrap_or(&part.name).trim().to_owned(),
            part: part.name.clone(),
            tier: recipe.and_then(|recipe| recipe.tier),
            settings: Vec::new(),
            serves: recipe.and_then(|recipe| self.text(part, recipe.serves.as_ref()?)),
            needs: recipe.and_then(|recipe| self.text(part, recipe.needs.as_ref()?)),
            span: part.span,
        };
        for option in options::in_order() {
            match self.setting(part, recipe, option) {
                Ok(Some((value, origin))) => program.set(option, value, origin),
                Ok(None) => {}
                Err(fault) => self.faults.push(*fault),
            }
        }
        self.programs.push(program);
    }

    fn text(&self, part: &Part, text: &super::recipe::Text) -> Option<String> {
        let filled = text.0.fill(&|name| self.input.find(part, name)).ok()?;
        (!filled.is_empty()).then_some(filled)
    }

    /// What the part says, else what the recipe presets, else what supkit always does.
    fn setting(
        &self,
        part: &Part,
        recipe: Option<&Recipe>,
        option: &str,
    ) -> Result<Option<(String, Origin)>, Box<Diagnostic>> {
        if let Some((key, text)) = said(part, option) {
            let value = self.place.shorten(text.trim());
            return Ok(Some((value, Origin::Project(part.span_of(key)))));
        }
        if let Some((recipe, phrase)) =
            recipe.and_then(|recipe| Some((recipe, recipe.preset(option)?)))
        {
            let find = |name: &str| self.input.find(part, name).map(|text| text.replace('%', "%%"));
            let filled = phrase
                .fill(&find)
                .map_err(|hole| Box::new(unfilled(part, recipe, option, &hole.0)))?;
            let value = self.place.shorten(filled.trim());
            let origin = Origin::Recipe(recipe.title.clone());
            return Ok((!value.is_empty()).then_some((value, origin)));
        }
        let always = matches!(option, "autostart" | "autorestart");
        Ok(always.then(|| ("true".to_owned(), Origin::Supkit)))
    }
}

/// The part's own word on an option of its program, in either spelling.
fn said<'a>(part: &'a Part, option: &str) -> Option<(&'a str, &'a str)> {
    part.options.iter().find_map(|(key, value)| {
        let given = key.strip_prefix(PREFIX)?;
        (options::underscored(given) == option && !value.text.trim().is_empty())
            .then_some((key.as_str(), value.text.as_str()))
    })
}

fn at(fault: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => fault.at(span),
        None => fault,
    }
}

fn unknown_option(part: &Part, key: &str, option: &str, is_daemon: bool) -> Diagnostic {
    let message = format!("`{key}` of part `{}` is no option of a program", part.name);
    let of_frame = frame::meant(key).filter(|_| is_daemon);
    let near = || options::similar_to(option).map(|near| format!("{PREFIX}{near}"));
    let help = match of_frame.or_else(near) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the options of [program:x] can be set, with `supervisor-` before their names"
            .to_owned(),
    };
    at(Diagnostic::error("unknown-option", message).help(help), part.span_of(key))
}

fn no_program(part: &Part, key: &str, is_daemon: bool) -> Diagnostic {
    let message = format!(
        "part `{}` sets `{key}`, but no program comes of its recipe `{}`",
        part.name,
        part.recipe()
    );
    let help = match frame::meant(key).filter(|_| is_daemon) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "say what is to be run: `supervisor-command = ...`".to_owned(),
    };
    at(Diagnostic::error("no-program", message).help(help), part.span_of(key))
}

fn unfilled(part: &Part, recipe: &Recipe, option: &str, hole: &str) -> Diagnostic {
    let message = format!("part `{}` ({}) needs the option `{hole}`", part.name, recipe.title);
    let help = format!("set `{hole}`, or say yourself: `{PREFIX}{option} = ...`");
    at(Diagnostic::error("missing-option", message).help(help), part.span)
}

/// One warning for all of them, at the first.
fn unknown_recipes(parts: &[&Part]) -> Option<Diagnostic> {
    let first = parts.first()?;
    let message = format!("nothing is known of the recipes of these parts: {}", named(parts));
    let help = "if one makes something that runs, set `supervisor-command = ...` in it; \
                `supervisor = false` keeps this quiet";
    let warning = Diagnostic::warning("unknown-recipe", message).help(help);
    Some(at(warning, first.span_of("recipe")))
}

fn named(parts: &[&Part]) -> String {
    let names: Vec<String> =
        parts.iter().map(|part| format!("{} ({})", part.name, part.recipe())).collect();
    names.join(", ")
}

fn nothing_to_run(unknown: &[&Part]) -> Diagnostic {
    let help = match unknown {
        [] => {
            "add parts to [buildout], or say what one runs: `supervisor-command = ...`".to_owned()
        }
        some => format!(
            "nothing is known of the recipes of these parts: {}; set `supervisor-command` in those \
             that run something",
            named(some)
        ),
    };
    Diagnostic::error("nothing-to-run", "no part of the project yields a program").help(help)
}

/// Programs of the same name.
fn twins(programs: &[Program]) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (place, program) in programs.iter().enumerate() {
        if let Some(first) = programs[..place].iter().find(|other| other.name == program.name) {
            let message = format!(
                "parts `{}` and `{}` both make a program `{}`",
                first.part, program.part, program.name
            );
            let help = "give one of them another `supervisor-name`";
            faults.push(at(Diagnostic::error("same-name", message).help(help), program.span));
        }
    }
    faults
}
