//! Configurations that start, and those that do not: each is a small change of one that does.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::support::Sandbox;

/// A configuration with its files and directories.
pub struct Case {
    pub name: String,
    /// The text of `d.conf`; `{here}` is its directory and `{port}` a free port.
    pub text: String,
    /// Prepares the directory.
    prepare: fn(&Sandbox),
    pub environment: &'static [(&'static str, &'static str)],
    pub arguments: &'static [&'static str],
    /// A problem that `check` must report.
    pub code: Option<&'static str>,
    /// Whether Supervisor differs on purpose, or hangs: it is not run.
    pub deviates: bool,
}

impl Case {
    fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            prepare: |_| (),
            environment: &[],
            arguments: &[],
            code: None,
            deviates: false,
        }
    }

    fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    fn prepare(mut self, prepare: fn(&Sandbox)) -> Self {
        self.prepare = prepare;
        self
    }

    fn with(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }

    fn deviates(mut self) -> Self {
        self.deviates = true;
        self
    }

    /// A fresh directory with the configuration.
    pub fn place(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        // A user that the daemon switches to must reach it.
        fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o755)).unwrap();
        (self.prepare)(&sandbox);
        let text = self.text.replace("{port}", &sandbox.port().to_string());
        sandbox.write("d.conf", &text);
        sandbox
    }
}

const HEAD: &str =
    "[supervisord]\nlogfile={here}/d.log\npidfile={here}/d.pid\nchildlogdir={here}\n";
const PROGRAM: &str = "[program:p]\ncommand=/bin/cat\nautostart=false\n";

fn daemon(option: &str) -> String {
    let name = option.split('=').next().unwrap_or_default();
    let kept = HEAD.lines().filter(|line| !line.starts_with(&format!("{name}=")));
    kept.map(|line| format!("{line}\n")).collect::<String>() + option + "\n" + PROGRAM
}

fn program(options: &str) -> String {
    format!("{HEAD}{PROGRAM}{options}\n")
}

fn section(text: &str) -> String {
    format!("{HEAD}{PROGRAM}{text}\n")
}

fn fcgi(socket: &str) -> String {
    section(&format!("[fcgi-program:f]\ncommand=/bin/cat\nsocket={socket}"))
}

fn unix(options: &str) -> String {
    section(&format!("[unix_http_server]\n{options}"))
}

fn inet(port: &str) -> String {
    section(&format!("[inet_http_server]\nusername=u\npassword=p\nport={port}"))
}

/// Every option with a path, in a directory that exists, that does not, and that is a file.
pub fn missing_directories() -> Vec<Case> {
    type Text = fn(&str) -> String;
    let options: &[(&str, Text)] = &[
        ("logfile", |path| daemon(&format!("logfile={path}"))),
        ("pidfile", |path| daemon(&format!("pidfile={path}"))),
        ("childlogdir", |path| daemon(&format!("childlogdir={path}"))),
        ("directory", |path| daemon(&format!("directory={path}"))),
        ("program directory", |path| program(&format!("directory={path}"))),
        ("stdout_logfile", |path| program(&format!("stdout_logfile={path}"))),
        ("stderr_logfile", |path| program(&format!("stderr_logfile={path}"))),
        ("unix server", |path| unix(&format!("file={path}"))),
        ("fcgi socket", |path| fcgi(&format!("unix://{path}"))),
    ];
    let paths = ["{here}/x", "{here}/none/x", "{here}/file/x", "{here}/dir", "{here}/dangling"];
    let make = |sandbox: &Sandbox| {
        sandbox.write("file", "");
        fs::create_dir(sandbox.path("dir")).unwrap();
        symlink("none/x", sandbox.path("dangling")).unwrap();
    };
    let cases = options.iter().flat_map(|(name, text)| {
        paths.map(|path| {
            let case = Case::new(format!("{name} {path}"), text(path)).prepare(make);
            // Supervisor tries to remove the directory endlessly.
            if *name == "unix server" && path == "{here}/dir" { case.deviates() } else { case }
        })
    });
    cases.collect()
}

