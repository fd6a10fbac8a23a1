//! The list of processes in the browser: updates, many tabs, a daemon that is gone, and actions.

use std::net::TcpStream;

use nix::sys::signal::Signal;

use crate::relay::Relay;
use crate::site::{self, ACCOUNT, LOGIN, SLEEP};
use crate::support::browser::{Browser, Tab};
use crate::support::{Sandbox, wait_until};

/// The state of a process in the list.
fn state(name: &str, state: &str) -> String {
    format!("document.getElementById('p-{name}').querySelector('.state').textContent === '{state}'")
}

#[test]
fn changes_are_shown_without_loading_the_page_again() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, ACCOUNT, SLEEP);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("http://{LOGIN}127.0.0.1:{port}/"));
    browser.eval(&tab, "window.mark = 1");
    browser.wait_for(&tab, &state("sleep", "running"));
    let pid = nix::unistd::Pid::from_raw(daemon.pid_of("sleep"));
    nix::sys::signal::kill(pid, Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("spawned: 'sleep'", 2);
    let pid = daemon.pid_of("sleep");
    browser.wait_for(&tab, &format!("document.body.textContent.includes('pid {pid}')"));
    assert_eq!(browser.eval(&tab, "window.mark"), 1);
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

#[test]
fn many_tabs_share_one_stream_and_hidden_tabs_release_it() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, ACCOUNT, SLEEP);
    let relay = Relay::start(&sandbox, port);
    let mut browser = Browser::start(&sandbox);
    let url = format!("http://{LOGIN}127.0.0.1:{}/", relay.port);
    let tabs: Vec<Tab> = (0..12).map(|_| browser.open(&url)).collect();
    // The last one is in front, and is loaded and updated although eleven others are open.
    let last = &tabs[11];
    browser.click(last, "button[aria-label='Stop sleep']");
    browser.wait_for(last, &state("sleep", "stopped"));
    daemon.wait_for_log("stopped: sleep");
    wait_until("there is one stream", || relay.streams() == 1);
    // A tab that was hidden meanwhile catches up.
    browser.show(&tabs[0]);
    browser.wait_for(&tabs[0], &state("sleep", "stopped"));
    // Another page in front: no list is updated.
    let other = browser.open("about:blank");
    browser.show(&other);
    wait_until("there is no stream", || relay.streams() == 0);
    browser.show(last);
    wait_until("there is a stream again", || relay.streams() == 1);
    assert_eq!(relay.most(), 1);
}

#[test]
fn a_dead_daemon_is_noticed_and_a_new_one_is_shown() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let mut daemon = site::start(&sandbox, port, ACCOUNT, SLEEP);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("http://{LOGIN}127.0.0.1:{port}/"));
    browser.wait_for(&tab, &state("sleep", "running"));
    let stale = "document.querySelector('#stale').textContent.startsWith('No update since ') && \
                 document.querySelector('#list button').disabled && \
                 getComputedStyle(document.querySelector('.state span')).opacity < 1";
    let fresh = "document.querySelector('#stale').textContent === '' && \
                 !document.querySelector('#list button').disabled";
    browser.wait_for(&tab, fresh);
    // One that does not answer, whose connections stay open.
    daemon.signal(Signal::SIGSTOP);
    browser.wait_for(&tab, stale);
    daemon.signal(Signal::SIGCONT);
    browser.wait_for(&tab, fresh);
    // One that ends.
    daemon.stop();
    browser.wait_for(&tab, stale);
    browser.eval(&tab, "window.mark = 1");
    let programs = format!("{SLEEP}[program:other]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    let daemon = site::start(&sandbox, port, ACCOUNT, &programs);
    browser.wait_for(&tab, fresh);
    browser.wait_for(&tab, "document.getElementById('p-other') !== null");
    // The forms have the token of the new daemon.
    browser.click(&tab, "button[aria-label='Stop other']");
    daemon.wait_for_log("stopped: other");
    browser.wait_for(&tab, &state("other", "stopped"));
    assert_eq!(browser.eval(&tab, "window.mark"), 1);
}

const SLOW: &str = "[program:slow]\ncommand=/bin/sleep 1000\nstartsecs=600\nautostart=false\n\
                    [program:bad]\ncommand=/bin/sh -c 'echo cannot open Data.fs >&2; exit 3'\n\
                    autostart=false\nautorestart=false\nstartretries=0\n";

