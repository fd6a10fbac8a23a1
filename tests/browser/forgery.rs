//! Attacks by pages of other sites, with a real browser that is logged in: none of them changes
//! anything, even with the token of our forms.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::site::{self, ACCOUNT, LOGIN, SLEEP};
use crate::support::browser::{Browser, Tab};
use crate::support::{Daemon, Sandbox};

/// Serves one page at every path, until the test ends.
fn serve(sandbox: &Sandbox, page: String) -> u16 {
    let port = sandbox.port();
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let page = page.clone();
            // A browser also opens connections that it does not use.
            std::thread::spawn(move || {
                let lines = BufReader::new(client.try_clone().expect("a socket")).lines();
                let _ = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).count();
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";
                let _ = write!(client, "{head}{page}");
            });
        }
    });
    port
}

const STOP: &str = "<a><methodName>supervisor.stopAllProcesses</methodName></a>";

/// A page that submits each form, and calls a method, as soon as it is loaded.
fn attack(port: u16, token: &str) -> String {
    let target = format!("http://127.0.0.1:{port}");
    let form = |more: &str| {
        format!(
            "<form method=post target=f {more} action={target}/index.html>\
             <input name=action value=stop><input name=processname value=sleep>\
             <input name=token value={token}></form>"
        )
    };
    let framed =
        format!("{}<script>document.forms[0].submit()</script>", form("").replace("target=f", ""));
    format!(
        "<!DOCTYPE html><iframe name=f></iframe>{}{}\
         <form method=post target=f enctype=text/plain action={target}/RPC2>\
         <input name='{STOP}<!--' value='-->'></form>\
         <iframe sandbox='allow-forms allow-scripts' srcdoc=\"{}\"></iframe>\
         <script>for (const form of document.forms) form.submit();\
         fetch('{target}/RPC2', {{method: 'POST', mode: 'no-cors', credentials: 'include', \
         body: '{STOP}'}}).finally(() => document.title = 'done');</script>",
        form(""),
        form("rel=noreferrer"),
        framed.replace('"', "&quot;"),
    )
}

fn token(browser: &mut Browser, tab: &Tab) -> String {
    let token = browser.eval(tab, "document.querySelector('[name=token]').value");
    token.as_str().expect("a token").to_owned()
}

/// That the program still runs, and that a request of our own still works.
fn nothing_happened(daemon: &Daemon<'_>, pid: i32) {
    assert_eq!(daemon.pid_of("sleep"), pid);
    assert!(!daemon.log().contains("stopped: sleep"), "{}", daemon.log());
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    for (server, login) in [(ACCOUNT, LOGIN), ("", "")] {
        let sandbox = Sandbox::new();
        let port = sandbox.port();
        let daemon = site::start(&sandbox, port, server, SLEEP);
        let pid = daemon.pid_of("sleep");
        let mut browser = Browser::start(&sandbox);
        let tab = browser.open(&format!("http://{login}127.0.0.1:{port}/"));
        let token = token(&mut browser, &tab);
        for token in [token.as_str(), ""] {
            let other = serve(&sandbox, attack(port, token));
            // Another site, and another port of the same one.
            for host in ["evil.example", "127.0.0.1"] {
                browser.go(&tab, &format!("http://{host}:{other}/"));
                browser.wait_for(&tab, "document.title === 'done'");
            }
        }
        // One that is answered after them.
        browser.go(&tab, &format!("http://{login}127.0.0.1:{port}/"));
        nothing_happened(&daemon, pid);
    }
}

#[test]
fn a_name_that_was_rebound_to_an_open_server_changes_nothing() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let url = format!("http://evil.example:{port}/");
    let mut browser = Browser::start(&sandbox);
    {
        let other = Sandbox::new();
        let _daemon = site::start(&other, port, "", SLEEP);
        let tab = browser.open(&url);
        let text = browser.eval(&tab, "document.body.innerText");
        assert!(text.as_str().unwrap().contains("DNS rebinding"), "{text}");
    }
    // Even a name that is trusted by mistake gives no more than reading.
    let daemon = site::start(&sandbox, port, "web_trusted_hosts = evil.example\n", SLEEP);
    let pid = daemon.pid_of("sleep");
    let tab = browser.open(&url);
    let call =
        format!("fetch('RPC2', {{method: 'POST', body: '{STOP}'}}).then(reply => reply.status)");
    assert_eq!(browser.eval(&tab, &call), 403);
    let token = token(&mut browser, &tab);
    let act = format!(
        "fetch('index.html', {{method: 'POST', headers: {{'X-Forwarded-Host': '127.0.0.1'}}, body: \
         new URLSearchParams({{action: 'stop', processname: 'sleep', token: '{token}'}})}})\
         .then(reply => reply.status)"
    );
    assert_eq!(browser.eval(&tab, &act), 403);
    nothing_happened(&daemon, pid);
}
