//! wsgi.ini: the server, the pipeline and the logs of an instance.

use std::fmt::Write as _;

use crate::buildout::paths::join;

use super::super::part::{Part, Unsupported};
use super::super::products::Products;

pub(super) fn build(part: &Part<'_>, products: &mut Products) -> Result<(), Unsupported> {
    let mut out = Ini::default();
    server(part, &mut out);
    out.begin("app:zope");
    out.set("use", "egg:Zope#main");
    out.set("zope_conf", &format!("{}/etc/zope.conf", part.location()));
    out.begin("filter:translogger");
    out.set("use", "egg:Paste#translogger");
    out.set("setup_console_handler", "False");
    sentry(part, &mut out);
    profile(part, &mut out);
    out.begin("pipeline:main");
    out.list("pipeline", &pipeline(part));
    logging(part, &Logs::of(part)?, &mut out);
    products.file(join(&part.location(), "etc/wsgi.ini"), out.0);
    Ok(())
}

/// Writes an INI file.
#[derive(Default)]
struct Ini(String);

impl Ini {
    fn begin(&mut self, section: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{gap}[{section}]");
    }

    fn set(&mut self, option: &str, value: &str) {
        let _ = writeln!(self.0, "{}", format!("{option} = {value}").trim_end());
    }

    fn list(&mut self, option: &str, values: &[&str]) {
        let _ = writeln!(self.0, "{option} =");
        for value in values {
            let _ = writeln!(self.0, "    {value}");
        }
    }
}

fn server(part: &Part<'_>, out: &mut Ini) {
    let listen = part.or("http-address", "0.0.0.0:8080");
    let listen: Vec<String> = listen
        .split_whitespace()
        .map(|it| if it.contains(':') { it.to_owned() } else { format!("0.0.0.0:{it}") })
        .collect();
    let fast = if part.is("http-fast-listen", "on", &["on", "true"]) { "fast-" } else { "" };
    let poll = part.is("asyncore-use-poll", "false", &["on", "true"]);
    out.begin("server:main");
    out.set("paste.server_factory", "plone.recipe.zope2instance:main");
    out.set("use", "egg:plone.recipe.zope2instance#main");
    out.set(&format!("{fast}listen"), &listen.join(" "));
    out.set("threads", part.or("threads", "4"));
    out.set("clear_untrusted_proxy_headers", part.or("clear-untrusted-proxy-headers", "false"));
    out.set("max_request_body_size", part.or("max-request-body-size", "1073741824"));
    out.set("asyncore_use_poll", if poll { "true" } else { "false" });
}

fn sentry(part: &Part<'_>, out: &mut Ini) {
    out.begin("filter:sentry");
    out.set("use", "egg:plone.recipe.zope2instance#sentry");
    out.set("dsn", part.or("sentry_dsn", ""));
    out.set("level", part.or("sentry_level", "INFO"));
    out.set("event_level", part.or("sentry_event_level", "ERROR"));
    out.set("ignorelist", part.or("sentry_ignore", ""));
    out.set("max_value_length", part.or("sentry_max_value_length", ""));
}

fn profile(part: &Part<'_>, out: &mut Ini) {
    let log = |name: String| format!("{}/log/{name}", part.var());
    out.begin("filter:profile");
    out.set("use", "egg:repoze.profile");
    let default = log(format!("profile-{}.raw", part.name));
    out.set("log_filename", part.or("profile_log_filename", &default));
    let default = log(format!("cachegrind.out.{}", part.name));
    out.set("cachegrind_filename", part.or("profile_cachegrind_filename", &default));
    out.set("discard_first_request", part.or("profile_discard_first_request", "true"));
    out.set("path", part.or("profile_path", "/__profile__"));
    out.set("flush_at_shutdown", part.or("profile_flush_at_shutdown", "true"));
    out.set("unwind", part.or("profile_unwind", "false"));
}

fn pipeline<'p>(part: &'p Part<'_>) -> Vec<&'p str> {
    let default = "translogger egg:Zope#httpexceptions zope";
    let mut words: Vec<&str> = part.or("pipeline", default).split_whitespace().collect();
    if access_log(part).is_some_and(is_disabled) {
        words.retain(|word| *word != "translogger");
    }
    let insert = |words: &mut Vec<&'p str>, filter| {
        let at = words.iter().position(|word| *word == "zope").unwrap_or(words.len());
        words.insert(at, filter);
    };
    if part.given("sentry_dsn").is_some() {
        insert(&mut words, "sentry");
    }
    if part.or("profile", "").trim() == "on" {
        insert(&mut words, "profile");
    }
    if !words.contains(&"zope") {
        words.push("zope");
    }
    words
}

