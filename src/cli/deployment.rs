//! An existing deployment, as described by its supervisord.conf: its programs and the address of
//! its daemon. Uses XML-RPC, like any client.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::conf::config::{Bind, Config, HttpServer, InetServer, Process, UnixServer};
use crate::conf::options::CommandLine;
use crate::core::group::full_name;
use crate::core::orphans::{self, ProgramName, StopOrder};
use crate::core::state::ProcessState;
use crate::core::waiting::WAITS_FOR;
use crate::ctl::client::{Client, ClientError, Trust};
use crate::ctl::harmless_text::harmless;
use crate::daemon::real_host::RealHost;
use crate::os::{ready, signals, stdout, trusted};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// The time limit for calls that do not wait for processes.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Selects the deployment.
#[derive(clap::Args)]
pub(super) struct DeploymentArgs {
    /// The configuration of the deployment
    #[arg(
        short = 'c',
        long = "configuration",
        value_name = "CONF",
        default_value = "etc/supervisord.conf"
    )]
    pub(super) conf: String,
}

/// The URL at which this machine reaches a server.
pub(super) fn url_of(server: &HttpServer) -> String {
    match &server.bind {
        Bind::Unix(UnixServer { path, .. }) => format!("unix://{path}"),
        Bind::Inet(InetServer { address: (host, port), .. }) => {
            let host = if host.is_empty() { "127.0.0.1" } else { host };
            format!("{}://{host}:{port}", server.scheme())
        }
    }
}

pub(super) struct Deployment {
    pub(super) config: Config,
    pub(super) conf: String,
}

/// A process as reported by the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProcessInfo {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) state: ProcessState,
    pub(super) pid: i64,
    pub(super) exitstatus: i64,
    pub(super) spawnerr: String,
    pub(super) description: String,
    pub(super) is_disabled: bool,
    /// Why it is not ready, if it runs and was asked for that.
    pub(super) not_ready: Option<String>,
    /// Why it will not be started without a request although it waits, if that was asked.
    pub(super) waits_in_vain: Option<String>,
}

impl Deployment {
    /// Reads the configuration; the error is a message for the user.
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

    /// The preferred server for a local client: a unix socket before a port.
    fn server(&self) -> Option<&HttpServer> {
        let servers = &self.config.servers;
        let socket = servers.iter().find(|server| matches!(server.bind, Bind::Unix(_)));
        socket.or_else(|| servers.first())
    }

    /// The path of the socket, if there is one.
    pub(super) fn socket(&self) -> Option<&str> {
        self.config.servers.iter().find_map(|server| match &server.bind {
            Bind::Unix(UnixServer { path, .. }) => Some(path.as_str()),
            Bind::Inet(_) => None,
        })
    }

    /// A client of the daemon; it is not connected yet.
    pub(super) fn client(&self) -> Result<Client> {
        let server = self.server().with_context(|| {
            format!(
                "{} has no server that could be asked\nadd a section [unix_http_server] with `file`",
                self.conf
            )
        })?;
        let url = url_of(server);
        let known = server.credentials();
        let user = known.map(|known| known.username);
        let password = known.map(|known| known.password);
        // It is the own server, so its certificate is known, whatever its names are.
        let trust = server.tls().map_or(Trust::System, |files| Trust::Only(files.certificate));
        Ok(Client::open(&url, user, password).trusting(trust).timeout(Some(CALL_TIMEOUT)))
    }

    /// The configured process, by group and name.
    pub(super) fn process(&self, group: &str, name: &str) -> Option<&Process> {
        let group = self.config.groups.iter().find(|it| it.name == group)?;
        group.members().filter(|process| process.name == name).last()
    }

    /// The stop order: the highest value stops first. Listeners stop last, so they receive all
    /// events.
    pub(super) fn stop_order(&self, info: &ProcessInfo) -> StopOrder {
        let name = ProgramName { group: info.group.clone(), process: info.name.clone() };
        orphans::stop_order(&self.config, &name)
    }

    /// The process in the pid file, if it is alive.
    pub(super) fn pid(&self) -> Option<i32> {
        let text = trusted::read_to_string(Path::new(&self.config.supervisord.pidfile)).ok()?;
        let pid: i32 = text.trim().parse().ok().filter(|pid| *pid > 0)?;
        is_alive(pid).then_some(pid)
    }
}

