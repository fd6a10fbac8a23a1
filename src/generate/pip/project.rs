//! A pip project: its instances and ZEO servers with what their configurations state, each with the
//! program that runs it.

use super::instance_yaml::InstanceYaml;
use super::project_files::{ProjectFiles, Reader};
use super::search::{Found, Settings, search};
use super::wsgi::{self, Wsgi};
use super::zope_conf::{self, ZeoConf, ZopeConf};
use crate::buildout::paths::{basename, dirname, join};
use crate::diag::{Diagnostic, Severity, SourceMap};

/// The directories in which programs are searched, relative to a directory of the project.
const ENVIRONMENTS: [&str; 4] = ["", ".venv", "venv", "env"];
const RUN_WSGI: &str = "runwsgi";
const RUN_ZEO: &str = "runzeo";

/// A project that was read.
#[derive(Clone, Debug)]
pub struct PipProject {
    /// Absolute.
    pub(super) directory: String,
    pub(super) instances: Vec<Instance>,
    pub(super) servers: Vec<Server>,
    file: String,
    shown: String,
    sources: SourceMap,
    warnings: Vec<Diagnostic>,
}

/// A Zope that `runwsgi` runs.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) name: String,
    /// The paths of the program and of its configuration.
    pub(super) program: String,
    pub(super) configuration: String,
    pub(super) wsgi: Wsgi,
    pub(super) zope: ZopeConf,
}

/// A ZEO server that `runzeo` runs.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) program: String,
    pub(super) configuration: String,
    pub(super) zeo: ZeoConf,
}

/// Why a project cannot be read, and the texts that the errors refer to.
#[derive(Debug)]
pub struct Unreadable {
    pub faults: Vec<Diagnostic>,
    pub sources: SourceMap,
}

impl PipProject {
    /// Whether there are files of a pip project beside the path `main`.
    pub fn is_there(files: &dyn ProjectFiles, main: &str, working_directory: &str) -> bool {
        !search(&Reader::new(files, main, working_directory)).is_empty()
    }

    /// Reads the project in the directory of `main`, the main file of a buildout that does not exist.
    pub fn read(
        files: &dyn ProjectFiles,
        main: &str,
        working_directory: &str,
    ) -> Result<Self, Unreadable> {
        let reader = Reader::new(files, main, working_directory);
        match read(&reader, main) {
            Ok(project) => Ok(Self { sources: reader.into_sources(), ..project }),
            Err(faults) => Err(Unreadable { faults, sources: reader.into_sources() }),
        }
    }

