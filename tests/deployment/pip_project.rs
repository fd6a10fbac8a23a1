//! A project without a buildout.cfg on the real thing: instances that Zope's own mkwsgiinstance wrote,
//! and a ZEO server, as pip installs them; generated, started in order, answering, stopped in order.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::support::{Sandbox, oracle, printed, wait_until};

const SUPKIT: &str = env!("CARGO_BIN_EXE_supkit");
const INSTANCES: [&str; 2] = ["instance1", "instance2"];

struct Project {
    sandbox: Sandbox,
    zeo: u16,
    ports: [u16; 2],
}

impl Project {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let (zeo, ports) = (sandbox.port(), [sandbox.port(), sandbox.port()]);
        sandbox.write(
            "site/etc/zeo.conf",
            &format!(
                "<zeo>\n  address 127.0.0.1:{zeo}\n</zeo>\n\
                 <filestorage 1>\n  path {}\n</filestorage>\n",
                sandbox.path("site/Data.fs").display()
            ),
        );
        symlink(oracle::zope(), sandbox.path("site/.venv")).expect("a link");
        let project = Self { sandbox, zeo, ports };
        INSTANCES.iter().zip(ports).for_each(|(name, port)| project.make_instance(name, port));
        project
    }

    /// As mkwsgiinstance writes it, with another port, and with the ZEO server as its storage.
    fn make_instance(&self, name: &str, port: u16) {
        self.works(".venv/bin/mkwsgiinstance", &["-d", name, "-u", "admin:admin"]);
        let ini = format!("site/{name}/etc/zope.ini");
        let text = self.sandbox.read(&ini);
        assert!(text.contains("port = 8080"), "{text}");
        self.sandbox.write(&ini, &text.replace("port = 8080", &format!("port = {port}")));
        let conf = format!("site/{name}/etc/zope.conf");
        let text = self.sandbox.read(&conf);
        let (before, rest) = text.split_once("<filestorage>").expect("a storage");
        let (_, after) = rest.split_once("</filestorage>").expect("its end");
        let client =
            format!("<zeoclient>\n server 127.0.0.1:{}\n storage 1\n</zeoclient>", self.zeo);
        self.sandbox.write(&conf, &format!("{before}{client}{after}"));
    }

    fn works(&self, program: &str, args: &[&str]) -> String {
        let site = self.sandbox.path("site");
        let mut command = self.sandbox.command(site.join(program));
        let output = command.args(args).current_dir(&site).output().expect("it runs");
        assert!(output.status.success(), "{program} {args:?}: {}{}", printed(&output), self.log());
        printed(&output)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.sandbox.path("site/var/log/supervisord.log"))
            .unwrap_or_default()
    }
}

fn status_line(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.lines().next().map(str::to_owned)
}

#[test]
fn a_project_of_pip_runs_and_is_served() {
    let _machine = crate::machine();
    let project = Project::new();
    let checked = project.works(SUPKIT, &["check"]);
    assert_eq!(checked, "instance1/etc/zope.ini: no problems\n");
    project.works(SUPKIT, &["generate"]);
    let run = project.works("bin/run", &["--timeout", "120"]);
    assert!(run.contains("all 3 programs run"), "{run}");
    for port in project.ports {
        wait_until("the instance answers 200", || {
            status_line(port).is_some_and(|line| line.contains(" 200"))
        });
    }
    let log = project.log();
    let place = |event: &str| log.find(event).unwrap_or_else(|| panic!("{event}: {log}"));
    for name in INSTANCES {
        let ready = place("ready: zeoserver");
        assert!(ready < place(&format!("spawned: '{name}'")), "{log}");
    }
    // Both open the same database.
    let conf = project.sandbox.path("site/instance1/etc/zope.conf");
    let script = project.sandbox.write(
        "site/write.py",
        "import transaction\napp.manage_addFolder('shop')\ntransaction.commit()\n",
    );
    let [conf, script] = [&conf, &script].map(|path| path.to_str().expect("UTF-8"));
    project.works(".venv/bin/zconsole", &["run", conf, script]);
    let answers = |port: u16| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.write_all(b"GET /shop HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    };
    wait_until("both have the folder", || {
        project.ports.iter().all(|port| !answers(*port).contains(" 404"))
    });

    let stopped = project.works("bin/stop", &[]);
    let lines: Vec<&str> = stopped.lines().collect();
    assert_eq!(lines.len(), 4, "{stopped}");
    assert_eq!(lines[2..], ["stopped zeoserver", "stopped supervisord"]);
    let log = project.log();
    for name in INSTANCES {
        assert!(log.contains(&format!("stopped: {name} (exit status 0)")), "{log}");
    }
    assert_eq!(project.sandbox.processes(), [0; 0], "no process is left");
}
