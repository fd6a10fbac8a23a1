//! Dispatches a request and returns a reply, a pending reply, or a stream.

use super::actions::{Action, Message, PendingAction, failure};
use super::assets;
use super::begin::{Begun, Order};
use super::event_filter;
use super::jobs;
use super::language::Choice;
use super::list::List;
use super::log_pages;
use super::metrics;
use super::pages::Pages;
use super::policy::ServerPolicy;
use super::refusal;
use super::replies::{JSON, forbidden, json, refused, with_live_csp, with_page_csp};
use super::texts::Language;
use super::token::Tokens;
use super::update_page;
use super::usage;
use super::view::View;
use crate::conf::config::LogLevel;
use crate::conf::events::EventType;
use crate::core::effect::OutputStream;
use crate::core::state::Mood;
use crate::core::time::Mono;
use crate::http::form::{self, percent_encode};
use crate::http::reply::Body;
use crate::http::route::Route;
use crate::http::{Reply, Request, memory};
use crate::rpc::access::{Access, Rights};
use crate::rpc::context::{Log, LogFile};
use crate::rpc::fault::{Fault, MaxReply};
use crate::rpc::log_text::LogText;
use crate::rpc::value::Value;
use crate::rpc::xml::Document;
use crate::rpc::{self, Context, Outcome, methods, names, permission, xml};
use serde::{Deserialize, Serialize};
use serde_json::json;

const XML: &str = "text/xml";
const TEXT: &str = "text/plain;charset=utf-8";

/// The answer to a request.
pub enum Answer {
    Reply(Reply),
    /// The result of a call with logs that are read when it is sent.
    Document(Document),
    Later(Pending),
    /// A log that is read when it is sent, and the head of the reply.
    Log(Reply, LogText),
    /// Follow a log: the reply head and the path of the file.
    Follow(Reply, String),
    /// Stream events.
    Events(Reply, Subscription),
}

impl Answer {
    /// Replaces a reply that is too large for the memory of the servers.
    #[must_use]
    pub fn bounded(self, max: MaxReply) -> Self {
        match &self {
            Self::Reply(Reply { body: Body::Full(body), .. }) if body.len() > max.bytes => {
                let MaxReply { bytes, option } = max;
                let why = format!(
                    "The page would be larger than {bytes} bytes, a quarter of \
                     `{option}` in `[supervisord]`."
                );
                Self::Reply(Reply::error(503, &why))
            }
            _ => self,
        }
    }
}

/// What a client of the event stream receives.
#[derive(Clone, Serialize, Deserialize)]
pub struct Subscription {
    /// All types if the list is empty.
    pub types: Vec<EventType>,
    /// An event every second, by which a page recognises a daemon that does not answer.
    pub has_heartbeat: bool,
    /// Of the account that receives them.
    pub rights: Rights,
}

impl Subscription {
    pub fn includes(&self, kind: EventType, payload: &str) -> bool {
        let is_wanted = self.types.is_empty() || self.types.iter().any(|of| kind.is_a(*of));
        is_wanted && event_filter::receives(&self.rights, kind, payload)
    }
}

/// What `/status.json` contains.
#[derive(Serialize)]
struct ListAndJobs {
    #[serde(flatten)]
    list: List,
    jobs: Vec<jobs::Brief>,
    /// The markup of the jobs, because no script makes it.
    jobs_html: String,
}

/// A pending reply.
pub struct Pending(pub(super) PendingKind);

pub(super) enum PendingKind {
    /// With its method, and when it was called.
    Call(rpc::Pending, &'static str, Mono),
    Action(PendingAction, Redirect),
}

/// The redirect after an action.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Redirect {
    status: u16,
    base: String,
}

pub struct Site {
    pages: Pages,
    /// For our own forms. A request without a token does not come from them.
    tokens: Tokens,
}

impl Site {
    pub fn new(token: String) -> Self {
        Self { pages: Pages::new(), tokens: Tokens(token) }
    }

