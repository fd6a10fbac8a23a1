//! The description of a buildout recipe: the parts that it applies to, the options that it reads and
//! sets, and the program that it produces. Read from `recipes/*.ini` and from `recipes.d/*.ini` of a
//! project with `serde_ini`, which has no line numbers, booleans or lists.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::options::is_spelt;
use super::part_options::PROGRAM_PREFIX;
use super::template_string::TemplateString;

/// One recipe file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recipe {
    /// A description in a few words.
    pub title: String,
    /// The values of `recipe` that it describes.
    pub names: Words,
    /// It applies only to parts that fulfil this condition.
    #[serde(default)]
    pub when: Option<When>,
    #[serde(alias = "yields")]
    pub produces: Produces,
    /// The tier of its program, which determines the priority.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// The options that it reads.
    #[serde(default)]
    pub reads: Words,
    /// Options that the recipe sets in the part.
    #[serde(default)]
    pub makes: Pairs,
    /// Further options that it sets, which no text can describe.
    #[serde(default)]
    pub computes: Option<Computes>,
    /// The sections that it adds to the project.
    #[serde(default)]
    pub adds: Option<Adds>,
    /// The option that names another part, whose options it copies.
    #[serde(default)]
    pub clones: Option<String>,
    /// The address that the program listens on.
    #[serde(default)]
    pub serves: Option<Text>,
    /// The address of a service that the program requires.
    #[serde(default)]
    pub needs: Option<Text>,
    /// The addresses that it passes requests to.
    #[serde(default)]
    pub backends: Option<Text>,
    /// The program that the recipe only compiles: the name of the program, and of the parts and files
    /// that configure it.
    #[serde(default)]
    pub compiles: Option<String>,
    /// The configuration file that the program reads if the project names no other.
    #[serde(default)]
    pub configuration: Option<Text>,
    /// The configuration file of a server that the part runs, after the name of the server:
    /// `varnish {config}`.
    #[serde(default)]
    pub configured_by: Option<Text>,
    /// Words by which its configuration is recognised, whatever the name of the file.
    #[serde(default)]
    pub configuration_marks: Words,
    /// The argument of the program before the path of its configuration.
    #[serde(default)]
    pub configuration_flag: Option<String>,
    /// The argument that keeps the program in the foreground, and the text in its configuration that
    /// does the same.
    #[serde(default)]
    pub foreground: Option<String>,
    #[serde(default)]
    pub foreground_unless: Option<String>,
    /// The files that the recipe writes, one per line, and their directory.
    #[serde(default)]
    pub renders: Option<Text>,
    #[serde(default)]
    pub renders_in: Option<Text>,
    /// The options with commands that run when the project is built.
    #[serde(default)]
    pub commands: Words,
    /// Whether the program is for debugging: `on`.
    #[serde(default)]
    pub debug: Option<Text>,
    /// The file of the database that the program opens, and the directory of a relative path.
    #[serde(default)]
    pub data: Option<Text>,
    #[serde(default)]
    pub data_directory: Option<Text>,
    /// Options with which the program opens another database.
    #[serde(default)]
    pub no_data_with: Words,
    /// Options that contain a password.
    #[serde(default)]
    pub secrets: Words,
    /// A check that the program is ready: `tcp ADDRESS` or `http ADDRESS`.
    #[serde(default)]
    pub ready: Option<Text>,
    /// Options for a configuration file of the project's own, in which the address may be another.
    #[serde(default)]
    pub no_ready_with: Words,
    /// Its own log file, besides its output.
    #[serde(default)]
    pub log: Option<Text>,
    /// How its parts are built without zc.buildout, for which recipes (`NAME`, or `NAME==3|4`, if the
    /// result depends on the version), and the options that may be set then (`*`: all)
    #[serde(default)]
    pub builds: Option<Builder>,
    #[serde(default)]
    pub build_recipes: Words,
    #[serde(default)]
    pub build_options: Words,
    /// Presets for options of the program, such as `supervisor-startsecs`.
    #[serde(flatten)]
    pub presets: BTreeMap<String, Text>,
}

/// What a recipe produces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Produces {
    /// One program.
    Program,
    /// Files, scripts, directories: nothing that runs.
    Nothing,
    /// Supervisor itself; the part configures the daemon.
    Daemon,
    /// A whole configuration, from the options of collective.recipe.supervisor.
    Configuration,
    /// A file, which may be a configuration of Supervisor.
    Template,
}

/// What builds the parts of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Builder {
    /// Eggs and their scripts.
    Egg,
    /// Eggs alone.
    Eggs,
    Zeoserver,
    Instance,
    /// The script that starts varnishd.
    VarnishScript,
    Directories,
    /// A file from a template.
    Template,
    /// Nothing: the part is a matter of the deployment.
    Deployment,
}

