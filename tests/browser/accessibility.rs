//! Every page in every state is checked with axe-core: the rules of WCAG 2.2 AA and its recommended
//! practices.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::program;
use crate::site::{self, LOGIN};
use crate::support::browser::{Browser, Tab};
use crate::support::oracle;
use crate::support::{Daemon, Sandbox};

const PROGRAMS: &str = "[program:zeoserver]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [program:worker]\ncommand=/bin/sleep 1000\nstartsecs=0\nprocess_name=%(process_num)03d\n\
    numprocs=115\nautostart=false\n\
    [program:slow]\ncommand=/bin/sleep 1000\nstartsecs=600\n\
    [program:solr]\ncommand=/bin/sh -c 'echo \"ERROR: Cannot lock the data\" >&2; exit 3'\n\
    startretries=0\nautorestart=false\n";

/// The window of a desk, of a phone, and of a desk at 200 %; with the rules that depend on it.
const WINDOWS: [(u32, u32, &str, &str); 3] = [
    (1100, 760, "light", ""),
    (360, 740, "dark", "runOnly: ['color-contrast', 'target-size'], "),
    (640, 400, "dark", "runOnly: ['target-size', 'scrollable-region-focusable'], "),
];

fn prefer(browser: &mut Browser, tab: &Tab, language: &str) {
    let fields = json!({"headers": {"Accept-Language": language}});
    browser.call_in(tab, "Network.setExtraHTTPHeaders", &fields);
}

#[track_caller]
fn check(browser: &mut Browser, tab: &Tab, what: &str) {
    browser.eval(tab, &format!("window.axe || (() => {{ {}; }})(); 0", oracle::axe()));
    for (width, height, scheme, rules) in WINDOWS {
        browser.resize(tab, width, height, scheme);
        let found = browser.eval(
            tab,
            &format!(
                "axe.run(document, {{ {rules}resultTypes: ['violations'] }}).then(result => \
                 result.violations.map(it => [it.id, it.nodes.map(node => [node.target, \
                 node.failureSummary])]))"
            ),
        );
        assert_eq!(found, json!([]), "{what}, {scheme}, {width} px");
    }
}

fn start(sandbox: &Sandbox) -> (Daemon<'_>, String) {
    let port = sandbox.port();
    let daemon = site::start(sandbox, port, "", PROGRAMS);
    daemon.wait_for_log("gave up: solr");
    (daemon, format!("http://127.0.0.1:{port}/"))
}

#[test]
fn axe_reports_nothing_in_any_state_of_the_list() {
    let sandbox = Sandbox::new();
    let (daemon, url) = start(&sandbox);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("{url}?page=2"));
    browser.wait_for(&tab, "document.querySelector('#selection').hidden");
    check(&mut browser, &tab, "the second page");
    browser.click(&tab, "[aria-label='Select worker:110']");
    browser.wait_for(&tab, "!document.querySelector('#selection').hidden");
    check(&mut browser, &tab, "a selection");
    browser.eval(&tab, "document.querySelector('button.heading').click()");
    check(&mut browser, &tab, "a collapsed group");
    browser.eval(&tab, "document.querySelector('#keys').click()");
    check(&mut browser, &tab, "the help");
    browser.press(&tab, "Escape");
    browser.eval(&tab, "document.querySelector('[value=stopall]').click()");
    browser.wait_for(&tab, "document.querySelector('#confirm').open");
    check(&mut browser, &tab, "a question");
    browser.press(&tab, "Escape");
    daemon.signal(Signal::SIGSTOP);
    browser.wait_for(&tab, "document.body.classList.contains('stale')");
    check(&mut browser, &tab, "a daemon that does not answer");
    daemon.signal(Signal::SIGCONT);
}

#[test]
fn axe_reports_nothing_on_any_page() {
    let sandbox = Sandbox::new();
    let (_daemon, url) = start(&sandbox);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    for (what, path) in [
        ("a message", "?q=zeo&message=Starting%20worker"),
        ("an error", "?q=s&message=ERROR%3A%20no%20such%20file"),
        ("a search without result", "?q=nothing"),
        ("a log", "tail.html?processname=solr&channel=stderr"),
        ("an empty log", "tail.html?processname=zeoserver"),
        ("an unknown log", "tail.html?processname=nothing"),
        ("a question without scripts", "?action=stopall"),
        ("an unknown path", "nothing.html"),
        ("no update", "update.html"),
    ] {
        for language in ["en", "de"] {
            prefer(&mut browser, &tab, language);
            browser.go(&tab, &format!("{url}{path}"));
            check(&mut browser, &tab, &format!("{what}, {language}"));
        }
    }
    // With scripts disabled axe itself could not run.
    browser.call_in(&tab, "Network.setBlockedURLs", &json!({"urls": ["*live.js"]}));
    browser.go(&tab, &format!("{url}?page=2"));
    check(&mut browser, &tab, "without scripts");
}

