//! The page of a refused request: the origins that were received and expected, and the remedy.

use super::policy::ServerPolicy;
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
        "why": why(reason),
        "received": received.unwrap_or("no Origin field"),
        "site": request.header("sec-fetch-site").unwrap_or_default(),
        "host": host,
        "expected": expected,
        "option": http_server::WEB_TRUSTED_ORIGINS.name,
        "section": policy.section,
        "trustable": trustable.unwrap_or_default(),
        "is_name": reason == Reason::HostName,
    })
}

pub(super) fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::OtherOrigin => "The request came from a page of another origin.",
        Reason::HostName => {
            "The server has no password and was addressed by a host name. Another site could make \
             its own name resolve to this server (DNS rebinding)."
        }
        Reason::OldBrowser => {
            "The browser does not send the origin of a page, and a form of any site could have \
             sent this request."
        }
    }
}
