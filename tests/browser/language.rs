//! English and German: by the browser's preference, or by choice, with and without scripts.

use serde_json::{Value, json};

use crate::site::{self, ACCOUNT, LOGIN};
use crate::support::Sandbox;
use crate::support::browser::{Browser, Tab};

const PROGRAMS: &str = "[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [program:solr]\ncommand=/bin/sh -c 'echo no >&2; exit 3'\nstartretries=0\nautorestart=false\n";

/// What the page is made of, by selector.
fn text(browser: &mut Browser, tab: &Tab, selector: &str) -> Value {
    browser.eval(tab, &format!("document.querySelector({selector:?})?.textContent.trim()"))
}

fn prefer(browser: &mut Browser, tab: &Tab, languages: &str) {
    let fields = json!({"headers": {"Accept-Language": languages}});
    browser.call_in(tab, "Network.setExtraHTTPHeaders", &fields);
}

#[test]
fn the_browser_s_language_is_used_until_another_is_chosen() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, ACCOUNT, PROGRAMS);
    daemon.wait_for_log("gave up: solr");
    let mut browser = Browser::start(&sandbox);
    let url = format!("http://{LOGIN}127.0.0.1:{port}/");
    for with_script in [false, true] {
        let tab = browser.open("about:blank");
        if !with_script {
            browser.disable_scripts(&tab);
        }
        prefer(&mut browser, &tab, "fr, de-AT;q=0.8, en;q=0.3");
        browser.go(&tab, &format!("{url}?state=fatal"));
        assert_eq!(browser.eval(&tab, "document.documentElement.lang"), "de");
        assert_eq!(text(&mut browser, &tab, "h1"), "Prozesse");
        assert_eq!(text(&mut browser, &tab, "#p-solr .state"), "gescheitert");
        assert_eq!(text(&mut browser, &tab, "#found"), "1 gefunden");
        // The choice keeps the view, and is kept.
        browser.click(&tab, ".languages [lang=en]");
        browser.wait_for(&tab, "document.documentElement.lang === 'en'");
        assert_eq!(browser.eval(&tab, "location.search.includes('state=fatal')"), true);
        browser.go(&tab, &format!("{url}tail.html?processname=solr&channel=stderr"));
        assert_eq!(text(&mut browser, &tab, ".toolbar a"), "Refresh");
        browser.click(&tab, ".languages [lang=de]");
        browser.wait_for(&tab, "document.documentElement.lang === 'de'");
        browser.wait_for(&tab, "document.querySelector('.log')?.textContent.trim() === 'no'");
        browser.go(&tab, &url);
        browser.click(&tab, "button[aria-label='Stoppen: sleep']");
        let stopped = "document.querySelector('#p-sleep .stopped, #p-sleep .stopping') !== null";
        browser.wait_for(&tab, stopped);
        if with_script {
            let result = "document.querySelector('#message').textContent === 'sleep: gestoppt'";
            browser.wait_for(&tab, result);
            browser.click(&tab, "[value=stopall]");
            assert_eq!(text(&mut browser, &tab, "#question"), "Alle 2 Prozesse stoppen?");
            browser.press(&tab, "Escape");
        } else {
            assert_eq!(text(&mut browser, &tab, "#message"), "Wird gestoppt: sleep");
            // A failure is one in any language.
            browser.go(&tab, &url);
            daemon.wait_for_log("stopped: sleep");
            browser.click(&tab, "#selection [value=stop]");
            browser.wait_for(&tab, "document.querySelector('#message.error') !== null");
            browser.go(&tab, &url);
            browser.click(&tab, "button[aria-label='Starten: sleep']");
            daemon.wait_for_count("success: sleep", 2);
        }
        assert_eq!(browser.complaints(&tab), Vec::<String>::new());
        browser.call_in(&tab, "Network.clearBrowserCookies", &json!({}));
        browser.close(&tab);
    }
}