    pub fn token(&self) -> &str {
        &self.tokens.0
    }

    pub fn answer(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        policy: &ServerPolicy,
    ) -> Answer {
        let route = Route::of(request);
        if !route.accepts(&request.method) {
            return Answer::Reply(Reply::error(400, "The method is not allowed for this path."));
        }
        match route {
            Route::Rpc => self.rpc(context, request, policy),
            Route::LogTail { name, channel } => log_tail(context, &name, &channel),
            Route::MainLogTail => main_log_tail(context),
            Route::Events => events(context, request),
            Route::Status | Route::Program => self.status(context, request, policy),
            Route::List => {
                context.services.sample_resources(context.supervisor);
                let token = self.tokens.of(context.rights.user.as_deref());
                let choice = Choice::of(request).unsaved();
                let list = ListAndJobs {
                    list: List::of(context, choice.language, &token),
                    jobs: jobs::briefs(context, choice.language),
                    jobs_html: self.pages.jobs(context, choice.language, &token),
                };
                Answer::Reply(choice.mark(json(&list)))
            }
            Route::Resources => {
                Answer::Reply(usage::history(context, request).map_or_else(|it| it, |it| json(&it)))
            }
            Route::Update => self.update(context, request, policy),
            Route::Tail | Route::MainLog | Route::AuditLog => {
                Answer::Reply(log_pages::page(&self.pages, context, request, &route))
            }
            Route::LogPart => Answer::Reply(log_pages::part(context, request)),
            Route::LogFile => match log_pages::file(context, request) {
                Ok((head, log)) => Answer::Log(head, log),
                Err(reply) => Answer::Reply(reply),
            },
            Route::Healthz => Answer::Reply(healthz(context)),
            Route::Metrics => Answer::Reply(metrics::reply(context, request)),
            Route::Health => Answer::Reply(Reply::new(200, "text/plain", "OK")),
            Route::Asset(path) => Answer::Reply(assets::reply(request, &path)),
        }
    }

    /// The 403 reply, if a page of another site may have sent the request.
    fn refuse(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        policy: &ServerPolicy,
        has_token: bool,
    ) -> Option<Answer> {
        let reason = policy.origins.check(request, has_token).err()?;
        refused(context, &request.path(), &refusal::why(reason));
        let page = self.pages.forbidden(context, request, refusal::data(request, policy, reason));
        Some(Answer::Reply(with_page_csp(page)))
    }

    fn rpc(&self, context: &mut Context<'_>, request: &Request, policy: &ServerPolicy) -> Answer {
        self.refuse(context, request, policy, false).unwrap_or_else(|| rpc(context, request))
    }

    fn update(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        policy: &ServerPolicy,
    ) -> Answer {
        let user = context.rights.user.clone();
        let is_post = request.method == "POST";
        let fields = match &request.body {
            Some(body) if is_post => form::parse(&String::from_utf8_lossy(body)),
            None if is_post => return length_required(),
            _ => Vec::new(),
        };
        let given = form::field(&fields, "token").unwrap_or_default();
        let has_token = self.tokens.is_of(given, user.as_deref());
        if is_post {
            if let Some(refusal) = self.refuse(context, request, policy, has_token) {
                return refusal;
            }
        }
        let token = self.tokens.of(user.as_deref());
        let form = update_page::Form { fields: &fields, has_token, token: &token };
        Answer::Reply(match update_page::answer(&self.pages, context, request, &form) {
            update_page::Answer::Page(reply) => reply,
            update_page::Answer::Begun(message) => {
                Redirect::to(View::of(&[])).reply(&message.text, message.failed())
            }
        })
    }

