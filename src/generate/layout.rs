//! Which files make up a deployment: the configuration, the program with its applets in `libexec`,
//! and the scripts in `bin` that call them. It works without the supkit that made it.
//!
//! The scripts are texts, because zc.buildout reads what lies at the place of a script that it is
//! about to write, and fails at a binary. The program has a directory of its own beside `etc`, so
//! that it searches for its configuration at the same places as a script in `bin`.

use serde_json::json;

use crate::buildout::paths::{dirname, join, normalize};

use super::derive::Derived;
use super::input::Input;
use super::paths::relative;
use super::plan::{Content, File, Role};
use super::render::{self, RenderFault};
use super::seal::seal;

/// The names of Supervisor's own scripts.
const APPLETS: [&str; 4] = ["supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy"];

/// The configuration as it will lie at `conf`. `source` is the project's main file.
pub fn configuration(derived: &Derived, conf: &str, source: &str) -> Result<File, RenderFault> {
    let source = relative(dirname(conf), source);
    let text = render::configuration(&derived.deployment, &source)?;
    let content = Content::Text(seal(&text, ";"));
    Ok(File { path: conf.to_owned(), content, role: Role::Configuration })
}

/// The program, the scripts, and the place for additions.
pub fn installation(
    input: &Input,
    derived: &Derived,
    conf: &str,
) -> Result<Vec<File>, RenderFault> {
    let bin = normalize(&input.bin);
    let libexec = join(&normalize(&input.directory), "libexec");
    if bin == libexec {
        let message = format!("`bin-directory` is {bin}, which is the place of the program itself");
        return Err(RenderFault(message));
    }
    let mut files = vec![file(&libexec, "supkit", Content::OwnProgram)];
    let links = APPLETS.map(|applet| file(&libexec, applet, Content::Link("supkit".to_owned())));
    files.extend(links);
    let scripts = Scripts { bin, libexec, conf };
    files.push(scripts.of("supkit", "supkit", &[])?);
    for applet in APPLETS {
        files.push(scripts.of(applet, applet, &scripts.conf_arguments(applet))?);
    }
    for (name, applet) in derived.scripts.iter().filter(|(name, _)| !APPLETS.contains(&&**name)) {
        files.push(scripts.of(name, applet, &scripts.conf_arguments(applet))?);
    }
    for command in ["run", "stop"] {
        files.push(scripts.of(command, "supkit", &[command.to_owned(), scripts.conf_option()])?);
    }
    if !derived.told {
        let content = Content::Text(render::template("local.conf.hbs", &json!({}))?);
        let path = join(dirname(conf), "supervisord.d/local.conf");
        files.push(File { path, content, role: Role::Gift });
    }
    Ok(files)
}

/// Makes the scripts in `bin`.
struct Scripts<'a> {
    bin: String,
    libexec: String,
    conf: &'a str,
}

impl Scripts<'_> {
    /// The script `name`, which calls `program` of `libexec`.
    fn of(&self, name: &str, program: &str, arguments: &[String]) -> Result<File, RenderFault> {
        let about = match name {
            "run" => "Starts what is not up and waits until all of it runs: supkit run.".to_owned(),
            "stop" => "Stops all programs in order, then the daemon: supkit stop.".to_owned(),
            _ => format!("{program} of this deployment."),
        };
        let program = self.word_for(&join(&self.libexec, program));
        let command = [&[program], arguments].concat().join(" ");
        let text = render::template("wrapper.hbs", &json!({ "about": about, "command": command }))?;
        Ok(file(&self.bin, name, Content::Text(seal(&text, "#"))))
    }

    /// What an applet needs in order to find a configuration at an unusual place.
    fn conf_arguments(&self, applet: &str) -> Vec<String> {
        let takes_conf = matches!(applet, "supervisord" | "supervisorctl");
        let is_found = relative(&self.libexec, self.conf) == "../etc/supervisord.conf";
        if takes_conf && !is_found { vec![self.conf_option()] } else { Vec::new() }
    }

    fn conf_option(&self) -> String {
        format!("-c {}", self.word_for(self.conf))
    }

    /// A path as the script names it, as a word of the shell: `"${_bin%/*}/etc/supervisord.conf"`.
    fn word_for(&self, path: &str) -> String {
        let path = relative(&self.bin, path);
        let mut below = path.as_str();
        let mut up = String::new();
        while let Some(rest) = below.strip_prefix("../") {
            (below, up) = (rest, up + "/*");
        }
        let place = if up.is_empty() { "$_bin".to_owned() } else { format!("${{_bin%{up}}}") };
        format!("\"{place}/{}\"", quoted(below))
    }
}

/// A text as it stands between double quotes in a shell script.
fn quoted(text: &str) -> String {
    let special = |c: char| matches!(c, '"' | '$' | '`' | '\\');
    let escape = |c: char| if special(c) { vec!['\\', c] } else { vec![c] };
    text.chars().flat_map(escape).collect()
}

/// The directories that the daemon needs and does not make.
pub fn directories(input: &Input, derived: &Derived, conf: &str) -> Vec<String> {
    let here = dirname(conf);
    let mut directories = vec![here.to_owned()];
    let path_of = |option: &str, value: &str| match option {
        "childlogdir" => Some(value.to_owned()),
        "logfile" | "pidfile" | "file" => Some(dirname(value).to_owned()),
        _ => None,
    };
    for section in &derived.deployment.frame {
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
