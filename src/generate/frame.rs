//! The sections around the programs, where the project leaves them to supkit: the socket, the
//! client, the daemon with its log. Everything lies in `var`, and is named from the place of the
//! configuration, so that the whole directory can be moved.

use crate::conf::nearest::nearest;
use crate::conf::sections::{self, Row};
use crate::diag::Diagnostic;

use super::deployment::{Origin, Section};
use super::input::Part;
use super::recipe::PREFIX;

/// The options of a daemon part that speak of the server on a port.
pub(super) const PORT: &str = "supervisor-port";
pub(super) const USER: &str = "supervisor-username";
pub(super) const PASSWORD: &str = "supervisor-password";
/// `name: program program, name: program`
pub(super) const GROUPS: &str = "supervisor-groups";
/// Options of `[supervisord]` are set with this before their name.
pub(super) const DAEMON: &str = "supervisord-";
/// And those of `[supervisorctl]` with this.
pub(super) const CLIENT: &str = "supervisorctl-";

/// Whether a daemon part means the frame by this option, and not a program.
pub(super) fn is_option(name: &str) -> bool {
    [PORT, USER, PASSWORD, GROUPS].contains(&name)
}

/// Whether a part says anything about the frame.
pub(super) fn configures(part: &Part) -> bool {
    part.options.keys().any(|name| is_of_frame(name))
}

fn is_of_frame(name: &str) -> bool {
    is_option(name) || name.starts_with(DAEMON) || name.starts_with(CLIENT)
}

/// The parts that stand for Supervisor. Where several say something, the first one counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Daemons<'a>(pub(super) &'a [&'a Part]);

impl<'a> Daemons<'a> {
    /// An option that says something, and the part that sets it.
    pub(super) fn given(self, option: &str) -> Option<(&'a Part, &'a str)> {
        self.0.iter().find_map(|part| Some((*part, part.given(option)?)))
    }

    fn set(self, section: &mut Section, option: &str, name: &str) {
        if let Some((part, value)) = self.given(option) {
            section.set(name, value, Origin::Project(part.span_of(option)));
        }
    }

    /// What is set to different values by two of them.
    pub(super) fn disagreements(self) -> Vec<Diagnostic> {
        let later = self.0.iter().enumerate().flat_map(|(place, part)| {
            part.options.keys().filter(|name| is_of_frame(name)).filter_map(move |option| {
                let (first, value) = Daemons(&self.0[..place]).given(option)?;
                (part.given(option)? != value).then_some((*part, first, option))
            })
        });
        later.map(|(part, first, option)| disagreement(part, first, option)).collect()
    }
}

fn disagreement(part: &Part, first: &Part, option: &str) -> Diagnostic {
    let message = format!(
        "`{option}` is set in [{}] and in [{}]; the value in [{0}] counts",
        first.name, part.name
    );
    let help = "set it in one of them";
    let warning = Diagnostic::warning("two-values", message).help(help);
    part.span_of(option).map_or(warning.clone(), |span| warning.at(span))
}