fn close(sandbox: &Sandbox, name: &str, mode: u32) {
    fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes a closed directory and a closed file.
fn closed(sandbox: &Sandbox) {
    fs::create_dir(sandbox.path("closed")).unwrap();
    close(sandbox, "closed", 0o700);
    fs::create_dir(sandbox.path("open")).unwrap();
    close(sandbox, "open", 0o777);
    sandbox.write("file", "");
    close(sandbox, "file", 0o600);
    sandbox.write("open/file", "");
    close(sandbox, "open/file", 0o600);
}

/// A daemon that writes only to its open directory, as another user if root runs the test.
fn restricted(options: &str) -> String {
    let user = if nix::unistd::getuid().is_root() { "user=nobody\n" } else { "" };
    let defaults =
        ["logfile={here}/open/d.log", "pidfile={here}/open/d.pid", "childlogdir={here}/open"];
    let name = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
    let is_daemon = |line: &&&str| !options.lines().any(|own| name(own) == name(line));
    let kept: Vec<&str> = defaults.iter().filter(is_daemon).copied().collect();
    format!("[supervisord]\n{user}{}\n{options}\n", kept.join("\n"))
}

/// Paths that the user of the daemon may not write.
pub fn permissions() -> Vec<Case> {
    let cases = [
        ("all open", format!("\n{PROGRAM}")),
        ("closed log directory", format!("logfile={{here}}/closed/d.log\n{PROGRAM}")),
        ("closed log", format!("logfile={{here}}/open/file\n{PROGRAM}")),
        ("closed pid file", format!("pidfile={{here}}/closed/d.pid\n{PROGRAM}")),
        ("closed childlogdir", format!("childlogdir={{here}}/closed\n{PROGRAM}")),
        (
            "closed childlogdir unused",
            format!(
                "childlogdir={{here}}/closed\n{PROGRAM}stdout_logfile=NONE\nstderr_logfile=NONE\n"
            ),
        ),
        (
            "closed childlogdir redirected",
            format!(
                "childlogdir={{here}}/closed\n{PROGRAM}stdout_logfile=NONE\nredirect_stderr=true\n"
            ),
        ),
        ("closed directory", format!("directory={{here}}/closed\n{PROGRAM}")),
        ("closed program log", format!("{PROGRAM}stdout_logfile={{here}}/closed/p.log")),
        ("closed program log file", format!("{PROGRAM}stderr_logfile={{here}}/file")),
        ("closed socket directory", "[unix_http_server]\nfile={here}/closed/s".to_owned()),
        ("socket over a foreign file", "[unix_http_server]\nfile={here}/open/file".to_owned()),
        ("socket in an open directory", "[unix_http_server]\nfile={here}/open/s".to_owned()),
        ("fcgi socket directory", format!("[fcgi-program:f]\n{FCGI}unix://{{here}}/closed/f")),
        ("fcgi socket open", format!("[fcgi-program:f]\n{FCGI}unix://{{here}}/open/f")),
        ("fcgi socket over a file", format!("[fcgi-program:f]\n{FCGI}unix://{{here}}/open/file")),
        ("socket of root", "[unix_http_server]\nfile={here}/open/s\nchown=root".to_owned()),
        (
            "socket of nogroup",
            "[unix_http_server]\nfile={here}/open/s\nchown=nobody:root".to_owned(),
        ),
        (
            "fcgi socket of root",
            format!("[fcgi-program:f]\n{FCGI}unix://{{here}}/open/f\nsocket_owner=root"),
        ),
        ("privileged port", "[inet_http_server]\nport=127.0.0.1:81\n".to_owned()),
        (
            "name of a log is too long",
            format!("logfile={{here}}/open/{}\n{PROGRAM}", "x".repeat(300)),
        ),
        ("identifier with a slash", format!("identifier=a/b\n{PROGRAM}")),
        ("long identifier", format!("identifier={}\n{PROGRAM}", "x".repeat(250))),
    ];
    let cases = cases.map(|(name, options)| Case::new(name, restricted(&options)).prepare(closed));
    let sticky = |sandbox: &Sandbox| {
        closed(sandbox);
        close(sandbox, "open", 0o1777);
    };
    let over = [
        (
            "socket over a foreign file in a sticky directory",
            "[unix_http_server]\nfile={here}/open/file".to_owned(),
        ),
        (
            "fcgi socket over a foreign file in a sticky directory",
            format!("[fcgi-program:f]\n{FCGI}unix://{{here}}/open/file"),
        ),
    ];
    // Supervisor tries to remove the file endlessly.
    let over = over
        .map(|(name, options)| Case::new(name, restricted(&options)).prepare(sticky).deviates());
    cases.into_iter().chain(over).collect()
}

const FCGI: &str = "command=/bin/cat\nsocket=";

/// A path for a socket with this many bytes after the directory.
fn long(length: usize) -> String {
    format!("{{here}}/{}", "x".repeat(length))
}

/// Addresses that do and do not exist.
pub fn addresses() -> Vec<Case> {
    let mut cases = vec![
        Case::new("free port", inet("127.0.0.1:{port}")),
        Case::new("free port everywhere", inet("*:{port}")),
        Case::new("name", inet("localhost:{port}")),
        Case::new("unknown name", inet("no-such-host.invalid:{port}")).code("no-host"),
        Case::new("foreign address", inet("192.0.2.7:{port}")).code("no-host"),
        Case::new("no port", inet("127.0.0.1:http")),
        Case::new("port too high", inet("127.0.0.1:70000")),
        Case::new("empty port", inet("")),
        Case::new("fcgi port", fcgi("tcp://127.0.0.1:{port}")),
        Case::new("fcgi name", fcgi("tcp://no-such-host.invalid:{port}")).code("no-host"),
        Case::new("fcgi foreign", fcgi("tcp://192.0.2.7:{port}")).code("no-host"),
        Case::new("fcgi without scheme", fcgi("127.0.0.1:{port}")),
        Case::new("fcgi relative", fcgi("unix://rel/x")),
        Case::new("long socket", unix(&format!("file={}", long(120)))).code("socket-path-too-long"),
        Case::new("long fcgi socket", fcgi(&format!("unix://{}", long(120))))
            .code("socket-path-too-long"),
        Case::new("almost too long", unix(&format!("file={}", long(90)))).deviates(),
        Case::new("same address twice", twice("127.0.0.1:{port}", "localhost:{port}"))
            .code("address-twice"),
        Case::new("everywhere and here", twice("*:{port}", "127.0.0.1:{port}"))
            .code("address-twice"),
        Case::new("two loopback addresses", twice("127.0.0.1:{port}", "127.0.0.2:{port}")),
        Case::new(
            "same socket twice",
            section("[unix_http_server:a]\nfile={here}/s\n[unix_http_server:b]\nfile={here}/s"),
        )
        .code("address-twice")
        // Supervisor waits for an answer of its own first server.
        .deviates(),
        Case::new(
            "fcgi beside a server",
            format!(
                "{}[fcgi-program:f]\n{FCGI}tcp://127.0.0.1:{{port}}\n",
                inet("127.0.0.1:{port}")
            ),
        )
        .code("address-twice"),
        Case::new(
            "two fcgi programs",
            format!("{}\n[fcgi-program:g]\n{FCGI}unix://{{here}}/f\n", fcgi("unix://{here}/f")),
        )
        .code("address-twice"),
        Case::new("stale socket", unix("file={here}/s")).prepare(|sandbox| {
            drop(UnixListener::bind(sandbox.path("s")).unwrap());
        }),
        Case::new("open to all", section("[inet_http_server]\nport=*:{port}")).code("open-server"),
    ];
    cases.push(Case::new(
        "server and fcgi on one socket",
        format!("{}[fcgi-program:f]\n{FCGI}unix://{{here}}/s\n", unix("file={here}/s\n")),
    ));
    cases
}

fn twice(a: &str, b: &str) -> String {
    section(&format!(
        "[inet_http_server:a]\nusername=u\npassword=p\nport={a}\n\
         [inet_http_server:b]\nusername=u\npassword=p\nport={b}"
    ))
}

/// Users, groups and limits.
pub fn identities() -> Vec<Case> {
    vec![
        Case::new("own user", daemon("user=root")),
        Case::new("unknown user", daemon("user=no-such-user")),
        Case::new("user by number", daemon("user=0")),
        Case::new("unknown number", daemon("user=98765")),
        Case::new("unknown user of a program", program("user=no-such-user")),
        Case::new("user of a program", program("user=nobody")),
        Case::new("unknown owner", unix("file={here}/s\nchown=no-such-user")),
        Case::new("unknown group", unix("file={here}/s\nchown=root:no-such-group")),
        Case::new("owner", unix("file={here}/s\nchown=nobody:nogroup")),
        Case::new("mode", unix("file={here}/s\nchmod=0999")),
        Case::new("fcgi owner", fcgi("unix://{here}/f\nsocket_owner=no-such-user")),
        Case::new("too many files", daemon("minfds=99999999999")).code("limit-too-low"),
        Case::new("negative files", daemon("minfds=-1")),
        Case::new("many processes", daemon("minprocs=999999999")),
        Case::new("user of the command line", daemon("")).with(&["-u", "no-such-user"]),
        Case::new("log of the command line", daemon("")).with(&["-l", "/none/x"]),
        Case::new("pid file of the command line", daemon("")).with(&["-j", "/none/x"]),
        Case::new("limit of the command line", daemon("")).with(&["-a", "99999999999"]),
        Case::new("childlogdir of the command line", daemon("")).with(&["-q", "/none"]),
        Case::new("directory of the command line", daemon("")).with(&["-d", "/none"]),
    ]
}

/// Includes, and values that are wrong or odd.
pub fn values() -> Vec<Case> {
    let include = |files: &str| section(&format!("[include]\nfiles={files}"));
    let one = |sandbox: &Sandbox| {
        sandbox.write("d/one.conf", "[program:one]\ncommand=/bin/cat\n");
        sandbox.write("d/broken.txt", "x\n");
        fs::create_dir(sandbox.path("d/directory.conf")).unwrap();
        symlink("none", sandbox.path("d/dangling.conf")).unwrap();
    };
    let includes =
        ["d/one.conf", "d/*.conf", "d/broken.txt", "none.conf", "d/none/*", "%(x)s", "d"]
            .map(|files| Case::new(format!("include {files}"), include(files)).prepare(one));
    let texts = [
        "",
        "x\n",
        "\u{feff}[supervisord]\n",
        "[supervisord]\n[include]\n",
        "[program:p]\ncommand=/bin/cat\n",
        "[supervisor]\n",
    ]
    .map(|text| Case::new(format!("text {text:?}"), text));
    let options = [
        "command=/none",
        "command=",
        "command=\"",
        "directory=none",
        "umask=9",
        "priority=x",
        "numprocs=2",
        "numprocs=0",
        "numprocs=2\nprocess_name=%(program_name)s_%(process_num)d",
        "process_name=%(x)s",
        "environment=A=1,B",
        "environment=A=%(ENV_NOT_THERE)s",
        "environment=A=%(ENV_THERE)s",
        "stopsignal=NONE",
        "exitcodes=256",
        "autorestart=maybe",
        "stdout_logfile_maxbytes=1TB",
        "stdout_logfile=syslog",
        "stdout_logfile=/dev/null",
        "stdout_logfile=/dev/stdout",
        "stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0",
        "stdout_logfile=%(here)s/x-%(host_node_name)s",
        "user=",
        "nonsense=1",
    ]
    .map(|options| {
        let mut case = Case::new(format!("option {options}"), program_with(options));
        case.environment = &[("THERE", "1")];
        case
    });
    let sections = [
        "[eventlistener:e]\ncommand=/bin/cat",
        "[eventlistener:e]\ncommand=/bin/cat\nevents=TICK_5",
        "[eventlistener:e]\ncommand=/bin/cat\nevents=NONE",
        "[eventlistener:e]\ncommand=/bin/cat\nevents=TICK_5\nredirect_stderr=true",
        "[eventlistener:e]\ncommand=/bin/cat\nevents=TICK_5\nbuffer_size=0",
        "[group:g]\nprograms=p",
        "[group:g]\nprograms=q",
        "[group:g]\nprograms=",
        "[group:g]",
        "[group:p]\nprograms=p",
        "[rpcinterface:x]",
        "[rpcinterface:x]\nsupervisor.rpcinterface_factory=no.such:thing",
        "[ctlplugin:x]\nsupervisor.ctl_factory=no.such:thing",
        "[unix_http_server]",
        "[unix_http_server]\nfile={here}/s\nusername=u",
        "[inet_http_server]\nport=127.0.0.1:{port}\npassword=p",
        "[supervisorctl]\nserverurl=nonsense",
        "[program:]\ncommand=/bin/cat",
        "[program:a b]\ncommand=/bin/cat",
        "[program:a/b]\ncommand=/bin/cat",
        "[program:x]",
        "[nonsense]\nx=1",
    ]
    .map(|text| Case::new(format!("section {text}"), section(text)));
    includes.into_iter().chain(texts).chain(options).chain(sections).collect()
}

/// The options instead of those of the program.
fn program_with(options: &str) -> String {
    let command = if options.starts_with("command=") { "" } else { "command=/bin/cat\n" };
    format!("{HEAD}[program:p]\n{command}{options}\n")
}

/// The configurations of real users; their directories and users are created where possible.
pub fn fixtures(directory: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(directory).expect("fixtures") {
        let path = entry.expect("a fixture").path();
        let text = fs::read_to_string(&path).expect("a fixture is text");
        let mut case = Case::new(path.display().to_string(), text.replace("{dir}", "{here}"));
        case.prepare = |sandbox| {
            for name in ["log", "run", "conf.d", "open"] {
                fs::create_dir(sandbox.path(name)).unwrap();
            }
            close(sandbox, "open", 0o777);
        };
        case.environment = &[("PORT", "80"), ("WORKERS", "4"), ("APP_ENV", "x"), ("SECRET", "s")];
        cases.push(case);
    }
    cases
}
