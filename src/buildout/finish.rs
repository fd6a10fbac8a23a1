//! Steps before and after `[buildout]` is resolved: versions, absolute directories and option
//! checks.

use super::buildout_env::BuildoutEnv;
use super::defaults::{BUILDOUT_VERSION, CACHES, DIRECTORIES, RECIPE_EGG_VERSION};
use super::fault::{Fault, Kind};
use super::options::Engine;
use super::value::{Origin, Section, Sections, Value};
use super::{flags, paths};
use crate::diag::SourceId;
use crate::ini::text::repr;

/// Adds the versions section and the caches to the raw sections.
pub(super) fn raw<'n>(
    sections: &mut Sections,
    env: &dyn BuildoutEnv,
    name_of: &dyn Fn(SourceId) -> Option<&'n str>,
    gaps: bool,
) -> Result<(), Fault> {
    versions(sections, gaps)?;
    let Some(buildout) = sections.get_mut("buildout") else { return Ok(()) };
    for name in CACHES {
        cache(buildout, name, env, name_of)?;
    }
    Ok(())
}

fn versions(sections: &mut Sections, gaps: bool) -> Result<(), Fault> {
    let buildout = sections.entry("buildout".into()).or_default();
    if !buildout.contains_key("versions") {
        buildout.insert("versions".into(), Value::new("versions", Origin::Default));
        sections.entry("versions".into()).or_default();
    }
    let Some(named) = sections["buildout"].get("versions").cloned() else { return Ok(()) };
    if named.text.is_empty() {
        return Ok(());
    }
    let Some(section) = sections.get_mut(&named.text) else {
        // It may be in a file that was not available.
        if gaps {
            return Ok(());
        }
        let message = format!("KeyError: {}", repr(&named.text));
        return Err(Fault::new(Kind::Internal, message).at(named.span()).help(format!(
            "the option `versions` names a section [{}], which no file has",
            named.text
        )));
    };
    let minimum = [("zc.buildout", BUILDOUT_VERSION), ("zc.recipe.egg", RECIPE_EGG_VERSION)];
    for (name, version) in minimum {
        if !section.contains_key(name) {
            section.insert(name.into(), Value::new(format!(">={version}"), Origin::Default));
        }
    }
    Ok(())
}

/// A relative cache is relative to the file that names it.
fn cache<'n>(
    buildout: &mut Section,
    name: &str,
    env: &dyn BuildoutEnv,
    name_of: &dyn Fn(SourceId) -> Option<&'n str>,
) -> Result<(), Fault> {
    let directory = buildout.get("directory").map(|value| value.text.clone()).unwrap_or_default();
    let Some(value) = buildout.get_mut(name) else { return Ok(()) };
    if value.text.contains("${") || value.text.starts_with('/') {
        return Ok(());
    }
    let base = match value.origin() {
        Origin::Default | Origin::Computed | Origin::CommandLine => directory,
        Origin::Implicit => String::new(),
        Origin::File(source, _) => {
            let file = name_of(*source).unwrap_or_default();
            if paths::is_url(file) {
                let message = format!(
                    "Setting \"{name}\" to a non absolute location (\"{}\") within a\n\
                     remote configuration file (\"{file}\") is ambiguous.",
                    value.text
                );
                return Err(Fault::new(Kind::Value, message).at(value.span()));
            }
            paths::dirname(file).to_owned()
        }
    };
    let path = paths::expand_user(&env.home(), &value.text);
    let path = paths::absolute(&env.directory(), &paths::join(&base, &path));
    value.set_directory(path);
    Ok(())
}

/// Makes the standard directories absolute, unless they contain references.
pub(super) fn directories(sections: &mut Sections) {
    let Some(buildout) = sections.get_mut("buildout") else { return };
    let Some(base) = buildout.get("directory").map(|value| value.text.clone()) else { return };
    for name in DIRECTORIES {
        if let Some(value) = buildout.get_mut(*name).filter(|value| !value.text.contains("${")) {
            value.text = paths::join(&base, &value.text);
        }
    }
}