fn is_disabled(log: &str) -> bool {
    log.eq_ignore_ascii_case("disable")
}

fn access_log<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    part.get("z2-log").or_else(|| part.get("access-log"))
}

/// The two logs.
struct Logs {
    event_handlers: &'static str,
    root_handlers: &'static str,
    access_handler: String,
    access_arguments: String,
    event_arguments: String,
}

impl Logs {
    fn of(part: &Part<'_>) -> Result<Self, Unsupported> {
        let default = format!("{}/log/{}.log", part.var(), part.name);
        let event = part.or("event-log", &default);
        let default = format!("{}/log/{}-access.log", part.var(), part.name);
        let access = access_log(part).unwrap_or(&default);
        let is_quiet = is_disabled(access);
        let has_events = !is_disabled(event);
        let access_arguments = arguments(part, "access-log-args", access)?;
        Ok(Self {
            event_handlers: if has_events && !is_quiet { "eventlog" } else { "" },
            root_handlers: if has_events { "console, eventlog" } else { "console" },
            access_handler: match part.or("access-log-handler", "FileHandler") {
                _ if is_quiet => "NullHandler".to_owned(),
                handler => handler.to_owned(),
            },
            access_arguments: if is_quiet { "()".to_owned() } else { access_arguments },
            event_arguments: arguments(part, "event-log-args", event)?,
        })
    }
}

/// The arguments of a handler. In an option, `{}` and `{0}` stand for the path.
fn arguments(part: &Part<'_>, option: &str, path: &str) -> Result<String, Unsupported> {
    let Some(own) = part.given(option) else { return Ok(format!("(r'{path}', 'a')")) };
    let filled = own.replacen("{}", path, 1).replace("{0}", path);
    let rest = own.replacen("{}", "", 1).replace("{0}", "");
    if rest.contains(['{', '}']) || (own.contains("{}") && own.contains("{0}")) {
        return Err(Unsupported::new(option, "it has other braces than one `{}`, or `{0}`"));
    }
    Ok(filled)
}

fn logging(part: &Part<'_>, logs: &Logs, out: &mut Ini) {
    let event_level = part.or("event-log-level", "INFO");
    let access_level =
        part.get("access-log-level").unwrap_or_else(|| part.or("z2-log-level", "INFO"));
    out.begin("loggers");
    out.set("keys", "root, plone, waitress.queue, waitress, wsgi");
    out.begin("handlers");
    out.set("keys", "console, accesslog, eventlog");
    out.begin("formatters");
    out.set("keys", "generic, message");

    let mut logger = |name: &str, level: &str, handlers: &str, propagates: bool| {
        out.begin(&format!("logger_{name}"));
        out.set("level", level);
        out.set("handlers", handlers);
        if name != "root" {
            out.set("qualname", name);
        }
        if !propagates {
            out.set("propagate", "0");
        }
    };
    logger("root", event_level, logs.root_handlers, true);
    logger("plone", event_level, logs.event_handlers, true);
    logger("waitress.queue", "INFO", "eventlog", false);
    logger("waitress", event_level, logs.event_handlers, true);
    logger("wsgi", access_level, "accesslog", false);

    out.begin("handler_console");
    out.set("class", "StreamHandler");
    out.set("args", "(sys.stderr,)");
    out.set("level", "NOTSET");
    out.set("formatter", "generic");
    out.begin("handler_accesslog");
    out.set("class", &logs.access_handler);
    out.set("args", &logs.access_arguments);
    out.set("kwargs", part.or("access-log-kwargs", "{}"));
    out.set("level", access_level);
    out.set("formatter", "message");
    out.begin("handler_eventlog");
    out.set("class", part.or("event-log-handler", "FileHandler"));
    out.set("args", &logs.event_arguments);
    out.set("kwargs", part.or("event-log-kwargs", "{}"));
    out.set("level", "NOTSET");
    out.set("formatter", "generic");

    out.begin("formatter_generic");
    let place = "[%(name)s:%(lineno)s][%(threadName)s]";
    out.set("format", &format!("%(asctime)s %(levelname)-7.7s {place} %(message)s"));
    out.begin("formatter_message");
    out.set("format", "%(message)s");
}
