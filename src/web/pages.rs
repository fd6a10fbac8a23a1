//! Renders the pages as HTML: collects the data from the core and fills the templates, which escape
//! all values.

use super::actions::{Action, is_failure};
use super::list;
use super::printable::printable;
use super::view::View;
use crate::assets;
use crate::conf::config::LogLevel;
use crate::http::form::percent_encode;
use crate::rpc::Context;
use crate::rpc::method::SUPERVISOR_VERSION;
use handlebars::Handlebars;
use serde_json::{Map, Value, json};

const TEMPLATES: [&str; 5] = ["confirm", "forbidden", "layout", "status", "tail"];

pub(super) struct Pages {
    templates: Handlebars<'static>,
}

impl Pages {
    pub(super) fn new() -> Self {
        let mut templates = Handlebars::new();
        templates.set_strict_mode(true);
        for name in TEMPLATES {
            let text = assets::web(&format!("{name}.hbs"));
            // parse errors are found by the tests, which render all templates
            let _ = templates.register_template_string(name, text);
        }
        Self { templates }
    }

    /// Renders a page with the data that is common to all pages.
    fn render(&self, context: &mut Context<'_>, name: &str, title: &str, own: Value) -> String {
        let supervisor = &context.supervisor;
        let mut data = Map::new();
        data.insert("title".to_owned(), json!(title));
        data.insert("identifier".to_owned(), json!(supervisor.config().supervisord.identifier));
        data.insert("mood".to_owned(), json!(supervisor.mood().name().to_lowercase()));
        data.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        data.insert("supervisor_version".to_owned(), json!(SUPERVISOR_VERSION));
        if let Value::Object(own) = own {
            data.extend(own);
        }
        self.templates.render(name, &data).unwrap_or_else(|error| {
            context.supervisor.log(LogLevel::Error, format!("web page `{name}`: {error}"));
            "the page could not be rendered; see the activity log".to_owned()
        })
    }

    /// The status page.
    pub(super) fn status(
        &self,
        context: &mut Context<'_>,
        message: &str,
        view: View<'_>,
        token: &str,
    ) -> String {
        let mut data = list::view(context, view, token);
        data["message"] = json!(message);
        data["is_error"] = json!(is_failure(message));
        data["token"] = json!(token);
        let title = format!("{}: processes", context.supervisor.config().supervisord.identifier);
        self.render(context, "status", &title, data)
    }

    /// The confirmation page for an action without a valid token.
    pub(super) fn confirm(
        &self,
        context: &mut Context<'_>,
        action: Action,
        name: &str,
        token: &str,
    ) -> String {
        let label = action.label();
        let question =
            if action.needs_name() { format!("{label} {name}?") } else { format!("{label}?") };
        let name = if action.needs_name() { name } else { "" };
        let data = json!({
            "question": question,
            "action": action.name(),
            "label": label,
            "name": name,
            "token": token,
        });
        self.render(context, "confirm", &question, data)
    }

    /// The page of a refused request.
    pub(super) fn forbidden(&self, context: &mut Context<'_>, refusal: Value) -> String {
        self.render(context, "forbidden", "403 Forbidden", refusal)
    }

    /// The end of a log, or the reason why it cannot be shown.
    pub(super) fn tail(&self, context: &mut Context<'_>, tail: &Tail<'_>) -> String {
        let (text, problem) = match &tail.text {
            Ok(text) => (printable(text), ""),
            Err(problem) => (String::new(), problem.as_str()),
        };
        let is_stderr = tail.channel == "stderr";
        let title = format!("Supervisor tail of process {}", tail.name);
        let data = json!({
            "heading": if tail.name.is_empty() { "Log".to_owned() } else { format!("{}: {}", tail.name, tail.channel) },
            "name": tail.name,
            "query": percent_encode(tail.name),
            "channel": tail.channel,
            "channel_query": if is_stderr { "&channel=stderr" } else { "" },
            "other": if is_stderr { "stdout" } else { "stderr" },
            "limit": tail.limit,
            "more": tail.limit.saturating_mul(4),
            "text": text,
            "problem": problem,
        });
        self.render(context, "tail", &title, data)
    }
}

/// The data of a log page.
pub(super) struct Tail<'a> {
    pub(super) name: &'a str,
    pub(super) channel: &'a str,
    pub(super) limit: i64,
    pub(super) text: Result<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        let pages = Pages::new();
        for name in TEMPLATES {
            assert!(pages.templates.has_template(name), "{name}");
        }
    }
}
