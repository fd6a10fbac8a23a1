//! The arguments of the database adapter of a relational storage: the defaults, those of each
//! adapter, and `sql_adapter_extra_args`.

use super::schemaless::Section;
use crate::buildout::{Fault, Part};
use crate::ini::text::repr;

/// The default arguments and the options that they refer to.
const DEFAULTS: [(&str, &str); 4] =
    [("db", "sql_db"), ("host", "sql_host"), ("passwd", "sql_passwd"), ("user", "sql_user")];

/// A storage while its section is made: the macros that it extends and its own values.
pub(super) struct Storage<'s> {
    pub(super) section: &'s str,
    pub(super) name: &'s str,
    /// The sections with options of the project, the one that overrides the others last.
    pub(super) options: &'s [String],
    /// The base of all storages.
    pub(super) base: &'s str,
}

pub(super) struct Arguments {
    pub(super) arguments: Section,
    pub(super) shares_blobs: bool,
}

impl Storage<'_> {
    /// An option of the project for this storage.
    fn option(&self, part: &mut Part<'_>, option: &str) -> Result<Option<String>, Fault> {
        for section in self.options.iter().rev() {
            if let Some(value) = part.other(section, option)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The arguments of its adapter.
    pub(super) fn arguments(&self, part: &mut Part<'_>) -> Result<Arguments, Fault> {
        let defaults = || {
            let values = DEFAULTS.map(|(key, option)| (key, format!("${{:{option}}}")));
            let values = values.into_iter().map(|(key, value)| (key.to_owned(), vec![value]));
            Section::of(values.collect())
        };
        let own = self.option(part, "sql_adapter_args")?;
        let own = own.map(|text| parse(&text, "sql_adapter_args", self.section)).transpose()?;
        self.complete(part, own.unwrap_or_else(defaults))
    }

    /// The same for a copy of the storage: the recipe writes the values that it has already merged
    /// as Python lists.
    pub(super) fn arguments_of_copy(
        &self,
        part: &mut Part<'_>,
        first: &Arguments,
    ) -> Result<Arguments, Fault> {
        if let Some(own) = self.option(part, "sql_adapter_args")? {
            return self.complete(part, parse(&own, "sql_adapter_args", self.section)?);
        }
        let listed = |values: &Vec<String>| vec![python_list(values)];
        let values = first.arguments.values.iter();
        let values = values.map(|(key, values)| (key.clone(), listed(values))).collect();
        self.complete(part, Section::of(values))
    }

    fn complete(&self, part: &mut Part<'_>, mut arguments: Section) -> Result<Arguments, Fault> {
        let extra = self.option(part, "sql_adapter_extra_args")?.unwrap_or_default();
        let extra = parse(&extra, "sql_adapter_extra_args", self.section)?;
        arguments.values.extend(extra.values);
        arguments.sections.extend(extra.sections);
        let adapter = match self.option(part, "sql_adapter")? {
            Some(adapter) => adapter,
            None => part.other(self.base, "sql_adapter")?.unwrap_or_default(),
        };
        match adapter.as_str() {
            "mysql" => {}
            "postgresql" => self.name_source(part, &mut arguments)?,
            "sqlite3" => self.use_file(part, &mut arguments)?,
            other => {
                let message = format!(
                    "`sql_adapter` of part `{}` is none of mysql, postgresql and sqlite3, but `{other}`",
                    part.name()
                );
                return Err(Fault::of_recipe(message));
            }
        }
        Ok(Arguments { arguments, shares_blobs: adapter == "sqlite3" })
    }

    fn use_file(&self, part: &mut Part<'_>, arguments: &mut Section) -> Result<(), Fault> {
        remove_defaults(arguments);
        let directory = self.option(part, "data_dir")?;
        let directory = directory.unwrap_or_else(|| "${deployment:data-directory}".to_owned());
        let values = arguments.values.entry("data-dir".to_owned()).or_default();
        values.push(format!("{directory}/{}", self.section));
        Ok(())
    }

    /// `dsn` from the other arguments.
    fn name_source(&self, part: &mut Part<'_>, arguments: &mut Section) -> Result<(), Fault> {
        if arguments.values.contains_key("dsn") {
            return Ok(());
        }
        let mut words = Vec::new();
        let keys = [("dbname", "db"), ("user", "user"), ("password", "passwd"), ("host", "host")];
        for (word, key) in keys {
            let value = arguments.values.get(key).and_then(|values| values.first()).cloned();
            let value = value.ok_or_else(|| {
                Fault::of_recipe(format!("`sql_adapter_args` of [{}] lacks `{key}`", self.section))
            })?;
            if let Some(value) = self.resolved(part, &value)? {
                words.push(format!("{word}='{value}'"));
            }
        }
        remove_defaults(arguments);
        if let Some(port) = arguments.values.remove("sql_port") {
            words.extend(port.first().map(|port| format!("port={port}")));
        }
        arguments.values.insert("dsn".to_owned(), vec![words.join(" ")]);
        Ok(())
    }

    /// The value that a default argument refers to; `None` if it has no value.
    fn resolved(&self, part: &mut Part<'_>, value: &str) -> Result<Option<String>, Fault> {
        let Some(option) = value.strip_prefix("${:").and_then(|it| it.strip_suffix('}')) else {
            return Ok(Some(value.to_owned()).filter(|value| !value.is_empty()));
        };
        if let Some(value) = self.option(part, option)? {
            return Ok(Some(value).filter(|value| !value.is_empty()));
        }
        if option == "sql_db" {
            return Ok(Some(self.name.to_owned()));
        }
        Ok(part.other(self.base, option)?.filter(|value| !value.is_empty()))
    }
}

fn remove_defaults(arguments: &mut Section) {
    for (key, _) in DEFAULTS {
        arguments.values.remove(key);
    }
}

fn parse(text: &str, option: &str, section: &str) -> Result<Section, Fault> {
    let fault = |message: String| Fault::of_recipe(format!("`{option}` of [{section}]: {message}"));
    Section::parse(text).map_err(fault)
}

/// `str` of a list of references or texts.
fn python_list(values: &[String]) -> String {
    let shown = values.iter().map(|value| {
        match value.strip_prefix("${:").and_then(|rest| rest.strip_suffix('}')) {
            Some(option) => format!("RelativeRef(part='', setting='{option}')"),
            None => repr(value),
        }
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(", "))
}
