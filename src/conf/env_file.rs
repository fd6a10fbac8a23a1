//! Files of environment variables, in the format of systemd's `EnvironmentFile=`: lines of
//! `NAME=value`, comments after `#` or `;` at the start of a line, quotes as in a shell, and nothing
//! that is expanded.

use serde::{Deserialize, Serialize};

use super::config::Environment;

/// One file of `env_file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvFile {
    pub path: String,
    /// Written with a `-` before the path: it may be missing.
    pub is_optional: bool,
}

/// Why a file cannot be read as variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFileError {
    pub line: usize,
    pub message: &'static str,
}

/// Paths separated by commas.
pub(super) fn files(text: &str) -> Vec<EnvFile> {
    let words = text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| match word.strip_prefix('-') {
            Some(path) => EnvFile { path: path.trim_start().to_owned(), is_optional: true },
            None => EnvFile { path: word.to_owned(), is_optional: false },
        })
        .collect()
}

pub(super) fn show_files(files: &[EnvFile]) -> String {
    let show = |file: &EnvFile| format!("{}{}", if file.is_optional { "-" } else { "" }, file.path);
    files.iter().map(show).collect::<Vec<_>>().join(",")
}

/// The variables of a file; a later one replaces an earlier one.
pub fn variables(text: &str) -> Result<Environment, EnvFileError> {
    if let Some(at) = text.find('\0') {
        let line = text[..at].matches('\n').count() + 1;
        return Err(EnvFileError { line, message: "a NUL byte, which no variable can contain" });
    }
    let mut reader = Reader { chars: text.chars().peekable(), line: 1 };
    let mut variables = Environment::new();
    while let Some((name, value)) = reader.assignment()? {
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value));
    }
    Ok(variables)
}

/// A carriage return ends a line, too.
fn is_line_end(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// What separates words. Other blanks of Unicode are characters like others.
fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

struct Reader<'t> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.chars.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn error(&self, message: &'static str) -> EnvFileError {
        EnvFileError { line: self.line, message }
    }

    /// The next assignment; `None` at the end.
    fn assignment(&mut self) -> Result<Option<(String, String)>, EnvFileError> {
        loop {
            match self.chars.peek() {
                None => return Ok(None),
                Some('#' | ';') => while self.next().is_some_and(|c| !is_line_end(c)) {},
                Some(c) if is_blank(*c) || is_line_end(*c) => drop(self.next()),
                Some(_) => break,
            }
        }
        let name = self.name()?;
        Ok(Some((name, self.value()?)))
    }

    /// `NAME` and the `=` after it. `export NAME` is accepted, as many files have it.
    fn name(&mut self) -> Result<String, EnvFileError> {
        let mut name = String::new();
        loop {
            match self.chars.peek() {
                Some('=') => break,
                None => return Err(self.error("a line without `=`")),
                Some(c) if is_line_end(*c) => return Err(self.error("a line without `=`")),
                Some(_) => name.extend(self.next()),
            }
        }
        self.next();
        let name = name.trim_matches(is_blank);
        let name = name.strip_prefix("export ").map_or(name, |it| it.trim_start_matches(is_blank));
        let is_valid = !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_valid {
            Ok(name.to_owned())
        } else {
            Err(self.error("a name is letters, digits and `_`, and no digit comes first"))
        }
    }

    /// The rest of the line, and further lines where a quote or a backslash continues it. As for systemd,
    /// quotes mean something only before the first character outside of quotes.
    fn value(&mut self) -> Result<String, EnvFileError> {
        let mut value = String::new();
        // Blanks count only between characters outside of quotes.
        let mut blanks = String::new();
        let mut is_unquoted = false;
        loop {
            match self.next() {
                None => return Ok(value),
                Some(c) if is_line_end(c) => return Ok(value),
                Some(c) if is_blank(c) && !is_unquoted => {}
                Some(c) if is_blank(c) => blanks.push(c),
                Some('\'') if !is_unquoted => self.single_quoted(&mut value)?,
                Some('"') if !is_unquoted => self.double_quoted(&mut value)?,
                Some(c) => {
                    is_unquoted = true;
                    value.push_str(&std::mem::take(&mut blanks));
                    match c {
                        '\\' => value.extend(self.next().filter(|c| !is_line_end(*c))),
                        c => value.push(c),
                    }
                }
            }
        }
    }

    fn single_quoted(&mut self, value: &mut String) -> Result<(), EnvFileError> {
        let error = self.error("a quote that is not closed");
        loop {
            match self.next().ok_or_else(|| error.clone())? {
                '\'' => return Ok(()),
                c => value.push(c),
            }
        }
    }

    /// A backslash escapes what a shell would expand; before other characters it stays.
    fn double_quoted(&mut self, value: &mut String) -> Result<(), EnvFileError> {
        let error = self.error("a quote that is not closed");
        loop {
            match self.next().ok_or_else(|| error.clone())? {
                '"' => return Ok(()),
                '\\' => match self.next().ok_or_else(|| error.clone())? {
                    c @ ('"' | '\\' | '`' | '$') => value.push(c),
                    '\n' => {}
                    c => value.extend(['\\', c]),
                },
                c => value.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let pairs = variables(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        pairs.into_iter().map(|(name, value)| format!("{name}={value:?}")).collect()
    }

    #[test]
    fn values_are_read_as_systemd_reads_them() {
        let text = "# a comment\n  ; another\n\nA=1\nB = two words  \nC='a \"b\" \\c'\n\
                    D=\"x \\\"y\\\" \\$z \\n\"\nE=a\\ b\\\nc\nF=\"two\nlines\"\nG=x'y' \"z\" \nH=\n\
                    J='it''s' \"a\" # b \nK=x\\ \n\
                    export I=# no comment\nA=3\r\n";
        insta::assert_snapshot!(read(text).join("\n"), @r##"
    B="two words"
    C="a \"b\" \\c"
    D="x \"y\" $z \\n"
    E="a bc"
    F="two\nlines"
    G="x'y' \"z\""
    H=""
    J="itsa# b"
    K="x "
    I="# no comment"
    A="3"
    "##);
    }

    /// The values that systemd itself has read: see `fixtures/env_file`.
    #[test]
    fn values_are_those_that_systemd_has_read() {
        let cases = include_str!("../../fixtures/env_file/systemd-252.json");
        let cases: Vec<(String, String)> = serde_json::from_str(cases).unwrap();
        assert!(cases.len() >= 400);
        for (text, want) in cases {
            let read = variables(&text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
            let value = read.into_iter().find(|(name, _)| name == "ID").map(|(_, value)| value);
            assert_eq!(value.unwrap_or_default(), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_variable_is_an_error_with_its_line() {
        for (text, line) in [
            ("A=1\nnonsense\n", 2),
            ("A=1\n\n2B=1", 3),
            ("=1", 1),
            ("A B=1", 1),
            ("A='x\ny\n", 1),
            ("A=\"x", 1),
            ("A=1\nB=\0\n", 2),
        ] {
            assert_eq!(variables(text).map_err(|error| error.line), Err(line), "{text:?}");
        }
    }

    #[test]
    fn paths_may_be_optional() {
        assert_eq!(show_files(&files("/a.env, - b.env\n-c,,")), "/a.env,-b.env,-c");
        assert_eq!(files(" "), []);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-C=' \"\\\\\n#;$x]{0,40}") {
            let _ = variables(&text);
        }
    }
}
