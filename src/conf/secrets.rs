//! Which parts of a configuration are secret, by their names, so that no message shows them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::nearest::nearest;
use super::sections::inet_http_server;
use crate::diag::{SourceMap, Span};

/// Words that make a name secret as one of its parts: `DB_PASS`, `api-key`.
const WORDS: &[&str] =
    &["apikey", "auth", "credentials", "key", "pass", "passwd", "pwd", "secret", "token"];

/// What a misspelt name probably is.
const MISSPELT: &[&str] = &["password", "passwd"];

/// Whether an option or variable of this name holds a secret, also if the name is misspelt.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut parts = name.split(['_', '-', '.']);
    ["password", "passphrase", "secret"].iter().any(|word| name.contains(word))
        || parts.any(|part| WORDS.contains(&part) || nearest(part, MISSPELT.to_vec()).is_some())
}

/// Names, each examined once for all its uses.
#[derive(Debug, Default)]
pub(super) struct SecretNames(BTreeMap<String, bool>);

impl SecretNames {
    pub(super) fn contain(&mut self, name: &str) -> bool {
        if let Some(known) = self.0.get(name) {
            return *known;
        }
        let is_secret = is_secret_name(name);
        self.0.insert(name.to_owned(), is_secret);
        is_secret
    }
}

/// Masks the secrets in all lines that diagnostics may show.
pub fn mask_sources(sources: &mut SourceMap) {
    let (mut secret, mut names) = (Vec::new(), SecretNames::default());
    for id in sources.ids() {
        let mut start = 0;
        for line in sources.text(id).split_inclusive('\n') {
            let is_key_file = is_key_file(line);
            let found = if is_key_file { Vec::new() } else { find(line.trim_end(), &mut names) };
            secret.extend(found.iter().map(|it| Span::new(id, start + it.start, start + it.end)));
            start += line.len();
        }
    }
    for span in secret {
        sources.mask(span);
    }
}

/// Whether it is the option that names the file of a server's key: the path is no secret.
fn is_key_file(line: &str) -> bool {
    let rest = line.strip_prefix(inet_http_server::KEY.name);
    rest.is_some_and(|rest| rest.trim_start().starts_with(['=', ':']))
}

/// The text with a `***` for each secret.
pub fn masked(text: &str) -> String {
    let mut shown = text.to_owned();
    for range in ranges(text).into_iter().rev() {
        shown.replace_range(range, "***");
    }
    shown
}

/// The values of secret variables in `KEY=value,KEY2="value"`, and passwords in URLs, in order.
pub fn ranges(text: &str) -> Vec<Range<usize>> {
    find(text, &mut SecretNames::default())
}

fn find(text: &str, names: &mut SecretNames) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, sign) in text.match_indices(['=', '@']) {
        if found.last().is_some_and(|last| at < last.end) {
            continue;
        }
        let range = if sign == "=" { variable(text, at, names) } else { url_password(text, at) };
        found.extend(range.filter(|range| !range.is_empty()));
    }
    found
}

/// The value behind the equals sign at `at`, if the name before it is secret.
fn variable(text: &str, at: usize, names: &mut SecretNames) -> Option<Range<usize>> {
    let before = text[..at].trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let start = before.rfind(|c: char| !is_name(c)).map_or(0, |end| end + 1);
    before.get(start..).filter(|name| names.contain(name))?;
    let rest = &text[at + 1..];
    let start = at + 1 + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
    let value = &text[start..];
    let length = match value.chars().next().filter(|c| "\"'".contains(*c)) {
        Some(quote) => {
            let inside = &value[1..];
            return Some(start + 1..start + 1 + inside.find(quote).unwrap_or(inside.len()));
        }
        None => value.find([',', '\n']).unwrap_or(value.len()),
    };
    Some(start..start + length)
}

/// The password of `scheme://user:password@host`, whose `@` is at `at`.
fn url_password(text: &str, at: usize) -> Option<Range<usize>> {
    let start = text[..at].rfind("://")? + 3;
    let user = &text[start..at];
    let colon = user.find(':')?;
    let has_blank = user.contains(|c: char| c.is_whitespace() || "/,\"'".contains(c));
    (!has_blank).then(|| start + colon + 1..at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_recognised() {
        for name in ["password", "pasword", "PASSWRD", "DB_PASS", "SECRET_KEY", "api-key", "AUTH"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["username", "port", "umask", "stopasgroup", "PATH", "keyboard", "author"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_masked_and_the_rest_is_kept() {
        for (text, want) in [
            ("A=1,DB_PASSWORD=\"x,y\",B=2", "A=1,DB_PASSWORD=\"***\",B=2"),
            ("TOKEN=abc def,B=2", "TOKEN=***,B=2"),
            ("TOKEN='abc", "TOKEN='***"),
            ("TOKEN=a\nB=2", "TOKEN=***\nB=2"),
            (
                "U=\"redis://:pw@h/0\",B=\"http://u:p@h\"",
                "U=\"redis://:***@h/0\",B=\"http://u:***@h\"",
            ),
            ("M=\"me@host\",N=a=b", "M=\"me@host\",N=a=b"),
            ("SECRET=", "SECRET="),
            ("é=ü,KEY=é", "é=ü,KEY=***"),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }
}
