//! The page through nginx, Apache and Caddy, as `docs/web.md` configures them: buttons, redirects
//! and streams work below a path. Other configurations that are widespread work too, or are
//! answered with the remedy.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::site::{self, ACCOUNT, LOGIN, SLEEP};
use crate::support::browser::Browser;
use crate::support::{Sandbox, wait_until};

const MANUAL: &str = include_str!("../../docs/web.md");

/// The example of a proxy in the manual.
fn example(language: &str) -> &'static str {
    let (_, rest) = MANUAL.split_once(&format!("```{language}\n")).expect("the manual has it");
    rest.split_once("```").expect("it ends").0
}

/// A running proxy. It ends with its sandbox.
struct Proxy<'a> {
    sandbox: &'a Sandbox,
    child: Child,
    port: u16,
}

impl<'a> Proxy<'a> {
    /// Starts a proxy with `text`, in which the ports and files of the manual are replaced.
    fn start(sandbox: &'a Sandbox, kind: &str, text: &str, backend: u16) -> Self {
        let port = sandbox.port();
        let here = sandbox.dir().display().to_string();
        let text = text
            .replace("443", &port.to_string())
            .replace("127.0.0.1:9001", &format!("127.0.0.1:{backend}"))
            .replace("/etc/ssl/sup", &format!("{here}/sup"));
        if !sandbox.path("sup.key").exists() {
            certify(sandbox);
        }
        let mut command = match kind {
            "nginx" => nginx(sandbox, &text),
            "apache" => apache(sandbox, &text, port),
            _ => caddy(sandbox, &text, port),
        };
        let log = std::fs::File::create(sandbox.path("proxy.log")).expect("a log");
        let errors = log.try_clone().expect("a log");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let mut proxy = Self { sandbox, child: child.expect("the proxy starts"), port };
        wait_until("the proxy listens", || {
            let ended = proxy.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "{kind} ends: {}", proxy.log());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        proxy
    }

    fn log(&self) -> String {
        self.sandbox.read("proxy.log") + &self.sandbox.read("error.log")
    }

    fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{LOGIN}sup.example:{}{path}", self.port)
    }
}

impl Drop for Proxy<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certify(sandbox: &Sandbox) {
    let made = sandbox
        .command("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=sup.example"])
        .args(["-addext", "subjectAltName=DNS:sup.example"])
        .args(["-keyout", "sup.key", "-out", "sup.crt"])
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn nginx(sandbox: &Sandbox, text: &str) -> Command {
    let user = if nix::unistd::getuid().is_root() { "user root;\n" } else { "" };
    let conf = format!(
        "{user}daemon off;\nmaster_process off;\npid {{here}}/nginx.pid;\n\
         error_log {{here}}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n\
         client_body_temp_path {{here}}/body;\nproxy_temp_path {{here}}/proxy;\n\
         fastcgi_temp_path {{here}}/fcgi;\nuwsgi_temp_path {{here}}/uwsgi;\n\
         scgi_temp_path {{here}}/scgi;\n{text}}}\n"
    );
    let path = sandbox.write("nginx.conf", &conf);
    let mut command = sandbox.command("/usr/sbin/nginx");
    command.arg("-c").arg(path).arg("-e").arg(sandbox.path("error.log"));
    command
}

fn apache(sandbox: &Sandbox, text: &str, port: u16) -> Command {
    let modules =
        ["mpm_event", "authz_core", "alias", "proxy", "proxy_http", "ssl", "socache_shmcb"];
    let modules: String = modules
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let conf = format!(
        "{modules}ServerName sup.example\nServerRoot {{here}}\nDefaultRuntimeDir {{here}}\n\
         PidFile {{here}}/apache.pid\nErrorLog {{here}}/error.log\nListen {port}\n{text}"
    );
    let path = sandbox.write("apache.conf", &conf);
    let mut command = sandbox.command("/usr/sbin/apache2");
    command.arg("-DFOREGROUND").arg("-f").arg(path);
    command
}

