//! Which language a client gets: the one it chose, which a cookie keeps, or else the one that its
//! browser prefers.

use super::texts::Language;
use crate::http::{Reply, Request, form};

/// The field of a query that chooses a language, and the cookie that keeps the choice.
const FIELD: &str = "lang";
const COOKIE: &str = "supkit_lang";
/// A year. Without a path the cookie belongs to the path of the page, also below a proxy.
const ATTRIBUTES: &str = "Max-Age=31536000; SameSite=Lax; HttpOnly";

/// The language of a client, and whether it has just chosen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) language: Language,
    is_new: bool,
}

impl Choice {
    pub(super) fn of(request: &Request) -> Self {
        let fields = form::parse(request.query());
        let new = form::field(&fields, FIELD).and_then(Language::from_code);
        let known = || from_cookie(request).or_else(|| preferred(request));
        let language = new.or_else(known).unwrap_or(Language::English);
        Self { language, is_new: new.is_some() }
    }

    /// The same for this reply alone: a script asks in the language of its page.
    pub(super) fn unsaved(self) -> Self {
        Self { is_new: false, ..self }
    }

    /// Adds the language and what it depends on to the head of a page.
    pub(super) fn mark(self, reply: Reply) -> Reply {
        let code = self.language.code();
        let reply =
            reply.header("Content-Language", code).header("Vary", "Accept-Language, Cookie");
        if self.is_new {
            return reply.header("Set-Cookie", format!("{COOKIE}={code}; {ATTRIBUTES}"));
        }
        reply
    }
}

/// The address of the same page in another language, relative to it.
pub(super) fn link(request: &Request, language: Language) -> String {
    let other = request.query().split('&').filter(|field| {
        !field.is_empty() && field.split('=').next().is_some_and(|name| name != FIELD)
    });
    let mut fields: Vec<&str> = other.collect();
    let own = format!("{FIELD}={}", language.code());
    fields.push(&own);
    format!("?{}", fields.join("&"))
}

fn from_cookie(request: &Request) -> Option<Language> {
    let cookies = request.header("cookie")?.split(';');
    let value =
        cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|it| it.0 == COOKIE);
    Language::from_code(value?.1)
}

/// The language that the browser ranks highest; among equals the first.
fn preferred(request: &Request) -> Option<Language> {
    let ranges = request.header("accept-language")?.split(',').filter_map(range);
    let mut best: Option<(Language, u16)> = None;
    for (language, weight) in ranges {
        if weight > best.map_or(0, |(_, best)| best) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

/// A language range with its weight in thousandths: `de-AT;q=0.8`. One of a language that the pages do
/// not have is left out; `*` stands for English.
fn range(text: &str) -> Option<(Language, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next()?.to_ascii_lowercase();
    let language = match tag.split('-').next()? {
        "*" => Language::English,
        code => Language::from_code(code)?,
    };
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
    if !(0.0..=1.0).contains(&weight) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 1000")]
    let weight = (weight * 1000.0) as u16;
    Some((language, weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::Version;
    use Language::{English, German};

    fn request(target: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            version: Version::Http11,
            headers: headers.collect(),
            body: None,
        }
    }

    fn language(target: &str, headers: &[(&str, &str)]) -> Language {
        Choice::of(&request(target, headers)).language
    }

    #[test]
    fn the_browser_s_order_decides() {
        for (accepted, expected) in [
            ("", English),
            ("de", German),
            ("DE-at", German),
            ("de-CH,de;q=0.9,en;q=0.8", German),
            ("en-GB,de;q=0.9", English),
            ("en;q=0.5, de;q=0.7", German),
            ("fr, de;q=0.2", German),
            ("fr;q=0.9, *;q=0.5, de;q=0.4", English),
            ("de;q=0, en;q=0.1", English),
            ("de;q=0", English),
            ("de;q=2", English),
            ("de;q=x, ;;,=", English),
            ("den", English),
        ] {
            assert_eq!(language("/", &[("Accept-Language", accepted)]), expected, "{accepted}");
        }
        assert_eq!(language("/", &[]), English);
    }

    #[test]
    fn a_choice_outlives_the_preference() {
        let prefers_german = ("Accept-Language", "de");
        let chose_english = ("Cookie", "a=b; supkit_lang=en; c");
        assert_eq!(language("/", &[prefers_german, chose_english]), English);
        assert_eq!(language("/?q=x&lang=de", &[chose_english]), German);
        assert_eq!(language("/?lang=xx", &[prefers_german]), German);
        assert_eq!(language("/", &[prefers_german, ("Cookie", "supkit_lang=xx")]), German);
    }

    #[test]
    fn a_new_choice_is_kept_in_a_cookie() {
        let head = |target: &str| {
            Choice::of(&request(target, &[])).mark(Reply::new(200, "text/html", "")).headers
        };
        let has_cookie = |target: &str| head(target).iter().any(|(name, _)| *name == "Set-Cookie");
        assert!(has_cookie("/?lang=de") && !has_cookie("/") && !has_cookie("/?lang=xx"));
        assert!(head("/").contains(&("Vary", "Accept-Language, Cookie".to_owned())));
        assert!(head("/?lang=de").contains(&("Content-Language", "de".to_owned())));
    }

    #[test]
    fn a_link_keeps_the_query() {
        for (target, expected) in [
            ("/", "?lang=de"),
            ("/?q=a%26b&state=fatal", "?q=a%26b&state=fatal&lang=de"),
            ("/tail.html?lang=en&processname=a", "?processname=a&lang=de"),
        ] {
            assert_eq!(link(&request(target, &[]), German), expected);
        }
    }
}
