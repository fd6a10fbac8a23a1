//! The logs in the web interface: the page that shows the end of one, the parts from which its script
//! follows it, and the whole log as a file. What an account may read is checked for each of them.

use super::language::Choice;
use super::log_links;
use super::pages::{Pages, Tail};
use super::printable::printable;
use super::replies::{self, explanation, refused};
use super::texts::{Language, Value as Text};
use crate::core::effect::OutputStream;
use crate::http::form::{self, percent_encode};
use crate::http::route::Route;
use crate::http::{Reply, Request, memory};
use crate::rpc::access::Access;
use crate::rpc::context::{Log, LogFile};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::log_part::{PartRequest, Place, Position};
use crate::rpc::log_text::LogText;
use crate::rpc::{Context, logs, names, permission};
use serde_json::json;

/// How much of a log a page shows unless it is requested otherwise, in whole lines.
const LENGTH: usize = 64 * 1024;
/// The minimum length of a displayed log, as in Supervisor.
const MIN_TAIL: i64 = 1024;
/// The maximum length of a displayed log, to protect browsers.
const MAX_TAIL: usize = 4 * 1024 * 1024;
/// How many times its length a displayed log needs while its page is made: escaped characters have up
/// to six bytes, and the page is copied.
const TAIL_COST: usize = 16;
/// The maximum length of a part.
const MAX_PART: usize = 256 * 1024;
/// The logs that are no log of a process, in a query.
const MAIN: &str = "main";
const AUDIT: &str = "audit";

/// A log that a request names.
#[derive(Clone, Copy)]
enum Source<'a> {
    Main,
    Audit,
    Process(&'a str, OutputStream),
}

impl<'a> Source<'a> {
    fn of(fields: &'a [(String, String)]) -> Self {
        let field = |name| form::field(fields, name).unwrap_or_default();
        match field("log") {
            MAIN => Self::Main,
            AUDIT => Self::Audit,
            _ if field("channel") == OutputStream::Stderr.name() => {
                Self::Process(field("processname"), OutputStream::Stderr)
            }
            _ => Self::Process(field("processname"), OutputStream::Stdout),
        }
    }

    /// The log, if the account may read it. A refusal is written to the audit log.
    fn log(self, context: &mut Context<'_>, path: &str) -> Result<Log, Fault> {
        let (access, name) = match self {
            Self::Main => (Access::ReadMainLog, ""),
            Self::Audit => (Access::ReadAuditLog, ""),
            Self::Process(name, _) => (Access::ReadLog, name),
        };
        permission::check(context, access, path, name)
            .inspect_err(|fault| refused(context, path, &fault.string))?;
        Ok(match self {
            Self::Main => Log::Main,
            Self::Audit => Log::Audit,
            Self::Process(name, stream) => {
                Log::Child(names::find_process(context, name)?.id(), stream)
            }
        })
    }

    /// The query that names it.
    fn query(self) -> String {
        match self {
            Self::Main => format!("log={MAIN}"),
            Self::Audit => format!("log={AUDIT}"),
            Self::Process(name, stream) => {
                format!("processname={}&channel={}", percent_encode(name), stream.name())
            }
        }
    }

    /// The address of its page.
    fn page(self) -> String {
        match self {
            Self::Main => log_links::MAIN.to_owned(),
            Self::Audit => log_links::AUDIT.to_owned(),
            Self::Process(name, stream) => log_links::page(name, stream),
        }
    }

    /// The address at which Supervisor follows it.
    fn stream(self) -> Option<String> {
        match self {
            Self::Main => Some("mainlogtail".to_owned()),
            Self::Audit => None,
            Self::Process(name, stream) => {
                Some(format!("logtail/{}/{}", percent_encode(name), stream.name()))
            }
        }
    }

    /// The name of its file for those who save it.
    fn file_name(self) -> String {
        let plain = |char: char| {
            if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '_' }
        };
        match self {
            Self::Main => "supervisord.log".to_owned(),
            Self::Audit => "audit.log".to_owned(),
            Self::Process(name, stream) => {
                let name: String = name.chars().map(plain).collect();
                format!("{name}-{}.log", stream.name())
            }
        }
    }
}

/// The page with the end of a log.
pub(super) fn page(
    pages: &Pages,
    context: &mut Context<'_>,
    request: &Request,
    route: &Route,
) -> Reply {
    let mut fields = form::parse(request.query());
    if let Some(body) = &request.body {
        fields.splice(0..0, form::parse(&String::from_utf8_lossy(body)));
    }
    let source = match route {
        Route::MainLog => Source::Main,
        Route::AuditLog => Source::Audit,
        _ => Source::of(&fields),
    };
    let longest = MAX_TAIL.min(context.max_reply.bytes / TAIL_COST);
    let longest = i64::try_from(longest).unwrap_or(i64::MAX).max(MIN_TAIL);
    let asked = form::field(&fields, "limit").and_then(|limit| limit.parse().ok());
    let limit = asked.unwrap_or(LENGTH as i64).clamp(MIN_TAIL, longest);
    if !memory::has_room(usize::try_from(limit).unwrap_or(0) * TAIL_COST) {
        return Reply::no_memory();
    }
    let text = match source {
        Source::Process("", _) => Err(Fault::new(Code::BadName, "")),
        _ => read(context, source, &request.path(), asked.is_some(), limit),
    };
    let status = match &text {
        Err(fault) if fault.refusal().is_some() => 403,
        _ => 200,
    };
    let tail = tail(context, request, source, limit, text);
    let page = pages.tail(context, request, &tail);
    replies::with_live_csp(Reply { status, ..page })
}

