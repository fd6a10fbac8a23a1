//! `ZConfig` text without a schema, as nti.recipes.zodb merges the arguments of a database adapter:
//! keys with their values, and subsections.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    imports: Vec<String>,
    /// The type and name; none at the top.
    header: Option<(String, Option<String>)>,
    pub(super) values: BTreeMap<String, Vec<String>>,
    pub(super) sections: Vec<Section>,
}

impl Section {
    pub(super) fn of(values: BTreeMap<String, Vec<String>>) -> Self {
        Self { values, ..Self::default() }
    }

    /// Parses a text; the error is a message.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut open = vec![Self::default()];
        for line in text.lines().map(str::trim) {
            let bad = || format!("`{line}` is not valid");
            if line.is_empty() || line.starts_with('#') {
            } else if let Some(kind) = line.strip_prefix("</") {
                let kind = kind.strip_suffix('>').ok_or_else(bad)?.trim_end().to_lowercase();
                close(&mut open, &kind).ok_or_else(bad)?;
            } else if let Some(header) = line.strip_prefix('<') {
                let header = header.strip_suffix('>').ok_or_else(bad)?;
                let plain = header.strip_suffix('/');
                let header = header_of(plain.unwrap_or(header)).ok_or_else(bad)?;
                let kind = header.0.clone();
                open.push(Self { header: Some(header), ..Self::default() });
                if plain.is_some() {
                    close(&mut open, &kind).ok_or_else(bad)?;
                }
            } else if let Some(package) = line.strip_prefix("%import") {
                open[0].imports.push(package.trim().to_owned());
            } else {
                let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                let section = open.last_mut().ok_or_else(bad)?;
                let values = section.values.entry(key.to_owned()).or_default();
                values.push(value.trim().to_owned());
            }
        }
        match open.as_slice() {
            [top] => Ok(top.clone()),
            _ => Err("a section is not closed".to_owned()),
        }
    }

    /// Its lines, each after `indent`.
    pub(super) fn lines(&self, indent: &str) -> Vec<String> {
        let mut text = self.text(indent);
        while text.last().is_some_and(String::is_empty) {
            text.pop();
        }
        text
    }

    fn text(&self, indent: &str) -> Vec<String> {
        let mut lines: Vec<String> =
            self.imports.iter().map(|package| format!("%import {package}")).collect();
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let inner = if self.header.is_some() { format!("{indent}  ") } else { indent.to_owned() };
        if let Some((kind, name)) = &self.header {
            let name = name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            lines.push(format!("{indent}<{kind}{name}>"));
        }
        for (key, values) in &self.values {
            lines.extend(values.iter().map(|value| format!("{inner}{key} {value}")));
        }
        if !self.sections.is_empty() && !self.values.is_empty() {
            lines.push(String::new());
        }
        for section in &self.sections {
            lines.extend(section.lines(&inner));
        }
        if let Some((kind, _)) = &self.header {
            lines.push(format!("{indent}</{kind}>"));
        }
        lines
    }
}

fn close(open: &mut Vec<Section>, kind: &str) -> Option<()> {
    let section = open.pop()?;
    let is_same = section.header.as_ref().is_some_and(|(known, _)| known == kind);
    open.last_mut().filter(|_| is_same)?.sections.push(section);
    Some(())
}

fn header_of(text: &str) -> Option<(String, Option<String>)> {
    let mut words = text.split_whitespace().map(str::to_lowercase);
    let (kind, name) = (words.next()?, words.next());
    words.next().is_none().then_some((kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_and_written() {
        let text = "b 2\na 1\n# no\n<X Y>\n  c\n<z/>\n</x>\na 3\n";
        let section = Section::parse(text).unwrap();
        let lines = section.lines(" ");
        let expected =
            [" a 1", " a 3", " b 2", "", " <x y>", "   c ", "", "   <z>", "   </z>", " </x>"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn syntax_errors_are_reported() {
        for text in ["<a>", "</a>", "<a>\n</b>", "<a", "<>"] {
            assert!(Section::parse(text).is_err(), "{text}");
        }
    }
}
