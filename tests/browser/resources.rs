//! What processes use, in the list and in the charts of one process.

use crate::site::{self, SLEEP};
use crate::support::Sandbox;
use crate::support::browser::Browser;

const PROGRAMS: &str = "[program:busy]\ncommand=/bin/sh -c 'while :; do :; done'\nstartsecs=0\n\
    [program:crash]\ncommand=/bin/sh -c 'exit 3'\nstartretries=2\n\
    [program:off]\ncommand=/bin/sleep 1000\nautostart=false\n";

#[test]
fn the_list_shows_what_each_process_uses_and_keeps_it_up_to_date() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", &format!("{SLEEP}{PROGRAMS}"));
    daemon.wait_for_log("gave up: crash");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("http://127.0.0.1:{port}/"));
    let row = |name: &str, what: &str| {
        format!("document.getElementById('p-{name}').querySelector('.usage {what}')")
    };
    // The page itself has the figures; the script updates them.
    let memory = format!("/^memory \\d+\\.\\d MB/.test({}.textContent)", row("sleep", ".memory"));
    browser.wait_for(&tab, &memory);
    let cpu = format!("parseFloat({}.textContent) > 1", row("busy", ".cpu b"));
    browser.wait_for(&tab, &cpu);
    browser.wait_for(&tab, &format!("{}.getAttribute('d').length > 5", row("busy", ".cpu path")));
    let more = format!("/^\\d+ descriptors$/.test({}.textContent)", row("sleep", ".more"));
    browser.wait_for(&tab, &more);
    browser.wait_for(&tab, &format!("{}.textContent === '2 restarts'", row("crash", ".more")));
    assert_eq!(browser.eval(&tab, &format!("{}.hidden", row("off", ".cpu"))), true);
    let machine = "/^\\d+ processors? \\d.* %, load \\d+\\.\\d\\d, memory .* of .*$/\
                   .test(document.querySelector('#machine').textContent)";
    browser.wait_for(&tab, machine);
    browser.click(&tab, "button[aria-label='Stop busy']");
    browser.wait_for(&tab, &format!("{}.hidden", row("busy", ".cpu")));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());

    let plain = browser.open("about:blank");
    browser.disable_scripts(&plain);
    browser.go(&plain, &format!("http://127.0.0.1:{port}/"));
    assert_eq!(browser.eval(&plain, &memory), true);
}

#[test]
fn the_charts_of_a_process_show_its_day_with_starts_and_failures() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", &format!("{SLEEP}{PROGRAMS}"));
    daemon.wait_for_log("gave up: crash");
    let mut browser = Browser::start(&sandbox);
    let address = format!("http://127.0.0.1:{port}/");
    let tab = browser.open(&address);
    // A day as the server would send it, which a test cannot await.
    let day = "{name: 'sleep', interval: 60, begin: 1795800000, \
        cpu_percent: Array.from({length: 1440}, (_, at) => at < 300 ? null : at % 97), \
        memory_kib: Array.from({length: 1440}, (_, at) => at < 300 ? null : 102400 + at * 10), \
        descriptors: Array.from({length: 1440}, (_, at) => at < 300 ? null : 7), \
        marks: [{time: 1795818000, kind: 'started', text: ''}, \
                {time: 1795850000, kind: 'failed', text: 'exit status 3'}]}";
    let insert = "(async () => { const place = document.createElement('div'); \
                  place.className = 'chart'; place.dataset.processname = 'sleep'; \
                  document.querySelector('main').prepend(place); \
                  await import('/chart.js'); })()";
    let fake = format!(
        "window.real = fetch; window.fetch = () => Promise.resolve(new Response(JSON.stringify({day})))"
    );
    browser.eval(&tab, &format!("{fake}; 0"));
    browser.eval(&tab, insert);
    browser.wait_for(&tab, "document.querySelectorAll('.chart svg').length === 3");
    let titles = "[...document.querySelectorAll('.chart title')].map(it => it.textContent).join()";
    let titles = browser.eval(&tab, titles);
    assert_eq!(titles.as_str().unwrap().matches("failed: exit status 3").count(), 3, "{titles}");
    let label = "document.querySelector('.chart svg').getAttribute('aria-label')";
    assert_eq!(
        browser.eval(&tab, label),
        "CPU of sleep in the last 24 hours: last 81.0 %, at most 96.0 %; 1 failure"
    );
    let gap = "document.querySelector('.chart .line').getAttribute('d').match(/M/g).length";
    assert_eq!(browser.eval(&tab, gap), 1);
    for (width, scheme) in [(1100, "light"), (360, "dark")] {
        browser.resize(&tab, width, 760, scheme);
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.eval(&tab, fits), true, "{width}");
        if let Some(directory) = std::env::var_os("SUPKIT_PICTURES") {
            let path = std::path::Path::new(&directory).join(format!("chart-{width}.png"));
            std::fs::write(path, browser.screenshot(&tab)).expect("a picture");
        }
    }
    // The server's own data; a minute has not passed yet.
    browser.go(&tab, &address);
    browser.eval(&tab, insert);
    browser.wait_for(&tab, "document.querySelectorAll('.chart svg').length === 3");
    assert!(browser.eval(&tab, label).as_str().unwrap().starts_with("CPU of sleep in the last 24"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}