/// The start order of a deployment; the stop order is the reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    Storage,
    Service,
    Client,
    Worker,
    Balancer,
    Cache,
    Web,
}

impl Tier {
    pub const ALL: [Self; 7] = [
        Self::Storage,
        Self::Service,
        Self::Client,
        Self::Worker,
        Self::Balancer,
        Self::Cache,
        Self::Web,
    ];

    /// The priority of the first program of a tier.
    pub fn priority(self) -> i64 {
        match self {
            Self::Storage => 100,
            Self::Service => 200,
            Self::Client => 500,
            Self::Worker => 600,
            Self::Balancer => 900,
            Self::Cache => 1000,
            Self::Web => 1100,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Service => "service",
            Self::Client => "client",
            Self::Worker => "worker",
            Self::Balancer => "balancer",
            Self::Cache => "cache",
            Self::Web => "web",
        }
    }
}

/// Words separated by blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

/// Options that a recipe sets, in this order: `name: template, name := template`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<Pair>);

/// One option that a recipe sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub option: String,
    pub value: TemplateString,
    /// `:=`: it replaces the option of the part.
    pub replaces: bool,
}

/// Options that a recipe sets besides those of `makes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Computes {
    /// The environment variables, UID and GID; they replace options of the part.
    Environment,
    /// The environment variables that the part does not set.
    MissingEnvironment,
    /// Facts of the machine and its user.
    Machine,
    /// Each option is Python code, and replaced by its result.
    Results,
    /// The directories in order, and their mode.
    Directories,
    /// Where zc.recipe.cmmi installs what it compiles; the others install it in `location`.
    BuildLocation,
    /// The options for a VCL file of plone.recipe.varnish 1, unless the part sets `config`.
    VarnishConfiguration,
}

/// Sections that a recipe adds to the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adds {
    /// A ZEO server with its storages and clients.
    ZeoStorages,
    /// Storages in a relational database.
    Relstorages,
}

/// A template string as a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub TemplateString);

/// `OPTION is VALUE|VALUE`, `OPTION has WORD|WORD` (a requirement) or `OPTION names WORD` (in a name such as
/// `haproxy-build`), or `OPTION set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    pub option: String,
    pub test: Test,
    pub word: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Is,
    Has,
    Names,
    Set,
}

impl When {
    pub fn holds(&self, find: &dyn Fn(&str) -> Option<String>) -> bool {
        let value = find(&self.option).unwrap_or_default();
        let is_wanted =
            |found: &str| self.word.split('|').any(|word| found.eq_ignore_ascii_case(word));
        match self.test {
            Test::Is => is_wanted(value.trim()),
            Test::Set => !value.trim().is_empty(),
            Test::Names => words_of(&value).any(is_wanted),
            // `eggs` may contain versions and extras: `supervisor ==4.3.0`, `superlance[x]`.
            Test::Has => value.lines().any(|line| {
                let end = line.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)));
                let words = line.split_whitespace();
                words.chain(std::iter::once(&line[..end.unwrap_or(line.len())])).any(is_wanted)
            }),
        }
    }
}

/// The words of a name, such as `haproxy` and `build`.
pub(super) fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let test = match self.test {
            Test::Is => "is",
            Test::Has => "has",
            Test::Names => "names",
            Test::Set => return write!(f, "{} set", self.option),
        };
        write!(f, "{} {test} {}", self.option, self.word)
    }
}

impl FromStr for Words {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split_whitespace().map(str::to_owned).collect()))
    }
}

impl FromStr for Pairs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, template) =
                    pair.split_once(':').ok_or_else(|| format!("`{pair}` is not `name: value`"))?;
                let replaces = template.starts_with('=');
                let template = template.strip_prefix('=').unwrap_or(template).trim();
                let template = template.replace("\\n", "\n").replace("\\t", "\t");
                let value = TemplateString::parse(&template).map_err(|fault| fault.to_string())?;
                Ok(Pair { option: name.trim().to_owned(), value, replaces })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(option) = text.strip_suffix(" set") {
            let (option, word) = (option.trim().to_owned(), String::new());
            return Ok(Self { option, test: Test::Set, word });
        }
        let mut words = text.splitn(3, ' ').map(str::to_owned);
        let (Some(option), Some(test), Some(word)) = (words.next(), words.next(), words.next())
        else {
            return Err(
                "expected `OPTION is VALUE`, `OPTION has WORD`, `OPTION names WORD` or `OPTION set`".to_owned()
            );
        };
        let test = match test.as_str() {
            "is" => Test::Is,
            "has" => Test::Has,
            "names" => Test::Names,
            other => return Err(format!("`{other}` is neither `is`, `has`, `names` nor `set`")),
        };
        Ok(Self { option, test, word })
    }
}

