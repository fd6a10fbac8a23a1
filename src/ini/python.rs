//! The dialect of Python's `RawConfigParser`, used by supervisord.conf: not strict, `;` and `#`
//! start a comment after a blank, indented lines continue a value.

mod document;
mod line_kind;
mod parser;

pub use document::{Document, Entry, ParseError, ParseErrorKind, Section};
pub use line_kind::{LineKind, LineReader, comment_start};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceId;

    fn read(text: &str) -> Result<Document, ParseError> {
        let mut document = Document::default();
        document.read(SourceId(0), "x.conf", text).map(|()| document)
    }

    fn value(text: &str, section: &str, key: &str) -> Option<String> {
        read(text).unwrap().entry(section, key).map(|entry| entry.value.clone())
    }

    #[test]
    fn an_indented_option_joins_the_value_above() {
        let got = value("[a]\nx = 1\n  priority=5\n\n  z\n\ny=2\n", "a", "x");
        assert_eq!(got.as_deref(), Some("1\npriority=5\n\nz"));
    }

    #[test]
    fn the_last_value_wins_and_tells_what_it_replaced() {
        let document = read("[a]\nX=1\n[b]\n[a]\nx:2\n").unwrap();
        let entry = document.entry("a", "x").unwrap();
        assert_eq!((entry.value.as_str(), entry.replaced.len()), ("2", 1));
        assert_eq!(document.section("a").unwrap().headers.len(), 2);
    }

    #[test]
    fn a_comment_needs_a_blank_before_it() {
        assert_eq!(value("[a]\nx=b;c ; d\n", "a", "x").as_deref(), Some("b;c"));
        assert_eq!(value("[a]\nx=b;c ;d #e\n", "a", "x").as_deref(), Some("b;c ;d"));
        assert_eq!(value("[a]\nx=#b\n", "a", "x").as_deref(), Some("#b"));
    }

    #[test]
    fn a_place_within_a_value_is_found_again() {
        let text = "[a]\nx = one\n   two\n";
        let document = read(text).unwrap();
        let span = document.entry("a", "x").unwrap().locate(4, 7);
        assert_eq!(&text[span.start..span.end], "two");
    }

    #[test]
    fn errors_are_pythons() {
        assert_eq!(
            read("\u{feff}[a]\n").unwrap_err().text,
            "File contains no section headers.\nfile: 'x.conf', line: 1\n'\\ufeff[a]\\n'"
        );
        assert_eq!(
            read("[a]\nfoo\n=1\nx=2").unwrap_err().text,
            "Source contains parsing errors: 'x.conf'\n\t[line  2]: 'foo\\n'\n\t[line  3]: '=1\\n'"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)[\\[\\]a= :;#\\n\\r\\t\u{e9}\u{a0}]{0,60}|\\PC*") {
            if let Ok(document) = read(&text) {
                for section in document.sections() {
                    for entry in document.entries(section) {
                        let span = entry.locate(0, entry.value.len());
                        proptest::prop_assert!(text.get(span.start..span.end).is_some());
                    }
                }
            }
        }
    }
}
