//! Converts parts to programs: the options of a program come from the part itself, else from the
//! recipe, else from supkit.

use crate::buildout::paths::basename;

use super::base_sections;
use super::deployment::{Origin, Program};
use super::environment_lines;
use super::input::{Input, Part};
use super::options;
use super::order::assign_priorities;
use super::part_options::{COMMAND, GROUP, NAME, PROGRAM_PREFIX, fact};
use super::paths::Place;
use super::readiness;
use super::recipe::{Produces, Recipe, Text, words_of};
use crate::conf::sections::program;
use crate::diag::Diagnostic;

/// The words in the name of a part that compiles something.
const BUILDS: [&str; 6] = ["build", "compile", "compiled", "install", "src", "source"];

/// Collects programs and errors.
pub(super) struct ProgramBuilder<'a> {
    input: &'a Input,
    place: &'a Place,
    programs: Vec<Program>,
    faults: Vec<Diagnostic>,
    /// Parts with an unknown recipe.
    unknown: Vec<&'a Part>,
    /// Parts whose recipe only compiles the program.
    compiled: Vec<String>,
}

/// The programs by priority, the errors, and the parts with an unknown recipe.
pub(super) struct Built<'a> {
    pub(super) programs: Vec<Program>,
    pub(super) faults: Vec<Diagnostic>,
    pub(super) unknown: Vec<&'a Part>,
}

impl<'a> ProgramBuilder<'a> {
    pub(super) fn new(input: &'a Input, place: &'a Place) -> Self {
        Self {
            input,
            place,
            programs: Vec::new(),
            faults: Vec::new(),
            unknown: Vec::new(),
            compiled: Vec::new(),
        }
    }