    fn status(
        &self,
        context: &mut Context<'_>,
        request: &Request,
        policy: &ServerPolicy,
    ) -> Answer {
        let is_post = request.method == "POST";
        let user = context.rights.user.clone();
        let token = self.tokens.of(user.as_deref());
        let mut fields = form::parse(request.query());
        if is_post {
            let Some(body) = &request.body else { return length_required() };
            // form fields take precedence over query fields
            fields.splice(0..0, form::parse(&String::from_utf8_lossy(body)));
        }
        let field = |name: &str| form::field(&fields, name).unwrap_or_default();
        let is_program = Route::of(request) == Route::Program;
        let name = field("processname");
        let Some(action) = form::field(&fields, "action") else {
            context.services.sample_resources(context.supervisor);
            let message = Message::from_query(field("message"), !field("failed").is_empty());
            let page = if is_program {
                self.pages.program(context, request, name, &message, &token)
            } else {
                Some(self.pages.status(context, request, &message, View::of(&fields), &token))
            };
            return Answer::Reply(page.map_or_else(no_process, with_live_csp));
        };
        let has_token = is_post && self.tokens.is_of(field("token"), user.as_deref());
        let has_name = |action: &Action| !action.needs_name() || !name.is_empty() || has_token;
        let Some(action) = Action::from_name(action).filter(has_name) else {
            return Answer::Reply(Reply::error(400, "Unknown action."));
        };
        if is_post {
            if let Some(refusal) = self.refuse(context, request, policy, has_token) {
                return refusal;
            }
        }
        let order = Order::of(action, &fields);
        if let Some(refusal) = check(context, request, action, &order.names) {
            return refusal;
        }
        let is_asked = field("confirm") == "ask";
        let may_act = has_token || policy.get_actions || action == Action::Refresh;
        if is_asked || !may_act {
            let page = self.pages.confirm(context, request, &order, View::of(&fields), &token);
            return Answer::Reply(with_page_csp(page));
        }
        if has_token {
            // The jobs continue without the client, and the list shows their progress.
            let language = Choice::of(request).language;
            let begun = order.begin(context, language);
            let redirect = if is_program {
                Redirect::to_program(name)
            } else {
                Redirect::to(View::of(&fields))
            };
            return Answer::Reply(acted(request, &order, &redirect, &begun));
        }
        // A client of Supervisor may read the message.
        let mut pending = PendingAction::start(context, Language::English, action, name);
        let redirect = Redirect::after(request, policy);
        if action == Action::Refresh {
            let message = pending.poll(context).map_or_else(String::new, |it| it.text);
            return Answer::Reply(redirect.reply(&message, ""));
        }
        Answer::Later(Pending(PendingKind::Action(pending, redirect)))
    }
}

impl Pending {
    /// The answer, if the operation is complete.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Option<Answer> {
        match &mut self.0 {
            PendingKind::Call(pending, ..) if pending.is_runnable() && !memory::has_room(0) => {
                Some(Answer::Reply(Reply::no_memory()))
            }
            PendingKind::Call(pending, method, since) => {
                let result = pending.poll(context)?;
                context.services.count_call(method, result.is_err(), *since);
                Some(rpc_answer(context, &result))
            }
            PendingKind::Action(pending, redirect) => {
                pending.poll(context).map(|it| Answer::Reply(redirect.reply(&it.text, "")))
            }
        }
    }

    /// Whether it continues without any event.
    pub fn is_runnable(&self) -> bool {
        match &self.0 {
            PendingKind::Call(pending, ..) => pending.is_runnable(),
            PendingKind::Action(..) => false,
        }
    }

    /// About the number of bytes that its results occupy.
    pub fn memory(&self) -> usize {
        match &self.0 {
            PendingKind::Call(pending, ..) => pending.memory(),
            PendingKind::Action(..) => 0,
        }
    }
}

/// Whether the daemon runs, without any details: everybody may ask.
fn healthz(context: &Context<'_>) -> Reply {
    let (status, text) = match context.supervisor.mood() {
        Mood::Running => (200, "ok\n"),
        _ => (503, "not running\n"),
    };
    Reply::new(status, "text/plain; charset=utf-8", text).header("Cache-Control", "no-store")
}

