//! The one-line forms of collective.recipe.supervisor: a program, an event listener, a group.
//! Read exactly as its patterns read them, word by word and from the start only; what follows is
//! ignored. Knows nothing of the sections that come of them.

/// `PRIORITY NAME [(OPTIONS)] COMMAND [[ARGS]] [DIRECTORY] [true|false] [USER]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProgramLine {
    pub priority: String,
    pub name: String,
    pub options: Vec<(String, String)>,
    pub command: String,
    pub args: Option<String>,
    pub directory: Option<String>,
    pub redirect: Option<bool>,
    pub user: Option<String>,
}

/// `NAME [(OPTIONS)] EVENTS COMMAND [[ARGS]]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListenerLine {
    pub name: String,
    pub options: Vec<(String, String)>,
    pub events: String,
    pub command: String,
    pub args: Option<String>,
}

/// `PRIORITY NAME PROGRAMS`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GroupLine {
    pub priority: String,
    pub name: String,
    pub programs: String,
}

impl ProgramLine {
    pub(super) fn read(line: &str) -> Option<Self> {
        let (priority, rest) = digits(line)?;
        let (name, rest) = word(gap(rest)?)?;
        // Parentheses are options only where a command follows; else they are the command.
        let (options, (command, rest)) = match bracketed(rest, '(', ')') {
            Some((inside, after)) => match gap(after).and_then(word) {
                Some(command) => (pairs(inside), command),
                None => (Vec::new(), gap(rest).and_then(word)?),
            },
            None => (Vec::new(), gap(rest).and_then(word)?),
        };
        let (args, rest) = match bracketed(rest, '[', ']') {
            Some((inside, after)) if flag(inside).is_none() => (Some(inside.to_owned()), after),
            _ => (None, rest),
        };
        let (directory, rest) = match gap(rest).filter(|rest| flag(rest).is_none()).and_then(word) {
            Some((directory, after)) => (Some(directory.to_owned()), after),
            None => (None, rest),
        };
        let (redirect, rest) = match gap(rest).and_then(flag) {
            Some((redirect, after)) => (Some(redirect), after),
            None => (None, rest),
        };
        let user = gap(rest).and_then(word).map(|(user, _)| user.to_owned());
        Some(Self {
            priority: priority.to_owned(),
            name: name.to_owned(),
            options,
            command: command.to_owned(),
            args,
            directory,
            redirect,
            user,
        })
    }
}

impl ListenerLine {
    pub(super) fn read(line: &str) -> Option<Self> {
        let (name, rest) = word(line)?;
        let tail = |rest| {
            let (events, rest) = word(gap(rest)?)?;
            let (command, rest) = word(gap(rest)?)?;
            Some((events, command, rest))
        };
        let (options, (events, command, rest)) = match bracketed(rest, '(', ')') {
            Some((inside, after)) => match tail(after) {
                Some(found) => (pairs(inside), found),
                None => (Vec::new(), tail(rest)?),
            },
            None => (Vec::new(), tail(rest)?),
        };
        Some(Self {
            name: name.to_owned(),
            options,
            events: events.to_owned(),
            command: command.to_owned(),
            args: bracketed(rest, '[', ']').map(|(inside, _)| inside.to_owned()),
        })
    }
}

impl GroupLine {
    pub(super) fn read(line: &str) -> Option<Self> {
        let (priority, rest) = digits(line)?;
        let (name, rest) = word(gap(rest)?)?;
        let (programs, _) = word(gap(rest)?)?;
        Some(Self {
            priority: priority.to_owned(),
            name: name.to_owned(),
            programs: programs.to_owned(),
        })
    }
}

/// The words `k=v` of an option list; others are dropped.
fn pairs(text: &str) -> Vec<(String, String)> {
    text.split_whitespace()
        .filter_map(|word| word.split_once('='))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn digits(text: &str) -> Option<(&str, &str)> {
    cut(text, |c| !c.is_ascii_digit())
}

fn word(text: &str) -> Option<(&str, &str)> {
    cut(text, char::is_whitespace)
}

fn cut(text: &str, ends: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(ends).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// At least one blank.
fn gap(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    (rest.len() < text.len()).then_some(rest)
}

/// Blanks, an opening mark, something, the closing mark.
fn bracketed(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let inside = gap(text)?.strip_prefix(open)?;
    let (inside, rest) = inside.split_once(close)?;
    (!inside.is_empty()).then_some((inside, rest))
}

/// A prefix, not a word: `trueish` is `true` with something behind it.
fn flag(text: &str) -> Option<(bool, &str)> {
    let truth = text.strip_prefix("true").map(|rest| (true, rest));
    truth.or_else(|| text.strip_prefix("false").map(|rest| (false, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str) -> ProgramLine {
        ProgramLine::read(line).unwrap()
    }

    #[test]
    fn a_program_line_has_eight_fields() {
        let got =
            program("20 i1 (autostart=false x =y startsecs=5) /b/i1 [console -v] /b true www");
        assert_eq!((got.priority.as_str(), got.name.as_str()), ("20", "i1"));
        let options = [("autostart", "false"), ("startsecs", "5")];
        assert_eq!(got.options, options.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(got.args.as_deref(), Some("console -v"));
        assert_eq!(got.directory.as_deref(), Some("/b"));
        assert_eq!(got.redirect, Some(true));
        assert_eq!(got.user.as_deref(), Some("www"));
    }

    #[test]
    fn the_optional_fields_are_told_apart_by_their_shape() {
        let got = program("10 a /bin/a [console] /srv nobody");
        assert_eq!((got.directory.as_deref(), got.user.as_deref()), (Some("/srv"), Some("nobody")));
        assert_eq!(program("10 a /bin/a [x] trueish").redirect, Some(true));
        assert_eq!(program("10 a /bin/a [true]").directory.as_deref(), Some("[true]"));
        let got = program("10 a /bin/a [x y");
        assert_eq!((got.directory.as_deref(), got.user.as_deref()), (Some("[x"), Some("y")));
        assert_eq!(program("10 a (b=c)").command, "(b=c)");
    }

    #[test]
    fn lines_without_the_needed_words_are_refused() {
        for line in ["", "zeo /bin/zeo", "10", "10 zeo", " 10 zeo /bin/zeo", "# comment"] {
            assert_eq!(ProgramLine::read(line), None, "{line}");
        }
        assert_eq!(ListenerLine::read("Memmon TICK_60"), None);
        assert_eq!(GroupLine::read("10 zope"), None);
    }

    #[test]
    fn listeners_and_groups_are_read() {
        let got =
            ListenerLine::read("Ok (startsecs=9) TICK_60 /b/httpok [-p i1 http://h/]").unwrap();
        assert_eq!((got.name.as_str(), got.events.as_str()), ("Ok", "TICK_60"));
        assert_eq!(got.args.as_deref(), Some("-p i1 http://h/"));
        let got = GroupLine::read("210 zope i1,i2 rest").unwrap();
        assert_eq!((got.name.as_str(), got.programs.as_str()), ("zope", "i1,i2"));
    }
}