    pub(super) fn build(self) -> Built<'a> {
        let compiled = self.superseded();
        let Self { mut programs, mut faults, unknown, .. } = self;
        programs.retain(|program| !compiled.contains(&program.part));
        faults.extend(duplicate_names(&programs));
        if programs.is_empty() && faults.is_empty() {
            faults.push(nothing_to_run(&unknown));
        }
        assign_priorities(&mut programs);
        Built { programs, faults, unknown }
    }

    /// The parts that compile a server which another program runs.
    fn superseded(&self) -> Vec<String> {
        let part_of =
            |program: &Program| self.input.parts.iter().find(|part| part.name == program.part);
        let runs = |other: &Program, executables: &[String]| {
            let options = part_of(other).into_iter().flat_map(|part| part.options.values());
            options.into_iter().any(|it| executables.iter().any(|path| it.text.contains(path)))
        };
        let compiled = self.programs.iter().filter(|it| self.compiled.contains(&it.part));
        let superseded = compiled.filter(|program| {
            let location = part_of(program).and_then(|part| part.given("location"));
            let command = program.get(program::COMMAND.name).unwrap_or_default();
            let executable = command.split_whitespace().next().unwrap_or_default();
            let name = basename(executable);
            let below = |directory: &str| format!("{directory}/{name}");
            let executables: Vec<String> = location
                .into_iter()
                .flat_map(|it| [below(&format!("{it}/bin")), below(&format!("{it}/sbin"))])
                .chain([below(&self.input.bin)])
                .collect();
            let mut others = self.programs.iter().filter(|other| other.part != program.part);
            others.any(|other| {
                let command = other.get(program::COMMAND.name).unwrap_or_default();
                command.split_whitespace().next() == Some(executable) || runs(other, &executables)
            })
        });
        superseded.map(|program| program.part.clone()).collect()
    }

    pub(super) fn add(&mut self, part: &'a Part, recipe: Option<&Recipe>) {
        let is_daemon = recipe.is_some_and(|recipe| recipe.produces == Produces::Daemon);
        let option = self.check_options(part, is_daemon);
        let has_command = part.given(COMMAND).is_some();
        match recipe {
            Some(recipe) if has_command || recipe.produces == Produces::Program => {
                self.add_program(part, Some(recipe));
            }
            None if has_command => self.add_program(part, None),
            _ => match option {
                Some(key) => self.faults.push(no_program(part, key, is_daemon)),
                None if recipe.is_none() => self.unknown.push(part),
                None => {}
            },
        }
    }

    /// A part for Supervisor that is not listed makes no program; its options are checked.
    pub(super) fn check_unlisted_daemon(&mut self, part: &Part) {
        if let Some(key) = self.check_options(part, true) {
            self.faults.push(no_program(part, key, true));
        }
    }

    /// Reports options that no program has. Returns the first option of a program.
    fn check_options<'p>(&mut self, part: &'p Part, is_daemon: bool) -> Option<&'p str> {
        let mut first = None;
        for key in part.options.keys() {
            let Some(option) = key.strip_prefix(PROGRAM_PREFIX) else { continue };
            if is_daemon && base_sections::is_server_or_group(key)
                || [GROUP, NAME].contains(&&**key)
            {
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

    fn add_program(&mut self, part: &Part, recipe: Option<&Recipe>) {
        let mut program = Program {
            name: self.name(part, recipe),
            part: part.name.clone(),
            tier: recipe.and_then(|recipe| recipe.tier),
            settings: Vec::new(),
            serves: recipe.and_then(|recipe| self.fill(part, recipe.serves.as_ref()?)),
            needs: recipe.and_then(|recipe| self.fill(part, recipe.needs.as_ref()?)),
            span: part.span,
        };
        for option in options::in_order() {
            match self.setting(part, recipe, option) {
                Ok(Some((value, origin))) => program.set(option, value, origin),
                Ok(None) => {}
                Err(fault) => self.faults.push(*fault),
            }
        }
        if recipe.is_some_and(|it| it.compiles.is_some()) && part.given(COMMAND).is_none() {
            self.compiled.push(part.name.clone());
        }
        self.programs.push(program);
    }

    /// The name that the part sets, else its own; that of the program for `haproxy-build`.
    fn name(&self, part: &Part, recipe: Option<&Recipe>) -> String {
        if let Some(name) = part.given(NAME) {
            return name.trim().to_owned();
        }
        let is_build = words_of(&part.name).any(|word| BUILDS.contains(&word));
        let compiled = recipe.and_then(|recipe| recipe.compiles.clone()).filter(|_| is_build);
        let is_free = |name: &String| self.programs.iter().all(|program| program.name != *name);
        compiled.filter(is_free).unwrap_or_else(|| part.name.clone())
    }

    fn fill(&self, part: &Part, Text(template): &Text) -> Option<String> {
        let filled = template.fill(&|name| self.input.find(part, name)).ok()?;
        (!filled.is_empty()).then_some(filled)
    }

    /// The value of the part, else the preset of the recipe, else supkit's default.
    fn setting(
        &self,
        part: &Part,
        recipe: Option<&Recipe>,
        option: &str,
    ) -> Result<Option<(String, Origin)>, Box<Diagnostic>> {
        if let Some((key, text)) = part_option(part, option) {
            let joined = environment_lines::joined(text);
            let joined = joined.filter(|_| option == program::ENVIRONMENT.name);
            let value = self.place.value(option, joined.as_deref().unwrap_or(text).trim());
            return Ok(Some((value, Origin::Project(part.span_of(key)))));
        }
        let described = recipe.filter(|_| !readiness::is_of_probe(option));
        if let Some((recipe, preset)) =
            described.and_then(|recipe| Some((recipe, recipe.preset(option)?)))
        {
            let foreground = || {
                let argument = recipe.foreground.clone().unwrap_or_default();
                let stays = recipe.foreground_unless.as_deref().unwrap_or_default();
                let is_set = part.configuration.as_ref().is_some_and(|it| it.is_foreground)
                    || part.options.values().any(|it| it.text.contains(stays));
                if is_set { String::new() } else { format!(" {argument}") }
            };
            let find = |name: &str| match name {
                fact::FOREGROUND => Some(foreground()),
                _ => self.input.find(part, name).map(|text| text.replace('%', "%%")),
            };
            let filled = preset
                .fill(&find)
                .map_err(|missing| Box::new(missing_option(part, recipe, option, &missing.0)))?;
            let value = self.place.value(option, filled.trim());
            let origin = Origin::Recipe(recipe.title.clone());
            return Ok((!value.is_empty()).then_some((value, origin)));
        }
        let is_always_set = [program::AUTOSTART.name, program::AUTORESTART.name].contains(&option);
        Ok(is_always_set.then(|| ("true".to_owned(), Origin::Supkit)))
    }
}

/// The option of a part that sets this option of its program, in either spelling, and its value.
fn part_option<'a>(part: &'a Part, option: &str) -> Option<(&'a str, &'a str)> {
    part.options.iter().find_map(|(key, value)| {
        let given = key.strip_prefix(PROGRAM_PREFIX)?;
        (options::is_spelt(given, option) && !value.text.trim().is_empty())
            .then_some((key.as_str(), value.text.as_str()))
    })
}

