//! The default options of `[buildout]`.

use super::value::{Origin, Section, Value};

/// The emulated release of zc.buildout; `[versions]` requires at least this version.
pub(super) const BUILDOUT_VERSION: &str = "6.0.1";
pub(super) const RECIPE_EGG_VERSION: &str = "2.0.6";

/// All defaults except `executable`, which depends on the machine.
const DEFAULTS: &[(&str, &str)] = &[
    ("allow-hosts", "*"),
    ("allow-picked-versions", "true"),
    ("allow-unknown-extras", "false"),
    ("bin-directory", "bin"),
    ("develop-eggs-directory", "develop-eggs"),
    ("eggs-directory", "eggs"),
    ("eggs-directory-version", "v5"),
    ("find-links", ""),
    ("install-from-cache", "false"),
    ("installed", ".installed.cfg"),
    ("log-format", ""),
    ("log-level", "INFO"),
    ("newest", "true"),
    ("offline", "false"),
    ("parts-directory", "parts"),
    ("prefer-final", "true"),
    ("python", "buildout"),
    ("show-picked-versions", "false"),
    ("socket-timeout", ""),
    ("update-versions-file", ""),
    ("use-dependency-links", "true"),
];

/// Directories that are made absolute before they are referenced.
pub(super) const DIRECTORIES: &[&str] =
    &["bin-directory", "parts-directory", "eggs-directory", "develop-eggs-directory"];

/// Directories that are relative to the file that sets them.
pub(super) const CACHES: &[&str] = &["download-cache", "eggs-directory", "extends-cache"];

pub(super) fn section(executable: &str, directory: &str) -> Section {
    let executable = [("executable", executable)];
    let mut section: Section = DEFAULTS
        .iter()
        .chain(&executable)
        .map(|(name, text)| ((*name).to_owned(), Value::new(*text, Origin::Default)))
        .collect();
    section.insert("directory".into(), Value::new(directory, Origin::Computed));
    section
}