/// Whether a process exists and is not a zombie.
pub(super) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    match stat {
        Ok(stat) => !stat.rsplit(')').next().unwrap_or("").trim_start().starts_with('Z'),
        Err(_) if Path::new("/proc/self").exists() => false,
        Err(_) => signals::kill(pid, 0, false).is_ok(),
    }
}

/// Whether the error means that no daemon is listening, as opposed to an error response.
pub(super) fn is_not_listening(error: &ClientError) -> bool {
    matches!(error, ClientError::Io(_) | ClientError::Closed)
}

/// Whether the error means that the daemon refuses calls because it ends.
pub(super) fn is_shutting_down(error: &ClientError) -> bool {
    error.fault().is_some_and(|fault| fault.code == Code::ShutdownState.number())
}

/// Whether the error means that the daemon has no such method: plain Supervisor, or an older one.
pub(super) fn lacks(error: &ClientError) -> bool {
    error.fault().is_some_and(|fault| fault.code == Code::UnknownMethod.number())
}

pub(super) fn process_infos(
    client: &mut Client,
) -> std::result::Result<Vec<ProcessInfo>, ClientError> {
    let answer = client.call("supervisor.getAllProcessInfo", &[])?;
    let Value::Array(all) = answer else { return Ok(Vec::new()) };
    Ok(all.iter().map(info).collect())
}

fn info(value: &Value) -> ProcessInfo {
    let text =
        |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
    let number = |key: &str| value.get(key).and_then(Value::as_int).unwrap_or_default();
    ProcessInfo {
        group: text("group"),
        name: text("name"),
        state: ProcessState::from_code(number("state")).unwrap_or(ProcessState::Unknown),
        pid: number("pid"),
        exitstatus: number("exitstatus"),
        spawnerr: text("spawnerr"),
        description: text("description"),
        is_disabled: value.get("disabled") == Some(&Value::Bool(true)),
        not_ready: None,
        waits_in_vain: None,
    }
}

impl ProcessInfo {
    /// Whether it is started as soon as what it depends on is up.
    pub(super) fn waits(&self) -> bool {
        self.pid == 0 && self.description.starts_with(WAITS_FOR)
    }

    /// Whether it runs and, as far as that is examined, is ready.
    pub(super) fn is_up(&self) -> bool {
        self.state == ProcessState::Running && self.not_ready.is_none()
    }

    /// The name as displayed by supervisorctl.
    pub(super) fn full_name(&self) -> String {
        full_name(&self.group, &self.name)
    }

    /// The name for an XML-RPC method.
    pub(super) fn rpc_name(&self) -> Value {
        Value::Str(format!("{}:{}", self.group, self.name))
    }
}

/// Waits for one poll interval. The daemon offers no notification, only calls.
pub(super) fn wait_poll_interval() {
    let _ = ready::wait_readable(&[], Some(Duration::from_millis(100)));
}

/// How a process last ended, as `supkit.getLastExits` describes it. `None` if it never ended, or if the
/// daemon is Supervisor's.
pub(super) fn last_exit(client: &mut Client, info: &ProcessInfo) -> Option<Value> {
    let answer = client.call("supkit.getLastExits", &[]).ok()?;
    let Value::Array(exits) = answer else { return None };
    let is = |exit: &Value, member: &str, wanted: &str| {
        exit.get(member).and_then(Value::as_str) == Some(wanted)
    };
    exits.into_iter().find(|exit| is(exit, "group", &info.group) && is(exit, "name", &info.name))
}

/// Prints a line to standard output.
pub(super) fn print_line(text: &str) {
    let is_terminal = std::io::stdout().is_terminal();
    stdout::write_line(&if is_terminal { harmless(text) } else { text.into() });
}

/// Prints a line to standard error. Like [`print_line`], it may contain the text of a log.
pub(super) fn report_error(text: &str) {
    use std::io::Write as _;
    let is_terminal = std::io::stderr().is_terminal();
    let text = if is_terminal { harmless(text) } else { text.into() };
    let _ = writeln!(std::io::stderr(), "{text}");
}
