//! zope.conf, and the directories that it names.

use crate::buildout::paths::{dirname, join};

use super::super::environment::Distributions;
use super::super::part::{Part, Unsupported};
use super::super::products::Products;
use super::super::zconfig::Writer;
use super::storage;
use super::switch::{OFF, ON};

/// The variable by which page templates are compiled once.
const CACHE: &str = "CHAMELEON_CACHE";

pub(super) fn build(
    part: &Part<'_>,
    found: Option<&Distributions>,
    products: &mut Products,
) -> Result<(), Unsupported> {
    let location = part.location();
    let var = part.var();
    let home = part.get("client-home").map_or_else(|| join(&var, part.name), str::to_owned);
    let import = part.get("import-directory").map_or_else(|| join(&home, "import"), str::to_owned);
    for path in [&var, &home, &import] {
        products.directory(path);
    }
    for (option, end) in [("pid-file", "pid"), ("lock-file", "lock")] {
        let default = join(&var, &format!("{}.{end}", part.name));
        products.directory_of(part.or(option, &default));
    }
    add_log_directories(part, &var, products);

    let mut out = Writer::default();
    for package in part.lines("zope-conf-imports") {
        out.set("%import", package);
    }
    out.set("%define INSTANCEHOME", &location);
    out.line("instancehome $INSTANCEHOME");
    out.set("%define CLIENTHOME", &home);
    out.line("clienthome $CLIENTHOME");
    out.set("debug-mode", part.or("debug-mode", "off"));
    out.set_given("debug-exceptions", part.get("debug-exceptions"));
    let verbose = part.or("verbose-security", "off");
    let policy = if verbose == "on" { "python" } else { "C" };
    out.set("security-policy-implementation", policy);
    out.set("verbose-security", verbose);
    let encoding = part.or("default-zpublisher-encoding", "utf-8");
    out.set_given("default-zpublisher-encoding", Some(encoding));
    out.set_given("port-base", part.get("port-base"));
    if let Some(variables) = environment(part, &var, products) {
        out.begin("environment");
        out.lines(&variables);
        out.end();
    }

    out.begin("zodb_db main");
    out.set_given("cache-size", Some(part.or("zodb-cache-size", "30000")));
    out.set_given("cache-size-bytes", part.get("zodb-cache-size-bytes"));
    storage::write(part, &mut out, products)?;
    out.line("mount-point /");
    out.end();
    temporary_storage(part, found, &mut out);
    out.set_given("python-check-interval", Some(part.or("python-check-interval", "1000")));
    out.lines(part.or("zope-conf-additional", ""));
    products.file(join(&location, "etc/zope.conf"), out.finish());
    Ok(())
}

fn add_log_directories(part: &Part<'_>, var: &str, products: &mut Products) {
    let default = format!("log/{}.log", part.name);
    let event = part.or("event-log", &default);
    let default = format!("log/{}-Z2.log", part.name);
    let access = part.get("z2-log").unwrap_or_else(|| part.or("access-log", &default));
    for log in [event, access] {
        if !log.eq_ignore_ascii_case("disable") {
            products.directory(dirname(&join(var, log)));
        }
    }
}

/// The lines of `<environment>`.
fn environment(part: &Part<'_>, var: &str, products: &mut Products) -> Option<String> {
    let own = part.or("environment-vars", "");
    let cache = part.or("template-cache", "on");
    let is = |values: [&str; 4]| values.contains(&cache.to_lowercase().as_str());
    let cache = match cache {
        _ if own.contains(CACHE) => None,
        "" => None,
        _ if is(["on", "1", "true", "enabled"]) => Some(join(var, "cache")),
        _ if is(["off", "0", "false", "disabled"]) => None,
        path => Some(path.to_owned()),
    };
    if let Some(cache) = &cache {
        products.directory(cache);
    }
    let cache = cache.map(|path| format!("{CACHE} {path}"));
    let text = match (own, cache) {
        ("", cache) => return cache,
        (own, Some(cache)) if own.contains('\n') => format!("{own}\n{cache}"),
        (own, Some(cache)) => format!("{own} {cache}"),
        (own, None) => own.to_owned(),
    };
    Some(if text.contains('\n') { text } else { pairs(&text) })
}

/// One line for each name and value of a text such as `A 1 B 2`.
fn pairs(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.chunks_exact(2).map(|pair| pair.join(" ") + "\n").collect()
}

/// The database for sessions. Plone does not have it; without an option, others do.
fn temporary_storage(part: &Part<'_>, found: Option<&Distributions>, out: &mut Writer) {
    let is_plone = found.is_some_and(|found| found.find("Products.CMFPlone").is_some());
    let own = part.or("zodb-temporary-storage", if is_plone { "off" } else { "on" });
    let word = own.to_lowercase();
    if ON.contains(&word.as_str()) {
        out.begin("zodb_db temporary");
        out.begin("temporarystorage");
        out.set("name", "temporary storage for sessioning");
        out.end();
        out.set("mount-point", "/temp_folder");
        out.set("container-class", "Products.TemporaryFolder.TemporaryContainer");
        out.end();
    } else if !OFF.contains(&word.as_str()) {
        out.lines(own);
    }
}
