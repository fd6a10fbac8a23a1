//! The extends-cache: a directory with one file per URL, named by the MD5 of the URL. Nothing is
//! downloaded; a URL that is not cached is an error with the command that would cache it. A project
//! without an extends-cache has that of `supkit build`.

use super::buildout_env::BuildoutEnv;
use super::fault::{Fault, Kind};
use super::md5;
use super::paths;
use super::value::Section;
use crate::ini::text::repr;

/// The cache that `supkit build` fills, below the project.
pub const OWN_CACHE: &str = ".supkit/extends-cache";

/// The download options of `[buildout]` when a file is opened.
pub(super) struct Download {
    directory: String,
    cache: Option<String>,
    offline: bool,
}

/// The text of an extended URL in a file.
pub(super) enum Local {
    /// The path of a `file:` URL.
    File(String),
    /// A file of the cache.
    Cached(String),
}

/// Why a URL cannot be read.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: String,
    /// The file of the cache that would have its text.
    pub(super) file: String,
}

impl Download {
    pub(super) fn read(options: &Section) -> Result<Self, Fault> {
        let text = |name: &str| options.get(name).map(|value| value.text.as_str());
        if let Some(newest) = text("newest").filter(|text| !matches!(*text, "true" | "false")) {
            return Err(super::flags::invalid("newest", newest)
                .at(options.get("newest").and_then(super::value::Value::span)));
        }
        let cache = text("extends-cache").filter(|cache| !cache.is_empty());
        if let Some(cache) = cache.filter(|cache| has_reference(cache)) {
            let message =
                format!("extends-cache '{cache}' may not contain ${{section:variable}} to expand.");
            return Err(Fault::new(Kind::Value, message)
                .at(options.get("extends-cache").and_then(super::value::Value::span)));
        }
        Ok(Self {
            directory: text("directory").unwrap_or_default().to_owned(),
            cache: cache.map(str::to_owned),
            offline: text("offline") == Some("true") || text("install-from-cache") == Some("true"),
        })
    }
}

fn has_reference(text: &str) -> bool {
    text.find("${").is_some_and(|at| text[at..].contains('}'))
}

/// The local file for a URL.
pub(super) fn find(
    env: &dyn BuildoutEnv,
    download: &Download,
    url: &str,
) -> Result<Local, Refusal> {
    if let Some(path) = local(url) {
        return Ok(Local::File(path));
    }
    let name = md5::hex(url.as_bytes());
    let Some(cache) = &download.cache else {
        let file = paths::join(&paths::join(&download.directory, OWN_CACHE), &name);
        if env.exists(&file) {
            return Ok(Local::Cached(file));
        }
        let refused = refusal(url, download, ".extends-cache", &name, true);
        return Err(Refusal { file, ..refused });
    };
    let configured = paths::join(&download.directory, cache);
    let home = paths::join(&download.directory, &paths::expand_user(&env.home(), cache));
    for directory in [&configured, &home] {
        let path = paths::join(directory, &name);
        if env.exists(&path) {
            return Ok(Local::Cached(path));
        }
    }
    let mut refusal = refusal(url, download, &home, &name, false);
    if !env.exists(&configured) {
        let missing = paths::absolute(&env.directory(), &configured);
        refusal.message = format!(
            "The directory:\n{}\nto be used as a download cache doesn't exist.\n",
            repr(&missing)
        );
    }
    Err(refusal)
}

/// The path of a `file:` URL.
fn local(url: &str) -> Option<String> {
    let rest = url.strip_prefix("file://")?;
    let path = &rest[rest.find('/').unwrap_or(rest.len())..];
    let end = path.find(['?', '#']).unwrap_or(path.len());
    Some(path[..end].to_owned())
}

fn refusal(url: &str, download: &Download, directory: &str, name: &str, set: bool) -> Refusal {
    let message = if download.offline {
        format!("Couldn't download {} in offline mode.", repr(url))
    } else {
        format!("`{url}` is not in the extends-cache, and supkit downloads nothing")
    };
    let command = format!("mkdir -p {directory} && curl -fsSL '{url}' -o {directory}/{name}");
    let help = if set {
        format!("set `extends-cache = {directory}` in [buildout] and run: {command}")
    } else {
        format!("run: {command}")
    };
    Refusal { message, help, file: paths::join(directory, name) }
}
