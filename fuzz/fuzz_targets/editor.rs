//! Any bytes from an editor: first as they come, then as the text of a file in valid messages, with
//! requests about a position that the first two bytes choose.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use supkit::buildout::MemoryFiles;
use supkit::conf::fake_host::FakeHost;
use supkit::lsp::framing::Frames;
use supkit::lsp::server::Server;
use supkit::lsp::system::System;

const METHODS: [&str; 6] =
    ["hover", "completion", "definition", "documentSymbol", "references", "prepareRename"];

fn message(method: &str, id: Option<u32>, params: &Value) -> Vec<u8> {
    let mut message = json!({"method": method, "params": params});
    if let Some(id) = id {
        message["id"] = json!(id);
    }
    message.to_string().into_bytes()
}

fuzz_target!(|bytes: &[u8]| {
    let (host, env) = (FakeHost::default(), MemoryFiles::default());
    let system = System { host: &host, env: &env };
    let mut frames = Frames::default();
    frames.add(bytes);
    let mut server = Server::default();
    server.receive(&[message("initialize", Some(1), &json!({}))], &system);
    while let Ok(Some(message)) = frames.next_message() {
        server.receive(&[message], &system);
    }

    let [line, character, text @ ..] = bytes else { return };
    let text = String::from_utf8_lossy(text);
    for name in ["s.conf", "buildout.cfg"] {
        let mut server = Server::default();
        let file = json!({"uri": format!("file:///{name}"), "languageId": "x", "version": 1,
                          "text": text});
        let mut messages = vec![
            message("initialize", Some(1), &json!({})),
            message("textDocument/didOpen", None, &json!({"textDocument": file})),
        ];
        let params = json!({
            "textDocument": {"uri": format!("file:///{name}")},
            "position": {"line": line, "character": character},
            "context": {"includeDeclaration": false},
        });
        let requests = METHODS.map(|name| format!("textDocument/{name}"));
        messages.extend(requests.map(|method| message(&method, Some(2), &params)));
        for reply in server.receive(&messages, &system) {
            assert_ne!(reply["error"]["code"], -32603, "{reply}");
        }
    }
});