fn read(
    context: &mut Context<'_>,
    source: Source<'_>,
    path: &str,
    is_exact: bool,
    limit: i64,
) -> Result<String, Fault> {
    let log = source.log(context, path)?;
    if is_exact {
        return logs::read_end(context, log, limit);
    }
    let limit = usize::try_from(limit).unwrap_or(LENGTH);
    let path = context.services.log_path(log).ok_or_else(|| Fault::bare(Code::NoFile))?;
    let request = PartRequest { place: Place::End, limit };
    match context.services.log_part(&path, &request) {
        Ok(part) => Ok(String::from_utf8_lossy(&part.bytes).into_owned()),
        // The program may write it later.
        Err(_) if context.services.log_file(&path) == LogFile::Missing => Ok(String::new()),
        Err(_) => Err(Fault::bare(Code::NoFile)),
    }
}

fn tail<'a>(
    context: &Context<'_>,
    request: &Request,
    source: Source<'a>,
    limit: i64,
    text: Result<String, Fault>,
) -> Tail<'a> {
    let language = Choice::of(request).language;
    let name = match source {
        Source::Process(name, _) => name,
        _ => "",
    };
    Tail {
        name,
        channel: match source {
            Source::Main => MAIN,
            Source::Audit => AUDIT,
            Source::Process("", _) => "",
            Source::Process(_, stream) => stream.name(),
        },
        data: json!({
            "query": source.query(),
            "page": source.page(),
            "stream": source.stream(),
            "limit": limit,
            "more": limit.saturating_mul(4),
            "separator": if name.is_empty() { "?" } else { "&" },
            "tabs": match source {
                Source::Process("", _) => Vec::new(),
                Source::Process(name, stream) => log_links::of_process(name, Some(stream)),
                Source::Main => log_links::of_daemon(context, language, Some(Log::Main)),
                Source::Audit => log_links::of_daemon(context, language, Some(Log::Audit)),
            },
        }),
        text: text.map(|text| printable(&text)).map_err(|fault| problem(language, name, &fault)),
    }
}

fn problem(language: Language, name: &str, fault: &Fault) -> String {
    match Code::from_number(fault.code) {
        _ if fault.refusal().is_some() => language.translate(explanation(fault)),
        Some(Code::BadName) if name.is_empty() => language.text("log.no-name").to_owned(),
        Some(Code::NoFile) if name.is_empty() => language.text("log.no-file-at-all").to_owned(),
        Some(Code::NoFile) => language.fill("log.no-file", &[("name", &name)]),
        _ => {
            let values: [Text<'_>; 2] = [("code", &fault.code), ("fault", &fault.string)];
            language.fill("log.rpc", &values)
        }
    }
}

/// A part of a log as it is, with its place in the head of the reply.
pub(super) fn part(context: &mut Context<'_>, request: &Request) -> Reply {
    let fields = form::parse(request.query());
    let path = match path(context, request, &fields) {
        Ok(path) => path,
        Err(reply) => return reply,
    };
    let field = |name: &str| form::field(&fields, name);
    let number = |name: &str| field(name).and_then(|text| text.parse::<u64>().ok());
    let identity = field("id").unwrap_or_default();
    let at = |offset| Position { file: identity.to_owned(), offset };
    let place = match (number("since"), number("before"), number("behind")) {
        (Some(offset), ..) => Place::Since(at(offset)),
        (_, Some(offset), _) => Place::Before(at(offset)),
        (.., Some(offset)) => Place::Behind(at(offset)),
        _ => Place::End,
    };
    let limit = number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LENGTH);
    let limit = limit.clamp(1, MAX_PART.min(context.max_reply.bytes));
    if !memory::has_room(2 * limit) {
        return Reply::no_memory();
    }
    let Ok(part) = context.services.log_part(&path, &PartRequest { place, limit }) else {
        return no_file();
    };
    plain(Reply::new(200, BYTES, part.bytes))
        .header("Log-File", part.file)
        .header("Log-Relation", part.relation.name())
        .header("Log-Start", part.start.to_string())
        .header("Log-Size", part.size.to_string())
        .header("Log-Skipped", part.skipped.to_string())
}

/// No browser interprets it.
const BYTES: &str = "application/octet-stream";

/// A whole log: the head of the reply, and the log.
pub(super) fn file(
    context: &mut Context<'_>,
    request: &Request,
) -> Result<(Reply, LogText), Reply> {
    let fields = form::parse(request.query());
    let path = path(context, request, &fields)?;
    let LogFile::Readable(length) = context.services.log_file(&path) else {
        return Err(no_file());
    };
    let name = Source::of(&fields).file_name();
    let attached = |reply: Reply| {
        plain(reply).header("Content-Disposition", format!("attachment; filename=\"{name}\""))
    };
    if length == 0 {
        return Err(attached(Reply::new(200, BYTES, "")));
    }
    let source = context.services.open_log(&path).map_err(|_| no_file())?;
    Ok((attached(Reply::sized(BYTES, length)), LogText { source, offset: 0, length }))
}

fn plain(reply: Reply) -> Reply {
    reply.header("Cache-Control", "no-store")
}

/// The path of the log that the query names; the error is the reply.
fn path(
    context: &mut Context<'_>,
    request: &Request,
    fields: &[(String, String)],
) -> Result<String, Reply> {
    match Source::of(fields).log(context, &request.path()) {
        Ok(log) => context.services.log_path(log).ok_or_else(no_file),
        Err(fault) if fault.refusal().is_some() => Err(replies::forbidden(&fault)),
        Err(_) => Err(no_file()),
    }
}

fn no_file() -> Reply {
    Reply::error(404, "There is no such log.")
}
