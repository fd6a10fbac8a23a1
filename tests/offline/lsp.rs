//! `supkit lsp`, with a client that talks to it over pipes as an editor does.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::support::Sandbox;

const PAGE: &str = "https://example.org/check.md";

struct Editor<'s> {
    sandbox: &'s Sandbox,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last_id: u64,
    version: i32,
}

impl<'s> Editor<'s> {
    fn start(sandbox: &'s Sandbox) -> Self {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        command.args(["lsp", "--stdio", "--docs", PAGE]).env("HOME", sandbox.dir());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("supkit starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { sandbox, child, input, output, last_id: 0, version: 0 }
    }

    /// A server that is initialized.
    fn new(sandbox: &'s Sandbox) -> Self {
        let mut editor = Self::start(sandbox);
        let client = json!({"processId": std::process::id(), "rootUri": null, "capabilities": {
            "general": {"positionEncodings": ["utf-8", "utf-16"]}}});
        let reply = editor.request("initialize", &client);
        let abilities = &reply["result"]["capabilities"];
        assert_eq!(abilities["positionEncoding"], "utf-16", "{reply}");
        assert_eq!(abilities["hoverProvider"], true);
        editor.notify("initialized", &json!({}));
        editor
    }

    fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("an open pipe");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("a header");
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            assert_eq!(name, "Content-Length");
            length = value.parse().expect("a number");
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).expect("a message");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.write(&frame(&json!({"jsonrpc": "2.0", "method": method, "params": params})));
    }

    /// The reply to a request. Notifications before it are skipped.
    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.write(&frame(&request));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.sandbox.dir().display())
    }

    fn open(&mut self, name: &str, text: &str) {
        let document = json!({"uri": self.uri(name), "languageId": "supervisord",
                              "version": self.version, "text": text});
        self.notify("textDocument/didOpen", &json!({"textDocument": document}));
    }

    fn change(&mut self, name: &str, line: u32, from: u32, to: u32, text: &str) {
        self.version += 1;
        let range = json!({"start": {"line": line, "character": from},
                           "end": {"line": line, "character": to}});
        let document = json!({"uri": self.uri(name), "version": self.version});
        let changes = json!([{"range": range, "text": text}]);
        let params = json!({"textDocument": document, "contentChanges": changes});
        self.notify("textDocument/didChange", &params);
    }

    /// The next diagnostics of a file, for its present version if it is open.
    fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            let message = self.read();
            let params = &message["params"];
            let is_present = params["version"].is_null() || params["version"] == self.version;
            if message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && is_present
            {
                return params["diagnostics"].as_array().expect("a list").clone();
            }
        }
    }

    fn at(&self, name: &str, line: u32, character: u32) -> Value {
        json!({"textDocument": {"uri": self.uri(name)},
               "position": {"line": line, "character": character}})
    }

    /// Closes the pipe, if that has not happened, and waits: exit status and standard error.
    fn end(mut self) -> (Option<i32>, String) {
        self.input = None;
        let status = self.child.wait().expect("the server ends");
        let mut errors = String::new();
        let pipe = self.child.stderr.as_mut().expect("a pipe");
        pipe.read_to_string(&mut errors).expect("text");
        (status.code(), errors)
    }
}

fn frame(message: &Value) -> Vec<u8> {
    let text = message.to_string();
    format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
}

