//! The page of a refused request: the origins that were received and expected, and the remedy.

use super::policy::ServerPolicy;
use super::texts::Language;
use crate::conf::sections::http_server;
use crate::http::Request;
use crate::http::origin::Reason;
use serde_json::{Value, json};

/// The data of the template.
pub(super) fn data(request: &Request, policy: &ServerPolicy, reason: Reason) -> Value {
    let received = request.header("origin");
    let host = request.header("host").unwrap_or_default();
    let mut expected = policy.origins.trusted.clone();
    if reason == Reason::OtherOrigin && !host.is_empty() {
        expected.splice(0..0, ["http", "https"].map(|scheme| format!("{scheme}://{host}")));
    }
    // A suggestion to trust an opaque origin would be wrong: any site can have it.
    let trustable = received.filter(|origin| origin.contains("://"));
    json!({
        "reason": name(reason),
        "received": received.unwrap_or_default(),
        "site": request.header("sec-fetch-site").unwrap_or_default(),
        "host": host,
        "expected": expected,
        "option": http_server::WEB_TRUSTED_ORIGINS.name,
        "section": policy.section,
        "trustable": trustable.unwrap_or_default(),
        "is_name": reason == Reason::HostName,
    })
}

/// For the audit log.
pub(super) fn why(reason: Reason) -> String {
    Language::English.word("forbidden.why", name(reason), &[])
}

/// In the keys of the texts.
fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::OtherOrigin => "other-origin",
        Reason::HostName => "host-name",
        Reason::OldBrowser => "old-browser",
    }
}