/// Options with the right prefix that Supervisor does not know.
pub(super) fn unknown_options(part: &Part) -> Vec<Diagnostic> {
    let known = |name: &str| match (name.strip_prefix(DAEMON), name.strip_prefix(CLIENT)) {
        (Some(option), _) => Some((option.to_owned(), "supervisord", DAEMON, rows_of_daemon())),
        (_, Some(option)) => Some((option.to_owned(), "supervisorctl", CLIENT, rows_of_client())),
        _ => None,
    };
    let options = part.options.keys().filter_map(|name| Some((name, known(name)?)));
    options
        .filter(|(_, (option, _, _, rows))| rows.iter().all(|row| dashed(row) != dash(option)))
        .map(|(name, (option, section, prefix, rows))| {
            let message = format!("`{name}` of part `{}` is no option of [{section}]", part.name);
            let names: Vec<String> = rows.iter().map(dashed).collect();
            let help = match nearest(&dash(&option), names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{prefix}{near}`?"),
                None => format!("the options are: {}", names.join(", ")),
            };
            let warning = Diagnostic::warning("unknown-option", message).help(help);
            part.span_of(name).map_or(warning.clone(), |span| warning.at(span))
        })
        .collect()
}

/// The option of the frame that a daemon part probably means by one with the prefix of programs.
pub(super) fn meant(name: &str) -> Option<String> {
    let option = dash(name.strip_prefix(PREFIX)?);
    let has = |rows: &[Row]| rows.iter().any(|row| dashed(row) == option);
    if has(rows_of_client()) {
        return Some(format!("{CLIENT}{option}"));
    }
    if has(rows_of_daemon()) {
        return Some(format!("{DAEMON}{option}"));
    }
    nearest(name, [PORT, USER, PASSWORD, GROUPS]).map(str::to_owned)
}

fn rows_of_daemon() -> &'static [Row] {
    sections::supervisord::SECTION.rows
}

fn rows_of_client() -> &'static [Row] {
    sections::supervisorctl::SECTION.rows
}

/// An option as a part spells it.
fn dashed(row: &Row) -> String {
    dash(row.name)
}

fn dash(name: &str) -> String {
    name.replace('_', "-")
}

/// `to_var` leads from the configuration to `var`, such as `%(here)s/../var`.
pub(super) fn frame(to_var: &str, daemons: Daemons<'_>) -> Vec<Section> {
    let mut sections = vec![unix_server(to_var)];
    sections.extend(inet_server(daemons));
    sections.push(client(to_var, daemons));
    sections.push(rpc_interface());
    sections.push(daemon(to_var, daemons));
    sections
}

/// Supervisor's own, without which it has no `supervisor.*` methods.
pub(super) fn rpc_interface() -> Section {
    let mut section = Section::new("rpcinterface:supervisor");
    section.set(
        "supervisor.rpcinterface_factory",
        "supervisor.rpcinterface:make_main_rpcinterface",
        Origin::Supkit,
    );
    section
}

fn unix_server(to_var: &str) -> Section {
    let mut section = Section::new("unix_http_server");
    section.set("file", format!("{to_var}/supervisor.sock"), Origin::Supkit);
    section.set("chmod", "0600", Origin::Supkit);
    section
}

fn inet_server(daemons: Daemons<'_>) -> Option<Section> {
    daemons.given(PORT)?;
    let mut section = Section::new("inet_http_server");
    for (name, option) in [("port", PORT), ("username", USER), ("password", PASSWORD)] {
        daemons.set(&mut section, option, name);
    }
    Some(section)
}

/// The client asks the socket, which needs no password. Nor does it get one for another server,
/// unless a part says so: it asks the person then.
fn client(to_var: &str, daemons: Daemons<'_>) -> Section {
    let mut section = Section::new("supervisorctl");
    section.set("serverurl", format!("unix://{to_var}/supervisor.sock"), Origin::Supkit);
    for part in daemons.0.iter().rev() {
        set_client(&mut section, part);
    }
    section
}

/// A client that is sent to a server on a port where the frame has none.
pub(super) fn unserved_client(frame: &[Section]) -> Option<Diagnostic> {
    let client = frame.iter().find(|section| section.name == "supervisorctl")?;
    let url = client.settings.iter().find(|setting| setting.option == "serverurl")?;
    let has_port = frame.iter().any(|section| section.name == "inet_http_server");
    if has_port || !url.value.starts_with("http://") {
        return None;
    }
    let message = format!("supervisorctl asks {}, but there is no server on a port", url.value);
    let help = format!("set `{PORT}` in the part that stands for Supervisor");
    let warning = Diagnostic::warning("no-server", message).help(help);
    Some(match url.origin {
        Origin::Project(Some(span)) => warning.at(span),
        _ => warning,
    })
}

/// What a part says about `[supervisorctl]`. An option that is set to nothing is left out.
pub(super) fn set_client(section: &mut Section, part: &Part) {
    for row in rows_of_client() {
        let option = format!("{CLIENT}{}", dashed(row));
        match part.get(&option).map(str::trim) {
            Some("") => section.settings.retain(|setting| setting.option != row.name),
            Some(value) => section.set(row.name, value, Origin::Project(part.span_of(&option))),
            None => {}
        }
    }
}

fn daemon(to_var: &str, daemons: Daemons<'_>) -> Section {
    let mut section = Section::new("supervisord");
    let presets = [
        ("logfile", format!("{to_var}/log/supervisord.log")),
        ("logfile_maxbytes", "5MB".to_owned()),
        ("logfile_backups", "10".to_owned()),
        ("loglevel", "info".to_owned()),
        ("pidfile", format!("{to_var}/supervisord.pid")),
        ("childlogdir", format!("{to_var}/log")),
        ("nodaemon", "false".to_owned()),
        ("minfds", "1024".to_owned()),
        ("minprocs", "200".to_owned()),
        ("directory", "%(here)s".to_owned()),
    ];
    let rows = rows_of_daemon().iter().map(|row| row.name);
    let others = rows.filter(|name| presets.iter().all(|(preset, _)| preset != name));
    let others: Vec<&str> = others.collect();
    for (name, value) in presets {
        match daemons.given(&format!("{DAEMON}{}", dash(name))) {
            Some(_) => daemons.set(&mut section, &format!("{DAEMON}{}", dash(name)), name),
            None => section.set(name, value, Origin::Supkit),
        }
    }
    for name in others {
        daemons.set(&mut section, &format!("{DAEMON}{}", dash(name)), name);
    }
    section
}