fn caddy(sandbox: &Sandbox, text: &str, port: u16) -> Command {
    let site =
        format!("https://sup.example:{port} {{\n    tls {{here}}/sup.crt {{here}}/sup.key\n");
    let text = text.replacen("sup.example {\n", &site, 1);
    let options = "{\n    admin off\n    auto_https disable_redirects\n}\n";
    let path = sandbox.write("Caddyfile", &format!("{options}{text}"));
    let mut command = sandbox.command("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(path);
    command.env("HOME", sandbox.dir()).env("XDG_DATA_HOME", sandbox.path("caddy"));
    command
}

/// Presses the restart button of `sleep`, and waits until its row is updated in place.
fn restart(browser: &mut Browser, daemon: &crate::support::Daemon<'_>, url: &str) {
    let before = daemon.log().matches("spawned: 'sleep'").count();
    let tab = browser.open(url);
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
    browser.click(&tab, "button[aria-label='Restart sleep']");
    daemon.wait_for_count("spawned: 'sleep'", before + 1);
    browser.wait_for(&tab, "document.querySelector('.message').textContent.includes('sleep')");
    let place = browser.eval(&tab, "location.pathname");
    assert!(place.as_str().is_some_and(|place| place.starts_with("/supervisor/")), "{place}");
    let pid = daemon.pid_of("sleep");
    browser.wait_for(&tab, &format!("document.body.textContent.includes('pid {pid}')"));
    browser.close(&tab);
}

/// No link, form or file of a page leads out of the path, and no button does without scripts.
fn links_stay_below_the_path(browser: &mut Browser, url: &str) {
    let tab = browser.open(url);
    browser.disable_scripts(&tab);
    let outside = "[...document.querySelectorAll('[href], [src], [action]')]\
                   .map(it => new URL(it.getAttribute('href') || it.getAttribute('src') || \
                   it.getAttribute('action'), location).pathname)\
                   .filter(path => !path.startsWith('/supervisor/'))";
    for step in [
        ".toolbar a.button",
        "[value=restartall]",
        "[value=restartall]",
        ".name a",
        "main > p a",
        ".log-of",
    ] {
        assert_eq!(browser.eval(&tab, outside), serde_json::json!([]), "{step}");
        browser.eval(&tab, "window.isOld = true");
        browser.click(&tab, step);
        browser.wait_for(&tab, "!window.isOld && document.readyState === 'complete'");
        browser.wait_for(&tab, "location.pathname.startsWith('/supervisor/')");
    }
    assert_eq!(browser.eval(&tab, "location.pathname"), "/supervisor/tail.html");
    assert_eq!(browser.eval(&tab, outside), serde_json::json!([]));
    browser.close(&tab);
}

/// The example of the manual, with the browser and without scripts.
fn works_as_in_the_manual(kind: &str) {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let proxy = Proxy::start(&sandbox, kind, example(kind), port);
    let mut browser = Browser::start(&sandbox);
    for option in ["", "web_get_actions=true\n"] {
        let daemon = site::start(&sandbox, port, &format!("{ACCOUNT}{option}"), SLEEP);
        for path in ["/supervisor/", "/supervisor/index.html", "/supervisor"] {
            restart(&mut browser, &daemon, &proxy.url("https", path));
        }
        links_stay_below_the_path(&mut browser, &proxy.url("https", "/supervisor/"));
    }
}

#[test]
fn nginx_works_as_in_the_manual() {
    works_as_in_the_manual("nginx");
}

#[test]
fn apache_works_as_in_the_manual() {
    works_as_in_the_manual("apache");
}

#[test]
fn caddy_works_as_in_the_manual() {
    works_as_in_the_manual("caddy");
}

/// Widespread configurations.
#[test]
fn a_proxy_that_replaces_the_host_works_with_https() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    // Without a password the name has to be known, because of DNS rebinding.
    for (server, login) in [(ACCOUNT, true), ("web_trusted_hosts = sup.example\n", false)] {
        let daemon = site::start(&sandbox, port, server, SLEEP);
        let mut browser = Browser::start(&sandbox);
        for (kind, old, new) in [
            ("nginx", "proxy_set_header Host $http_host;", ""),
            ("nginx", "Host $http_host", "Host $host"),
            ("nginx", "Host $http_host", "Host $host:$server_port"),
            ("nginx", "Host $http_host", "Host $http_host/supervisor/index.html"),
            ("apache", "ProxyPreserveHost On", "ProxyPreserveHost Off"),
        ] {
            assert!(example(kind).contains(old), "{kind} {old}");
            let proxy = Proxy::start(&sandbox, kind, &example(kind).replace(old, new), port);
            let mut url = proxy.url("https", "/supervisor/");
            if !login {
                url = url.replace(LOGIN, "");
            }
            restart(&mut browser, &daemon, &url);
        }
    }
}

/// Without TLS the browser does not send the fields that prove the origin.
#[test]
fn without_tls_the_error_names_the_remedy_and_the_remedy_works() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let text = "server {\nlisten 443;\nlocation /supervisor/ {\nproxy_pass http://127.0.0.1:9001/;\n}\n}\n";
    let proxy = Proxy::start(&sandbox, "nginx", text, port);
    let url = proxy.url("http", "/supervisor/");
    let origin = format!("http://sup.example:{}", proxy.port);
    let option = format!("web_trusted_origins = {origin}");
    let daemon = site::start(&sandbox, port, ACCOUNT, SLEEP);
    let pid = daemon.pid_of("sleep");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&url);
    browser.disable_scripts(&tab);
    browser.go(&tab, &url);
    browser.click(&tab, "button[aria-label='Restart sleep']");
    browser.wait_for(&tab, "document.title.startsWith('403')");
    let page = browser.eval(&tab, "document.body.innerText");
    let page = page.as_str().expect("a text");
    for part in [origin.as_str(), &format!("http://127.0.0.1:{port}"), &option] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert_eq!(daemon.pid_of("sleep"), pid);
    drop(daemon);
    let daemon = site::start(&sandbox, port, &format!("{ACCOUNT}{option}\n"), SLEEP);
    restart(&mut browser, &daemon, &url);
}