/// A configuration with problems in two files. The directory for logs does not exist.
const MAIN: &str = "\
[supervisord]
logfile = {here}/supervisord.log
pidfile = {here}/supervisord.pid
[include]
files = conf.d/*.conf
[program:zeo]
command = /bin/sleep 10 ; Grüße 😀
stopsignl = TERM
stdout_logfile = {here}/no/zeo.log
[group:all]
programs = zeo,web
";

const WEB: &str = "[program:web]\ncommand = /bin/sleep 10\ndepends_on = zeo\nautostart = perhaps\n";

#[test]
fn an_editor_is_served_from_the_first_text_to_the_end() {
    let sandbox = Sandbox::new();
    sandbox.write("conf.d/web.conf", WEB);
    // What is open counts, not what is saved.
    let main = sandbox.write("supervisord.conf", "[supervisord]\n");
    let text = MAIN.replace("{here}", sandbox.dir().to_str().unwrap());
    let mut editor = Editor::new(&sandbox);
    editor.open("supervisord.conf", &text);
    let mut found = Vec::new();
    for name in ["conf.d/web.conf", "supervisord.conf"] {
        let file = sandbox.path(name).display().to_string();
        found.extend(editor.diagnostics(name).into_iter().map(|it| (file.clone(), it)));
    }

    // They are those of `check`, once the text is saved.
    fs::write(&main, &text).expect("saved");
    let mut check = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    let check =
        check.args(["check", "--format", "json", "-c"]).arg(&main).env("HOME", sandbox.dir());
    let report: Value = serde_json::from_slice(&check.output().unwrap().stdout).expect("JSON");
    let text_of = |value: &Value| value.as_str().unwrap().to_owned();
    let mut expected: Vec<_> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let [line, column] = ["line", "column"].map(|name| it[name].as_u64().unwrap());
            (
                text_of(&it["file"]),
                line - 1,
                column - 1,
                text_of(&it["code"]),
                text_of(&it["severity"]),
            )
        })
        .collect();
    expected.sort();
    let mut found: Vec<_> = found
        .iter()
        .map(|(file, it)| {
            let start = &it["range"]["start"];
            let [line, column] = ["line", "character"].map(|name| start[name].as_u64().unwrap());
            let severity = if it["severity"] == 1 { "error" } else { "warning" }.to_owned();
            assert_eq!(it["source"], "supkit");
            assert_eq!(it["codeDescription"]["href"], PAGE);
            (file.clone(), line, column, text_of(&it["code"]), severity)
        })
        .collect();
    found.sort();
    assert_eq!(found, expected);
    let codes: Vec<&str> = found.iter().map(|it| it.3.as_str()).collect();
    assert_eq!(codes, ["bad-value", "unknown-option", "bad-value"], "in order of files and lines");

    let hover = editor.request("textDocument/hover", &editor.at("supervisord.conf", 7, 2));
    assert_eq!(hover["result"], Value::Null, "`stopsignl` is no option");
    let hover = editor.request("textDocument/hover", &editor.at("supervisord.conf", 6, 2));
    let shown = hover["result"]["contents"]["value"].as_str().expect("Markdown");
    assert!(shown.starts_with("**`command`**: text"), "{shown}");
    let completion =
        editor.request("textDocument/completion", &editor.at("supervisord.conf", 7, 9));
    let labels = completion["result"].as_array().unwrap().iter().map(|it| text_of(&it["label"]));
    let labels: Vec<String> = labels.collect();
    assert!(labels.contains(&"stopsignal".to_owned()), "{labels:?}");
    assert!(!labels.contains(&"command".to_owned()), "{labels:?}");
    let definition =
        editor.request("textDocument/definition", &editor.at("supervisord.conf", 10, 16));
    assert_eq!(definition["result"][0]["uri"], editor.uri("conf.d/web.conf"));
    assert_eq!(definition["result"][0]["range"]["start"], json!({"line": 0, "character": 9}));

    // A comment with an emoji before the change: its columns are UTF-16 units.
    editor.change("supervisord.conf", 6, 25, 33, "ü😀ü");
    editor.change("supervisord.conf", 7, 0, 9, "stopsignal");
    editor.change("supervisord.conf", 8, 0, 200, "");
    assert_eq!(editor.diagnostics("supervisord.conf"), [Value::Null; 0]);

    assert_eq!(editor.request("shutdown", &Value::Null)["result"], Value::Null);
    editor.notify("exit", &Value::Null);
    assert_eq!(editor.end(), (Some(0), String::new()));
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn an_included_file_is_checked_with_the_file_that_includes_it() {
    let sandbox = Sandbox::new();
    sandbox.write("etc/supervisord.conf", &MAIN.replace("{here}/no", "{here}"));
    sandbox.write("etc/conf.d/web.conf", "");
    let mut editor = Editor::new(&sandbox);
    editor.open("etc/conf.d/web.conf", WEB);
    let codes = |found: Vec<Value>| found.iter().map(|it| it["code"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(editor.diagnostics("etc/conf.d/web.conf")), ["bad-value"]);
    assert_eq!(codes(editor.diagnostics("etc/supervisord.conf")), ["unknown-option"]);
    let definition =
        editor.request("textDocument/definition", &editor.at("etc/conf.d/web.conf", 2, 14));
    assert_eq!(definition["result"][0]["uri"], editor.uri("etc/supervisord.conf"));
    // A file of another program is left alone.
    editor.open("other.conf", "[mysqld]\nuser = mysql\n");
    assert_eq!(codes(editor.diagnostics("other.conf")), [Value::Null; 0]);
    // One that nothing includes is checked alone, without the section of the daemon.
    editor.open("alone.conf", "[program:x]\ncommand = /bin/sleep 10\nx = 1\n");
    assert_eq!(codes(editor.diagnostics("alone.conf")), ["unknown-option"]);
}

#[test]
fn a_file_that_is_included_by_a_link_is_checked_as_it_is_open() {
    let sandbox = Sandbox::new();
    sandbox.write("etc/supervisord.conf", "[supervisord]\n[include]\nfiles = conf.d/*.conf\n");
    fs::create_dir(sandbox.path("etc/conf.d")).expect("a directory");
    let web = sandbox.write("web.conf", "");
    symlink(&web, sandbox.path("etc/conf.d/web.conf")).expect("a link");
    let mut editor = Editor::new(&sandbox);
    editor.open("web.conf", "[program:web]\ncommand = /bin/sleep 10\nx = 1\n");
    let found = editor.diagnostics("web.conf");
    assert_eq!(found[0]["range"]["start"]["line"], 2, "{found:?}");
    let symbols = editor.request("textDocument/hover", &editor.at("web.conf", 1, 0));
    assert_eq!(symbols["result"]["range"]["end"]["character"], 7);
}

#[test]
fn a_project_is_checked_as_supkit_check_does() {
    let sandbox = Sandbox::new();
    sandbox.write("base.cfg", "[zeo]\nrecipe = plone.recipe.zeoserver\nzeo-address = 8100\n");
    let cfg = "[buildout]\nextends = base.cfg\nparts = zeo\n[lost]\nrecipe = a.b\nx = ${zeo:zeo-address}\n";
    sandbox.write("buildout.cfg", "[buildout]\nparts =\n");
    let mut editor = Editor::new(&sandbox);
    editor.open("buildout.cfg", cfg);
    let found = editor.diagnostics("buildout.cfg");
    let messages: Vec<_> = found.iter().map(|it| it["message"].as_str().unwrap()).collect();
    let lost = "[lost] has a recipe, but is not listed in `parts`";
    assert!(messages.iter().any(|message| message.contains(lost)), "{messages:?}");
    let definition = editor.request("textDocument/definition", &editor.at("buildout.cfg", 5, 12));
    assert_eq!(definition["result"][0]["uri"], editor.uri("base.cfg"));
    assert_eq!(definition["result"][0]["range"]["start"], json!({"line": 2, "character": 0}));
    editor.change("buildout.cfg", 3, 0, 6, "[ü");
    let found = editor.diagnostics("buildout.cfg");
    assert_eq!(found[0]["range"]["start"]["line"], 3, "{found:?}");
}

#[test]
fn a_check_leaves_the_server_as_it_is() {
    let sandbox = Sandbox::new();
    let mut editor = Editor::new(&sandbox);
    let status = format!("/proc/{}/status", editor.child.id());
    let user = || {
        let status = fs::read_to_string(&status).expect("the server lives");
        status.lines().find(|line| line.starts_with("Uid:")).map(str::to_owned)
    };
    let before = user();
    // As root, a check becomes this user.
    editor.open("s.conf", "[supervisord]\nuser = nobody\nx = 1\n");
    let found = editor.diagnostics("s.conf");
    assert!(found.iter().any(|it| it["code"] == "unknown-option"), "{found:?}");
    assert_eq!(user(), before);
}

#[test]
fn a_client_that_vanishes_ends_the_server() {
    let sandbox = Sandbox::new();
    let mut editor = Editor::new(&sandbox);
    editor.open("s.conf", "[supervisord]\n");
    editor.write(b"Content-Length: 100\r\n\r\n{");
    assert_eq!(editor.end(), (Some(1), String::new()));
    let mut editor = Editor::new(&sandbox);
    editor.request("shutdown", &Value::Null);
    assert_eq!(editor.end(), (Some(0), String::new()));
    let mut editor = Editor::start(&sandbox);
    editor.notify("exit", &Value::Null);
    assert_eq!(editor.end(), (Some(1), String::new()));
    assert_eq!(sandbox.processes(), [0; 0]);
}

#[test]
fn malformed_and_cancelled_requests_are_answered() {
    let sandbox = Sandbox::new();
    let mut editor = Editor::new(&sandbox);
    editor.write(b"Content-Length: 9\r\n\r\n{\"id\": 1,");
    assert_eq!(editor.read()["error"]["code"], -32700);
    let request = json!({"jsonrpc": "2.0", "id": "x", "method": "textDocument/hover",
                         "params": editor.at("s.conf", 0, 0)});
    let cancel = json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "x"}});
    editor.write(&[frame(&request), frame(&cancel)].concat());
    let reply = editor.read();
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!("x"), &json!(-32800)));
    editor.write(&frame(&request));
    assert_eq!(editor.read()["error"]["code"], -32602, "the file is not open");
    editor.write(b"GET / HTTP/1.1\r\n\r\n");
    let message = "supkit lsp: a message without a valid Content-Length\n".to_owned();
    assert_eq!(editor.end(), (Some(1), message));
}
