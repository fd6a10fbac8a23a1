//! Actions on several processes: progress and result in place, also after the page was loaded again; a
//! rolling restart that is chosen, watched and cancelled; an update with its plan.

use serde_json::json;

use crate::site;
use crate::support::browser::{Browser, Tab};
use crate::support::{Daemon, Sandbox};

/// A member is up after two seconds, so that a job can be watched.
const PROGRAMS: &str = "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=2\n\
    process_name=%(process_num)d\nnumprocs=3\nautostart=false\n\
    [program:bad]\ncommand=/bin/sh -c 'sleep 1; exit 3'\nstartsecs=3\nstartretries=0\n\
    process_name=%(process_num)d\nnumprocs=2\nautostart=false\n\
    [program:other]\ncommand=/bin/sleep 1000\nstartsecs=0\nautostart=false\n";

const JOB: &str = "document.querySelector('#jobs .job')";

fn open<'a>(sandbox: &'a Sandbox, browser: &mut Browser) -> (Daemon<'a>, Tab, String) {
    let port = sandbox.port();
    let daemon = site::start(sandbox, port, "", PROGRAMS);
    let url = format!("http://127.0.0.1:{port}/");
    let tab = browser.open(&url);
    browser.wait_for(&tab, "!document.querySelector('#keys').hidden");
    (daemon, tab, url)
}

fn message(text: &str) -> String {
    format!("document.querySelector('#message').textContent === {}", json!(text))
}

#[test]
fn the_progress_of_a_group_is_shown_and_its_result_survives_a_reload() {
    let sandbox = Sandbox::new();
    let mut browser = Browser::start(&sandbox);
    let (_daemon, tab, url) = open(&sandbox, &mut browser);
    browser.click(&tab, "button[aria-label='Start all of web']");
    browser.wait_for(&tab, &message("Starting web:*"));
    browser.wait_for(&tab, &format!("{JOB}?.innerText.includes('started: 0 of 3')"));
    assert_eq!(browser.eval(&tab, &format!("{JOB}.querySelector('progress').max")), 3);
    // The tab is loaded again while the job runs.
    browser.go(&tab, &url);
    browser.wait_for(&tab, &message("Start of web:*: done"));
    browser.wait_for(&tab, &format!("{JOB}.classList.contains('done')"));
    // A failure has its reason, and stays on the page.
    browser.click(&tab, "button[aria-label='Start all of bad']");
    browser.wait_for(&tab, "document.querySelector('#message.error') !== null");
    let text = browser.eval(&tab, "document.querySelector('#message').textContent");
    let text = text.as_str().unwrap_or_default();
    assert_eq!(text, "Start of bad:*: failed: bad:0: Exited too quickly (exit status 3) (+1)");
    browser.go(&tab, &url);
    browser.wait_for(&tab, &format!("{JOB}?.innerText.includes('bad:1: Exited too quickly')"));
    // That of one process survives a reload, too.
    browser.click(&tab, "button[aria-label='Restart web:0']");
    browser.wait_for(&tab, &message("Restarting web:0"));
    browser.go(&tab, &url);
    browser.wait_for(&tab, &message("web:0 is running"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

#[test]
fn a_rolling_restart_is_chosen_watched_and_cancelled() {
    let sandbox = Sandbox::new();
    let mut browser = Browser::start(&sandbox);
    let (daemon, tab, url) = open(&sandbox, &mut browser);
    browser.click(&tab, "button[aria-label='Start all of web']");
    daemon.wait_for_count("entered RUNNING state", 3);
    let question = "document.querySelector('#question').textContent";
    browser.click(&tab, "button[aria-label='Restart one by one all of web']");
    browser.wait_for(&tab, &format!("{question} === 'Restart one by one web:*?'"));
    let number = "document.querySelector('#confirm [type=number]')";
    browser.eval(&tab, &format!("{number}.value = 0"));
    browser.click(&tab, "#confirm [value=yes]");
    assert_eq!(browser.eval(&tab, "document.querySelector('#confirm').open"), true);
    browser.eval(&tab, &format!("{number}.value = 1"));
    browser.click(&tab, "#confirm [value=yes]");
    let has_stages = |stages: [&str; 3]| {
        let stages = json!(stages);
        format!(
            "JSON.stringify([...document.querySelectorAll('.stages li')].map(it => it.className)) \
             === JSON.stringify({stages})"
        )
    };
    browser.wait_for(&tab, &has_stages(["starting", "queued", "queued"]));
    browser.click(&tab, ".job button[value=canceljob]");
    browser.wait_for(&tab, &has_stages(["restarted", "untouched", "untouched"]));
    browser.wait_for(&tab, "document.querySelector('#message.error') !== null");
    daemon.wait_for_log("cancelled through inet_http_server; not restarted: web:1, web:2");
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
    // Without scripts the same is a page that asks.
    browser.disable_scripts(&tab);
    browser.go(&tab, &url);
    browser.click(&tab, "button[aria-label='Restart one by one all of web']");
    browser.wait_for(&tab, "document.querySelector('[name=max_unavailable]') !== null");
    browser.eval(&tab, "document.querySelector('[name=max_unavailable]').value = 3");
    browser.click(&tab, "button[value=restartrolling]");
    browser.wait_for(&tab, &message("Restarting web:* one by one"));
    daemon.wait_for_log("(rolling restart of web:*, requested through inet_http_server) finished");
}

#[test]
fn an_update_shows_its_plan_and_its_result() {
    let sandbox = Sandbox::new();
    let mut browser = Browser::start(&sandbox);
    let (daemon, tab, _) = open(&sandbox, &mut browser);
    let conf = sandbox
        .read("d.conf")
        .replace("[program:other]\ncommand=/bin/sleep 1000", "[program:new]\ncommand=/bin/sleep 1");
    sandbox.write("d.conf", &conf);
    browser.click(&tab, "a[href='update.html']");
    browser
        .wait_for(&tab, "document.querySelector('.plan.added h2')?.textContent === 'new: added'");
    browser.click(&tab, "form[action='update.html'] button");
    browser.wait_for(&tab, &message("Updating"));
    daemon.wait_for_log("(update of all, requested through inet_http_server) finished");
    browser.wait_for(&tab, "document.getElementById('p-new') !== null");
    browser.wait_for(&tab, &format!("{JOB}.innerText.includes('Update of all')"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}
