//! Servers that a part starts when the project is built, with plone.recipe.command or a similar
//! recipe: `haproxy -f FILE -D`. They are not under the control of Supervisor.

use crate::buildout::paths::basename;
use crate::conf::sections::program;
use crate::diag::Diagnostic;

use super::catalogue::Catalogue;
use super::deployment::Program;
use super::input::{Input, Part};
use super::part_options::COMMAND;
use super::part_roles::is_left_out;
use super::recipe::Recipe;

/// Programs that run until they are stopped.
const SERVERS: [&str; 23] = [
    "haproxy",
    "nginx",
    "varnishd",
    "redis-server",
    "memcached",
    "pound",
    "poundrun",
    "squid",
    "httpd",
    "lighttpd",
    "mysqld",
    "mysqld_safe",
    "postgres",
    "mongod",
    "slapd",
    "runzeo",
    "runzope",
    "soffice",
    "uwsgi",
    "gunicorn",
    "pserve",
    "celeryd",
    "caddy",
];
/// Arguments with which they do something else and end.
const OTHER_USES: [(&str, &[&str]); 5] = [
    ("", &["--version", "--help", "configtest", "reload", "stop", "shutdown", "status"]),
    ("nginx", &["-t", "-T", "-s", "-v", "-V", "-h"]),
    ("haproxy", &["-c", "-v", "-vv"]),
    ("varnishd", &["-C", "-V"]),
    ("httpd", &["-t", "-k", "-v"]),
];
/// Words before a command.
const PREFIXES: [&str; 4] = ["sudo", "exec", "nohup", "env"];

/// One command of a shell text that starts a server.
struct Started<'a> {
    server: &'a str,
    words: Vec<&'a str>,
}

/// The servers that a shell text starts.
fn started(text: &str) -> Vec<Started<'_>> {
    let commands = text.split(['\n', ';', '&', '|', '(', ')']);
    let started = commands.filter_map(|command| {
        let words: Vec<&str> =
            command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        let is_before = |word: &&&str| PREFIXES.contains(*word) || word.contains('=');
        let start = words.iter().take_while(is_before).count();
        let server = basename(words.get(start)?);
        let words = words[start + 1..].to_vec();
        let uses = OTHER_USES.iter().filter(|(of, _)| of.is_empty() || *of == server);
        let is_other = uses.flat_map(|(_, uses)| *uses).any(|other| words.contains(other));
        (SERVERS.contains(&server) && !is_other).then_some(Started { server, words })
    });
    started.collect()
}

/// The commands of a part that run when the project is built.
fn commands<'a>(
    catalogue: &'a Catalogue,
    part: &'a Part,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let options = catalogue.of(part).map(|recipe| recipe.commands.0.as_slice());
    let options = options.unwrap_or_default().iter();
    options.filter_map(|option| Some((option.as_str(), part.given(option)?)))
}

/// The configuration with which a part starts the server `word`.
pub(super) fn configuration(
    catalogue: &Catalogue,
    input: &Input,
    word: &str,
    recipe: &Recipe,
) -> Option<String> {
    let flag = recipe.configuration_flag.as_deref()?;
    let texts = input.parts.iter().flat_map(|part| commands(catalogue, part));
    let started = texts.flat_map(|(_, text)| started(text));
    started.filter(|it| it.server.starts_with(word)).find_map(|it| {
        let at = it.words.iter().position(|word| *word == flag)?;
        it.words.get(at + 1).map(|path| (*path).to_owned())
    })
}

/// A warning for each part that starts a server that no program runs.
pub(super) fn unsupervised(
    catalogue: &Catalogue,
    input: &Input,
    programs: &[Program],
) -> Vec<Diagnostic> {
    let runs = |server: &str| {
        let commands = programs.iter().filter_map(|it| it.get(program::COMMAND.name));
        let mut names = commands.filter_map(|text| text.split_whitespace().next());
        names.any(|name| basename(name.trim_matches('"')) == server)
    };
    let parts = input.parts.iter().filter(|it| !is_left_out(it) && it.given(COMMAND).is_none());
    let mut warnings = Vec::new();
    for part in parts {
        let found = commands(catalogue, part).find_map(|(option, text)| {
            let started = started(text);
            started.into_iter().find(|it| !runs(it.server)).map(|it| (option, it.server))
        });
        let Some((option, server)) = found else { continue };
        let message = format!(
            "part `{}` starts {server} when buildout runs; it makes no program of it",
            part.name
        );
        let help = format!(
            "set `{COMMAND}` in [{0}] to the command that runs {server} in the foreground, or \
             `supervisor = false` in [{0}]",
            part.name
        );
        let warning = Diagnostic::warning("not-supervised", message).help(help);
        warnings.push(warning.maybe_at(part.span_of(option)));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(text: &str) -> Vec<&str> {
        started(text).into_iter().map(|it| it.server).collect()
    }

    #[test]
    fn a_server_is_found_among_shell_commands() {
        let text = "mkdir -p var && A=1 sudo /p/sbin/haproxy -f etc/h.conf -D || true\nnginx -t";
        assert_eq!(servers(text), ["haproxy"]);
        assert_eq!(started(text)[0].words, ["-f", "etc/h.conf", "-D"]);
        assert_eq!(servers("echo haproxy; /etc/init.d/haproxy reload; nginx -s reload"), [""; 0]);
    }
}
