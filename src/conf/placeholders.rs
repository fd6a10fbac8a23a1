//! The names that a value may contain as `%(name)s`, and which options may use which of them.
//! Variables of the environment, `%(ENV_NAME)s`, may be used everywhere.

use super::process::Process;
use super::section::field::{FromSection as _, When};
use super::section::{Row, Section};
use super::sections::{
    eventlistener, fcgi_program, group, include, inet_http_server, program, supervisorctl,
    supervisord, unix_http_server,
};

/// A name with its meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct Placeholder {
    pub name: &'static str,
    /// As it is usually written.
    pub written: &'static str,
    pub doc: &'static str,
}

pub static HERE: Placeholder =
    Placeholder { name: "here", written: "%(here)s", doc: "The directory of the file." };
pub static PROGRAM_NAME: Placeholder = Placeholder {
    name: "program_name",
    written: "%(program_name)s",
    doc: "The name of the program, which is in its header.",
};
pub static GROUP_NAME: Placeholder = Placeholder {
    name: "group_name",
    written: "%(group_name)s",
    doc: "The name of the group that the program belongs to.",
};
pub static HOST_NODE_NAME: Placeholder = Placeholder {
    name: "host_node_name",
    written: "%(host_node_name)s",
    doc: "The host name of this machine.",
};
pub static PROCESS_NUM: Placeholder = Placeholder {
    name: "process_num",
    written: "%(process_num)02d",
    doc: "The number of the process: with `numprocs`, from `numprocs_start`.",
};
pub static NUMPROCS: Placeholder =
    Placeholder { name: "numprocs", written: "%(numprocs)d", doc: "The number of processes." };

const NONE: &[&Placeholder] = &[];
const OF_FILE: &[&Placeholder] = &[&HERE];
const OF_INCLUDE: &[&Placeholder] = &[&HERE, &HOST_NODE_NAME];
const OF_SOCKET: &[&Placeholder] = &[&HERE, &PROGRAM_NAME];
const OF_PROGRAM: &[&Placeholder] = &[&HERE, &PROGRAM_NAME, &GROUP_NAME, &HOST_NODE_NAME];
const OF_PROCESS: &[&Placeholder] =
    &[&HERE, &PROGRAM_NAME, &GROUP_NAME, &HOST_NODE_NAME, &PROCESS_NUM, &NUMPROCS];

/// All names.
pub fn all() -> &'static [&'static Placeholder] {
    OF_PROCESS
}

/// The names that an option may use.
pub fn of_option(section: &Section, row: &Row) -> &'static [&'static Placeholder] {
    let option = row.name;
    let has_options_of_programs = section.word == program::SECTION.word
        || section.like.is_some_and(|like| like.word == program::SECTION.word);
    if has_options_of_programs {
        return of_program(section, option);
    }
    match section.word {
        word if word == include::SECTION.word => OF_INCLUDE,
        word if [supervisord::SECTION.word, group::SECTION.word].contains(&word) => OF_FILE,
        word if word == unix_http_server::SECTION.word && option == unix_http_server::FILE.name => {
            OF_FILE
        }
        word if word == inet_http_server::SECTION.word && is_tls_file(option) => OF_FILE,
        word if word == supervisorctl::SECTION.word && is_path_of_ctl(option) => OF_FILE,
        _ => NONE,
    }
}

fn is_tls_file(option: &str) -> bool {
    [inet_http_server::CERTIFICATE.name, inet_http_server::KEY.name].contains(&option)
}

fn is_path_of_ctl(option: &str) -> bool {
    use supervisorctl::{CACERT, HISTORY_FILE, SERVERURL};
    [SERVERURL.name, HISTORY_FILE.name, CACERT.name].contains(&option)
}

/// Some options are read before it is known that the section is a program: for its group or socket.
fn of_program(section: &Section, option: &str) -> &'static [&'static Placeholder] {
    let is_fcgi = section.word == fcgi_program::SECTION.word;
    let is_listener = section.word == eventlistener::SECTION.word;
    if is_fcgi && option == fcgi_program::SOCKET.name {
        return OF_SOCKET;
    }
    let is_of_program = program::SECTION.rows.iter().any(|row| row.name == option);
    let is_read_before = option == program::PRIORITY.name
        || is_fcgi && option == program::USER.name
        || is_listener && option == program::REDIRECT_STDERR.name;
    if !is_of_program || is_read_before {
        return OF_FILE;
    }
    let is_each =
        Process::OPTIONS.iter().any(|known| known.name() == option && known.when() == When::Each);
    if is_each || option == program::PROCESS_NAME.name { OF_PROCESS } else { OF_PROGRAM }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::fake_host::examine_bytes;
    use crate::conf::section::Named;
    use crate::conf::sections::SECTIONS;

    /// Whether the reader knows the name in the value of the option.
    fn is_known(section: &Section, option: &str, placeholder: &Placeholder) -> bool {
        let header = match section.named {
            Named::Own => format!("{}:x", section.word),
            _ => section.word.to_owned(),
        };
        let mut text = String::from("[supervisord]\n");
        if section.word != supervisord::SECTION.word {
            text = format!("{text}[{header}]\n");
        }
        // What the reader needs to come to the option.
        let needed = [
            ("command", "/bin/x", program::SECTION.word),
            ("command", "/bin/x", fcgi_program::SECTION.word),
            ("command", "/bin/x", eventlistener::SECTION.word),
            ("socket", "unix:///tmp/x", fcgi_program::SECTION.word),
            ("events", "TICK_5", eventlistener::SECTION.word),
            ("file", "/tmp/x", unix_http_server::SECTION.word),
            ("port", "127.0.0.1:1", inet_http_server::SECTION.word),
            ("certificate", "/tmp/x", inet_http_server::SECTION.word),
            ("key", "/tmp/x", inet_http_server::SECTION.word),
        ];
        for (name, value, word) in needed {
            if word == section.word && name != option {
                text = format!("{text}{name}={value}\n");
            }
        }
        let text = format!("{text}{option}={}\n", placeholder.written);
        let faults = examine_bytes(text.as_bytes()).faults;
        let unknown = format!("nothing is known as `{}` here", placeholder.name);
        !faults.iter().any(|fault| fault.diagnostic.message == unknown)
    }

    #[test]
    fn an_option_may_use_exactly_the_names_that_the_reader_knows_there() {
        // supervisorctl reads its section, and plug-ins read theirs.
        let others = [supervisorctl::SECTION.word, "ctlplugin"];
        let mut wrong = Vec::new();
        for section in SECTIONS.iter().filter(|section| !others.contains(&section.word)) {
            for row in section.options() {
                for placeholder in all() {
                    let listed = of_option(section, row).contains(placeholder);
                    if listed != is_known(section, row.name, placeholder) {
                        wrong.push(format!("[{}] {} {}", section.word, row.name, placeholder.name));
                    }
                }
            }
        }
        assert_eq!(wrong, [""; 0]);
    }
}
