//! The server without a process: messages in, messages out, and checks on request.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::check::Checked;
use super::server::Server;
use super::system::System;
use crate::buildout::MemoryFiles;
use crate::conf::check::check;
use crate::conf::fake_host::FakeHost;
use crate::conf::options::CommandLine;
use crate::conf::overlay::Overlay;
use crate::conf::read::examine;

struct Client {
    server: Server,
    host: FakeHost,
    env: MemoryFiles,
    last_id: u64,
}

impl Client {
    fn uninitialized() -> Self {
        let host = FakeHost::default()
            .file("/etc/s.conf", "[supervisord]\n[include]\nfiles=d/*.conf\n")
            .file("/etc/d/a.conf", "[program:a]\ncommand=/bin/a\n");
        let server = Server::new(Some("https://example.org/check"));
        Self { server, host, env: MemoryFiles::default(), last_id: 0 }
    }

    fn new() -> Self {
        let mut client = Self::uninitialized();
        let reply = client.request("initialize", &json!({"capabilities": {}}));
        assert_eq!(reply["result"]["capabilities"]["positionEncoding"], "utf-16");
        client.notify("initialized", &json!({}));
        client
    }

    fn receive(&mut self, messages: &[Value]) -> Vec<Value> {
        let bytes: Vec<Vec<u8>> = messages.iter().map(|it| it.to_string().into_bytes()).collect();
        self.receive_bytes(&bytes)
    }

    fn receive_bytes(&mut self, messages: &[Vec<u8>]) -> Vec<Value> {
        self.server.receive(messages, &System { host: &self.host, env: &self.env })
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let replies = self.receive(&[message]);
        let [reply] = &replies[..] else { panic!("{method} was answered by {replies:?}") };
        assert_eq!(reply["id"], id);
        reply.clone()
    }

    fn notify(&mut self, method: &str, params: &Value) -> Vec<Value> {
        self.receive(&[json!({"jsonrpc": "2.0", "method": method, "params": params})])
    }

    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({"uri": uri, "languageId": "supervisord", "version": 1, "text": text});
        self.notify("textDocument/didOpen", &json!({"textDocument": document}))
    }

    /// Makes all checks: the diagnostics of each file, as `line:character-character code`.
    fn checks(&mut self) -> BTreeMap<String, Vec<String>> {
        let mut published = BTreeMap::new();
        while let Some(request) = self.server.next_check() {
            let host = Overlay::new(&self.host, &request.texts);
            let examined = examine(request.file(), &CommandLine::default(), &host);
            let problems = check(&examined, &host);
            let checked = Checked::new(&problems, &examined.loaded.sources);
            let system = System { host: &self.host, env: &self.env };
            published.extend(shown(&self.server.checked(&request, Ok(checked), &system)));
        }
        published
    }
}

fn shown(messages: &[Value]) -> BTreeMap<String, Vec<String>> {
    let published = messages.iter().map(|message| {
        assert_eq!(message["method"], "textDocument/publishDiagnostics");
        let problems = message["params"]["diagnostics"].as_array().expect("a list").iter();
        let problems = problems.map(|it| {
            let (start, end) = (&it["range"]["start"], &it["range"]["end"]);
            assert_eq!(it["codeDescription"]["href"], "https://example.org/check");
            let code = it["code"].as_str().expect("a code");
            format!("{}:{}-{} {code}", start["line"], start["character"], end["character"])
        });
        (message["params"]["uri"].as_str().expect("a URI").to_owned(), problems.collect())
    });
    published.collect()
}

#[test]
fn problems_are_published_for_each_file_of_a_configuration() {
    let mut client = Client::new();
    let text = "[supervisord]\nlogfle = ü😀 ; x\nminfds = ü😀\n[include]\nfiles=d/*.conf\n";
    assert_eq!(client.open("file:///etc/s.conf", text), [Value::Null; 0]);
    let published = client.checks();
    let main = ["1:0-6 unknown-option", "2:9-12 bad-value"].map(str::to_owned);
    assert_eq!(published["file:///etc/s.conf"], main);
    assert_eq!(published["file:///etc/d/a.conf"], ["1:8-14 no-program"]);

    // An included file is checked with the one that includes it, which is open.
    client.open("file:///etc/d/a.conf", "[program:a]\ncommand=/bin/a\nx=1\n");
    let published = client.checks();
    let included = ["1:8-14 no-program", "2:0-1 unknown-option"].map(str::to_owned);
    assert_eq!(published["file:///etc/d/a.conf"], included);
    assert_eq!(published["file:///etc/s.conf"], main);

    // The last file that is closed takes the problems of all with it.
    let close = |uri: &str| json!({"textDocument": {"uri": uri}});
    assert_eq!(
        client.notify("textDocument/didClose", &close("file:///etc/d/a.conf")),
        [Value::Null; 0]
    );
    let gone = shown(&client.notify("textDocument/didClose", &close("file:///etc/s.conf")));
    assert_eq!(gone["file:///etc/d/a.conf"], [""; 0]);
    assert_eq!(gone["file:///etc/s.conf"], [""; 0]);
}