#[test]
fn axe_reports_nothing_on_a_log_in_any_state() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let program =
        "[program:loud]\ncommand=/bin/sleep 1000\nstartsecs=0\nstdout_logfile={here}/loud.log\n";
    let daemon = site::start(&sandbox, port, "", program);
    daemon.wait_for_log("spawned: 'loud'");
    let styles = (0..16).flat_map(|colour| (0..8).map(move |ground| (colour, ground)));
    let colours = styles.fold(String::new(), |text, (colour, ground)| {
        format!("{text}\u{1b}[38;5;{colour};48;5;{ground}mcolour\u{1b}[0m ")
    });
    let lines = "line \u{1b}[2mfaint\u{1b}[0m \u{1b}[7mreverse\u{1b}[0m\n".repeat(200);
    sandbox.write("loud.log", &format!("{lines}{colours}\n"));
    let url = format!("http://127.0.0.1:{port}/");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("{url}tail.html?processname=loud"));
    browser.wait_for(&tab, "document.querySelector('#log .c1.g1') !== null");
    check(&mut browser, &tab, "a log with colours");
    browser.eval(
        &tab,
        "(() => { const input = document.querySelector('#log-search input'); input.value = 'line'; \
         input.dispatchEvent(new Event('input')); })()",
    );
    browser.click(&tab, "#log-search [value=next]");
    browser.click(&tab, "#link");
    browser.click(&tab, "#wrap");
    browser.click(&tab, "#pause");
    browser.wait_for(
        &tab,
        "document.querySelector('.current') !== null && document.querySelector('.linked') !== null",
    );
    check(&mut browser, &tab, "a search in a paused log");
    browser.click(&tab, "#pause");
    daemon.signal(Signal::SIGSTOP);
    let lost = "document.querySelector('#log-state').textContent.startsWith('No answer')";
    browser.wait_for(&tab, lost);
    check(&mut browser, &tab, "a daemon that does not answer");
    daemon.signal(Signal::SIGCONT);
    sandbox.write("loud.log", "new\n");
    browser.wait_for(&tab, "document.querySelector('#log .notice') !== null");
    check(&mut browser, &tab, "notices");
    browser.go(&tab, &format!("{url}mainlog.html"));
    browser.wait_for(&tab, "document.querySelector('#log .line') !== null");
    check(&mut browser, &tab, "the main log");
    browser.call_in(&tab, "Network.setBlockedURLs", &json!({"urls": ["*log.js"]}));
    browser.go(&tab, &format!("{url}tail.html?processname=loud"));
    check(&mut browser, &tab, "a log without scripts");
}

#[test]
fn axe_reports_nothing_on_the_page_of_a_process() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = program::start(&sandbox, port);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    let conf = sandbox.read("d.conf");
    let url =
        |name: &str| format!("http://{LOGIN}127.0.0.1:{port}/program.html?processname={name}");
    for language in ["en", "de"] {
        for name in ["instance", "solr", "pack"] {
            browser.go(&tab, &format!("{}&lang={language}", url(name)));
            browser.eval(
                &tab,
                "document.querySelectorAll('details').forEach(it => { it.open = true })",
            );
            check(&mut browser, &tab, name);
        }
    }
    sandbox.write("d.conf", &conf.replace("priority=20", "priority=21"));
    browser.go(&tab, &format!("{}&message=Starting&failed=1", url("instance")));
    check(&mut browser, &tab, "a change and a message");
    sandbox.write("d.conf", "[program:instance\n");
    browser.go(&tab, &url("instance"));
    check(&mut browser, &tab, "an unreadable configuration");
    daemon.signal(Signal::SIGSTOP);
    browser.wait_for(&tab, "document.querySelector('#stale').textContent !== ''");
    check(&mut browser, &tab, "a daemon that does not answer");
    daemon.signal(Signal::SIGCONT);
}

#[test]
fn axe_reports_nothing_on_jobs_and_updates() {
    let sandbox = Sandbox::new();
    let (_daemon, url) = start(&sandbox);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    for language in ["en", "de"] {
        prefer(&mut browser, &tab, language);
        browser.go(&tab, &url);
        browser.wait_for(&tab, "!document.querySelector('#keys').hidden");
        browser.eval(&tab, "document.querySelector('.group [value=restartrolling]').click()");
        browser.wait_for(&tab, "document.querySelector('#confirm').open");
        check(&mut browser, &tab, &format!("a question with a number, {language}"));
        browser.press(&tab, "Escape");
        browser.click(&tab, ".group [value=start]");
        browser.wait_for(&tab, "document.querySelector('.job') !== null");
        check(&mut browser, &tab, &format!("a job, {language}"));
    }
    let conf = sandbox.read("d.conf");
    sandbox.write("d.conf", &conf.replace("startsecs=600", "startsecs=500"));
    for language in ["en", "de"] {
        prefer(&mut browser, &tab, language);
        browser.go(&tab, &format!("{url}update.html"));
        browser.wait_for(&tab, "document.querySelector('.plan') !== null");
        check(&mut browser, &tab, &format!("a plan, {language}"));
    }
    sandbox.write("d.conf", &conf.replace("startsecs=600", "startsecs=x"));
    browser.go(&tab, &format!("{url}update.html"));
    check(&mut browser, &tab, "a configuration that cannot be read");
}

/// The contrast and size of what is drawn is not the page's to decide there; it must be complete.
#[test]
fn forced_colours_and_reduced_motion_lose_nothing() {
    let sandbox = Sandbox::new();
    let (_daemon, url) = start(&sandbox);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("{url}?state=fatal"));
    let features = json!([
        {"name": "forced-colors", "value": "active"},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]);
    browser.call_in(&tab, "Emulation.setEmulatedMedia", &json!({"features": features}));
    // The state is a word with a border, because its background is gone.
    let state = "getComputedStyle(document.querySelector('td.state span'))";
    let width = browser.eval(&tab, &format!("{state}.borderTopWidth"));
    assert_ne!(width, "0px");
    let moving: Value = browser.eval(
        &tab,
        "[...document.querySelectorAll('*')].filter(it => { const style = getComputedStyle(it); \
         return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0 }).length",
    );
    assert_eq!(moving, 0);
}
