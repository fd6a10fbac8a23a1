//! Renders `docs/reference/configuration.md` from the option table.

use std::fmt::Write as _;

use super::sections::{Named, Row, SECTIONS, Section};

const HEAD: &str = "# Options of supervisord.conf

Generated from the option table by a test; do not edit.

Kinds of values:

* **boolean**: `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, in any case
* **integer**: in Python's syntax, optionally with sign and underscores
* **bytes**: an integer, optionally followed by `KB`, `MB` or `GB` for 1024, 1024² or 1024³
* **octal**: digits from 0 to 7, such as `022`
* **signal**: a name with or without `SIG`, or a number
* **exit codes**: numbers from 0 to 255, separated by commas
* **restart rule**: a boolean, or `unexpected`
* **log level**: `critical`, `error`, `warn`, `info`, `debug`, `trace` or `blather`
* **kill mode**: `process`, `group` or `tree`
* **log format**: `raw`, `text` or `json`
* **file**, **directory**: a path; the directory must exist
* **log file**: a path, `AUTO` for a temporary file, `NONE` for no log
* **environment**: `KEY=\"value\"`, separated by commas; quotes are required around values with characters
  other than letters, digits and `_/.+-():`
* **user**, **user:group**: names or numbers of this system
* **address**: a port, or `host:port`; `*:port` means all interfaces
* **list**: words separated by commas
* **origins**: `https://host` or `https://host:port` as a browser shows them, separated by commas
* **dependencies**: names of programs or groups, `group:process` or `group:*`, each optionally followed by
  `:running`, `:ready` or `:completed`, separated by commas; `any(A, B:ready)` for several of which one suffices
* **environment files**: paths separated by commas; one after a `-` may be missing
* **ip:port**, **http url**: with an IP address or `localhost`, so that nothing has to be looked up
* **http statuses**: numbers or ranges such as `200-399`, separated by commas
* **header field**: `Name: value`
* **pattern**: a regular expression; a percent sign is written `%%`
* **seconds**: a number above 0, such as `0.5`
* **count**: an integer of 1 or more
* **limit**, **bytes limit**: one number for the soft and the hard limit, or `SOFT:HARD`; `unlimited` for none
* **niceness**: an integer from -20 to 19
* **oom score**: an integer from -1000 to 1000
* **varnish backend**: `BACKEND`, or `DIRECTORY BACKEND` with the directory of varnishd's `-n`
* **haproxy server**: `SOCKET BACKEND/SERVER`, where the socket is a path or `ip:port`
* **pages**: paths that begin with `/` or http URLs, separated by commas

In every value `%(here)s` is the directory of the file, `%(ENV_NAME)s` a variable of supervisord's
environment and `%%` a percent sign. Programs can also use `program_name`, `group_name` and
`host_node_name`; `process_num` and `numprocs` are available in `command`, `process_name`, `directory`,
`environment`, `env_file`, `depends_on`, `prestart`, `stop_command`, `poststop`, and the options of logs,
probes and rolling restarts.
";

/// The complete page.
pub fn reference() -> String {
    let sections = SECTIONS.iter().map(|kind| section(kind));
    [HEAD.to_owned()].into_iter().chain(sections).collect()
}

fn section(kind: &Section) -> String {
    let name = match kind.named {
        Named::Own => format!("{}:NAME", kind.word),
        Named::Alone | Named::Either | Named::Never => kind.word.to_owned(),
    };
    let mut text = format!("\n## `[{name}]`\n\n{}\n", line(kind.doc));
    let like = kind.like.filter(|like| like.named != Named::Never);
    if let Some(like) = like {
        // Writing to a String cannot fail.
        let _ = write!(text, "\nThe options of `[{}:NAME]` are available, too.\n", like.word);
    }
    text.push_str("\n| option | kind | default | |\n| --- | --- | --- | --- |\n");
    let is_listed =
        |option: &&Row| like.is_none() || kind.rows.iter().any(|own| own.name == option.name);
    kind.options().filter(is_listed).for_each(|option| text.push_str(&row(option)));
    text
}

fn row(option: &Row) -> String {
    let default = match option.default {
        Some("") | None => String::new(),
        Some(default) => format!("`{default}`"),
    };
    let note = if option.is_supervisors() { "" } else { " (supkit only)" };
    format!("| `{}` | {} | {default} | {}{note} |\n", option.name, option.kind, line(option.doc))
}

fn line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
