//! Which files make up a deployment: the configuration, the daemon itself, and the names in `bin`
//! by which it is called. It works without the supkit that made it.

use serde_json::json;

use crate::buildout::paths::{dirname, join, normalize};

use super::derive::Derived;
use super::input::Input;
use super::paths::relative;
use super::plan::{Content, File, Role};
use super::render::{self, RenderFault};
use super::seal::seal;

/// The applets that Supervisor's own scripts have.
const APPLETS: [&str; 4] = ["supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy"];

/// The configuration as it will lie at `conf`. `source` is the project's main file.
pub fn configuration(derived: &Derived, conf: &str, source: &str) -> Result<File, RenderFault> {
    let source = relative(dirname(conf), source);
    let text = render::configuration(&derived.deployment, &source)?;
    let content = Content::Text(seal(&text, ";"));
    Ok(File { path: conf.to_owned(), content, role: Role::Configuration })
}

/// The scripts, the daemon, and the place for additions.
pub fn installation(
    input: &Input,
    derived: &Derived,
    conf: &str,
) -> Result<Vec<File>, RenderFault> {
    let bin = normalize(&input.bin);
    let mut files = vec![file(&bin, "supkit", Content::OwnProgram)];
    let to_conf = relative(&bin, conf);
    // Only from here do the applets find it by themselves.
    let is_found = to_conf == "../etc/supervisord.conf";
    for applet in APPLETS {
        let takes_conf = matches!(applet, "supervisord" | "supervisorctl");
        let content = if takes_conf && !is_found {
            script("daemon.hbs", applet, &to_conf)?
        } else {
            Content::Link("supkit".to_owned())
        };
        files.push(file(&bin, applet, content));
    }
    for (name, applet) in derived.scripts.iter().filter(|(name, _)| !APPLETS.contains(&&**name)) {
        files.push(file(&bin, name, script("daemon.hbs", applet, &to_conf)?));
    }
    files.push(file(&bin, "run", script("run.hbs", "run", &to_conf)?));
    files.push(file(&bin, "stop", script("stop.hbs", "stop", &to_conf)?));
    if !derived.told {
        let content = Content::Text(render::template("local.conf.hbs", &json!({}))?);
        let path = join(dirname(conf), "supervisord.d/local.conf");
        files.push(File { path, content, role: Role::Gift });
    }
    Ok(files)
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

fn script(template: &str, applet: &str, conf: &str) -> Result<Content, RenderFault> {
    let text = render::template(template, &json!({ "applet": applet, "conf": conf }))?;
    Ok(Content::Text(seal(&text, "#")))
}