/// Resolves `[buildout]` and the versions, and performs buildout's startup checks.
pub(super) fn buildout(engine: &mut Engine, env: &dyn BuildoutEnv) -> Result<(), Fault> {
    let offline = raw_flag(engine, "offline")?;
    if !offline {
        raw_flag(engine, "newest")?;
    }
    engine.section("buildout")?;
    let directory = text(engine, "directory")?;
    for name in DIRECTORIES {
        let path = text(engine, name)?;
        if !path.contains("${") {
            engine.set("buildout", name, paths::join(&directory, &path));
        }
    }
    let installed = text(engine, "installed")?;
    if !installed.is_empty() {
        engine.set("buildout", "installed", paths::join(&directory, &installed));
    }
    log_level(engine)?;
    let versions = text(engine, "versions")?;
    if !versions.is_empty() && engine.raw.contains_key(&versions) {
        engine.section(&versions)?;
    }
    for name in
        ["prefer-final", "use-dependency-links", "allow-picked-versions", "show-picked-versions"]
    {
        flag(engine, name)?;
    }
    eggs_directory(engine, env)?;
    if flag(engine, "install-from-cache")? && offline {
        let message = "install-from-cache can't be used with offline mode.\n\
                       Nothing is installed, even from cache, in offline\n\
                       mode, which might better be called 'no-install mode'.\n";
        return Err(at(engine, "install-from-cache", Fault::new(Kind::Value, message)));
    }
    home(engine, env, &directory)
}

/// The project directory must exist, unless creating a cache would create it.
fn home(engine: &mut Engine, env: &dyn BuildoutEnv, directory: &str) -> Result<(), Fault> {
    let here = paths::absolute(&env.directory(), directory);
    for name in CACHES {
        let cache = text(engine, name)?;
        let cache = paths::absolute(&here, &cache);
        if cache.strip_prefix(&here).is_some_and(|below| below.starts_with('/')) {
            return Ok(());
        }
    }
    if env.exists(&here) {
        return Ok(());
    }
    let message = format!("No such file or directory: {}", repr(directory));
    Err(at(engine, "directory", Fault::new(Kind::Internal, message)))
}

/// Each egg format and, on demand, each ABI has its own directory.
fn eggs_directory(engine: &mut Engine, env: &dyn BuildoutEnv) -> Result<(), Fault> {
    let mut path = text(engine, "eggs-directory")?;
    let version = text(engine, "eggs-directory-version")?;
    if !version.is_empty() {
        path = paths::join(&path, &version);
    }
    if engine.raw_value("buildout", "abi-tag-eggs").is_some() && flag(engine, "abi-tag-eggs")? {
        let python = env.python();
        let mut numbers = python.version.split('.');
        let tag = numbers.by_ref().take(2).collect::<String>();
        path = paths::join(&path, &format!("cp{tag}"));
    }
    engine.set("buildout", "eggs-directory", path);
    Ok(())
}

fn log_level(engine: &mut Engine) -> Result<(), Fault> {
    let level = text(engine, "log-level")?;
    let known = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"].contains(&level.as_str());
    if !known && level.trim().parse::<i64>().is_err() {
        let fault = Fault::new(Kind::Value, format!("Invalid logging level {level}"));
        let help = "write DEBUG, INFO, WARNING, ERROR, CRITICAL or a number";
        return Err(at(engine, "log-level", fault.help(help)));
    }
    if engine.raw_value("buildout", "verbosity").is_some() {
        let verbosity = text(engine, "verbosity")?;
        if verbosity.trim().parse::<i64>().is_err() {
            let fault = Fault::new(Kind::Value, format!("Invalid verbosity {verbosity}"));
            return Err(at(engine, "verbosity", fault.help("write a number")));
        }
    }
    Ok(())
}

fn text(engine: &mut Engine, option: &str) -> Result<String, Fault> {
    Ok(engine.get("buildout", option, &mut Vec::new())?.unwrap_or_default())
}

fn flag(engine: &mut Engine, option: &str) -> Result<bool, Fault> {
    let text = text(engine, option)?;
    flags::read(option, &text).map_err(|fault| at(engine, option, fault))
}

/// Read before anything is resolved, as in zc.buildout.
fn raw_flag(engine: &Engine, option: &str) -> Result<bool, Fault> {
    let value = engine.raw_value("buildout", option);
    let text = value.map_or("", |value| value.text.as_str());
    flags::read(option, text).map_err(|fault| at(engine, option, fault))
}

fn at(engine: &Engine, option: &str, fault: Fault) -> Fault {
    fault.at(engine.span("buildout", option))
}
