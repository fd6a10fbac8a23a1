//! Chromium without a window, driven over its debugging pipe: the "Chrome `DevTools` Protocol".

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use super::sandbox::Sandbox;

/// Much longer than any answer takes; only a failing test reaches it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The protocol uses descriptors 3 and 4, which `Command` cannot connect.
const CONNECT: &str = "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null";

/// A browser with a profile of its own. Names below `.example` lead to this machine, and
/// certificates are not verified.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// Messages of the browser that answer nothing.
    events: Vec<Value>,
    last: u64,
}

/// An open tab.
#[derive(Clone, Debug)]
pub struct Tab {
    target: String,
    session: String,
}

impl Browser {
    pub fn start(sandbox: &Sandbox) -> Self {
        let profile = format!("--user-data-dir={}", sandbox.path("chromium").display());
        let errors = std::fs::File::create(sandbox.path("chromium.log")).expect("a log");
        let mut child = sandbox
            .command("sh")
            .args(["-c", CONNECT, "sh", "chromium", "--headless=new", "--no-sandbox"])
            .args(["--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--no-proxy-server"])
            .args(["--disable-component-update", "--ignore-certificate-errors"])
            .args(["--host-resolver-rules=MAP *.example 127.0.0.1", &profile])
            .env("HOME", sandbox.dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("chromium starts");
        let input = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("the browser sends JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, input, messages, events: Vec::new(), last: 0 }
    }

    /// Calls a method of the protocol, of a tab or of the browser, and returns the result.
    #[track_caller]
    fn call(&mut self, session: Option<&str>, method: &str, params: &Value) -> Value {
        self.try_call(session, method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    #[track_caller]
    fn try_call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: &Value,
    ) -> Result<Value, Value> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        write!(self.input, "{message}\0").expect("the browser reads");
        loop {
            let answer = self.messages.recv_timeout(PATIENCE).expect("the browser answers");
            if answer["id"] == self.last {
                let error = &answer["error"];
                return if error.is_null() {
                    Ok(answer["result"].clone())
                } else {
                    Err(error.clone())
                };
            }
            self.events.push(answer);
        }
    }

    /// Opens a tab in front of the others.
    #[track_caller]
    pub fn open(&mut self, url: &str) -> Tab {
        let opened = self.call(None, "Target.createTarget", &json!({"url": "about:blank"}));
        let target = text(&opened["targetId"]);
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&self.call(None, "Target.attachToTarget", &attach)["sessionId"]);
        let tab = Tab { target, session };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.call_in(&tab, &format!("{domain}.enable"), &json!({}));
        }
        self.go(&tab, url);
        tab
    }

    #[track_caller]
    pub fn call_in(&mut self, tab: &Tab, method: &str, params: &Value) -> Value {
        self.call(Some(&tab.session), method, params)
    }

    /// Loads a page, and waits until it is complete.
    #[track_caller]
    pub fn go(&mut self, tab: &Tab, url: &str) {
        let result = self.call_in(tab, "Page.navigate", &json!({"url": url}));
        assert!(result["errorText"].is_null(), "{url}: {}", result["errorText"]);
        self.wait_for(tab, "document.readyState === 'complete'");
    }

    /// Brings a tab to the front, which hides the one that was there.
    pub fn show(&mut self, tab: &Tab) {
        self.call(None, "Target.activateTarget", &json!({"targetId": tab.target}));
    }

    pub fn close(&mut self, tab: &Tab) {
        self.call(None, "Target.closeTarget", &json!({"targetId": tab.target}));
    }

    /// The value of an expression; `None` if it throws, or if the page is being replaced.
    fn try_eval(&mut self, tab: &Tab, script: &str) -> Option<Value> {
        let params = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let result = self.try_call(Some(&tab.session), "Runtime.evaluate", &params).ok()?;
        result["exceptionDetails"].is_null().then(|| result["result"]["value"].clone())
    }

    #[track_caller]
    pub fn eval(&mut self, tab: &Tab, script: &str) -> Value {
        self.try_eval(tab, script).unwrap_or_else(|| panic!("{script} throws"))
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn wait_for(&mut self, tab: &Tab, condition: &str) {
        let mut last = String::new();
        let what = format!("{condition} in the page");
        let holds = super::wait::comes_true(|| {
            let found = self.try_eval(tab, condition);
            if found != Some(json!(true)) {
                last = format!("{found:?}");
            }
            found == Some(json!(true))
        });
        if !holds {
            let page = self.try_eval(
                tab,
                "location + '\\n' + document.documentElement.innerText.slice(0, 2000)",
            );
            panic!("waited in vain until {what}: {last}\n{page:?}");
        }
    }

    /// Clicks on the first element of a selector as soon as it is enabled and not covered. The check and
    /// the click are one script, so that the page cannot change between them.
    #[track_caller]
    pub fn click(&mut self, tab: &Tab, selector: &str) {
        let click = format!(
            "(() => {{ const it = document.querySelector({selector:?}); \
             if (!it || it.matches(':disabled')) return false; \
             it.scrollIntoView({{block: 'center'}}); const box = it.getBoundingClientRect(); \
             const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]; \
             if (!it.contains(document.elementFromPoint(x, y))) return false; \
             it.focus(); it.click(); return true; }})()"
        );
        self.wait_for(tab, &click);
    }

    /// Presses a key: a name such as `Enter`, or a character.
    pub fn press(&mut self, tab: &Tab, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "Tab" => (9, ""),
            " " => (32, " "),
            character => (0, character),
        };
        let mut params = json!({"type": "keyDown", "key": key, "text": text});
        if code > 0 {
            params["windowsVirtualKeyCode"] = json!(code);
        }
        self.call_in(tab, "Input.dispatchKeyEvent", &params);
        params["type"] = json!("keyUp");
        params["text"] = json!("");
        self.call_in(tab, "Input.dispatchKeyEvent", &params);
    }

    /// A window of this size, light or dark.
    pub fn resize(&mut self, tab: &Tab, width: u32, height: u32, scheme: &str) {
        let params =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call_in(tab, "Emulation.setDeviceMetricsOverride", &params);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call_in(tab, "Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// Runs a script in a tab before those of each page.
    pub fn before_each_page(&mut self, tab: &Tab, script: &str) {
        let params = json!({"source": script});
        self.call_in(tab, "Page.addScriptToEvaluateOnNewDocument", &params);
    }

    pub fn disable_scripts(&mut self, tab: &Tab) {
        self.call_in(tab, "Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    }

    /// A picture of the window, as a PNG file.
    pub fn screenshot(&mut self, tab: &Tab) -> Vec<u8> {
        let picture = self.call_in(tab, "Page.captureScreenshot", &json!({"format": "png"}));
        let data = text(&picture["data"]);
        base64::engine::general_purpose::STANDARD.decode(data).expect("it is base64")
    }

    /// What scripts and the browser complained about so far, such as violations of the policy.
    pub fn complaints(&mut self, tab: &Tab) -> Vec<String> {
        // Everything that was sent before this answer has arrived.
        self.eval(tab, "0");
        let of_tab = self.events.iter().filter(|event| event["sessionId"] == *tab.session);
        let problem = |event: &Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                Some(event["params"]["exceptionDetails"].to_string())
            }
            Some("Log.entryAdded") if event["params"]["entry"]["level"] == "error" => {
                Some(event["params"]["entry"].to_string())
            }
            _ => None,
        };
        of_tab.filter_map(problem).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The sandbox ends its other processes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
