//! Renders the pages as HTML: collects the data from the core and fills the templates, which escape
//! all values.

use super::actions::Action;
use crate::assets;
use crate::conf::config::LogLevel;
use crate::core::Process;
use crate::core::state::ProcessState;
use crate::http::form::percent_encode;
use crate::rpc::method::SUPERVISOR_VERSION;
use crate::rpc::{Context, info, names};
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
    pub(super) fn status(&self, context: &mut Context<'_>, message: &str, token: &str) -> String {
        let processes = names::by_name(context.supervisor);
        let mut groups: Vec<(&str, Vec<Value>)> = Vec::new();
        for process in &processes {
            let row = row(context, process);
            match groups.last_mut() {
                Some((group, rows)) if *group == process.group() => rows.push(row),
                _ => groups.push((process.group(), vec![row])),
            }
        }
        let group = |(name, rows): (&str, Vec<Value>)| {
            let is_alone = rows.len() == 1 && rows[0]["name"] == name;
            json!({ "heading": if is_alone { "" } else { name }, "processes": rows })
        };
        let data = json!({
            "message": message,
            "is_error": message.starts_with("ERROR") || message.starts_with("unexpected"),
            "token": token,
            "counts": counts(&processes),
            "groups": groups.into_iter().map(group).collect::<Vec<_>>(),
        });
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

fn row(context: &Context<'_>, process: &Process) -> Value {
    let name = process.full_name();
    let state = process.state();
    let action = |action: &Action| json!({ "action": action.name(), "label": action.label() });
    json!({
        "state": state.name().to_lowercase(),
        "description": info::description(context, process),
        "query": percent_encode(&name),
        "name": name,
        "actions": actions(state).iter().map(action).collect::<Vec<_>>(),
    })
}

fn actions(state: ProcessState) -> &'static [Action] {
    match state {
        ProcessState::Running => &[Action::Restart, Action::Stop, Action::ClearLog],
        ProcessState::Starting | ProcessState::Backoff => &[Action::Stop, Action::ClearLog],
        ProcessState::Stopped | ProcessState::Exited | ProcessState::Fatal => {
            &[Action::Start, Action::ClearLog]
        }
        ProcessState::Stopping | ProcessState::Unknown => &[Action::ClearLog],
    }
}

/// The number of processes in each state, ordered by state number.
fn counts(processes: &[&Process]) -> Value {
    let mut states: Vec<ProcessState> = processes.iter().map(|process| process.state()).collect();
    states.sort_by_key(|state| state.code());
    let count = |group: &[ProcessState]| json!({ "number": group.len(), "state": group[0].name().to_lowercase() });
    states.chunk_by(|one, other| one == other).map(count).collect::<Vec<_>>().into()
}

/// Makes a log safe to display: colour sequences are removed, other control characters are shown in
/// caret notation.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if let Some(behind) = after_colour(rest).or_else(|| rest.strip_prefix("\r\n")) {
            out.push_str(if char == '\r' { "\n" } else { "" });
            rest = behind;
            continue;
        }
        match char {
            '\n' | '\t' => out.push(char),
            '\0'..='\u{1f}' | '\u{7f}' => {
                out.push('^');
                out.push(char::from(char as u8 ^ 0x40));
            }
            _ if char.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(char),
        }
        rest = &rest[char.len_utf8()..];
    }
    out
}

/// The text after a colour sequence, if `text` starts with one.
fn after_colour(text: &str) -> Option<&str> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let rest = numbers.trim_start_matches(|char: char| char.is_ascii_digit() || char == ';');
    rest.strip_prefix('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_in_a_log_are_neutralized() {
        assert_eq!(printable("a\r\nb\tc\rd"), "a\nb\tc^Md");
        assert_eq!(printable("\u{1b}[1;32mgreen\u{1b}[0m\u{1b}[m"), "green");
        assert_eq!(
            printable("\u{1b}]0;title\u{7}\u{1b}[2J\0\u{7f}\u{9b}é"),
            "^[]0;title^G^[[2J^@^?\u{fffd}é"
        );
    }

    #[test]
    fn every_template_parses() {
        let pages = Pages::new();
        for name in TEMPLATES {
            assert!(pages.templates.has_template(name), "{name}");
        }
    }
}
