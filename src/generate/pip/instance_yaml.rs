//! The settings of cookiecutter-zope-instance that matter here: `target`, the directory that it
//! writes, and `wsgi_listen`. Only plain scalars below `default_context` are read; the rest of the
//! file, and of YAML, is the template's.

use super::zope_conf::Fact;
use crate::diag::{SourceId, Span};
use crate::ini::lines::lines;

/// The key with the settings.
const SETTINGS: &str = "default_context:";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InstanceYaml {
    pub(super) target: Option<Fact>,
    pub(super) listen: Option<Fact>,
}

/// Whether the name of a file is one that holds these settings.
pub(super) fn is_instance_yaml(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    name.starts_with("instance") && matches!(extension, Some("yaml" | "yml"))
}

/// `None` if the text has no such settings.
pub(super) fn read(source: SourceId, text: &str) -> Option<InstanceYaml> {
    let mut found = InstanceYaml::default();
    let mut all = lines(text).skip_while(|line| line.text.trim_end() != SETTINGS);
    all.next()?;
    let mut own = None;
    for line in all {
        let words = line.text.trim();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let indent = line.text.len() - line.text.trim_start().len();
        if indent == 0 {
            break;
        }
        // Deeper lines belong to a setting that is a mapping or a list.
        if indent != *own.get_or_insert(indent) {
            continue;
        }
        let Some((key, value)) = words.split_once(':') else { continue };
        let Some(text) = scalar(value) else { continue };
        let (start, end) = line.range(words);
        let fact = Fact { text: text.to_owned(), span: Span::new(source, start, end) };
        match key.trim_matches(['"', '\'']) {
            "target" => found.target = Some(fact),
            "wsgi_listen" => found.listen = Some(fact),
            _ => {}
        }
    }
    Some(found)
}

/// A plain or quoted value on one line; `None` if it is empty or of another kind.
fn scalar(value: &str) -> Option<&str> {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().filter(|text| !text.is_empty());
        }
    }
    let plain = value.split(" #").next().unwrap_or_default().trim();
    let is_other = plain.starts_with(['[', '{', '|', '>', '&', '*', '!', '#']);
    (!plain.is_empty() && !is_other).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Option<(Option<String>, Option<String>)> {
        let found = read(SourceId(0), text)?;
        Some((found.target.map(|it| it.text), found.listen.map(|it| it.text)))
    }

    #[test]
    fn scalars_of_the_settings_are_read() {
        let some = |text: &str| Some(text.to_owned());
        let text = "# x\ndefault_context:\n    target: 'one'  # where\n    load_zcml:\n        \
                    target: no\n    wsgi_listen: 127.0.0.1:8081 # port\nother:\n    target: no\n";
        assert_eq!(texts(text), Some((some("one"), some("127.0.0.1:8081"))));
        assert_eq!(texts("default_context:\n  wsgi_listen: \"\"\n"), Some((None, None)));
        assert_eq!(texts("target: one\n"), None);
    }
}