#[test]
fn a_change_makes_a_check_outdated() {
    let mut client = Client::new();
    client.open("file:///etc/s.conf", "[supervisord]\nx=1\n");
    let request = client.server.next_check().expect("a check");
    assert!(!client.server.is_outdated(&request));
    let range = json!({"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}});
    let change = json!({
        "textDocument": {"uri": "file:///etc/s.conf", "version": 2},
        "contentChanges": [{"range": range, "text": ""}, {"text": "[supervisord]\n\ny=1\n"}],
    });
    client.notify("textDocument/didChange", &change);
    assert!(client.server.is_outdated(&request));
    assert_eq!(client.checks()["file:///etc/s.conf"], ["2:0-1 unknown-option"]);
}

#[test]
fn requests_are_answered_with_positions_in_utf16() {
    let mut client = Client::new();
    let text = "[supervisord]\n[program:😀ü]\ncommand=/bin/a ü😀 %(\n[group:g]\nprograms=😀ü\n";
    client.open("file:///etc/%C3%BC.conf", text);
    let at = |line: u32, character: u32| {
        json!({"textDocument": {"uri": "file:///etc/%C3%BC.conf"},
               "position": {"line": line, "character": character}})
    };
    let hover = client.request("textDocument/hover", &at(2, 3));
    assert_eq!(hover["result"]["range"]["end"], json!({"line": 2, "character": 7}));
    let completion = client.request("textDocument/completion", &at(2, 21));
    let here = completion["result"].as_array().unwrap().iter().find(|it| it["label"] == "here");
    let edit = &here.expect("here is offered")["textEdit"];
    assert_eq!(edit["range"]["start"], json!({"line": 2, "character": 21}));
    assert_eq!(edit["newText"], "here)s");
    let definition = client.request("textDocument/definition", &at(4, 10));
    assert_eq!(definition["result"][0]["uri"], "file:///etc/%C3%BC.conf");
    let name = json!({"start": {"line": 1, "character": 9}, "end": {"line": 1, "character": 12}});
    assert_eq!(definition["result"][0]["range"], name);
    let prepared = client.request("textDocument/prepareRename", &at(4, 10));
    assert_eq!(prepared["result"]["placeholder"], "😀ü");
    let mut params = at(4, 10);
    params["newName"] = json!("x");
    let renamed = client.request("textDocument/rename", &params.clone());
    let edits = &renamed["result"]["changes"]["file:///etc/%C3%BC.conf"];
    assert_eq!(edits.as_array().map(Vec::len), Some(2), "{renamed}");
    params["newName"] = json!("x y");
    assert_eq!(client.request("textDocument/rename", &params)["error"]["code"], -32803);
    let symbols = client.request("textDocument/documentSymbol", &at(0, 0));
    let names = symbols["result"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["supervisord", "program:😀ü", "group:g"]);
}

#[test]
fn the_life_of_a_server_follows_the_protocol() {
    let mut client = Client::uninitialized();
    assert_eq!(client.request("textDocument/hover", &json!({}))["error"]["code"], -32002);
    assert_eq!(client.open("file:///etc/s.conf", "x"), [Value::Null; 0]);
    assert!(client.server.next_check().is_none(), "it is not initialized");
    client.request("initialize", &json!({"capabilities": {}}));
    assert_eq!(client.request("initialize", &json!({}))["error"]["code"], -32600);
    assert_eq!(client.request("textDocument/implementation", &json!({}))["error"]["code"], -32601);
    assert_eq!(client.request("textDocument/hover", &json!([1]))["error"]["code"], -32602);
    let closed = json!({"textDocument": {"uri": "file:///etc/x"},
                        "position": {"line": 0, "character": 0}});
    assert_eq!(client.request("textDocument/hover", &closed)["error"]["code"], -32602);
    assert_eq!(client.notify("$/unknown", &json!({})), [Value::Null; 0]);
    let broken = client.notify("textDocument/didChange", &json!({"contentChanges": 1}));
    assert_eq!(broken[0]["method"], "window/logMessage");
    assert_eq!(client.server.status_without_exit(), 1);
    assert_eq!(client.request("shutdown", &Value::Null)["result"], Value::Null);
    assert_eq!(client.request("shutdown", &Value::Null)["error"]["code"], -32600);
    assert_eq!(client.server.status_without_exit(), 0);
    client.notify("exit", &Value::Null);
    assert_eq!(client.server.exit_status(), Some(0));
}

#[test]
fn an_exit_without_shutdown_is_a_failure() {
    let mut client = Client::new();
    client.notify("exit", &Value::Null);
    assert_eq!(client.server.exit_status(), Some(1));
}

#[test]
fn what_is_no_message_is_answered_with_an_error() {
    let mut client = Client::new();
    let codes = |replies: Vec<Value>| {
        replies.iter().map(|reply| reply["error"]["code"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let bytes = ["{", "[]", "{\"id\": 1}", "{\"id\": null, \"method\": \"x\"}", "\"x\""];
    let bytes = bytes.map(|text| text.as_bytes().to_vec());
    assert_eq!(codes(client.receive_bytes(&bytes)), [-32700, -32600, -32600, -32600, -32600]);
    let invalid = client.receive_bytes(&[b"\xff".to_vec()]);
    assert_eq!(codes(invalid), [-32700]);
    assert_eq!(client.receive(&[json!({"id": 1, "result": null})]), [Value::Null; 0]);
}

#[test]
fn a_cancelled_request_is_not_executed() {
    let mut client = Client::new();
    let request = |id: Value| json!({"id": id, "method": "textDocument/hover", "params": {}});
    let cancel = json!({"method": "$/cancelRequest", "params": {"id": "a"}});
    let replies = client.receive(&[request(json!("a")), request(json!(7)), cancel]);
    assert_eq!(replies[0]["error"]["code"], -32800);
    assert_eq!((&replies[1]["id"], &replies[1]["error"]["code"]), (&json!(7), &json!(-32602)));
}

#[test]
fn a_check_that_fails_is_logged() {
    let mut client = Client::new();
    client.open("file:///etc/s.conf", "[supervisord]\n");
    let request = client.server.next_check().expect("a check");
    let system = System { host: &client.host, env: &client.env };
    let messages = client.server.checked(&request, Err("it ended".to_owned()), &system);
    assert_eq!(messages[0]["params"]["message"], "cannot check /etc/s.conf: it ended");
}
