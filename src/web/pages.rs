//! Renders the pages as HTML: collects the data from the core and fills the templates, which escape
//! all values.

use std::cell::OnceCell;

use super::actions::{Action, Message};
use super::begin::Order;
use super::jobs;
use super::language::{self, Choice};
use super::list;
use super::log_links;
use super::program_page;
use super::text_helpers;
use super::texts::{Language, Value as Text};
use super::view::View;
use crate::assets;
use crate::conf::config::LogLevel;
use crate::http::{Reply, Request};
use crate::rpc::method::SUPERVISOR_VERSION;
use crate::rpc::{Context, web_ops};
use handlebars::Handlebars;
use serde_json::{Map, Value, json};

const HTML: &str = "text/html; charset=utf-8";
const TEMPLATES: [&str; 8] =
    ["confirm", "forbidden", "jobs", "layout", "program", "status", "tail", "update"];

pub(super) struct Pages {
    /// Compiled when the first page is rendered: many daemons never have to.
    templates: OnceCell<Handlebars<'static>>,
}

impl Pages {
    pub(super) fn new() -> Self {
        Self { templates: OnceCell::new() }
    }

    fn templates(&self) -> &Handlebars<'static> {
        self.templates.get_or_init(|| {
            let mut templates = Handlebars::new();
            templates.set_strict_mode(true);
            text_helpers::register(&mut templates);
            for name in TEMPLATES {
                let text = assets::web(&format!("{name}.hbs"));
                // parse errors are found by the tests, which render all templates
                let _ = templates.register_template_string(name, text);
            }
            templates
        })
    }

    /// Renders a page with the data that is common to all pages, in the language of the client.
    fn render(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        name: &str,
        title: &str,
        own: Value,
    ) -> Reply {
        let choice = Choice::of(request);
        let mut data = Map::new();
        data.insert("title".to_owned(), json!(title));
        data.insert(text_helpers::FIELD.to_owned(), json!(choice.language.code()));
        data.insert("languages".to_owned(), languages(request, choice.language));
        let logs = log_links::of_daemon(context, choice.language, None);
        data.insert("daemon_logs".to_owned(), logs.into());
        let supervisor = &context.supervisor;
        data.insert("identifier".to_owned(), json!(supervisor.config().supervisord.identifier));
        data.insert("mood".to_owned(), json!(supervisor.mood().name().to_lowercase()));
        data.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        data.insert("supervisor_version".to_owned(), json!(SUPERVISOR_VERSION));
        if let Value::Object(own) = own {
            data.extend(own);
        }
        let text = self.templates().render(name, &data).unwrap_or_else(|error| {
            context.supervisor.log(LogLevel::Error, format!("web page `{name}`: {error}"));
            "the page could not be rendered; see the activity log".to_owned()
        });
        choice.mark(Reply::new(200, HTML, text))
    }

    /// The status page.
    pub(super) fn status(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        message: &Message,
        view: View<'_>,
        token: &str,
    ) -> Reply {
        let language = Choice::of(request).language;
        let mut data = list::view(context, language, view, token);
        data["message"] = json!(message.text);
        data["is_error"] = json!(message.is_error);
        data["token"] = json!(token);
        let query = view.query();
        let separator = if query.is_empty() { '?' } else { '&' };
        data["ask"] = json!(format!("index.html{query}{separator}confirm=ask"));
        data["jobs"] = json!(jobs::view(context, language));
        data["may_update"] = json!(web_ops::check_update(context, "").is_ok());
        let identifier = &context.supervisor.config().supervisord.identifier;
        let title = language.fill("list.title", &[("identifier", identifier)]);
        self.render(context, request, "status", &title, data)
    }

    /// The page of a process; `None` if there is no such process.
    pub(super) fn program(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        name: &str,
        message: &Message,
        token: &str,
    ) -> Option<Reply> {
        let language = Choice::of(request).language;
        let mut data = program_page::data(context, language, name)?;
        data["message"] = json!(message.text);
        data["is_error"] = json!(message.is_error);
        data["token"] = json!(token);
        let identifier = &context.supervisor.config().supervisord.identifier;
        let values: [Text<'_>; 2] = [("identifier", identifier), ("name", &name)];
        let title = language.fill("program.title", &values);
        Some(self.render(context, request, "program", &title, data))
    }

    /// The jobs of that page alone, with which its script replaces them.
    pub(super) fn jobs(&self, context: &Context<'_>, language: Language, token: &str) -> String {
        let data = json!({
            "lang": language.code(),
            "jobs": jobs::view(context, language),
            "view": "",
            "token": token,
        });
        self.templates().render("jobs", &data).unwrap_or_default()
    }

    /// The page of an update.
    pub(super) fn update(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        data: Value,
    ) -> Reply {
        let title = Choice::of(request).language.text("update.heading");
        self.render(context, request, "update", title, data)
    }

    /// The confirmation page for an action without a valid token.
    pub(super) fn confirm(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        order: &Order<'_>,
        view: View<'_>,
        token: &str,
    ) -> Reply {
        let (language, action) = (Choice::of(request).language, order.action);
        let names = if action.needs_name() { order.names.as_slice() } else { &[] };
        let what = match names {
            [] => String::new(),
            [name] => (*name).to_owned(),
            names => language.count("processes", names.len(), &[]),
        };
        let question = action.question(language, &what);
        let data = json!({
            "question": question,
            "action": action.name(),
            "names": names,
            "has_list": names.len() > 1,
            "has_number": action == Action::RestartRolling,
            "view": view.query(),
            "token": token,
        });
        self.render(context, request, "confirm", &question, data)
    }

    /// The page of a refused request.
    pub(super) fn forbidden(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        refusal: Value,
    ) -> Reply {
        let title = Choice::of(request).language.text("forbidden.heading");
        Reply { status: 403, ..self.render(context, request, "forbidden", title, refusal) }
    }

    /// The end of a log, or the reason why it cannot be shown.
    pub(super) fn tail(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        tail: &Tail<'_>,
    ) -> Reply {
        let language = Choice::of(request).language;
        let (text, problem) = match &tail.text {
            Ok(text) => (text.as_str(), ""),
            Err(problem) => ("", problem.as_str()),
        };
        let heading = match tail.name {
            "" if tail.channel.is_empty() => language.text("log.heading").to_owned(),
            "" => language.word("log.heading", tail.channel, &[]),
            name => language.fill("log.heading-of", &[("name", &name), ("channel", &tail.channel)]),
        };
        let title = match tail.name {
            "" => heading.clone(),
            name => language.fill("log.title", &[("name", &name)]),
        };
        let mut data = tail.data.clone();
        data["heading"] = json!(heading);
        data["name"] = json!(tail.name);
        data["text"] = json!(text);
        data["problem"] = json!(problem);
        self.render(context, request, "tail", &title, data)
    }
}

/// The links to the same page in each language.
fn languages(request: &Request, current: Language) -> Value {
    let link = |it: Language| {
        json!({
            "code": it.code(),
            "name": it.own_name(),
            "href": language::link(request, it),
            "current": it == current,
        })
    };
    Language::ALL.map(link).into_iter().collect()
}

/// The data of a log page.
pub(super) struct Tail<'a> {
    pub(super) name: &'a str,
    pub(super) channel: &'a str,
    /// More for the template.
    pub(super) data: Value,
    pub(super) text: Result<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        let pages = Pages::new();
        for name in TEMPLATES {
            assert!(pages.templates().has_template(name), "{name}");
        }
    }
}
