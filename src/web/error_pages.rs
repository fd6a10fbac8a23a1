//! The pages of errors in the language of the client.

use super::language::Choice;
use super::texts::Language;
use crate::http::reply::{Body, error_page};
use crate::http::{Reply, Request, Reword};

/// How the replies to a request are worded. Without a preference they are English, as Supervisor's.
pub fn wording(request: &Request) -> Reword {
    match Choice::of(request).language {
        Language::English => |reply| reply,
        Language::German => german,
    }
}

fn german(reply: Reply) -> Reply {
    let Some(explanation) = &reply.explanation else { return reply };
    let language = Language::German;
    let title = language.word("http", &reply.status.to_string(), &[]);
    let text = language.translate(explanation);
    let page = error_page(language.code(), reply.status, &title, &text);
    let reply = reply.header("Content-Language", language.code());
    Reply { body: Body::Full(page.into_bytes()), ..reply }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reply: Reply) -> String {
        match reply.body {
            Body::Full(body) => String::from_utf8(body).unwrap(),
            Body::Stream | Body::Sized(_) => String::new(),
        }
    }

    #[test]
    fn the_page_of_an_error_is_german() {
        let page = body(german(Reply::fatal(401, "A username and a password are required.")));
        assert!(page.contains("<h1>401 Anmeldung erforderlich</h1><p>Benutzername und"), "{page}");
        assert!(page.contains("<html lang=\"de\">"), "{page}");
        let page = body(german(Reply::error(403, "not known: <b> `x`")));
        assert!(page.contains("<p>not known: &lt;b&gt; <code>x</code></p>"), "{page}");
    }

    #[test]
    fn other_replies_are_not_changed() {
        let reply = Reply::new(404, "text/plain", "Not found.");
        assert_eq!(german(reply.clone()), reply);
    }

    /// The literals of `Reply::error` and `Reply::fatal` in the sources.
    #[test]
    fn every_status_has_a_title() {
        for language in Language::ALL {
            for status in [400, 401, 403, 404, 405, 408, 411, 413, 417, 431, 500, 503] {
                let status = status.to_string();
                assert_ne!(language.word("http", &status, &[]), status);
            }
        }
    }
}