fn unknown_option(part: &Part, key: &str, option: &str, is_daemon: bool) -> Diagnostic {
    let message = format!("`{key}` of part `{}` is not an option of a program", part.name);
    let base_option = base_sections::similar_to(key).filter(|_| is_daemon);
    let similar = || options::similar_to(option).map(|near| format!("{PROGRAM_PREFIX}{near}"));
    let help = match base_option.or_else(similar) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("options of [program:x] are set with the prefix `{PROGRAM_PREFIX}`"),
    };
    Diagnostic::error("unknown-option", message).help(help).maybe_at(part.span_of(key))
}

fn no_program(part: &Part, key: &str, is_daemon: bool) -> Diagnostic {
    let message = format!(
        "part `{}` sets `{key}`, but its recipe `{}` makes no program",
        part.name,
        part.recipe()
    );
    let help = match base_sections::similar_to(key).filter(|_| is_daemon) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("set the command of a program: `{COMMAND} = ...`"),
    };
    Diagnostic::error("no-program", message).help(help).maybe_at(part.span_of(key))
}

fn missing_option(part: &Part, recipe: &Recipe, option: &str, missing: &str) -> Diagnostic {
    let message = format!("part `{}` ({}) needs the option `{missing}`", part.name, recipe.title);
    let help = format!("set `{missing}`, or set `{PROGRAM_PREFIX}{option}` in the part");
    Diagnostic::error("missing-option", message).help(help).maybe_at(part.span)
}

/// One warning for all parts with an unknown recipe, at the first.
pub(super) fn unknown_recipes(parts: &[&Part]) -> Option<Diagnostic> {
    let first = parts.first()?;
    let message = format!("the recipes of these parts are unknown: {}", list(parts));
    let help = format!(
        "set `{COMMAND} = ...` in a part that runs something, `supervisor = false` in the others"
    );
    let warning = Diagnostic::warning("unknown-recipe", message).help(help);
    Some(warning.maybe_at(first.span_of("recipe")))
}

fn list(parts: &[&Part]) -> String {
    let names: Vec<String> =
        parts.iter().map(|part| format!("{} ({})", part.name, part.recipe())).collect();
    names.join(", ")
}

fn nothing_to_run(unknown: &[&Part]) -> Diagnostic {
    let help = match unknown {
        [] => format!("add parts to [buildout], or set the command of one: `{COMMAND} = ...`"),
        some => format!(
            "the recipes of these parts are unknown: {}; set `{COMMAND}` in those that run something",
            list(some)
        ),
    };
    Diagnostic::error("nothing-to-run", "no part of the project makes a program").help(help)
}

fn duplicate_names(programs: &[Program]) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (at, program) in programs.iter().enumerate() {
        if let Some(first) = programs[..at].iter().find(|other| other.name == program.name) {
            let message = format!(
                "parts `{}` and `{}` both make a program `{}`",
                first.part, program.part, program.name
            );
            let help = format!("set another `{NAME}` in one of them");
            let fault = Diagnostic::error("same-name", message).help(help);
            faults.push(fault.maybe_at(program.span));
        }
    }
    faults
}
