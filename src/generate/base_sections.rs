//! The sections besides programs and groups, if the project contains no configuration: servers,
//! client, RPC interface and daemon. All paths are below `var` and relative to the configuration, so
//! that the directory can be moved.

use crate::conf::nearest::nearest;
use crate::conf::sections::{
    Row, http_server, inet_http_server, rpcinterface, supervisorctl, supervisord, unix_http_server,
};
use crate::diag::Diagnostic;

use super::deployment::{Origin, Section, header};
use super::environment_lines;
use super::input::Part;
use super::options::dashed;
use super::part_options::{
    CLIENT_PREFIX, DAEMON_PREFIX, PASSWORD, PORT, PROGRAM_PREFIX, SERVER_AND_GROUPS, USERNAME,
};

/// Whether a part for Supervisor configures its server or groups by this option.
pub(super) fn is_server_or_group(name: &str) -> bool {
    SERVER_AND_GROUPS.contains(&name)
}

/// Whether a part has an option for the base sections or groups.
pub(super) fn is_configured_by(part: &Part) -> bool {
    part.options.keys().any(|name| is_base_option(name))
}

fn is_base_option(name: &str) -> bool {
    is_server_or_group(name) || name.starts_with(DAEMON_PREFIX) || name.starts_with(CLIENT_PREFIX)
}

/// The parts for Supervisor. If several set an option, the first one is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Daemons<'a>(pub(super) &'a [&'a Part]);

impl<'a> Daemons<'a> {
    /// The first part that sets an option, and the value.
    pub(super) fn given(self, option: &str) -> Option<(&'a Part, &'a str)> {
        self.0.iter().find_map(|part| Some((*part, part.given(option)?)))
    }

    fn set(self, section: &mut Section, option: &str, name: &str) {
        if let Some((part, value)) = self.given(option) {
            let joined = environment_lines::joined(value);
            let joined = joined.filter(|_| name == supervisord::ENVIRONMENT.name);
            let value = joined.as_deref().unwrap_or(value);
            section.set(name, value, Origin::Project(part.span_of(option)));
        }
    }

    /// A warning for each option that two parts set to different values.
    pub(super) fn disagreements(self) -> Vec<Diagnostic> {
        let later = self.0.iter().enumerate().flat_map(|(at, part)| {
            part.options.keys().filter(|name| is_base_option(name)).filter_map(move |option| {
                let (first, value) = Daemons(&self.0[..at]).given(option)?;
                (part.given(option)? != value).then_some((*part, first, option))
            })
        });
        later.map(|(part, first, option)| disagreement(part, first, option)).collect()
    }
}

fn disagreement(part: &Part, first: &Part, option: &str) -> Diagnostic {
    let message = format!(
        "`{option}` is set in [{}] and in [{}]; the value in [{0}] is used",
        first.name, part.name
    );
    let help = "set it in one of them";
    Diagnostic::warning("two-values", message).help(help).maybe_at(part.span_of(option))
}

