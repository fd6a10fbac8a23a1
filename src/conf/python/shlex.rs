//! `shlex` in non-POSIX mode, which Supervisor uses for `environment=`.

use super::super::config::Environment;

/// Reads `KEY=value,KEY="value"`. As in Supervisor, only one token of each value is kept and the
/// following token is treated as the comma.
pub fn pairs(text: &str) -> Result<Environment, String> {
    let tokens = tokens(text)?;
    let mut pairs = Environment::new();
    for chunk in tokens.chunks(4) {
        let [key, equals, value, ..] = chunk else { return Err(unexpected_end(text)) };
        if equals != "=" {
            return Err(unexpected_end(text));
        }
        put(&mut pairs, key.clone(), value.trim_matches(['\'', '"']).to_owned());
    }
    Ok(pairs)
}

/// Values that are not followed by a comma: key, value and the lost token. A semicolon is accepted
/// like a comma.
pub fn cuts(text: &str) -> Vec<(String, String, String)> {
    let Ok(tokens) = tokens(text) else { return Vec::new() };
    let cut = |chunk: &[String]| match chunk {
        [key, equals, value, next] if equals == "=" && next != "," && next != ";" => {
            Some((key.clone(), value.clone(), next.clone()))
        }
        _ => None,
    };
    tokens.chunks(4).filter_map(cut).collect()
}

/// Sets a variable in place, or appends it, like a Python dictionary.
pub fn put(pairs: &mut Environment, key: String, value: String) {
    match pairs.iter_mut().find(|pair| pair.0 == key) {
        Some(pair) => pair.1 = value,
        None => pairs.push((key, value)),
    }
}

fn unexpected_end(text: &str) -> String {
    format!("Unexpected end of key/value pairs in value '{text}'")
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_/.+-():".contains(c)
}

/// Splits a text into words, quoted strings (with quotes) and other single characters.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => rest = &rest[1..],
            '#' => rest = after_line(rest),
            '\'' | '"' => {
                let length = rest[1..].find(c).ok_or("No closing quotation")? + 2;
                tokens.push(rest[..length].to_owned());
                rest = &rest[length..];
            }
            c if is_word(c) => tokens.push(word(&mut rest)),
            c => {
                tokens.push(c.to_string());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok(tokens)
}

fn after_line(text: &str) -> &str {
    text.find('\n').map_or("", |end| &text[end + 1..])
}

/// Quotes inside a word have no special meaning. A word continues after a comment at the start of
/// the next line.
fn word(rest: &mut &str) -> String {
    let mut word = String::new();
    loop {
        let end = rest.find(|c| !is_word(c) && c != '\'' && c != '"').unwrap_or(rest.len());
        word.push_str(&rest[..end]);
        *rest = &rest[end..];
        if !rest.starts_with('#') {
            return word;
        }
        *rest = after_line(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_where_supervisor_cuts_them() {
        for (text, want) in [
            ("A=1,B=2", vec![("A", "1"), ("B", "2")]),
            ("A=~/x", vec![("A", "~")]),
            ("A=1;B=2", vec![("A", "1"), ("B", "2")]),
            ("A=\"1\" \"2\"", vec![("A", "1")]),
            ("A=1#2,B=3", vec![("A", "1")]),
            ("A='say \"hi\"'", vec![("A", "say \"hi")]),
            ("A=\"a,b\",B='%'", vec![("A", "a,b"), ("B", "%")]),
            ("A=éa", vec![("A", "é")]),
            ("'A'=1", vec![("'A'", "1")]),
            ("A=1,\nB=2,", vec![("A", "1"), ("B", "2")]),
            ("", vec![]),
        ] {
            let want: Environment =
                want.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            assert_eq!(pairs(text), Ok(want), "{text}");
        }
        for text in ["A=a@b", "A=http://x?y", "A=", "A", "A=1 B=2", "A=1#x\nB=2"] {
            assert_eq!(pairs(text), Err(unexpected_end(text)));
        }
        assert_eq!(cuts("A=1,B=~/x,C=\"a b\";D=2"), [("B".into(), "~".into(), "/x".into())]);
        assert_eq!(pairs("A='x"), Err("No closing quotation".into()));
    }
}
