//! A part of collective.recipe.supervisor: the configuration that the recipe would write, as a
//! deployment. Same options, same defaults, same line forms. Where the recipe has a plain bug, what
//! was meant is done; `docs/deviations.md` lists these.

use crate::diag::{Diagnostic, Span};

use super::deployment::{Deployment, Origin, Program, Section};
use super::input::{Input, Part};
use super::lines::{GroupLine, ListenerLine, ProgramLine};

const SECTIONS: &str = "global ctl http rpc services";

/// The deployment of one part, or all that is wrong with it.
pub(super) fn deployment(input: &Input, part: &Part) -> Result<Deployment, Vec<Diagnostic>> {
    Collective { input, part, server: Server::of(part) }.deployment()
}

/// Where the recipe writes the configuration, when the project says so.
pub(super) fn conf_path(part: &Part) -> Option<&str> {
    part.given("supervisord-conf")
}

struct Collective<'a> {
    input: &'a Input,
    part: &'a Part,
    server: Server,
}

/// What the server, the client and the listeners have in common.
struct Server {
    port: String,
    file: String,
    user: String,
    password: String,
    socket: String,
    url: String,
}

impl Server {
    fn of(part: &Part) -> Self {
        let text = |option: &str, default: &str| part.get(option).unwrap_or(default).to_owned();
        let port = text("port", "127.0.0.1:9001");
        let file = text("file", "");
        let socket = text("http-socket", "inet");
        let url = match socket.as_str() {
            "inet" if port.contains(':') => format!("http://{port}"),
            "inet" => format!("http://localhost:{port}"),
            "unix" => format!("unix://{file}"),
            _ => port.clone(),
        };
        Self {
            url: text("serverurl", &url),
            user: text("user", ""),
            password: text("password", ""),
            port,
            file,
            socket,
        }
    }
}

