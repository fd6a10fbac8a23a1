//! The files of a deployment: the configuration, the program with its applets in `libexec`, and the
//! scripts in `bin` that call them. A deployment does not depend on the supkit that generated it.
//!
//! The scripts are text files, because zc.buildout reads an existing script before it replaces it,
//! and fails on a binary. The program is in a directory next to `etc`, so that it searches for its
//! configuration in the same places as a script in `bin`.

use serde_json::json;

use crate::buildout::paths::{dirname, join, normalize};
use crate::conf::sections::{supervisord as s, unix_http_server};

use super::checksum_header;
use super::deployment::Deployment;
use super::derive::Derived;
use super::input::Input;
use super::paths::relative;
use super::planned_file::{Content, File, Role};
use super::render::{self, RenderFault};

/// The names of Supervisor's own scripts.
const APPLETS: [&str; 4] = ["supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy"];

/// The script that builds a project, and the command of supkit that it calls.
pub const BUILDOUT: &str = "buildout";

/// The configuration at `conf`. `source` is the main file of the project.
pub fn configuration(
    deployment: &Deployment,
    conf: &str,
    source: &str,
) -> Result<File, RenderFault> {
    let source = relative(dirname(conf), source);
    let text = render::configuration(deployment, &source)?;
    let content = Content::Text(checksum_header::add(&text, ";"));
    Ok(File { path: conf.to_owned(), content, role: Role::Configuration })
}

/// The program, the scripts, and the file for local additions.
pub fn installation(
    input: &Input,
    derived: &Derived,
    conf: &str,
    with_buildout: bool,
) -> Result<Vec<File>, RenderFault> {
    // Only the client can use a configuration without `[supervisord]`.
    if derived.is_fragment() && derived.scripts.is_empty() {
        return Ok(Vec::new());
    }
    let bin = normalize(&input.bin);
    let libexec = join(&normalize(&input.directory), "libexec");
    if bin == libexec {
        let message = format!("`bin-directory` is {bin}, which is reserved for the program itself");
        return Err(RenderFault(message));
    }
    let mut files = vec![file(&libexec, "supkit", Content::OwnProgram)];
    let links = APPLETS.map(|applet| file(&libexec, applet, Content::Link("supkit".to_owned())));
    files.extend(links);
    let scripts = Scripts { bin, libexec, conf };
    files.push(scripts.script("supkit", "supkit", &[])?);
    for applet in APPLETS.into_iter().filter(|_| !derived.is_fragment()) {
        files.push(scripts.script(applet, applet, &scripts.conf_arguments(applet))?);
    }
    let is_new = |name: &str| derived.is_fragment() || !APPLETS.contains(&name);
    for (name, applet) in derived.scripts.iter().filter(|(name, _)| is_new(name)) {
        files.push(scripts.script(name, applet, &scripts.conf_arguments(applet))?);
    }
    for command in ["run", "stop"].into_iter().filter(|_| !derived.is_fragment()) {
        files.push(scripts.script(
            command,
            "supkit",
            &[command.to_owned(), scripts.conf_option()],
        )?);
    }
    if with_buildout {
        files.push(scripts.script(BUILDOUT, "supkit", &[BUILDOUT.to_owned()])?);
    }
    if !derived.is_verbatim {
        let content = Content::Text(render::template("local.conf.hbs", &json!({}))?);
        let path = join(dirname(conf), "supervisord.d/local.conf");
        files.push(File { path, content, role: Role::CreateOnce });
    }
    Ok(files)
}

/// Renders the scripts in `bin`.
struct Scripts<'a> {
    bin: String,
    libexec: String,
    conf: &'a str,
}

impl Scripts<'_> {
    /// The script `name`, which calls `program` in `libexec`.
    fn script(&self, name: &str, program: &str, arguments: &[String]) -> Result<File, RenderFault> {
        let about = match name {
            "run" => "Starts the daemon and its programs and waits until they run: supkit run."
                .to_owned(),
            "stop" => "Stops all programs in order, then the daemon: supkit stop.".to_owned(),
            BUILDOUT => {
                "Builds what has changed, then generates the deployment: supkit build.".to_owned()
            }
            _ => format!("{program} of this deployment."),
        };
        let program = self.word_for(&join(&self.libexec, program));
        let call = [&[program], arguments].concat().join(" ");
        let text = render::template("wrapper.hbs", &json!({ "about": about, "call": call }))?;
        Ok(file(&self.bin, name, Content::Text(checksum_header::add(&text, "#"))))
    }

    /// The arguments with which an applet finds a configuration outside the default places.
    fn conf_arguments(&self, applet: &str) -> Vec<String> {
        let takes_conf = matches!(applet, "supervisord" | "supervisorctl");
        let is_found = relative(&self.libexec, self.conf) == "../etc/supervisord.conf";
        if takes_conf && !is_found { vec![self.conf_option()] } else { Vec::new() }
    }

    fn conf_option(&self) -> String {
        format!("-c {}", self.word_for(self.conf))
    }

    /// A path relative to the script, as a word of the shell: `"${_bin%/*}/etc/supervisord.conf"`.
    fn word_for(&self, path: &str) -> String {
        let path = relative(&self.bin, path);
        let mut below = path.as_str();
        let mut up = String::new();
        while let Some(rest) = below.strip_prefix("../") {
            (below, up) = (rest, up + "/*");
        }
        let base = if up.is_empty() { "$_bin".to_owned() } else { format!("${{_bin%{up}}}") };
        format!("\"{base}/{}\"", quoted(below))
    }
}

/// Escapes a text for double quotes in a shell script.
fn quoted(text: &str) -> String {
    let special = |c: char| matches!(c, '"' | '$' | '`' | '\\');
    let escape = |c: char| if special(c) { vec!['\\', c] } else { vec![c] };
    text.chars().flat_map(escape).collect()
}

/// The directories that the daemon requires but does not create.
pub fn directories(input: &Input, derived: &Derived, conf: &str) -> Vec<String> {
    let here = dirname(conf);
    let mut directories = vec![here.to_owned()];
    let files = [s::LOGFILE.name, s::PIDFILE.name, unix_http_server::FILE.name];
    let path_of = |option: &str, value: &str| match option {
        option if option == s::CHILDLOGDIR.name => Some(value.to_owned()),
        option if files.contains(&option) => Some(dirname(value).to_owned()),
        _ => None,
    };
    for section in &derived.deployment.base_sections {
        for setting in &section.settings {
            let value = setting.value.replace("%(here)s", here);
            let wanted = path_of(&setting.option, &value).filter(|path| !path.contains("%("));
            directories.extend(wanted.map(|path| normalize(&join(here, &path))));
        }
    }
    let inside = normalize(&input.directory);
    directories.retain(|path| path == here || path.starts_with(&format!("{inside}/")));
    directories.sort();
    directories.dedup();
    directories
}

fn file(bin: &str, name: &str, content: Content) -> File {
    File { path: join(bin, name), content, role: Role::Script }
}
