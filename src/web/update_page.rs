//! The page of an update: what it would do and why, as `update --plan` prints it, and the form that
//! does it. An update is one job, whose progress the page of the processes shows.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value as Json, json};

use super::actions::{Message, failure};
use super::language::Choice;
use super::pages::Pages;
use super::replies::{explanation, forbidden, refused, with_page_csp};
use super::texts::Language;
use crate::http::{Reply, Request, form};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::record::Record;
use crate::rpc::value::Value;
use crate::rpc::web_ops::RESTARTED_UNLESS_MINIMAL;
use crate::rpc::{Context, audit, web_ops};

/// The name of the action in the audit log.
const ACTION: &str = "update";
const PATH: &str = "/update.html";

/// What the page shows: the plan, or why there is none.
struct Plan {
    groups: Vec<Json>,
    /// Changes with the plan, so that only what was shown is done.
    digest: String,
}

/// What the form has sent.
pub(super) struct Form<'a> {
    pub(super) fields: &'a [(String, String)],
    /// It was a form of ours.
    pub(super) has_token: bool,
    /// For the next form.
    pub(super) token: &'a str,
}

/// What follows a request.
pub(super) enum Answer {
    Page(Reply),
    /// The update has begun, or was refused.
    Begun(Message),
}

pub(super) fn answer(
    pages: &Pages,
    context: &mut Context<'_>,
    request: &Request,
    form: &Form<'_>,
) -> Answer {
    if let Err(fault) = web_ops::check_update(context, PATH) {
        refused(context, PATH, &fault.string);
        return Answer::Page(forbidden(&fault));
    }
    let language = Choice::of(request).language;
    let plan = Plan::of(context, language);
    let mut is_stale = false;
    if form.has_token {
        let known = form::field(form.fields, "plan").unwrap_or_default();
        match &plan {
            Ok(plan) if plan.digest == known => {
                return Answer::Begun(begin(context, language, form.fields));
            }
            _ => is_stale = true,
        }
    }
    let mut data = json!({
        "groups": [], "plan": "", "problem": "", "is_stale": is_stale, "token": form.token,
    });
    match &plan {
        Ok(plan) => {
            data["groups"] = json!(plan.groups);
            data["plan"] = json!(plan.digest);
        }
        Err(fault) => data["problem"] = json!(explanation(fault)),
    }
    Answer::Page(with_page_csp(pages.update(context, request, data)))
}

impl Plan {
    fn of(context: &mut Context<'_>, language: Language) -> Result<Self, Fault> {
        let plan = web_ops::plan_update(context)?;
        let Value::Array(groups) = &plan else { return Err(Fault::bare(Code::Failed)) };
        let mut hasher = DefaultHasher::new();
        format!("{plan:?}").hash(&mut hasher);
        Ok(Self {
            groups: groups.iter().map(|it| group(it, language)).collect(),
            digest: format!("{:016x}", hasher.finish()),
        })
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn details(group: &Value) -> &[Value] {
    match group.get("details") {
        Some(Value::Array(details)) => details,
        _ => &[],
    }
}

fn group(value: &Value, language: Language) -> Json {
    let name = text(value, "group");
    let all = details(value);
    let is_shown =
        |it: &&Value| text(it, "to") != RESTARTED_UNLESS_MINIMAL && !repeats_group_option(all, it);
    let details = all.iter().filter(is_shown).map(|it| detail(name, it, language));
    json!({
        "name": name,
        "action": language.word("plan-action", text(value, "action"), &[]),
        "kind": text(value, "action"),
        "details": details.collect::<Vec<_>>(),
    })
}

/// Whether a process repeats a change that is listed for its group; a single program shares its options
/// with its group.
fn repeats_group_option(all: &[Value], detail: &Value) -> bool {
    let place = |it: &Value| (text(it, "option").to_owned(), text(it, "file").to_owned(), line(it));
    let is_same =
        |other: &&Value| text(other, "process").is_empty() && place(other) == place(detail);
    !text(detail, "process").is_empty() && all.iter().any(|it| is_same(&it))
}

fn line(detail: &Value) -> i64 {
    match detail.get("line") {
        Some(Value::Int(line)) => *line,
        _ => 0,
    }
}

fn detail(group: &str, value: &Value, language: Language) -> Json {
    let option = text(value, "option");
    let file = text(value, "file");
    let place = if file.is_empty() { String::new() } else { format!("{file}:{}", line(value)) };
    let to = match option {
        "" => language.word("plan-action", text(value, "to"), &[]),
        _ => text(value, "to").to_owned(),
    };
    let name = match text(value, "process") {
        "" => group.to_owned(),
        process => crate::core::group::full_name(group, process),
    };
    json!({
        "name": name,
        "option": option,
        "from": text(value, "from"),
        "to": to,
        "place": place,
    })
}

fn begin(context: &mut Context<'_>, language: Language, fields: &[(String, String)]) -> Message {
    let field = |name: &str| form::field(fields, name).unwrap_or_default();
    let is_rolling = field("mode") == "rolling";
    let number: Option<i64> = field("max_unavailable").trim().parse().ok().filter(|it| *it > 0);
    if is_rolling && number.is_none() {
        return Message::failure(language.text("failure.max-unavailable"));
    }
    let answer = web_ops::update(context, number.filter(|_| is_rolling));
    let mode = if is_rolling { "rolling" } else { "minimal" };
    context.services.audit(Record {
        interface: "web",
        action: ACTION.to_owned(),
        arguments: vec![mode.into()],
        result: audit::result_of(&answer),
    });
    match answer {
        Ok(_) => Message::success(language.text("update.begun").to_owned()),
        Err(fault) => Message::failure(failure(language, &fault)),
    }
}
