//! Where the files of a pip project are searched, and by what they are recognised: a WSGI
//! configuration by its option `zope_conf`, a ZEO server by its section `<zeo>`.

use std::collections::BTreeSet;

use super::instance_yaml::{self, InstanceYaml, is_instance_yaml};
use super::project_files::{DirectoryEntry, Reader};
use super::{wsgi, zope_conf};
use crate::buildout::paths::{basename, dirname, join, normalize};
use crate::diag::Diagnostic;

/// Directories without configurations of a project: environments, sources, what others generate.
const SKIPPED: [&str; 14] = [
    "bin",
    "develop-eggs",
    "docs",
    "eggs",
    "include",
    "lib",
    "lib64",
    "libexec",
    "node_modules",
    "parts",
    "share",
    "src",
    "tests",
    "var",
];
/// A directory with this file is a virtual environment.
const ENVIRONMENT: &str = "pyvenv.cfg";
/// The directory that cookiecutter-zope-instance writes if `target` is not set.
const DEFAULT_TARGET: &str = "instance";

/// The files of a project, all absolute.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// WSGI configurations, one for each instance.
    pub(super) wsgi: Vec<String>,
    pub(super) zeo: Vec<String>,
    /// The settings of instances and the directories that they describe.
    pub(super) settings: Vec<Settings>,
    /// Virtual environments beside those with the usual names.
    pub(super) environments: Vec<String>,
    /// Several configurations of one instance.
    pub(super) faults: Vec<Diagnostic>,
    /// Files that were examined and are neither.
    unusable: Vec<String>,
    /// Buildout projects with another name.
    buildouts: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) file: String,
    pub(super) target: String,
    pub(super) yaml: InstanceYaml,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.wsgi.is_empty() && self.zeo.is_empty() && self.settings.is_empty()
    }

    /// Everything that was searched, in an error.
    pub(super) fn nothing(&self, reader: &Reader<'_>, main: &str) -> Diagnostic {
        let shown = |paths: &[String]| -> Vec<String> {
            paths.iter().map(|path| format!("`{}`", reader.shown(path))).collect()
        };
        let directory = reader.shown(&reader.directory);
        let message = format!("there is no project in `{directory}` that supkit can read");
        let searched = format!(
            "searched:\n\
             - {main}: a buildout\n\
             - instance*.yaml, */instance*.yaml: settings of cookiecutter-zope-instance\n\
             - *.ini, etc/*.ini, */etc/*.ini, */*/etc/*.ini: a WSGI configuration with `zope_conf = ...`\n\
             - *.conf, etc/*.conf, */etc/*.conf, */*/etc/*.conf: a ZEO server with a section `<zeo>`"
        );
        let unusable = (!self.unusable.is_empty())
            .then(|| format!("examined and none of these: {}", shown(&self.unusable).join(", ")));
        let next = match self.buildouts.as_slice() {
            [] => "name the main file of another buildout with -c, or make a project: supkit init"
                .to_owned(),
            some => format!("a buildout is named with -c: {}", shown(some).join(", ")),
        };
        let help: Vec<String> =
            [Some(searched), unusable, Some(next)].into_iter().flatten().collect();
        let help = help.join("\n");
        Diagnostic::error("no-project", message).help(help)
    }
}

pub(super) fn search(reader: &Reader<'_>) -> Found {
    let mut search = Search { reader, found: Found::default(), seen: BTreeSet::new() };
    let root = reader.directory.clone();
    search.files_of(&root);
    let mut homes = vec![root.clone()];
    let children = search.directories(&root);
    homes.extend(children.iter().cloned());
    homes.extend(children.iter().flat_map(|child| search.directories(child)));
    for directory in [vec![root], children].concat() {
        search.settings(&directory);
    }
    let targets = search.found.settings.iter().map(|settings| settings.target.clone());
    homes.extend(targets.collect::<Vec<_>>());
    for home in homes {
        if basename(&home) != "etc" {
            search.files_of(&join(&home, "etc"));
        }
    }
    search.one_for_each_home();
    search.found
}