impl FromStr for Text {
    type Err = super::template_string::TemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TemplateString::parse(text).map(Self)
    }
}

macro_rules! from_string {
    ($($kind:ty),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

from_string!(Words, Pairs, Text, When);

/// A file has one section, `[recipe]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    recipe: Recipe,
}

/// Why a recipe file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeFault {
    pub message: String,
    /// The key with the error, if it is known.
    pub key: Option<String>,
}

impl fmt::Display for RecipeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Reads one recipe file. `is_option` returns whether a name is an option of a program.
pub fn load(text: &str, is_option: &dyn Fn(&str) -> bool) -> Result<Recipe, RecipeFault> {
    let file: File = serde_ini::from_str(text)
        .map_err(|fault| RecipeFault { message: fault.to_string(), key: None })?;
    let recipe = file.recipe;
    for key in recipe.presets.keys() {
        let known = key.strip_prefix(PROGRAM_PREFIX).is_some_and(is_option);
        if !known {
            let message =
                format!("`{key}` is neither a key of a recipe nor an option of a program");
            return Err(RecipeFault { message, key: Some(key.clone()) });
        }
    }
    if recipe.produces == Produces::Program && recipe.tier.is_none() {
        let message = "a recipe that produces a program needs a `tier`".to_owned();
        return Err(RecipeFault { message, key: Some("produces".to_owned()) });
    }
    Ok(recipe)
}

impl Recipe {
    /// The names in its texts for options of other sections: `OPTION>NAME` or `SECTION:NAME`.
    pub(super) fn names_elsewhere(&self) -> impl Iterator<Item = &str> {
        let texts = [
            &self.serves,
            &self.needs,
            &self.backends,
            &self.ready,
            &self.log,
            &self.configuration,
        ];
        let texts = texts.into_iter().flatten().chain(self.presets.values());
        texts.flat_map(|text| text.0.names()).filter(|name| name.contains(['>', ':']))
    }

    /// The preset for an option of its program.
    pub fn preset(&self, option: &str) -> Option<&TemplateString> {
        let spelt =
            |key: &str| key.strip_prefix(PROGRAM_PREFIX).is_some_and(|key| is_spelt(key, option));
        self.presets.iter().find(|(key, _)| spelt(key)).map(|(_, text)| &text.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_any(text: &str) -> Result<Recipe, RecipeFault> {
        load(text, &|option| option == "startsecs" || option == "command")
    }

    #[test]
    fn a_recipe_is_read() {
        let recipe = load_any(
            "[recipe]\ntitle = A\nnames = a.b a.b:c\nyields = program\ntier = cache\n\
             makes = location: {parts}/{part}\nsupervisor-startsecs = 5\n",
        )
        .unwrap();
        assert_eq!(recipe.names.0, ["a.b", "a.b:c"]);
        assert_eq!(recipe.tier, Some(Tier::Cache));
        assert_eq!(recipe.makes.0[0].option, "location");
        assert_eq!(recipe.preset("startsecs").unwrap().source(), "5");
    }

    #[test]
    fn errors_name_the_key() {
        let fault = |text: &str| load_any(text).unwrap_err().message;
        let head = "[recipe]\ntitle = A\nnames = a\nyields = nothing\n";
        assert!(fault(&format!("{head}supervisor-statsecs = 5\n")).contains("supervisor-statsecs"));
        assert!(fault(&format!("{head}colour = red\n")).contains("colour"));
        assert!(fault(&format!("{head}makes = location\n")).contains("location"));
        assert!(fault("[recipe]\ntitle = A\n").contains("names"));
        assert!(fault("[recipe]\ntitle = A\nnames = a\nyields = program\n").contains("tier"));
        assert!(fault("nonsense\n").contains("missing '='"));
    }

    #[test]
    fn eggs_are_recognized_with_versions_and_extras() {
        let when: When = "eggs has supervisor".parse().unwrap();
        let eggs = |text: &'static str| move |_: &str| Some(text.to_owned());
        assert!(when.holds(&eggs("supervisor")));
        assert!(when.holds(&eggs("\nsuperlance\nSupervisor ==4.3.0")));
        assert!(when.holds(&eggs("a supervisor b")));
        assert!(when.holds(&eggs("supervisor[x]")));
        assert!(!when.holds(&eggs("supervisor-twiddler")));
        let either: When = "eggs has supervisor|supkit".parse().unwrap();
        assert!(either.holds(&eggs("a\nsupkit==1.0")) && either.holds(&eggs("supervisor")));
    }
}
