//! Renders the sample file of `echo_supervisord_conf` from the option table: required sections are
//! active, the others are comments.

use super::sections::{
    Row, Sample, Section, eventlistener, group, include, inet_http_server, program, rpcinterface,
    supervisorctl, supervisord, unix_http_server,
};

/// The sections of the sample: kind, name, whether it is active, and a note.
const SECTIONS: &[(&Section, &str, bool, &str)] = &[
    (&unix_http_server::SECTION, "", true, ""),
    (
        &inet_http_server::SECTION,
        "",
        false,
        "Anyone who can connect to this port without a password can run programs: bind it to \
         127.0.0.1 or set username and password. Do not expose it to the internet: traffic is not \
         encrypted.",
    ),
    (&supervisord::SECTION, "", true, ""),
    (
        &rpcinterface::SECTION,
        "supervisor",
        true,
        "Required by supervisorctl; do not change this section.",
    ),
    (
        &supervisorctl::SECTION,
        "",
        true,
        "It must name the socket or port of a server above, with its username and password.",
    ),
    (&program::SECTION, "theprogramname", false, "One section for each program."),
    (&eventlistener::SECTION, "theeventlistenername", false, ""),
    (&group::SECTION, "thegroupname", false, ""),
    (&include::SECTION, "", false, ""),
];

const HEAD: &str = "Sample supervisor config file. It is usable as it is; remove the `;` from \
    the options that you need and change the paths: many systems clean /tmp regularly.\n\
    \n\
    A comment starts with `;` or `#`, at the start of a line or after a blank, even within \
    quotes: `command=sh -c \"a ; b\"` ends at the `a`. An indented line continues the value above \
    it. `%(here)s` is the directory of this file, `%(ENV_NAME)s` a variable of supervisord's \
    environment, `%%` a percent sign. Values are not processed by a shell: no `$NAME`, no globs.";

/// The column of comments.
const COLUMN: usize = 42;

const WIDTH: usize = 78;

/// The complete sample.
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
        Sample::Active(value) if active => ("", value),
        Sample::Active(value) | Sample::Commented(value) => (";", value),
        Sample::Hidden | Sample::SupkitOnly => return None,
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

/// A text as comment lines.
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
    use crate::conf::fake_host::examine_bytes;

    #[test]
    fn the_sample_is_a_sound_configuration() {
        let examined = examine_bytes(sample().as_bytes());
        assert!(examined.faults.is_empty(), "{:?}", examined.faults);
        let config = examined.config.expect("it is sound");
        assert_eq!((config.servers.len(), config.groups.len()), (1, 0));
    }

    /// The file stays valid with every commented option enabled.
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
        // The users and programs of the sample do not exist.
        let text = text.replace("chrism", "root").replace("user=supervisord", "user=root");
        let text =
            text.replace("/a/path", "/tmp/path").replace("progname1,progname2", "theprogramname");
        let text = text.replace("killasgroup=false", "");
        let examined = examine_bytes(text.as_bytes());
        let message: Vec<_> = examined.faults.iter().map(|fault| &fault.text).collect();
        assert!(message.is_empty(), "{message:?}");
    }
}
