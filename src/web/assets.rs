//! The files of the pages: style, icon and scripts.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::texts::Language;
use crate::assets;
use crate::http::{Reply, Request};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The reply for a path. A browser asks each time whether its copy is current, because another
/// version of supkit may have been started, whose pages need its own scripts.
pub(super) fn reply(request: &Request, path: &str) -> Reply {
    let code = path.strip_prefix("texts/").and_then(|name| name.strip_suffix(".js"));
    if let Some(language) = code.and_then(Language::from_code) {
        return current(request, SCRIPT, &language.script());
    }
    let (name, kind) = match path {
        "stylesheets/supervisor.css" => ("style.css", "text/css; charset=utf-8"),
        "stylesheets/log.css" => ("log.css", "text/css; charset=utf-8"),
        "ansi.js" => ("ansi.js", SCRIPT),
        "stylesheets/program.css" => ("program.css", "text/css; charset=utf-8"),
        "program.js" => ("program.js", SCRIPT),
        "matches.js" => ("matches.js", SCRIPT),
        "log.js" => ("log.js", SCRIPT),
        "chart.js" => ("chart.js", SCRIPT),
        "live.js" => ("live.js", SCRIPT),
        "feed.js" => ("feed.js", SCRIPT),
        "find.js" => ("find.js", SCRIPT),
        "jobs.js" => ("jobs.js", SCRIPT),
        "keys.js" => ("keys.js", SCRIPT),
        "images/icon.svg" | "favicon.ico" => ("icon.svg", "image/svg+xml"),
        _ => return Reply::error(404, "Not found."),
    };
    current(request, kind, assets::web(name))
}

/// The file, unless the copy of the browser is current.
fn current(request: &Request, kind: &str, text: &str) -> Reply {
    let tag = tag(text);
    let is_current = request.header("if-none-match") == Some(tag.as_str());
    let (status, body) = if is_current { (304, "") } else { (200, text) };
    Reply::new(status, kind, body).header("Cache-Control", "no-cache").header("ETag", tag)
}

fn tag(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