impl Collective<'_> {
    fn deployment(&self) -> Result<Deployment, Vec<Diagnostic>> {
        let mut deployment = Deployment::default();
        let mut faults = Vec::new();
        if self.has("global") {
            deployment.frame.push(self.daemon());
        }
        if self.has("ctl") {
            if self.has("http") {
                match self.http() {
                    Ok(section) => deployment.frame.push(section),
                    Err(fault) => faults.push(*fault),
                }
            }
            deployment.frame.push(self.client());
        }
        if self.has("rpc") {
            deployment.frame.push(super::frame::rpc_interface());
        }
        if self.has("services") {
            self.services(&mut deployment, &mut faults);
        }
        if faults.is_empty() { Ok(deployment) } else { Err(faults) }
    }

    fn has(&self, section: &str) -> bool {
        let sections = self.part.get("sections").unwrap_or(SECTIONS);
        sections.split_whitespace().any(|word| word == section)
    }

    fn project(&self, option: &str) -> Origin {
        match self.part.options.get(option) {
            Some(value) => Origin::Project(value.span.or(self.part.span)),
            None => Origin::Recipe("collective.recipe.supervisor".to_owned()),
        }
    }

    /// One option of the part, under its name in the file.
    fn put(&self, section: &mut Section, name: &str, option: &str, default: &str) {
        let value = self.part.get(option).unwrap_or(default);
        section.set(name, value, self.project(option));
    }

    /// Only where the project says something.
    fn put_given(&self, section: &mut Section, name: &str, option: &str) {
        if let Some(value) = self.part.get(option).filter(|value| !value.is_empty()) {
            section.set(name, value, self.project(option));
        }
    }

    fn daemon(&self) -> Section {
        let var = format!("{}/var", self.input.directory);
        let mut section = Section::new("supervisord");
        let put = |section: &mut Section, name: &str, default: &str| {
            self.put(section, name, &name.replace('_', "-"), default);
        };
        put(&mut section, "childlogdir", &format!("{var}/log"));
        put(&mut section, "logfile", &format!("{var}/log/supervisord.log"));
        put(&mut section, "logfile_maxbytes", "50MB");
        put(&mut section, "logfile_backups", "10");
        put(&mut section, "loglevel", "info");
        put(&mut section, "pidfile", &format!("{var}/supervisord.pid"));
        put(&mut section, "umask", "022");
        put(&mut section, "nodaemon", "false");
        put(&mut section, "nocleanup", "false");
        self.put_given(&mut section, "user", "supervisord-user");
        self.put_given(&mut section, "directory", "supervisord-directory");
        self.put_given(&mut section, "environment", "supervisord-environment");
        if let Some(path) = self.part.get("env-path") {
            section.set("environment", format!("PATH={path}"), self.project("env-path"));
        }
        section
    }

    fn http(&self) -> Result<Section, Box<Diagnostic>> {
        let mut section = match self.server.socket.as_str() {
            "inet" => {
                let mut section = Section::new("inet_http_server");
                section.set("port", &self.server.port, self.project("port"));
                section
            }
            "unix" => {
                let mut section = Section::new("unix_http_server");
                section.set("file", &self.server.file, self.project("file"));
                section
            }
            other => return Err(Box::new(self.bad_socket(other))),
        };
        self.credentials(&mut section);
        if self.server.socket == "unix" {
            self.put(&mut section, "chmod", "chmod", "0700");
            self.put_given(&mut section, "chown", "chown");
        }
        Ok(section)
    }

    fn bad_socket(&self, found: &str) -> Diagnostic {
        let message = format!("`http-socket` of part `{}` is `{found}`", self.part.name);
        let fault = Diagnostic::error("bad-http-socket", message).help("use `inet` or `unix`");
        match self.part.span_of("http-socket") {
            Some(span) => fault.at(span),
            None => fault,
        }
    }

    fn credentials(&self, section: &mut Section) {
        section.set("username", &self.server.user, self.project("user"));
        section.set("password", &self.server.password, self.project("password"));
    }

    fn client(&self) -> Section {
        let mut section = Section::new("supervisorctl");
        section.set("serverurl", &self.server.url, self.project("serverurl"));
        self.credentials(&mut section);
        section
    }

    fn services(&self, deployment: &mut Deployment, faults: &mut Vec<Diagnostic>) {
        for (line, span) in self.lines("programs") {
            match ProgramLine::read(line) {
                Some(read) => deployment.programs.push(self.program(read, span)),
                None => faults.push(bad_line("program", line, span)),
            }
        }
        for (line, span) in self.lines("eventlisteners") {
            match ListenerLine::read(line) {
                Some(read) => deployment.listeners.push(self.listener(read, span)),
                None => faults.push(bad_line("event listener", line, span)),
            }
        }
        for (line, span) in self.lines("groups") {
            match GroupLine::read(line) {
                Some(read) => deployment.groups.push(group(read, span)),
                None => faults.push(bad_line("group", line, span)),
            }
        }
        let includes = self.lines("include").map(|(line, _)| line.to_owned());
        deployment.includes = includes.collect();
    }

    fn lines<'a>(&'a self, option: &'a str) -> impl Iterator<Item = (&'a str, Option<Span>)> {
        let text = self.part.get(option).unwrap_or_default();
        let whole = self.part.span_of(option);
        let spans = self.part.options.get(option).map_or(&[][..], |value| &value.lines);
        text.lines()
            .enumerate()
            .map(move |(at, line)| (line, spans.get(at).copied().flatten().or(whole)))
            .filter(|(line, _)| !line.is_empty())
    }

    fn program(&self, line: ProgramLine, span: Option<Span>) -> Program {
        let origin = || Origin::Project(span);
        let mut program = Program {
            name: line.name.clone(),
            part: self.part.name.clone(),
            tier: None,
            settings: Vec::new(),
            serves: None,
            needs: None,
            span,
        };
        let directory = line.directory.unwrap_or_else(|| dirname(&line.command).to_owned());
        program.set("command", joined(&line.command, line.args.as_deref()), origin());
        program.set("process_name", line.name, origin());
        program.set("directory", directory, origin());
        program.set("priority", line.priority, origin());
        program.set("redirect_stderr", line.redirect.unwrap_or(false).to_string(), origin());
        if let Some(user) = line.user {
            program.set("user", user, origin());
        }
        for (option, value) in line.options {
            program.set(&option.to_lowercase(), value, origin());
        }
        program
    }

    fn listener(&self, line: ListenerLine, span: Option<Span>) -> Section {
        let Server { user, password, url, .. } = &self.server;
        let mut section = Section::new(format!("eventlistener:{}", line.name));
        section.span = span;
        let origin = || Origin::Project(span);
        section.set("command", joined(&line.command, line.args.as_deref()), origin());
        section.set("events", line.events, origin());
        section.set("process_name", line.name, origin());
        let environment = format!(
            "SUPERVISOR_USERNAME='{user}',SUPERVISOR_PASSWORD='{password}',\
             SUPERVISOR_SERVER_URL='{url}'"
        );
        section.set("environment", environment, origin());
        for (option, value) in line.options {
            section.set(&option, value, origin());
        }
        section
    }
}

fn group(line: GroupLine, span: Option<Span>) -> Section {
    let mut section = Section::new(format!("group:{}", line.name));
    section.span = span;
    section.set("programs", line.programs, Origin::Project(span));
    section.set("priority", line.priority, Origin::Project(span));
    section
}

fn bad_line(what: &str, line: &str, span: Option<Span>) -> Diagnostic {
    let form = match what {
        "program" => {
            "PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]"
        }
        "group" => "PRIORITY NAME PROGRAM,PROGRAM",
        _ => "NAME [(OPTION=VALUE ...)] EVENTS COMMAND [[ARGUMENTS]]",
    };
    let fault = Diagnostic::error("bad-line", format!("this is no {what} line: `{line}`"))
        .help(format!("write it on one line, not indented: {form}"));
    match span {
        Some(span) => fault.at(span),
        None => fault,
    }
}

fn joined(command: &str, args: Option<&str>) -> String {
    args.map_or_else(
        || command.to_owned(),
        |args| format!("{command} {args}").trim_end().to_owned(),
    )
}

fn dirname(path: &str) -> &str {
    crate::buildout::paths::dirname(path)
}
