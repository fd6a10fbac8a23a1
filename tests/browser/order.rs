//! How soon the page shows a change, proved by the order of events: the script that keeps the list runs on
//! a simulated clock, and the page shows a list before anything else happens.

use serde_json::{Value, json};
use supkit::assets;

use crate::site::{self, SLEEP};
use crate::support::Sandbox;
use crate::support::browser::Browser;

/// A world for `feed.js`: a clock that advances on request, a server whose answers take `latency`
/// milliseconds and have the state of the moment of the request, and an event stream.
const WORLD: &str = r#"
globalThis.world = (source, latency) => {
  let now = 1e6, number = 0, timers = [], state = 0;
  const streams = [], shown = [];
  const setTimer = (f, wait = 0) => { timers.push({ at: now + wait, id: ++number, f }); return number; };
  const clear = (id) => { timers = timers.filter((it) => it.id !== id); };
  const repeat = (f, wait) => {
    const id = ++number;
    const again = () => timers.push({ at: now + wait, id, f: () => { again(); f(); } });
    again();
    return id;
  };
  class Clock { static now() { return now; } }
  class Stream {
    constructor() { this.on = {}; streams.push(this); }
    addEventListener(type, f) { (this.on[type] ||= []).push(f); }
    close() {}
    send(type) { (this.on[type] || []).forEach((f) => f()); }
  }
  const fetch = () => {
    const list = { jobs: [], state };
    return new Promise((resolve) => setTimer(() => resolve({ ok: true, json: async () => list }), latency));
  };
  const self = { name: "supkit 1-en", postMessage: ({ list }) => { if (list) shown.push([now, list.state]); } };
  new Function("self", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date",
    "EventSource", "fetch", "AbortController", source)(
    self, setTimer, clear, repeat, clear, Clock, Stream, fetch, AbortController);
  const pass = async (milliseconds) => {
    const end = now + milliseconds;
    for (;;) {
      for (let turn = 0; turn < 30; turn++) await null;
      const due = timers.filter((it) => it.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (!due) break;
      timers = timers.filter((it) => it !== due);
      now = Math.max(now, due.at);
      due.f();
    }
    now = end;
  };
  const change = (type = "PROCESS_STATE_STOPPED") => { state++; streams.forEach((it) => it.send(type)); return now; };
  return { self, pass, change, shown, state: () => state };
};
"#;

/// When each change was shown, in milliseconds after it. `moments` are the times between changes.
const MEASURE: &str = "
(async () => {
  const delays = [];
  for (const latency of LATENCIES) for (const gap of GAPS) {
    const it = world(SOURCE, latency);
    it.self.onmessage({ data: 'visible' });
    await it.pass(1000);
    const changes = [];
    for (let count = 0; count < 5; count++) {
      changes.push([it.change(), it.state()]);
      await it.pass(gap);
    }
    await it.pass(2000);
    for (const [when, state] of changes) {
      const first = it.shown.find(([at, other]) => at >= when && other >= state);
      delays.push(first ? first[0] - when : 1e9);
    }
  }
  return [delays.length, Math.max(...delays)];
})()";

#[test]
fn a_change_is_passed_to_the_page_within_300_milliseconds_of_its_clock() {
    let sandbox = Sandbox::new();
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    let measure = |browser: &mut Browser, latencies: &Value| {
        let script = MEASURE
            .replace("SOURCE", &Value::from(assets::web("feed.js")).to_string())
            .replace("LATENCIES", &latencies.to_string())
            .replace("GAPS", "[0, 1, 10, 49, 50, 51, 60, 99, 101, 149, 151, 200, 333, 1000]");
        browser.eval(&tab, &format!("{WORLD}{MEASURE}").replace(MEASURE, &script))
    };
    let figures = measure(&mut browser, &json!([0, 10, 60, 125]));
    let numbers: Vec<i64> =
        figures.as_array().expect("figures").iter().filter_map(Value::as_i64).collect();
    // A request that is on its way when the change happens has to end first: twice 125 and the pause.
    assert_eq!(numbers.len(), 2, "{figures}");
    assert_eq!(numbers[0], 4 * 14 * 5);
    assert!(numbers[1] <= 300, "{figures}");
    // The measurement can fail.
    let slow = measure(&mut browser, &json!([400]));
    assert!(slow[1].as_i64().is_some_and(|most| most > 300), "{slow}");
}

/// The port to the worker is replaced, so that the test sends what the worker would send.
const PORT: &str = "
    globalThis.port = { postMessage() {}, start() {} };
    globalThis.SharedWorker = class { constructor() { this.port = globalThis.port; } };";

#[test]
fn the_page_shows_a_list_before_anything_else_happens() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", SLEEP);
    daemon.wait_for_log("success: sleep");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    browser.before_each_page(&tab, PORT);
    browser.go(&tab, &format!("http://127.0.0.1:{port}/"));
    browser.wait_for(&tab, "typeof port.onmessage === 'function'");
    // No timer and no promise is between the message and what the row shows.
    let shown = browser.eval(
        &tab,
        "(async () => {
            const list = await (await fetch('status.json')).json();
            const row = document.querySelector('#p-sleep .state span');
            const before = row.className;
            list.processes[0].state = 'stopping';
            port.onmessage({ data: { list, asked: Date.now() } });
            return `${before} ${row.className} ${row.textContent}`;
        })()",
    );
    assert_eq!(shown, "running stopping stopping");
}
