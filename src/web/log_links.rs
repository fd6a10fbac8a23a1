//! The links to the pages of logs, as data for templates.

use super::texts::Language;
use crate::core::effect::OutputStream;
use crate::http::form::percent_encode;
use crate::rpc::Context;
use crate::rpc::access::Access;
use crate::rpc::context::Log;
use serde_json::{Value, json};

/// The pages of the logs of the daemon.
pub(super) const MAIN: &str = "mainlog.html";
pub(super) const AUDIT: &str = "auditlog.html";

/// The page of a log of a process.
pub(super) fn page(name: &str, stream: OutputStream) -> String {
    format!("tail.html?processname={}&channel={}", percent_encode(name), stream.name())
}

/// Both streams of a process.
pub(super) fn of_process(name: &str, current: Option<OutputStream>) -> Vec<Value> {
    let tab = |stream: OutputStream| {
        let is_current = current == Some(stream);
        json!({ "label": stream.name(), "href": page(name, stream), "current": is_current })
    };
    OutputStream::BOTH.map(tab).into()
}

/// The logs of the daemon that exist and that the account may read.
pub(super) fn of_daemon(
    context: &Context<'_>,
    language: Language,
    current: Option<Log>,
) -> Vec<Value> {
    let logs = [
        (Log::Main, Access::ReadMainLog, "main", MAIN),
        (Log::Audit, Access::ReadAuditLog, "audit", AUDIT),
    ];
    let tab = |(log, access, key, href): (Log, Access, &str, &str)| {
        let exists = context.services.log_path(log).is_some();
        (exists && context.rights.includes(access, "", "")).then(|| {
            let label = language.word("log.heading", key, &[]);
            json!({ "label": label, "href": href, "current": current == Some(log) })
        })
    };
    logs.into_iter().filter_map(tab).collect()
}