fn rpc(context: &mut Context<'_>, request: &Request) -> Answer {
    let Some(body) = &request.body else { return length_required() };
    if !memory::has_room(xml::decoding_memory(body.len())) {
        return Answer::Reply(Reply::no_memory());
    }
    let call = match xml::decode_call(body) {
        Ok(call) => call,
        Err(why) => {
            let message = format!("XML-RPC request data is invalid: {why}");
            context.supervisor.log(LogLevel::Error, message);
            return Answer::Reply(Reply::error(400, "The body is not an XML-RPC call."));
        }
    };
    context.supervisor.log(LogLevel::Trace, format!("XML-RPC method called: {}()", call.method));
    let name = methods::table_name(context.supervisor.config(), &call.method);
    let since = context.services.monotonic();
    let outcome = methods::call(context, &call.method, &call.params);
    let result = match &outcome {
        Ok(_) => "successfully".to_owned(),
        Err(fault) => format!("fault: [{}] {}", fault.code, fault.string),
    };
    let message = format!("XML-RPC method {}() returned {result}", call.method);
    context.supervisor.log(LogLevel::Trace, message);
    if !matches!(outcome, Ok(Outcome::Later(_))) {
        context.services.count_call(name, outcome.is_err(), since);
    }
    match outcome {
        Ok(Outcome::Later(pending)) => {
            Answer::Later(Pending(PendingKind::Call(pending, name, since)))
        }
        Ok(Outcome::Now(value)) => rpc_answer(context, &Ok(value)),
        Err(fault) => rpc_answer(context, &Err(fault)),
    }
}

fn rpc_answer(context: &Context<'_>, result: &Result<Value, Fault>) -> Answer {
    let max = context.max_reply;
    if result.as_ref().is_ok_and(|value| !memory::has_room(2 * value.size())) {
        return Answer::Reply(Reply::no_memory());
    }
    let body = match result {
        Ok(value) if value.size() > max.bytes => Ok(xml::encode_fault(&Fault::too_large(&max))),
        Ok(value) => xml::encode_response(value).into_bytes(),
        Err(fault) => Ok(xml::encode_fault(fault)),
    };
    match body {
        Ok(body) => Answer::Reply(rpc_head(Reply::new(200, XML, body))),
        Err(document) => Answer::Document(document),
    }
}

/// The head of the reply to a call whose body follows in pieces.
pub fn document_head(length: u64) -> Reply {
    rpc_head(Reply::sized(XML, length))
}

fn rpc_head(reply: Reply) -> Reply {
    reply.header("Cache-Control", "no-store")
}

fn log_tail(context: &mut Context<'_>, name: &str, channel: &str) -> Answer {
    if let Some(refusal) = may_read(context, Access::ReadLog, "/logtail", name) {
        return refusal;
    }
    let stream = match channel {
        "stdout" => OutputStream::Stdout,
        "stderr" => OutputStream::Stderr,
        _ => return not_found(),
    };
    match names::find_process(context, name) {
        Ok(process) => follow(context, Log::Child(process.id(), stream), true),
        Err(_) => not_found(),
    }
}

fn main_log_tail(context: &mut Context<'_>) -> Answer {
    let refusal = may_read(context, Access::ReadMainLog, "/mainlogtail", "");
    refusal.unwrap_or_else(|| follow(context, Log::Main, false))
}

/// The 403 reply, if the account may not read a log.
fn may_read(context: &mut Context<'_>, access: Access, path: &str, name: &str) -> Option<Answer> {
    let fault = permission::check(context, access, path, name).err()?;
    refused(context, path, &fault.string);
    Some(Answer::Reply(forbidden(&fault)))
}

/// The 403 reply, if the account may not do this to one of the processes.
fn check(
    context: &mut Context<'_>,
    request: &Request,
    action: Action,
    names: &[&str],
) -> Option<Answer> {
    let all = if action.needs_name() { names } else { &[""] };
    let check = |name: &str| action.check(context, name).err();
    let (at, fault) = all.iter().enumerate().find_map(|(at, name)| Some((at, check(name)?)))?;
    action.audit(context, all[at], &Err(fault.clone()));
    if wants_json(request) {
        let message = failure(Choice::of(request).language, &fault);
        let reply = json(&json!({ "message": message, "is_error": true }));
        return Some(Answer::Reply(Reply { status: 403, ..reply }));
    }
    Some(Answer::Reply(forbidden(&fault)))
}