struct Search<'a> {
    reader: &'a Reader<'a>,
    found: Found,
    seen: BTreeSet<String>,
}

impl Search<'_> {
    /// The directories in a directory that may belong to the project.
    fn directories(&mut self, directory: &str) -> Vec<String> {
        let entries = self.reader.files.list(directory);
        let is_own = |entry: &&DirectoryEntry| {
            entry.is_directory
                && !entry.name.starts_with('.')
                && !SKIPPED.contains(&entry.name.as_str())
        };
        let paths = entries.iter().filter(is_own).map(|entry| join(directory, &entry.name));
        let (environments, own): (Vec<String>, Vec<String>) = paths.partition(|path| {
            self.reader.files.list(path).iter().any(|entry| entry.name == ENVIRONMENT)
        });
        self.found.environments.extend(environments);
        own
    }

    /// Classifies the configurations in a directory.
    fn files_of(&mut self, directory: &str) {
        if !self.seen.insert(directory.to_owned()) {
            return;
        }
        for entry in self.reader.files.list(directory) {
            let path = join(directory, &entry.name);
            let (_, extension) = entry.name.rsplit_once('.').unwrap_or_default();
            if entry.is_directory || !["ini", "conf", "cfg"].contains(&extension) {
                continue;
            }
            let text = self.reader.peek(&path).unwrap_or_default();
            let list = match extension {
                "ini" if wsgi::is_wsgi(&text) => &mut self.found.wsgi,
                "conf" if zope_conf::is_zeo_server(&text) => &mut self.found.zeo,
                "cfg" if text.lines().any(|line| line.trim_end() == "[buildout]") => {
                    &mut self.found.buildouts
                }
                "cfg" => continue,
                _ => &mut self.found.unusable,
            };
            list.push(path);
        }
    }

    fn settings(&mut self, directory: &str) {
        for entry in self.reader.files.list(directory) {
            if entry.is_directory || !is_instance_yaml(&entry.name) {
                continue;
            }
            let file = join(directory, &entry.name);
            let Some(text) = self.reader.peek(&file) else { continue };
            if !text.lines().any(|line| line.trim_end() == "default_context:") {
                continue;
            }
            let Ok((source, text)) = self.reader.read(&file) else { continue };
            let Some(yaml) = instance_yaml::read(source, &text) else { continue };
            let name = yaml.target.as_ref().map_or(DEFAULT_TARGET, |target| target.text.as_str());
            let target = normalize(&join(directory, name));
            self.found.settings.push(Settings { file, target, yaml });
        }
    }

    /// Of several WSGI configurations in one directory, which are variants of one instance, the one
    /// with the usual name is used.
    fn one_for_each_home(&mut self) {
        let all = std::mem::take(&mut self.found.wsgi);
        let homes: BTreeSet<&str> = all.iter().map(|path| dirname(path)).collect();
        let mut chosen = Vec::new();
        for home in homes {
            let variants: Vec<&String> = all.iter().filter(|path| dirname(path) == home).collect();
            let usual = ["zope.ini", "wsgi.ini"]
                .iter()
                .find_map(|name| variants.iter().find(|path| basename(path) == *name).copied());
            match (usual, variants.as_slice()) {
                (Some(path), _) => chosen.push(path.clone()),
                (None, [path]) => chosen.push((*path).clone()),
                (None, several) => self.found.faults.push(ambiguous(self.reader, several)),
            }
        }
        self.found.wsgi = chosen;
    }
}

fn ambiguous(reader: &Reader<'_>, paths: &[&String]) -> Diagnostic {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", reader.shown(path))).collect();
    let message = format!("several WSGI configurations for one instance: {}", names.join(", "));
    Diagnostic::error("ambiguous-instance", message)
        .help("name the one that is to run `zope.ini`, or move each to a directory of its own")
}
