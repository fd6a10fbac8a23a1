//! Sections as text, and what both kinds of storages have in common: the options that they share,
//! compression, and the files with the addresses of the databases.

use std::fmt::Write as _;

use crate::buildout::{Fault, Part};

/// A section whose options are optional in a project.
pub(super) const ENVIRONMENT: &str = "environment";

/// How data is stored, from the option `compress`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// Not through zlib.
    None,
    /// Compressed data is read, none is written.
    Read,
    Write,
}

impl Compression {
    pub(super) fn of(part: &mut Part<'_>) -> Result<Self, Fault> {
        let mode = given(part, "compress")?;
        let mode = match mode {
            None => in_section(part, ENVIRONMENT, "compress")?.filter(|mode| !mode.is_empty()),
            mode => mode,
        };
        match mode.unwrap_or_else(|| "decompress".to_owned()).to_lowercase().as_str() {
            "none" => Ok(Self::None),
            "decompress" | "false" => Ok(Self::Read),
            "compress" | "true" => Ok(Self::Write),
            other => Err(Fault::of_recipe(format!(
                "`compress` of part `{}` is none of decompress, compress and none, but `{other}`",
                part.name()
            ))),
        }
    }

    pub(super) fn import(self) -> &'static str {
        if self == Self::None { "" } else { "%import zc.zlibstorage" }
    }

    /// The lines of a storage in its wrapper.
    pub(super) fn wrap(self, wrapper: &str, name: &str, storage: Vec<String>) -> Vec<String> {
        if self == Self::None {
            return storage;
        }
        let mut lines = vec![format!("<{wrapper}{name}>")];
        lines.extend(indented("    ", storage));
        if self == Self::Read {
            lines.push("  compress false".to_owned());
        }
        lines.push(format!("</{wrapper}>"));
        lines
    }
}

/// A section of `ZConfig`: values after `APPEND` and subsections are indented by their own.
pub(super) fn zconfig(header: &str, values: &[String]) -> Vec<String> {
    let kind = header.split(' ').next().unwrap_or(header);
    let mut lines = vec![format!("<{header}>")];
    lines.extend(indented("  ", values.iter().cloned()));
    lines.push(format!("</{kind}>"));
    lines
}

pub(super) fn indented(by: &str, lines: impl IntoIterator<Item = String>) -> Vec<String> {
    lines.into_iter().map(|line| format!("{by}{line}")).collect()
}

/// A section as text: options, and options of several lines.
pub(super) struct SectionText(String);

impl SectionText {
    pub(super) fn new(name: &str) -> Self {
        Self(format!("[{name}]\n"))
    }

    pub(super) fn set(mut self, option: &str, value: &str) -> Self {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{option} = {value}");
        self
    }

    pub(super) fn set_if(self, option: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.set(option, value),
            None => self,
        }
    }

    pub(super) fn lines(mut self, option: &str, lines: impl IntoIterator<Item = String>) -> Self {
        let _ = writeln!(self.0, "{option} =");
        for line in lines {
            let _ = writeln!(self.0, "    {line}");
        }
        self
    }

    /// Later macros override earlier ones.
    pub(super) fn extends(self, macros: &[String]) -> Self {
        let mut text = self;
        text.0.push_str("<=\n");
        for name in macros {
            let _ = writeln!(text.0, "    {name}");
        }
        text
    }

    pub(super) fn add(self, part: &mut Part<'_>) -> Result<(), Fault> {
        part.add_sections(&self.0)
    }
}

/// An option of the part that is not empty.
pub(super) fn given(part: &mut Part<'_>, option: &str) -> Result<Option<String>, Fault> {
    Ok(part.get(option)?.filter(|value| !value.is_empty()))
}

/// An option of a section that may not exist.
pub(super) fn in_section(
    part: &mut Part<'_>,
    section: &str,
    option: &str,
) -> Result<Option<String>, Fault> {
    if part.has_section(section) { part.other(section, option) } else { Ok(None) }
}

pub(super) fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| ["1", "yes", "on", "true"].contains(&value.to_lowercase().as_str()))
}

/// `NAME_opts_base`: the options of the part, for the sections that extend it.
pub(super) fn add_options(part: &mut Part<'_>) -> Result<String, Fault> {
    let mut options = Vec::new();
    for name in part.written()? {
        if ["recipe", "storages", "<"].contains(&name.as_str()) {
            continue;
        }
        // An option of an unknown recipe is missing in the copy, too.
        if let Ok(Some(value)) = part.get(&name) {
            options.push((name, value));
        }
    }
    let section = format!("{}_opts_base", part.name());
    part.add_section(&section, options)?;
    Ok(section)
}

pub(super) fn existing(part: &Part<'_>, sections: impl IntoIterator<Item = String>) -> Vec<String> {
    sections.into_iter().filter(|section| part.has_section(section)).collect()
}

/// The storages of the part.
pub(super) fn storages(part: &mut Part<'_>) -> Result<Vec<String>, Fault> {
    Ok(part.required("storages")?.split_whitespace().map(str::to_owned).collect())
}

pub(super) fn add_directories(
    part: &mut Part<'_>,
    name: &str,
    paths: &[String],
) -> Result<(), Fault> {
    let section = SectionText::new(name).set("recipe", "z3c.recipe.mkdir").set("mode", "0700");
    section.lines("paths", paths.iter().cloned()).add(part)
}

/// A file that collective.recipe.template writes.
pub(super) fn template(
    name: &str,
    output: &str,
    lines: impl IntoIterator<Item = String>,
) -> SectionText {
    let lines = std::iter::once("inline:".to_owned()).chain(lines);
    SectionText::new(name)
        .set("recipe", "collective.recipe.template")
        .lines("input", lines)
        .set("output", &format!("${{deployment:etc-directory}}/{output}"))
}

/// `zodb_conf` and `zodb_uri_conf`: the databases, and their addresses.
pub(super) fn add_database_files(
    part: &mut Part<'_>,
    imports: [&str; 2],
    databases: Vec<String>,
    storages: &[String],
) -> Result<(), Fault> {
    let lines = imports.map(str::to_owned).into_iter().chain(databases);
    template("zodb_conf", "zodb_conf.xml", lines).add(part)?;
    let addresses: Vec<String> = storages
        .iter()
        .map(|storage| format!("zconfig://${{zodb_conf:output}}#{}", storage.to_lowercase()))
        .collect();
    add_addresses(part, "zodb_uri_conf", "zeo_uris.ini", &addresses)
}

pub(super) fn add_addresses(
    part: &mut Part<'_>,
    name: &str,
    output: &str,
    addresses: &[String],
) -> Result<(), Fault> {
    let lines = ["[ZODB]".to_owned(), format!("uris = {}", addresses.join(" "))];
    template(name, output, lines).add(part)
}

/// A database with the lines of its storage.
pub(super) fn database(has_timeout: bool, storage: Vec<String>) -> Vec<String> {
    let values = ["cache-size ${:cache-size}", "database-name ${:name}", "pool-size ${:pool_size}"];
    let timeout = has_timeout.then_some("pool-timeout ${:pool_timeout}");
    let values = values.into_iter().chain(timeout).map(str::to_owned);
    let values: Vec<String> = values.chain(storage).collect();
    zconfig("zodb ${:name}", &values)
}
