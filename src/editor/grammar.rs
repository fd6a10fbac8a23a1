//! The grammar (`TextMate`) of supervisord.conf, made from the tables of options: an option that a section
//! does not have is coloured differently from one that it has.

use serde_json::{Value, json};

use crate::conf::sections::{Named, SECTIONS, Section};

/// The grammar as a JSON file.
pub fn grammar() -> String {
    let sections = SECTIONS.iter().map(|section| of_section(section));
    let other = json!({
        "begin": r"^\s*\[([^\]]*)\]?",
        "beginCaptures": {"0": {"name": "meta.section-header.supervisord"},
                          "1": {"name": "entity.name.section.supervisord"}},
        "end": END,
        "patterns": [{"include": "#comment"}, {"include": "#unknown"}, {"include": "#value"}]
    });
    let patterns = [json!({"include": "#comment"})].into_iter().chain(sections).chain([other]);
    let grammar = json!({
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "supervisord.conf",
        "scopeName": "source.supervisord",
        "fileTypes": ["supervisord.conf"],
        "patterns": patterns.collect::<Vec<Value>>(),
        "repository": repository(),
    });
    format!("{grammar:#}\n")
}

/// A section ends where the next header begins.
const END: &str = r"^(?=\s*\[)";

fn of_section(section: &Section) -> Value {
    let word = escaped(section.word);
    let name = match section.named {
        Named::Own => format!("({word})(:)([^\\]]*)"),
        Named::Alone => format!("({word})"),
        Named::Either | Named::Never => format!("({word})(?:(:)([^\\]]*))?"),
    };
    let mut names: Vec<String> = section.options().map(|row| escaped(row.name)).collect();
    names.sort_unstable();
    let unknown = if section.open { "#known" } else { "#unknown" };
    json!({
        "begin": format!("^\\s*\\[{name}\\]"),
        "beginCaptures": {
            "0": {"name": "meta.section-header.supervisord"},
            "1": {"name": "keyword.other.section.supervisord"},
            "2": {"name": "punctuation.separator.supervisord"},
            "3": {"name": "entity.name.section.supervisord"}
        },
        "end": END,
        "patterns": [
            {"include": "#comment"},
            {
                "match": format!("^\\s*(?i:({}))\\s*([=:])", names.join("|")),
                "captures": {"1": {"name": "support.type.property-name.supervisord"},
                             "2": {"name": "punctuation.separator.key-value.supervisord"}}
            },
            {"include": unknown},
            {"include": "#value"}
        ]
    })
}

fn escaped(name: &str) -> String {
    name.replace('.', "\\.")
}

fn repository() -> Value {
    let option = |scope: &str| {
        json!({
            "match": r"^([^\s=:;#\[][^=:]*?)\s*([=:])",
            "captures": {"1": {"name": scope},
                         "2": {"name": "punctuation.separator.key-value.supervisord"}}
        })
    };
    json!({
        "comment": {"match": r"(?:^|(?<=\s))[;#].*$", "name": "comment.line.supervisord"},
        "known": option("support.type.property-name.supervisord"),
        "unknown": option("variable.other.unknown.supervisord"),
        "value": {"patterns": [
            {"match": r"%%", "name": "constant.character.escape.supervisord"},
            {"match": r"%\([^)]*\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]",
             "name": "constant.other.placeholder.supervisord"},
            {"match": r#""[^"]*""#, "name": "string.quoted.double.supervisord"},
            {"match": r"(?i)(?<=[=:\s])(?:true|false|yes|no|on|off|auto|none|unexpected)(?=\s*(?:[;#]|$))",
             "name": "constant.language.supervisord"},
            {"match": r"(?i)(?<=[=:,\s])\d+(?:kb|mb|gb)?(?=\s*(?:[,;#]|$))",
             "name": "constant.numeric.supervisord"}
        ]}
    })
}
