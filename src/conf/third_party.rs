//! Options and factories that Supervisor does not have, with their readers: plug-ins, forks and
//! other implementations that share the file, and Supervisor 2. Facts from their published packages.

/// A reader of its own options in supervisord.conf.
#[derive(Debug)]
pub struct Extension {
    /// Its package, or its name.
    pub name: &'static str,
    pub kind: ExtensionKind,
    /// The sections by their word, with the options in them.
    pub options: &'static [(&'static str, &'static [&'static str])],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionKind {
    /// An event listener, which reads the file itself. It runs with supkit as with Supervisor. It is
    /// recognised by one of these words in its name or command.
    Listener(&'static [&'static str]),
    /// A program that makes the file: its options have no effect in a finished one.
    Generator,
    /// Another supervisord, whose options Supervisor and supkit do not read.
    OtherDaemon,
}

const PROGRAM: &str = "program";
const DAEMON: &str = "supervisord";

pub static EXTENSIONS: &[Extension] = &[
    Extension {
        name: "supervisord-dependent-startup",
        kind: ExtensionKind::Listener(&["dependent-startup", "dependent_startup"]),
        options: &[(
            PROGRAM,
            &[
                "dependent_startup",
                "dependent_startup_wait_for",
                "dependent_startup_inherit_priority",
            ],
        )],
    },
    Extension {
        name: "ordered-startup-supervisord",
        kind: ExtensionKind::Listener(&["ordered-startup", "ordered_startup", "inorder"]),
        options: &[(PROGRAM, &["startinorder", "startnextafter"])],
    },
    Extension {
        name: "django-supervisor",
        kind: ExtensionKind::Generator,
        options: &[(PROGRAM, &["exclude", "autoreload"])],
    },
    Extension {
        name: "supervisor-fork",
        kind: ExtensionKind::OtherDaemon,
        options: &[(PROGRAM, &["fork_command"]), (DAEMON, &["init_py"])],
    },
    Extension {
        name: "supervisor-sp",
        kind: ExtensionKind::OtherDaemon,
        options: &[
            (PROGRAM, &["logformat", "logformatter"]),
            (DAEMON, &["logformat", "logformatter"]),
        ],
    },
    Extension {
        name: "ochinchina/supervisord",
        kind: ExtensionKind::OtherDaemon,
        options: &[(
            PROGRAM,
            &[
                "restartpause",
                "restart_when_binary_changed",
                "restart_cmd_when_binary_changed",
                "restart_signal_when_binary_changed",
                "restart_directory_monitor",
                "restart_file_pattern",
                "restart_cmd_when_file_changed",
                "restart_signal_when_file_changed",
            ],
        )],
    },
];

/// The Python modules of plug-ins that run within supervisord or supervisorctl, with their packages.
pub static MODULES: &[(&str, &str)] = &[
    ("mr.laforge", "mr.laforge"),
    ("supervisor_cache", "supervisor_cache"),
    ("supervisor_ext", "supervisor-ext"),
    ("supervisor_quick", "supervisor-quick"),
    ("supervisorserialrestart", "supervisor-serialrestart"),
    ("supervisorwildcards", "supervisor-wildcards"),
    ("supvisors", "supvisors"),
    ("vr.agent", "vr.agent"),
];

/// Options of Supervisor 2 with what replaces them.
pub static SUPERVISOR_2: &[(&str, &str, &str)] = &[
    (PROGRAM, "logfile", "write `stdout_logfile`"),
    (PROGRAM, "logfile_maxbytes", "write `stdout_logfile_maxbytes`"),
    (PROGRAM, "logfile_backups", "write `stdout_logfile_backups`"),
    (
        PROGRAM,
        "log_stdout",
        "instead of `false` write `stdout_logfile = NONE`; otherwise remove it",
    ),
    (
        PROGRAM,
        "log_stderr",
        "instead of `true` write `redirect_stderr = true`; otherwise remove it",
    ),
    (
        DAEMON,
        "http_port",
        "write `port` in `[inet_http_server]`, or `file` in `[unix_http_server]`",
    ),
    (DAEMON, "http_username", "write `username` in the section of the server"),
    (DAEMON, "http_password", "write `password` in the section of the server"),
    (DAEMON, "sockchmod", "write `chmod` in `[unix_http_server]`"),
    (DAEMON, "sockchown", "write `chown` in `[unix_http_server]`"),
    (DAEMON, "backofflimit", "remove it; `startsecs` and `startretries` of programs replace it"),
    (DAEMON, "forever", "remove it; `autorestart` and `startretries` of programs replace it"),
];

/// The reader of an option in sections of this kind.
pub fn reader_of(section: &str, option: &str) -> Option<&'static Extension> {
    let has = |it: &&Extension| {
        it.options.iter().any(|(word, names)| *word == section && names.contains(&option))
    };
    EXTENSIONS.iter().find(has)
}

/// The package of a Python factory such as `package.module:function`.
pub fn package_of(factory: &str) -> Option<&'static str> {
    let module = factory.split(':').next()?.trim();
    let is_in = |name: &str| {
        module.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    MODULES.iter().find(|row| is_in(row.0)).map(|row| row.1)
}

/// What replaces an option of Supervisor 2.
pub fn replacement_of(section: &str, option: &str) -> Option<&'static str> {
    SUPERVISOR_2.iter().find(|row| row.0 == section && row.1 == option).map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::sections::SECTIONS;

    #[test]
    fn no_option_of_the_tables_is_one_of_ours() {
        let extensions = EXTENSIONS.iter().flat_map(|it| it.options);
        let names = extensions.flat_map(|(word, names)| names.iter().map(|name| (*word, *name)));
        for (word, name) in names.chain(SUPERVISOR_2.iter().map(|row| (row.0, row.1))) {
            let section = SECTIONS.iter().find(|section| section.word == word).unwrap();
            assert!(section.options().all(|row| row.name != name), "[{word}] {name}");
        }
    }

    #[test]
    fn a_factory_belongs_to_a_package() {
        assert_eq!(package_of("mr.laforge.rpcinterface:make"), Some("mr.laforge"));
        assert_eq!(package_of("mr.laforger:make"), None);
    }
}
