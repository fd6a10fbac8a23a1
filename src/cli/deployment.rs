//! A deployment that is there already, seen through its supervisord.conf: what should run in it,
//! and how its daemon is reached. It speaks RPC, like any client.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::conf::config::{Bind, Config, GroupKind, HttpServer};
use crate::conf::options::CommandLine;
use crate::core::state::ProcessState;
use crate::ctl::client::{Client, ClientError};
use crate::daemon::real_host::RealHost;
use crate::os::{ready, signals};
use crate::rpc::value::Value;

/// How long a daemon may take to answer a question that needs no waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which deployment is meant.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The configuration of the deployment
    #[arg(
        short = 'c',
        long = "configuration",
        value_name = "CONF",
        default_value = "etc/supervisord.conf"
    )]
    pub(super) conf: String,
}

pub(super) struct Deployment {
    pub(super) config: Config,
    pub(super) conf: String,
}

/// A process as its daemon tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) state: ProcessState,
    pub(super) pid: i64,
    pub(super) exitstatus: i64,
    pub(super) spawnerr: String,
    pub(super) description: String,
}

impl Deployment {
    /// Reads the configuration; the error is a text for people.
    pub(super) fn read(conf: &str) -> Result<Self> {
        let conf = std::path::absolute(conf)
            .map_or_else(|_| conf.to_owned(), |path| path.display().to_string());
        if !Path::new(&conf).exists() {
            bail!(
                "there is no {conf}\nname the configuration with -c, or make one: supkit generate"
            );
        }
        let line = CommandLine { configuration: Some(conf.clone()), ..CommandLine::default() };
        match crate::conf::read::read(&conf, &line, &RealHost) {
            Ok(config) => Ok(Self { config, conf }),
            Err(refused) => bail!(refused.explain(std::io::stderr().is_terminal())),
        }
    }

    /// The server that a client on this host would take: a socket before a port.
    fn server(&self) -> Option<&HttpServer> {
        let servers = &self.config.servers;
        let socket = servers.iter().find(|server| matches!(server.bind, Bind::Unix { .. }));
        socket.or_else(|| servers.first())
    }

    /// The path of the socket, if there is one.
    pub(super) fn socket(&self) -> Option<&str> {
        self.config.servers.iter().find_map(|server| match &server.bind {
            Bind::Unix { path, .. } => Some(path.as_str()),
            Bind::Inet { .. } => None,
        })
    }

    /// A client of the daemon; nothing is connected yet.
    pub(super) fn client(&self) -> Result<Client> {
        let server = self.server().with_context(|| {
            format!(
                "{} has no server that could be asked\nadd a section [unix_http_server] with `file`",
                self.conf
            )
        })?;
        let url = match &server.bind {
            Bind::Unix { path, .. } => format!("unix://{path}"),
            Bind::Inet { host, port } => {
                let host = if host.is_empty() { "127.0.0.1" } else { host };
                format!("http://{host}:{port}")
            }
        };
        let known = server.credentials.as_ref();
        let user = known.map(|known| known.username.as_str());
        let password = known.map(|known| known.password.as_str());
        Ok(Client::open(&url, user, password).timeout(Some(PATIENCE)))
    }

    /// The configured process, by group and name.
    pub(super) fn process(&self, info: &Info) -> Option<&crate::conf::config::Process> {
        let group = self.config.groups.iter().find(|group| group.name == info.group)?;
        group.processes.iter().find(|process| process.name == info.name)
    }

    /// What stops first has the highest of these. Listeners hear of all ends.
    pub(super) fn rank(&self, info: &Info) -> (bool, i64, i64) {
        let group = self.config.groups.iter().find(|group| group.name == info.group);
        let listens =
            group.is_some_and(|group| matches!(group.kind, GroupKind::EventListener { .. }));
        let outer = group.map_or(999, |group| group.priority);
        (!listens, outer, self.process(info).map_or(999, |process| process.priority))
    }

    /// The process that the pid file names, if it lives.
    pub(super) fn pid(&self) -> Option<i32> {
        let text = std::fs::read_to_string(&self.config.supervisord.pidfile).ok()?;
        let pid: i32 = text.trim().parse().ok().filter(|pid| *pid > 0)?;
        is_alive(pid).then_some(pid)
    }
}

/// Whether a process is there and no zombie that only waits to be noticed.
pub(super) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    match stat {
        Ok(stat) => !stat.rsplit(')').next().unwrap_or("").trim_start().starts_with('Z'),
        Err(_) if Path::new("/proc/self").exists() => false,
        Err(_) => signals::kill(pid, 0, false).is_ok(),
    }
}

/// Nobody answers there: no daemon, as opposed to one that says no.
pub(super) fn is_absent(error: &ClientError) -> bool {
    matches!(error, ClientError::Io(_) | ClientError::Closed)
}

pub(super) fn infos(client: &mut Client) -> std::result::Result<Vec<Info>, ClientError> {
    let answer = client.call("supervisor.getAllProcessInfo", &[])?;
    let Value::Array(all) = answer else { return Ok(Vec::new()) };
    Ok(all.iter().map(info).collect())
}

fn info(value: &Value) -> Info {
    let text =
        |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
    let number = |key: &str| value.get(key).and_then(Value::as_int).unwrap_or_default();
    Info {
        group: text("group"),
        name: text("name"),
        state: ProcessState::from_code(number("state")).unwrap_or(ProcessState::Unknown),
        pid: number("pid"),
        exitstatus: number("exitstatus"),
        spawnerr: text("spawnerr"),
        description: text("description"),
    }
}

impl Info {
    /// A process of which no daemon tells.
    pub(super) fn named(group: String, name: String, pid: i64) -> Self {
        let none = String::new;
        let (spawnerr, description) = (none(), none());
        let state = ProcessState::Unknown;
        Self { group, name, state, pid, exitstatus: 0, spawnerr, description }
    }

    /// As supervisorctl calls it.
    pub(super) fn full_name(&self) -> String {
        if self.group == self.name {
            self.name.clone()
        } else {
            format!("{}:{}", self.group, self.name)
        }
    }
}

/// A breath between two questions. Nothing else can be waited for: the daemon tells by answers.
pub(super) fn pause() {
    let _ = ready::wait_readable(&[], Some(Duration::from_millis(100)));
}

/// A line for the reader.
pub(super) fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line about what went wrong.
pub(super) fn complain(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}
