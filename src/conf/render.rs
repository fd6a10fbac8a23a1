//! The sample file of `echo_supervisord_conf`, made of the option table: what a daemon needs is
//! written out, the rest stands as comments.

use super::sections::{
    Row, Sample, Section, eventlistener, group, include, inet_http_server, program, rpcinterface,
    supervisorctl, supervisord, unix_http_server,
};

/// The sections of the sample: kind, the name that it takes, whether it is written out, and what is
/// to be said before it.
const SECTIONS: &[(&Section, &str, bool, &str)] = &[
    (&unix_http_server::SECTION, "", true, ""),
    (
        &inet_http_server::SECTION,
        "",
        false,
        "Whoever reaches this port without a password runs programs here: bind it to 127.0.0.1, \
         or set username and password, and never show it to the internet: nothing is encrypted.",
    ),
    (&supervisord::SECTION, "", true, ""),
    (
        &rpcinterface::SECTION,
        "supervisor",
        true,
        "supervisorctl and the web page need this section as it is.",
    ),
    (
        &supervisorctl::SECTION,
        "",
        true,
        "It has to name the socket or port of a server above, with its username and password.",
    ),
    (&program::SECTION, "theprogramname", false, "One such section for every program."),
    (&eventlistener::SECTION, "theeventlistenername", false, ""),
    (&group::SECTION, "thegroupname", false, ""),
    (&include::SECTION, "", false, ""),
];

const HEAD: &str = "Sample supervisor config file. It runs as it stands; take the `;` away \
    from what you need and change the paths: many systems empty /tmp from time to time.\n\
    \n\
    A comment begins with `;` or `#`, at the beginning of a line or behind a blank, even within \
    quotes: `command=sh -c \"a ; b\"` ends at the `a`. An indented line continues the value above \
    it. `%(here)s` is the directory of this file, `%(ENV_NAME)s` a variable of supervisord's \
    environment, `%%` a per cent sign. Shells are not at work: no `$NAME`, no globs.";

/// Where the comments begin.
const COLUMN: usize = 42;

const WIDTH: usize = 78;

/// The whole sample.
pub fn sample() -> String {
    let sections = SECTIONS.iter().map(|(kind, name, active, note)| {
        format!(
            "{}\n{}",
            comment(&format!("{} {note}", sentence(kind.doc))),
            section(kind, name, *active)
        )
    });
    [comment(HEAD)].into_iter().chain(sections).collect::<Vec<_>>().join("\n")
}

fn section(kind: &Section, name: &str, active: bool) -> String {
    let off = if active { "" } else { ";" };
    let name = if name.is_empty() { String::new() } else { format!(":{name}") };
    let rows = kind.options().filter_map(|row| option(row, active));
    format!("{off}[{}{name}]\n{}", kind.word, rows.collect::<String>())
}

fn option(row: &Row, active: bool) -> Option<String> {
    let (off, value) = match row.sample {
        Sample::Set(value) if active => ("", value),
        Sample::Set(value) | Sample::May(value) => (";", value),
        Sample::Hidden => return None,
    };
    let default = match row.default {
        Some(default) if !default.is_empty() => format!(" (default {default})"),
        _ => String::new(),
    };
    let setting = format!("{off}{}={value}", row.name);
    let doc = sentence(row.doc);
    Some(format!("{setting:COLUMN$} ; {}{default}\n", doc.trim_end_matches('.')))
}

/// A documentation comment as one line.
fn sentence(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "")
}

/// Text as comment lines.
fn comment(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n") {
        if !out.is_empty() {
            out.push_str(";\n");
        }
        let mut line = String::from(";");
        for word in paragraph.split_whitespace() {
            if line.chars().count() + word.chars().count() >= WIDTH {
                out.push_str(&line);
                out.push('\n');
                line = String::from(";");
            }
            line.push(' ');
            line.push_str(word);
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::paper::examine_bytes;

    #[test]
    fn the_sample_is_a_sound_configuration() {
        let examined = examine_bytes(sample().as_bytes());
        assert!(examined.faults.is_empty(), "{:?}", examined.faults);
        let config = examined.config.expect("it is sound");
        assert_eq!((config.servers.len(), config.groups.len()), (1, 0));
    }

    /// With every commented option taken, the file is still understood.
    #[test]
    fn the_options_of_the_sample_are_sound_as_well() {
        let text = sample();
        let options = text.lines().map(|line| match line.strip_prefix(';') {
            Some(rest) if rest.starts_with('[') || rest.contains('=') && !rest.starts_with(' ') => {
                rest
            }
            _ => line,
        });
        let text = options.collect::<Vec<_>>().join("\n");
        // The users and programs of the sample are nobody's.
        let text = text.replace("chrism", "root").replace("user=supervisord", "user=root");
        let text =
            text.replace("/a/path", "/tmp/path").replace("progname1,progname2", "theprogramname");
        let text = text.replace("killasgroup=false", "");
        let examined = examine_bytes(text.as_bytes());
        let said: Vec<_> = examined.faults.iter().map(|fault| &fault.text).collect();
        assert!(said.is_empty(), "{said:?}");
    }
}