#[test]
fn an_action_returns_at_once_and_its_result_is_shown_in_place() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let many: String = (0..60)
        .map(|n| format!("[program:a{n}]\ncommand=/bin/sleep 1000\nautostart=false\n"))
        .collect();
    let _daemon = site::start(&sandbox, port, ACCOUNT, &format!("{many}{SLOW}"));
    let mut browser = Browser::start(&sandbox);
    for with_script in [true, false] {
        let tab = browser.open("about:blank");
        if !with_script {
            browser.disable_scripts(&tab);
        }
        browser.go(&tab, &format!("http://{LOGIN}127.0.0.1:{port}/"));
        browser.click(&tab, "button[aria-label='Start slow']");
        browser.wait_for(&tab, &state("slow", "starting"));
        let message = "document.querySelector('#message').textContent";
        browser.wait_for(&tab, &format!("{message} === 'Starting slow'"));
        // The row is still in view.
        let in_view = "(() => { const box = document.querySelector('#p-slow .state span')\
                       .getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight })()";
        browser.wait_for(&tab, in_view);
        assert!(browser.eval(&tab, "scrollY").as_f64() > Some(100.0));
        browser.click(&tab, "button[aria-label='Stop slow']");
        if !with_script {
            browser.wait_for(&tab, &format!("{message}.startsWith('Stopping slow')"));
            browser.go(&tab, &format!("http://{LOGIN}127.0.0.1:{port}/"));
        }
        browser.wait_for(&tab, &state("slow", "stopped"));
        browser.click(&tab, "button[aria-label='Start bad']");
        if with_script {
            browser.wait_for(&tab, &format!("{message} === 'ERROR: bad is fatal: exit status 3'"));
        } else {
            browser.wait_for(&tab, &format!("{message} === 'Starting bad'"));
            wait_until("it has failed", || {
                browser.go(&tab, &format!("http://127.0.0.1:{port}/"));
                browser.eval(&tab, &state("bad", "fatal")) == true
            });
        }
        let failure = "document.querySelector('#p-bad .failure').innerText";
        let failure = browser.eval(&tab, failure).as_str().unwrap_or_default().to_owned();
        for part in ["exit status 3", "stderr", "cannot open Data.fs"] {
            assert!(failure.contains(part), "{part} is not in {failure}");
        }
        browser.close(&tab);
    }
}

#[test]
fn stopping_everything_requires_confirmation() {
    for server in [ACCOUNT.to_owned(), format!("{ACCOUNT}web_get_actions=true\n")] {
        let sandbox = Sandbox::new();
        let port = sandbox.port();
        let daemon = site::start(&sandbox, port, &server, SLEEP);
        let mut browser = Browser::start(&sandbox);
        let url = format!("http://{LOGIN}127.0.0.1:{port}/");
        let tab = browser.open(&url);
        // By keyboard only: refuse, then agree.
        let open = "document.querySelector('dialog').open";
        for (keys, is_stopped) in [(vec!["Escape"], false), (vec!["Tab", "Tab", "Enter"], true)] {
            browser.eval(&tab, "document.querySelector('[value=stopall]').focus()");
            browser.press(&tab, "Enter");
            browser.wait_for(&tab, open);
            assert_eq!(browser.eval(&tab, "document.activeElement.value"), "no");
            let question = browser.eval(&tab, "document.querySelector('#question').textContent");
            assert_eq!(question, "Stop all 1 processes?");
            for key in keys {
                browser.press(&tab, key);
            }
            browser.wait_for(&tab, &format!("!{open}"));
            if is_stopped {
                daemon.wait_for_log("stopped: sleep");
            } else {
                assert!(!daemon.log().contains("stopped: sleep"));
            }
        }
        browser.wait_for(&tab, &state("sleep", "stopped"));
        browser.close(&tab);
        let tab = browser.open("about:blank");
        browser.disable_scripts(&tab);
        browser.go(&tab, &url);
        browser.click(&tab, "[value=restartall]");
        browser.wait_for(&tab, "document.querySelector('h1').textContent === 'Restart all?'");
        browser.click(&tab, "[value=restartall]");
        browser.wait_for(&tab, "location.search.startsWith('?message=Restarting')");
        daemon.wait_for_count("spawned: 'sleep'", 2);
    }
}

/// A client that opens a stream with heartbeats receives them.
#[test]
fn the_stream_has_heartbeats_on_request() {
    use std::io::{BufRead, BufReader, Write};
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let _daemon = site::start(&sandbox, port, "", SLEEP);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a limit");
    stream
        .write_all(b"GET /events?types=TICK_3600&heartbeat=1 HTTP/1.0\r\n\r\n")
        .expect("it is sent");
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert_eq!(lines.filter(|line| line == "event: heartbeat").take(2).count(), 2);
}

/// A browser without shared workers, and a proxy that does not let the stream through.
#[test]
fn without_a_stream_the_list_is_fetched_regularly() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, ACCOUNT, SLEEP);
    let relay = Relay::start_without_streams(&sandbox, port);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    browser.before_each_page(&tab, "delete window.SharedWorker");
    browser.go(&tab, &format!("http://{LOGIN}127.0.0.1:{}/", relay.port));
    assert_eq!(browser.eval(&tab, "typeof SharedWorker"), "undefined");
    // As long as several limits, and the list is never taken for obsolete.
    browser.eval(
        &tab,
        "window.wasStale = 0; setInterval(() => { wasStale |= \
                        document.body.classList.contains('stale') }, 50); 0",
    );
    for count in 2..5 {
        let pid = nix::unistd::Pid::from_raw(daemon.pid_of("sleep"));
        nix::sys::signal::kill(pid, Signal::SIGKILL).expect("it runs");
        daemon.wait_for_count("spawned: 'sleep'", count);
        let pid = daemon.pid_of("sleep");
        browser.wait_for(&tab, &format!("document.body.textContent.includes('pid {pid}')"));
    }
    assert_eq!(browser.eval(&tab, "window.wasStale"), 0);
    assert_eq!(relay.streams(), 0);
}