    /// The file that stands for the project, absolute.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The same as messages have it.
    pub fn shown_file(&self) -> &str {
        &self.shown
    }

    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

fn read(reader: &Reader<'_>, main: &str) -> Result<PipProject, Vec<Diagnostic>> {
    let found = search(reader);
    if found.is_empty() {
        return Err(vec![found.nothing(reader, main)]);
    }
    let mut faults = found.faults.clone();
    let mut warnings = Vec::new();
    let mut instances = Vec::new();
    for path in &found.wsgi {
        match instance(reader, &found, path) {
            Ok(instance) => instances.push(instance),
            Err(fault) => faults.push(*fault),
        }
    }
    let mut servers = Vec::new();
    for path in &found.zeo {
        match server(reader, &found, path) {
            Ok(server) => servers.push(server),
            Err(fault) => faults.push(*fault),
        }
    }
    let is_all = instances.is_empty() && servers.is_empty() && faults.is_empty();
    for settings in &found.settings {
        match instances.iter().find(|it| home(&it.configuration) == settings.target) {
            Some(instance) => warnings.extend(outdated(reader, settings, instance)),
            None if is_all => faults.push(not_generated(reader, settings)),
            None => {
                let fault = not_generated(reader, settings);
                warnings.push(Diagnostic { severity: Severity::Warning, ..fault });
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    rename(reader, &mut instances, &mut servers);
    let first = instances.first().map(|it| &it.configuration);
    let first = first.or_else(|| servers.first().map(|it| &it.configuration));
    let file = first.cloned().unwrap_or_default();
    Ok(PipProject {
        directory: reader.directory.clone(),
        instances,
        servers,
        shown: reader.shown(&file),
        file,
        sources: SourceMap::default(),
        warnings,
    })
}

fn instance(reader: &Reader<'_>, found: &Found, path: &str) -> Result<Instance, Box<Diagnostic>> {
    let wsgi = wsgi::read(reader, path)?;
    let zope = zope_conf::read_zope(reader, &wsgi.zope_conf.text).map_err(|fault| {
        let span = fault.span.or(Some(wsgi.zope_conf.span));
        Box::new(Diagnostic { span, ..*fault })
    })?;
    let program = program(reader, found, path, RUN_WSGI, "Zope")?;
    Ok(Instance { name: String::new(), program, configuration: path.to_owned(), wsgi, zope })
}

fn server(reader: &Reader<'_>, found: &Found, path: &str) -> Result<Server, Box<Diagnostic>> {
    let zeo = zope_conf::read_zeo(reader, path)?;
    let program = program(reader, found, path, RUN_ZEO, "ZEO")?;
    Ok(Server { name: String::new(), program, configuration: path.to_owned(), zeo })
}

/// The directory that a configuration in its `etc` belongs to.
fn home(configuration: &str) -> &str {
    let directory = dirname(configuration);
    if basename(directory) == "etc" { dirname(directory) } else { directory }
}

/// The program that runs a configuration: of the environment that is nearest to it.
fn program(
    reader: &Reader<'_>,
    found: &Found,
    configuration: &str,
    name: &str,
    package: &str,
) -> Result<String, Box<Diagnostic>> {
    let mut homes = vec![home(configuration)];
    while reader.below(homes[homes.len() - 1]).is_some_and(|below| !below.is_empty()) {
        homes.push(dirname(homes[homes.len() - 1]));
    }
    if !homes.contains(&reader.directory.as_str()) {
        homes.push(&reader.directory);
    }
    let usual = homes.iter().flat_map(|home| {
        ENVIRONMENTS
            .iter()
            .map(|it| if it.is_empty() { (*home).to_owned() } else { join(home, it) })
    });
    let active = reader.files.variable("VIRTUAL_ENV");
    let environments = usual.chain(found.environments.iter().cloned()).chain(active);
    let candidates: Vec<String> = environments.map(|it| join(&it, "bin")).collect();
    let there = candidates.iter().map(|bin| join(bin, name)).find(|it| reader.files.is_program(it));
    there.ok_or_else(|| {
        let shown: Vec<String> = candidates.iter().map(|bin| reader.shown(bin)).collect();
        let message = format!("no `{name}` that could run `{}`", reader.shown(configuration));
        let help = format!(
            "install {package} into a virtual environment of the project, or activate the one that \
             has it; searched: {}",
            shown.join(", ")
        );
        Box::new(Diagnostic::error("no-program", message).help(help))
    })
}

fn not_generated(reader: &Reader<'_>, settings: &Settings) -> Diagnostic {
    let (file, target) = (reader.shown(&settings.file), reader.shown(&settings.target));
    let message =
        format!("`{file}` describes an instance in `{target}`, but there is no WSGI configuration");
    let help = format!(
        "generate it: cookiecutter -f --no-input --config-file {file} gh:plone/cookiecutter-zope-instance"
    );
    let span = settings.yaml.target.as_ref().map(|target| target.span);
    Diagnostic::error("not-generated", message).help(help).maybe_at(span)
}

/// A warning if the settings have another address than what was generated from them.
fn outdated(reader: &Reader<'_>, settings: &Settings, instance: &Instance) -> Option<Diagnostic> {
    let InstanceYaml { listen, .. } = &settings.yaml;
    let (listen, written) = (listen.as_ref()?, instance.wsgi.listens.as_ref()?);
    if listen.text == written.text {
        return None;
    }
    let file = reader.shown(&instance.configuration);
    let message = format!("`{file}` was generated with another address: {}", written.text);
    let help = "run cookiecutter again, which writes it anew";
    Some(Diagnostic::warning("outdated-instance", message).help(help).at(listen.span))
}

/// Names: `zeoserver` for the only ZEO server, otherwise the directory that a program belongs to.
fn rename(reader: &Reader<'_>, instances: &mut [Instance], servers: &mut [Server]) {
    let of_directory = |configuration: &str, general: &str| match reader.below(home(configuration))
    {
        Some("") => general.to_owned(),
        Some(below) => below.to_owned(),
        None => basename(home(configuration)).to_owned(),
    };
    let wanted: Vec<String> =
        instances.iter().map(|it| of_directory(&it.configuration, "instance")).collect();
    for (instance, name) in instances.iter_mut().zip(short(&wanted)) {
        instance.name = name;
    }
    let wanted: Vec<String> = match &*servers {
        [_] => vec!["zeoserver".to_owned()],
        several => several.iter().map(|it| of_directory(&it.configuration, "zeoserver")).collect(),
    };
    for (server, name) in servers.iter_mut().zip(short(&wanted)) {
        let is_taken = instances.iter().any(|instance| instance.name == name);
        server.name = if is_taken { format!("{name}-zeo") } else { name };
    }
}

/// The last component of each path if these differ, otherwise the whole paths, as names of programs.
fn short(paths: &[String]) -> Vec<String> {
    let last: Vec<&str> = paths.iter().map(|path| basename(path)).collect();
    let is_unique = |name: &str| last.iter().filter(|other| **other == name).count() == 1;
    let names = paths.iter().zip(&last);
    let names = names.map(|(path, last)| if is_unique(last) { *last } else { path.as_str() });
    let permitted = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    names.map(|name| name.chars().map(permitted).collect()).collect()
}
