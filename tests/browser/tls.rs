//! The page over TLS: its buttons, its streams, and its origin.

use crate::site::SLEEP;
use crate::support::browser::Browser;
use crate::support::tls::TlsSite;

#[test]
fn the_page_works_over_tls() {
    let site = TlsSite::new("localhost");
    let daemon = site.start(SLEEP);
    let mut browser = Browser::start(&site.sandbox);
    let url = format!("https://user:pw@localhost:{}/", site.port);
    let tab = browser.open(&url);
    assert_eq!(browser.eval(&tab, "location.protocol"), "https:");
    assert_eq!(browser.eval(&tab, "isSecureContext"), true);
    let row = "document.querySelector('#list tr[id]').textContent";
    browser.wait_for(&tab, &format!("{row}.includes('running')"));
    browser.click(&tab, "#list [value=stop]");
    daemon.wait_for_log("stopped: sleep");
    // By the stream of events, without loading the page again.
    browser.wait_for(&tab, &format!("{row}.includes('stopped')"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}
