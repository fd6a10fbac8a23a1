//! Finding processes: search, filter, groups and the keyboard, with and without scripts.

use crate::site;
use crate::support::Sandbox;
use crate::support::browser::{Browser, Tab};

const PROGRAMS: &str = "[program:zeoserver]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [program:worker]\ncommand=/bin/sleep 1000\nstartsecs=0\nprocess_name=%(process_num)02d\n\
    numprocs=40\nautostart=false\n";

/// The number of rows that are shown.
const SHOWN: &str = "[...document.querySelectorAll('#list tr[id]')].filter(row => \
                     row.offsetHeight > 0).length";
const FOCUSED: &str = "document.activeElement.closest('tr[id]')?.id";

fn type_text(browser: &mut Browser, tab: &Tab, text: &str) {
    for character in text.chars() {
        browser.press(tab, &character.to_string());
    }
}

#[test]
fn processes_are_found_by_name_and_state() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    let mut browser = Browser::start(&sandbox);
    let url = format!("http://127.0.0.1:{port}/");
    let tab = browser.open(&url);
    browser.wait_for(&tab, "!document.querySelector('#keys').hidden");
    assert_eq!(browser.eval(&tab, SHOWN), 41);
    browser.press(&tab, "/");
    type_text(&mut browser, &tab, "KER:1");
    browser.wait_for(&tab, &format!("{SHOWN} === 10"));
    browser.wait_for(&tab, "document.querySelector('#found').textContent === '10 found'");
    // All that were found are started, and no others.
    browser.wait_for(&tab, "document.querySelector('.scope').textContent === 'All 10 found:'");
    browser.click(&tab, "#selection [value=start]");
    daemon.wait_for_count("entered RUNNING state", 11);
    assert!(!daemon.log().contains("spawned: '20'"));
    browser.eval(&tab, "document.querySelector('[name=q]').focus()");
    browser.press(&tab, "Escape");
    browser.eval(
        &tab,
        "(() => { const it = document.querySelector('[name=state]'); it.value = 'stopped'; \
         it.dispatchEvent(new Event('input', { bubbles: true })) })()",
    );
    browser.wait_for(&tab, &format!("{SHOWN} === 30"));
    // The filter is part of the address, and works without scripts.
    let address = browser.eval(&tab, "location.search");
    assert_eq!(address, "?state=stopped");
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
    browser.disable_scripts(&tab);
    browser.go(&tab, &format!("{url}?state=stopped&q=WORKER:3"));
    assert_eq!(browser.eval(&tab, SHOWN), 10);
    browser.go(&tab, &format!("{url}?q=%3Cb%3E%22"));
    assert_eq!(browser.eval(&tab, SHOWN), 0);
    assert_eq!(browser.eval(&tab, "document.querySelector('[name=q]').value"), "<b>\"");
}

#[test]
fn groups_collapse_and_are_controlled_as_a_whole() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    let mut browser = Browser::start(&sandbox);
    for with_script in [true, false] {
        let tab = browser.open("about:blank");
        if !with_script {
            browser.disable_scripts(&tab);
        }
        browser.go(&tab, &format!("http://127.0.0.1:{port}/"));
        if with_script {
            browser.wait_for(&tab, "document.querySelector('button.heading') !== null");
            browser.click(&tab, "button.heading");
            browser.wait_for(&tab, &format!("{SHOWN} === 1"));
            assert_eq!(
                browser.eval(
                    &tab,
                    "document.querySelector('button.heading').getAttribute('aria-expanded')"
                ),
                "false"
            );
            browser.click(&tab, "button[aria-label='Start all of worker']");
            daemon.wait_for_count("entered RUNNING state", 41);
            // It stays collapsed after a reload.
            browser.go(&tab, &format!("http://127.0.0.1:{port}/"));
            browser.wait_for(&tab, &format!("{SHOWN} === 1"));
        } else {
            browser.click(&tab, "button[aria-label='Stop all of worker']");
            browser.wait_for(
                &tab,
                "document.querySelector('#message').textContent === 'Stopping worker:*'",
            );
            daemon.wait_for_count("stopped: ", 40);
        }
        browser.close(&tab);
    }
    assert!(!daemon.log().contains("stopped: zeoserver"));
}

#[test]
fn the_list_is_controlled_by_keyboard() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("http://127.0.0.1:{port}/"));
    browser.wait_for(&tab, "!document.querySelector('#keys').hidden");
    // A long list is one stop for Tab.
    let stops = "[...document.querySelectorAll('#list tr[id] a, #list tr[id] button')]\
                 .filter(it => it.tabIndex >= 0).map(it => it.closest('tr').id)\
                 .every(id => id === 'p-worker:00')";
    assert_eq!(browser.eval(&tab, stops), true);
    browser.press(&tab, "j");
    assert_eq!(browser.eval(&tab, FOCUSED), "p-worker:00");
    browser.press(&tab, "j");
    browser.press(&tab, "j");
    browser.press(&tab, "k");
    assert_eq!(browser.eval(&tab, FOCUSED), "p-worker:01");
    browser.press(&tab, "s");
    daemon.wait_for_log("spawned: '01'");
    browser.wait_for(
        &tab,
        "document.getElementById('p-worker:01').querySelector('.state').textContent === 'running'",
    );
    assert_eq!(browser.eval(&tab, FOCUSED), "p-worker:01");
    browser.press(&tab, "r");
    daemon.wait_for_count("spawned: '01'", 2);
    browser.wait_for(
        &tab,
        "document.getElementById('p-worker:01').querySelector('.state').textContent === 'running'",
    );
    browser.press(&tab, "x");
    daemon.wait_for_count("stopped: 01", 2);
    browser.press(&tab, "?");
    browser.wait_for(&tab, "document.querySelector('#help').open");
    // A user of a screen reader or of dictation can turn the shortcuts off.
    browser.click(&tab, "#shortcuts");
    browser.press(&tab, "Escape");
    browser.wait_for(&tab, "!document.querySelector('#help').open");
    browser.press(&tab, "/");
    assert_ne!(browser.eval(&tab, "document.activeElement.name"), "q");
    browser.click(&tab, "#keys");
    browser.wait_for(&tab, "document.querySelector('#help').open");
    browser.click(&tab, "#shortcuts");
    browser.press(&tab, "Escape");
    browser.press(&tab, "j");
    browser.press(&tab, "l");
    browser.wait_for(&tab, "location.pathname === '/tail.html'");
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}
