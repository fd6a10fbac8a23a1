//! A project as input of the generator: its directories, and its parts with resolved options. Made
//! by `project_reader`; does not know recipes.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Span};

use super::part_options::fact;
use super::server_config::{Backend, zeo_address};

#[derive(Clone, Debug, Default)]
pub struct Input {
    /// `${buildout:directory}`
    pub directory: String,
    /// `${buildout:bin-directory}`
    pub bin: String,
    /// `${buildout:parts-directory}`
    pub parts_directory: String,
    /// In the order in which buildout would install them.
    pub parts: Vec<Part>,
    /// Sections for Supervisor that buildout would not install, but that configure the deployment.
    pub supervisors: Vec<Part>,
    /// The names of all sections with a recipe that buildout would not install.
    pub unlisted: Vec<String>,
    /// Whether programs get probes and wait for each other.
    pub has_readiness: bool,
    /// Whether the backends of proxies are drained for a rolling restart.
    pub has_drains: bool,
    /// Problems of unlisted sections.
    pub warnings: Vec<Diagnostic>,
}

/// A section with a recipe.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub name: String,
    pub options: BTreeMap<String, Value>,
    /// Whether `parts` of `[buildout]` has it; otherwise another part refers to it.
    pub is_listed: bool,
    /// The position of its option `recipe`.
    pub span: Option<Span>,
    /// The configuration that it makes from a template.
    pub template: Option<Template>,
    /// The configuration file of the server that it compiles.
    pub configuration: Option<Configuration>,
    /// What it passes requests to, if it is a proxy.
    pub proxy: Option<Proxy>,
}

/// A program that passes requests to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub control: Control,
    pub servers: Vec<Backend>,
}

/// How it is requested at run time to avoid a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The working directory of varnishd; `None` for that of the system.
    Varnish { directory: Option<String> },
    /// The path or address of the runtime socket.
    Haproxy { socket: String },
}

/// The configuration file of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Absolute.
    pub path: String,
    /// Whether the file exists or another part creates it.
    pub is_created: bool,
    /// Whether it keeps the server in the foreground.
    pub is_foreground: bool,
    /// The addresses on which the server listens, and those of its backends.
    pub listens: Vec<String>,
    pub backends: Vec<String>,
}

/// The text that a part makes from a template, and the path of the file that the recipe would write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub output: String,
    pub text: String,
}

/// The value of an option and its position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    pub text: String,
    pub span: Option<Span>,
    /// The position of each line of the text.
    pub lines: Vec<Option<Span>>,
}

impl Part {
    pub fn get(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(|value| value.text.as_str())
    }

    /// The option, unless it is blank.
    pub fn given(&self, option: &str) -> Option<&str> {
        self.get(option).filter(|text| !text.trim().is_empty())
    }

    pub fn span_of(&self, option: &str) -> Option<Span> {
        self.options.get(option).and_then(|value| value.span).or(self.span)
    }

    pub fn recipe(&self) -> &str {
        self.get("recipe").unwrap_or_default()
    }
}

impl Input {
    /// The value of a placeholder of a recipe: a fact that every part has, else an option of this
    /// part.
    pub fn find(&self, part: &Part, name: &str) -> Option<String> {
        let configuration = part.configuration.as_ref();
        let joined = |addresses: &Vec<String>| addresses.join(" ");
        match name {
            fact::CONFIGURATION => return configuration.map(|it| it.path.clone()),
            fact::LISTENS => {
                return configuration.map(|it| joined(&it.listens)).filter(|it| !it.is_empty());
            }
            fact::BACKENDS => {
                return configuration.map(|it| joined(&it.backends)).filter(|it| !it.is_empty());
            }
            fact::ZEO_ADDRESS => return zeo_address(part.get("zeo.conf")?),
            _ => {}
        }
        let fact = match name {
            fact::PART => &part.name,
            fact::DIRECTORY => &self.directory,
            fact::BIN => &self.bin,
            fact::PARTS => &self.parts_directory,
            _ => return part.given(name).map(|text| text.trim().to_owned()),
        };
        Some(fact.clone())
    }
}