fn follow(context: &Context<'_>, log: Log, is_child: bool) -> Answer {
    let path = context.services.log_path(log);
    let Some(path) = path.filter(|path| context.services.log_file(path) != LogFile::Missing) else {
        return not_found();
    };
    let mut head = Reply::stream(TEXT).header("Cache-Control", "no-store");
    if is_child {
        // nginx would buffer the reply otherwise
        head = head.header("X-Accel-Buffering", "no");
    }
    Answer::Follow(head, path)
}

fn events(context: &Context<'_>, request: &Request) -> Answer {
    let fields = form::parse(request.query());
    let names = form::field(&fields, "types").unwrap_or_default();
    let names: Vec<&str> =
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let types: Option<Vec<EventType>> =
        names.into_iter().map(|name| EventType::from_name(&name.to_uppercase())).collect();
    let Some(types) = types else {
        return Answer::Reply(Reply::error(400, "Unknown event type."));
    };
    let head = Reply::stream("text/event-stream")
        .header("Cache-Control", "no-store")
        .header("X-Accel-Buffering", "no");
    let has_heartbeat = form::field(&fields, "heartbeat").is_some();
    let rights = context.rights.clone();
    Answer::Events(head, Subscription { types, has_heartbeat, rights })
}

impl Redirect {
    /// A relative one works behind any proxy and below any path.
    fn to(view: View<'_>) -> Self {
        let query = view.query();
        let separator = if query.is_empty() { '?' } else { '&' };
        Self { status: 303, base: format!("./{query}{separator}") }
    }

    /// To the page of a process.
    fn to_program(name: &str) -> Self {
        let name = percent_encode(name);
        Self { status: 303, base: format!("program.html?processname={name}&") }
    }

    /// If `get_actions` is set, Supervisor's absolute one.
    fn after(request: &Request, policy: &ServerPolicy) -> Self {
        if !policy.get_actions {
            return Self { status: 303, base: "./?".to_owned() };
        }
        let host = request.header("host").unwrap_or_default().trim();
        let (scheme, port) =
            if policy.origins.is_https { ("https", ":443") } else { ("http", ":80") };
        let host = host.strip_suffix(port).unwrap_or(host);
        Self { status: 301, base: format!("{scheme}://{host}/?") }
    }

    fn reply(&self, message: &str, rest: &str) -> Reply {
        let location = format!("{}message={}{rest}", self.base, percent_encode(message));
        with_page_csp(Reply::new(self.status, "text/plain", "").header("Location", location))
    }
}

/// The reply to an action of our own page: data for its script, otherwise a redirect to the row, so
/// that the page keeps its place.
fn acted(request: &Request, order: &Order<'_>, redirect: &Redirect, begun: &Begun) -> Reply {
    let Message { text, is_error } = &begun.message;
    if wants_json(request) {
        let mut answer = json!({ "message": text, "is_error": is_error });
        if let Some(job) = begun.job {
            answer["job"] = json!(job.0);
        }
        return json(&answer);
    }
    let failed = begun.message.failed();
    let row = match order.names.as_slice() {
        [name] if order.action.is_for_process() => format!("#p-{}", percent_encode(name)),
        _ => String::new(),
    };
    redirect.reply(text, &format!("{failed}{row}"))
}

fn wants_json(request: &Request) -> bool {
    request.header("accept").is_some_and(|accept| accept.contains(JSON))
}

fn not_found() -> Answer {
    Answer::Reply(Reply::error(404, "There is no such log."))
}

fn no_process() -> Reply {
    Reply::error(404, "There is no such process.")
}

fn length_required() -> Answer {
    Answer::Reply(Reply::error(411, "The request has no Content-Length."))
}
