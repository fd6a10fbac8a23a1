//! Replies that several pages share: their policies and head fields, data, and refusals.

use serde::Serialize;

use crate::http::Reply;
use crate::rpc::Context;
use crate::rpc::fault::Fault;
use crate::rpc::record::{AuditResult, Record, shortened};

/// The content security policy of pages without scripts.
const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// The policy of pages that also run our own scripts.
const LIVE_CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
pub(super) const JSON: &str = "application/json";

pub(super) fn forbidden(fault: &Fault) -> Reply {
    Reply::error(403, explanation(fault))
}

/// A fault without the name of its code.
pub(super) fn explanation(fault: &Fault) -> &str {
    fault.string.split_once(": ").map_or(&fault.string, |(_, text)| text)
}

/// Writes a request that is not allowed to the audit log.
pub(super) fn refused(context: &mut Context<'_>, path: &str, why: &str) {
    context.services.audit(Record {
        interface: "http",
        action: shortened(path),
        arguments: Vec::new(),
        result: AuditResult::Refused(why.to_owned()),
    });
}

pub(super) fn json(value: &impl Serialize) -> Reply {
    // The values are strings and numbers, which cannot fail.
    let text = serde_json::to_vec(value).unwrap_or_default();
    Reply::new(200, JSON, text).header("Cache-Control", "no-store")
}

pub(super) fn with_page_csp(reply: Reply) -> Reply {
    with_security_headers(reply, PAGE_CSP)
}

/// For a page with scripts.
pub(super) fn with_live_csp(reply: Reply) -> Reply {
    with_security_headers(reply, LIVE_CSP)
}

fn with_security_headers(reply: Reply, csp: &'static str) -> Reply {
    reply
        .header("Content-Security-Policy", csp)
        .header("Referrer-Policy", "same-origin")
        .header("Cache-Control", "no-store")
}
