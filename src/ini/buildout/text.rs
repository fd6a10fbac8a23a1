//! How Python sees text: what counts as white space, `strip`, `splitlines`, `textwrap.dedent` and
//! `repr`. Rust's own notions differ in the control characters.

/// `str.isspace` of one character: Unicode white space and the four ASCII separators.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

pub(crate) fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

pub(crate) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// `str.split()`: the words between white space.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// A block without its common indentation and without the blank lines at both ends.
pub(super) fn dedent(value: &str) -> String {
    let lines: Vec<&str> = rstrip(value).split('\n').map(blank_to_empty).collect();
    let margin = margin(&lines);
    let text: Vec<&str> =
        lines.iter().map(|line| line.strip_prefix(margin).unwrap_or(line)).collect();
    let text = text.join("\n");
    let blank = text.len() - trim_start(&text).len();
    let from = text[..blank].rfind('\n').map_or(0, |at| at + 1);
    text[from..].to_owned()
}

fn blank_to_empty(line: &str) -> &str {
    if line.bytes().all(|b| matches!(b, b' ' | b'\t')) { "" } else { line }
}

/// The longest white space that begins every line; a tab is not eight blanks.
fn margin<'a>(lines: &[&'a str]) -> &'a str {
    let indents = lines.iter().filter(|line| !line.is_empty()).map(|line| {
        let text = line.trim_start_matches([' ', '\t']);
        &line[..line.len() - text.len()]
    });
    indents.reduce(common_prefix).unwrap_or("")
}

fn common_prefix<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    &a[..same]
}

/// `repr` of a string, as it appears in messages.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&escape(c)),
        }
    }
    out.push(quote);
    out
}

fn is_printable(c: char) -> bool {
    c == ' ' || !(c.is_control() || is_space(c) || is_format(c))
}

/// The invisible characters that are met in practice: soft hyphen, joiners, marks, byte order mark.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}')
}

fn escape(c: char) -> String {
    match c as u32 {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}
