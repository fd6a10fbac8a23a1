//! `supkit build`: fetches what a project extends, with proxies, certificates and time limits like
//! pip. Servers and proxies are threads of the test; real pip and zc.buildout are not needed.

use std::fs;
use std::process::{Command, Output};

use crate::support::build::Project;
use crate::support::printed;
use crate::support::project::SMALL;
use crate::support::tls::fixture;
use crate::support::web_server::{Page, WebProxy, WebServer};

/// A project that extends a URL.
fn extending(url: &str) -> Project {
    let project = Project::new();
    extend(&project, url);
    project
}

fn extend(project: &Project, url: &str) {
    let extends = format!("[buildout]\nextends = {url}\n");
    project.sandbox.write("buildout.cfg", &SMALL.replace("[buildout]\n", &extends));
}

fn run(mut command: Command) -> Output {
    command.output().expect("it runs")
}

/// What a build prints that fails.
fn failure(command: Command) -> String {
    let output = run(command);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

/// What a build prints that succeeds.
fn success(command: Command) -> String {
    let output = run(command);
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    text
}

/// The names of the files in the cache.
fn cached(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.sandbox.path(".supkit/extends-cache")).expect("a cache");
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const TEXT: &str = "[web]\nsupervisor-startsecs = 7\n";

fn server() -> WebServer {
    let server = WebServer::start();
    server.text("/a/base.cfg", "[buildout]\nextends = more.cfg\n");
    server.text("/a/more.cfg", TEXT);
    server
}

#[test]
fn what_is_extended_is_fetched_once_and_deployed() {
    let server = server();
    let project = extending(&server.url("/a/base.cfg"));
    let planned = success(project.command(&["--dry-run"]));
    assert!(
        planned.starts_with(&format!("would fetch {}\n", server.url("/a/base.cfg"))),
        "{planned}"
    );
    assert_eq!(server.requests(), [""; 0]);

    let text = success(project.command(&[]));
    assert!(text.contains(&format!("fetch {}", server.url("/a/more.cfg"))), "{text}");
    assert!(project.sandbox.read("etc/supervisord.conf").contains("startsecs = 7"));
    let all = ["GET /a/base.cfg HTTP/1.1", "GET /a/more.cfg HTTP/1.1"];
    assert_eq!(server.requests(), all);
    assert_eq!(cached(&project).len(), 2);
    let calls = project.sandbox.read("calls");
    assert!(calls.contains("buildout:extends-cache="), "{calls}");

    assert!(success(project.command(&[])).contains("nothing changed"));
    assert_eq!(server.requests(), all);
    // Other commands read the cache, too.
    let mut query = project.sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    query.args(["query", "web:supervisor-startsecs"]);
    assert_eq!(success(query), "7\n");
}

#[test]
fn newest_fetches_again_and_a_change_is_built() {
    let server = server();
    let project = extending(&server.url("/a/base.cfg"));
    project.calls(&[]);
    server.text("/a/more.cfg", "[web]\nsupervisor-startsecs = 8\n");
    assert_eq!(project.calls(&[]), [""; 0]);
    let text = success(project.command(&["-n"]));
    assert!(text.contains("/a/more.cfg has changed") && !text.contains("base.cfg has"), "{text}");
    assert!(project.sandbox.read("etc/supervisord.conf").contains("startsecs = 8"));
    // A server that does not answer is no reason to fail: the texts are there.
    server.put("/a/base.cfg", Page::Status(404));
    let text = success(project.command(&["-n"]));
    assert!(text.contains("kept the text of") && text.contains("404"), "{text}");
    let text = success(project.command(&["-n", "--offline"]));
    assert!(!text.contains("fetch"), "{text}");
}

#[test]
fn a_text_that_was_changed_in_the_cache_is_not_used() {
    let server = server();
    let project = extending(&server.url("/a/more.cfg"));
    project.calls(&[]);
    let name = cached(&project).remove(0);
    let file = format!(".supkit/extends-cache/{name}");
    project.sandbox.write(&file, "[web]\nsupervisor-startsecs = 9\n");
    let text = failure(project.command(&["--offline"]));
    assert!(text.contains("is not the text that was fetched"), "{text}");
    success(project.command(&[]));
    assert_eq!(project.sandbox.read(&file), TEXT);
    assert!(project.sandbox.read("etc/supervisord.conf").contains("startsecs = 7"));
}

#[test]
fn a_cache_of_the_project_is_filled() {
    let server = server();
    let project = Project::new();
    let url = server.url("/a/base.cfg");
    let options = format!("[buildout]\nextends = {url}\nextends-cache = cache\n");
    project.sandbox.write("buildout.cfg", &SMALL.replace("[buildout]\n", &options));
    success(project.command(&[]));
    assert_eq!(fs::read_dir(project.sandbox.path("cache")).expect("it was made").count(), 2);
    assert!(!project.sandbox.path(".supkit/extends-cache").exists());
    // A text that is there before needs no network.
    fs::remove_dir_all(project.sandbox.path(".supkit")).expect("it was made");
    let before = server.requests().len();
    success(project.command(&[]));
    assert_eq!(server.requests().len(), before);
}

#[test]
fn errors_name_the_line_and_the_remedy() {
    let server = server();
    let failing = |url: &str, args: &[&str]| {
        let project = extending(url);
        let text = failure(project.command(args));
        assert!(text.contains("buildout.cfg:2:11"), "{text}");
        assert!(!project.sandbox.path("etc/supervisord.conf").exists());
        assert!(!project.sandbox.path("venv").exists(), "nothing is built");
        text
    };
    let text = failing(&server.url("/none.cfg"), &[]);
    assert!(text.contains("was answered with 404") && text.contains("correct the URL"), "{text}");
    let text = failing(&server.url("/a/base.cfg"), &["--offline"]);
    assert!(text.contains("not in the extends-cache") && text.contains("--offline"), "{text}");
    server.put("/private.cfg", Page::Status(401));
    let text = failing(&server.url_at("me:secret@localhost", "/private.cfg"), &[]);
    assert!(text.contains("USER:PASSWORD"), "{text}");
    server.put("/slow.cfg", Page::Silence);
    let text = failing(&server.url("/slow.cfg"), &["-t", "1"]);
    assert!(text.contains("no answer within 1 seconds") && text.contains("-t SECONDS"), "{text}");
    server.put("/busy.cfg", Page::Status(503));
    let text = failing(&server.url("/busy.cfg"), &[]);
    assert!(text.contains("503") && text.contains("try again later"), "{text}");
    let busy = server.requests().iter().filter(|line| line.contains("/busy.cfg")).count();
    assert_eq!(busy, 3, "such an answer may pass");
    let text = failing("http://unknown.invalid/x.cfg", &[]);
    assert!(text.contains("unknown.invalid") && text.contains("HTTP_PROXY"), "{text}");
    let text = failing("ftp://localhost/x.cfg", &[]);
    assert!(text.contains("not a URL of http or https"), "{text}");
    // A text of the network with an error in it.
    server.text("/bad.cfg", "<html>\n");
    let text = failure(extending(&server.url("/bad.cfg")).command(&[]));
    assert!(text.contains("/bad.cfg:1"), "{text}");
}

#[test]
fn redirections_are_followed_and_credentials_are_sent_to_their_server_only() {
    let (server, other) = (server(), server());
    server.put("/old.cfg", Page::Moved("/a/more.cfg".to_owned()));
    success(extending(&server.url_at("me:p%40ss@localhost", "/old.cfg")).command(&[]));
    let basic = "authorization: Basic bWU6cEBzcw==";
    let has_basic = |head: &String| head.to_lowercase().contains(&basic.to_lowercase());
    assert_eq!(server.heads().len(), 2);
    assert!(server.heads().iter().all(has_basic), "{:?}", server.heads());
    server.put("/away.cfg", Page::Moved(other.url("/a/more.cfg")));
    success(extending(&server.url_at("me:p%40ss@localhost", "/away.cfg")).command(&[]));
    assert_eq!(other.heads().len(), 1);
    assert!(!other.heads().iter().any(has_basic));
    server.put("/circle.cfg", Page::Moved("circle.cfg".to_owned()));
    let text = failure(extending(&server.url("/circle.cfg")).command(&[]));
    assert!(text.contains("more than 10 redirections"), "{text}");
}

#[test]
fn proxies_are_those_of_the_environment() {
    let (server, proxy) = (server(), WebProxy::start());
    // Only the proxy can find this host.
    let url = server.url_at("versions.invalid", "/a/more.cfg");
    let with = |variables: &[(&str, &str)]| {
        let project = extending(&url);
        let mut command = project.command(&[]);
        command.envs(variables.iter().copied());
        (project, command)
    };
    let address = format!("http://{}", proxy.address());
    let (_project, command) = with(&[("HTTP_PROXY", &address)]);
    success(command);
    let line = proxy.requests().remove(0);
    assert_eq!(line, format!("GET {url} HTTP/1.1"));
    let (_project, command) = with(&[("HTTP_PROXY", &address), ("NO_PROXY", ".invalid")]);
    assert!(failure(command).contains("versions.invalid"));
    let (_project, command) = with(&[("https_proxy", &address)]);
    assert!(failure(command).contains("versions.invalid"));
    assert_eq!(proxy.requests().len(), 1);

    let strict = WebProxy::requiring("bWU6cHc=");
    let (_project, command) = with(&[("http_proxy", &format!("me:pw@{}", strict.address()))]);
    success(command);
    let (_project, command) = with(&[("http_proxy", &format!("me:no@{}", strict.address()))]);
    let text = failure(command);
    assert!(text.contains("407") && text.contains("USER:PASSWORD@HOST:PORT"), "{text}");
    assert!(!text.contains("me:no"), "{text}");
}

#[test]
fn certificates_are_those_of_the_environment_and_https_passes_through_a_proxy() {
    let server = WebServer::with_tls();
    server.text("/more.cfg", TEXT);
    let url = server.url("/more.cfg");
    let with = |variables: &[(&str, &str)]| {
        let project = extending(&url);
        let mut command = project.command(&[]);
        command.envs(variables.iter().copied());
        (project, command)
    };
    let own = fixture("ca.pem");
    let other = fixture("self-signed.pem");
    let (_project, command) = with(&[("REQUESTS_CA_BUNDLE", &other)]);
    let text = failure(command);
    assert!(text.contains("REQUESTS_CA_BUNDLE names a PEM file"), "{text}");
    for name in ["REQUESTS_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE"] {
        let (_project, command) = with(&[(name, &own)]);
        success(command);
    }
    let (_project, command) = with(&[("PIP_CERT", &own), ("REQUESTS_CA_BUNDLE", &other)]);
    success(command);
    let project = extending(&url);
    fs::create_dir(project.sandbox.path("authorities")).expect("it is new");
    fs::copy(&own, project.sandbox.path("authorities/own.pem")).expect("it can be copied");
    let mut command = project.command(&[]);
    command.env("REQUESTS_CA_BUNDLE", project.sandbox.path("authorities"));
    success(command);
    let (_project, command) = with(&[("REQUESTS_CA_BUNDLE", "/none.pem")]);
    assert!(failure(command).contains("`/none.pem` of REQUESTS_CA_BUNDLE"));

    let proxy = WebProxy::start();
    let (_project, command) = with(&[
        ("REQUESTS_CA_BUNDLE", &own),
        ("HTTPS_PROXY", &format!("http://{}", proxy.address())),
    ]);
    success(command);
    assert_eq!(proxy.requests(), [format!("CONNECT localhost:{} HTTP/1.1", server.port())]);
    // From an encrypted server to one that is not.
    let plain = self::server();
    server.put("/down.cfg", Page::Moved(plain.url("/a/more.cfg")));
    let project = extending(&server.url("/down.cfg"));
    let mut command = project.command(&[]);
    command.env("REQUESTS_CA_BUNDLE", &own);
    assert!(failure(command).contains("which is not encrypted"));
    assert_eq!(plain.requests(), [""; 0]);
}