/// A warning for each option with a prefix of a section that has no such option.
pub(super) fn unknown_options(part: &Part) -> Vec<Diagnostic> {
    let sections =
        [(DAEMON_PREFIX, &supervisord::SECTION), (CLIENT_PREFIX, &supervisorctl::SECTION)];
    let options = part.options.keys().filter_map(|name| {
        let prefixed =
            |(prefix, section)| Some((name, name.strip_prefix(prefix)?, prefix, section));
        sections.into_iter().find_map(prefixed)
    });
    options
        .filter(|(_, option, _, section)| !has_option(section.rows, option))
        .map(|(name, option, prefix, section)| {
            let message =
                format!("`{name}` of part `{}` is not an option of [{}]", part.name, section.word);
            let names: Vec<String> = section.rows.iter().map(|row| dashed(row.name)).collect();
            let help = match nearest(&dashed(option), names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{prefix}{near}`?"),
                None => format!("the options are: {}", names.join(", ")),
            };
            let warning = Diagnostic::warning("unknown-option", message).help(help);
            warning.maybe_at(part.span_of(name))
        })
        .collect()
}

/// The option of the base sections that was probably meant by one with the prefix of programs.
pub(super) fn similar_to(name: &str) -> Option<String> {
    let option = name.strip_prefix(PROGRAM_PREFIX)?;
    if has_option(supervisorctl::SECTION.rows, option) {
        return Some(format!("{CLIENT_PREFIX}{}", dashed(option)));
    }
    if has_option(supervisord::SECTION.rows, option) {
        return Some(format!("{DAEMON_PREFIX}{}", dashed(option)));
    }
    nearest(name, SERVER_AND_GROUPS).map(str::to_owned)
}

/// In either spelling: `logfile-maxbytes` is accepted for `logfile_maxbytes`.
fn has_option(rows: &[Row], option: &str) -> bool {
    rows.iter().any(|row| dashed(row.name) == dashed(option))
}

/// `to_var` is the path of `var` relative to the configuration, such as `%(here)s/../var`.
pub(super) fn sections(to_var: &str, daemons: Daemons<'_>) -> Vec<Section> {
    let mut sections = vec![unix_server(to_var)];
    sections.extend(inet_server(daemons));
    sections.push(client(to_var, daemons));
    sections.push(rpc_interface());
    sections.push(daemon(to_var, daemons));
    sections
}

/// Supervisor provides its `supervisor.*` methods only with this section.
fn rpc_interface() -> Section {
    let mut section = Section::new(header(&rpcinterface::SECTION, "supervisor"));
    let factory = "supervisor.rpcinterface:make_main_rpcinterface";
    section.set(rpcinterface::FACTORY.name, factory, Origin::Supkit);
    section
}

fn unix_server(to_var: &str) -> Section {
    use unix_http_server::{CHMOD, FILE, SECTION};
    let mut section = Section::new(SECTION.word);
    section.set(FILE.name, format!("{to_var}/supervisor.sock"), Origin::Supkit);
    section.set(CHMOD.name, "0600", Origin::Supkit);
    section
}

fn inet_server(daemons: Daemons<'_>) -> Option<Section> {
    use inet_http_server as inet;
    daemons.given(PORT)?;
    let mut section = Section::new(inet::SECTION.word);
    let options = [
        (inet::PORT.name, PORT),
        (http_server::USERNAME.name, USERNAME),
        (http_server::PASSWORD.name, PASSWORD),
    ];
    for (name, option) in options {
        daemons.set(&mut section, option, name);
    }
    Some(section)
}

/// The client uses the socket, which needs no password. For another server it gets credentials only
/// if a part sets them; otherwise it prompts for them.
fn client(to_var: &str, daemons: Daemons<'_>) -> Section {
    let mut section = Section::new(supervisorctl::SECTION.word);
    let url = format!("unix://{to_var}/supervisor.sock");
    section.set(supervisorctl::SERVERURL.name, url, Origin::Supkit);
    for part in daemons.0.iter().rev() {
        set_client(&mut section, part);
    }
    section
}

/// A warning if the client uses a TCP port, but there is no server on one.
pub(super) fn unserved_client(sections: &[Section]) -> Option<Diagnostic> {
    let client = sections.iter().find(|section| section.name == supervisorctl::SECTION.word)?;
    let is_url = |option: &str| option == supervisorctl::SERVERURL.name;
    let url = client.settings.iter().find(|setting| is_url(&setting.option))?;
    let has_port = sections.iter().any(|section| section.name == inet_http_server::SECTION.word);
    if has_port || !url.value.starts_with("http://") {
        return None;
    }
    let message =
        format!("supervisorctl connects to {}, but no server listens on a port", url.value);
    let help = format!("set `{PORT}` in the part for Supervisor");
    let warning = Diagnostic::warning("no-server", message).help(help);
    Some(match url.origin {
        Origin::Project(span) => warning.maybe_at(span),
        Origin::Recipe(_) | Origin::Supkit => warning,
    })
}

/// Sets the options of `[supervisorctl]` from a part; an empty value removes an option.
pub(super) fn set_client(section: &mut Section, part: &Part) {
    for row in supervisorctl::SECTION.rows {
        let option = format!("{CLIENT_PREFIX}{}", dashed(row.name));
        match part.get(&option).map(str::trim) {
            Some("") => section.settings.retain(|setting| setting.option != row.name),
            Some(value) => section.set(row.name, value, Origin::Project(part.span_of(&option))),
            None => {}
        }
    }
}

fn daemon(to_var: &str, daemons: Daemons<'_>) -> Section {
    use supervisord as s;
    let mut section = Section::new(s::SECTION.word);
    let presets = [
        (s::LOGFILE.name, format!("{to_var}/log/supervisord.log")),
        (s::LOGFILE_MAXBYTES.name, "5MB".to_owned()),
        (s::LOGFILE_BACKUPS.name, "10".to_owned()),
        (s::LOGLEVEL.name, "info".to_owned()),
        (s::PIDFILE.name, format!("{to_var}/supervisord.pid")),
        (s::CHILDLOGDIR.name, format!("{to_var}/log")),
        (s::NODAEMON.name, "false".to_owned()),
        (s::MINFDS.name, "1024".to_owned()),
        (s::MINPROCS.name, "200".to_owned()),
        (s::DIRECTORY.name, "%(here)s".to_owned()),
    ];
    let rows = s::SECTION.rows.iter().map(|row| row.name);
    let others = rows.filter(|name| presets.iter().all(|(preset, _)| preset != name));
    let others: Vec<&str> = others.collect();
    let option = |name: &str| format!("{DAEMON_PREFIX}{}", dashed(name));
    for (name, value) in presets {
        match daemons.given(&option(name)) {
            Some(_) => daemons.set(&mut section, &option(name), name),
            None => section.set(name, value, Origin::Supkit),
        }
    }
    for name in others {
        daemons.set(&mut section, &option(name), name);
    }
    section
}
