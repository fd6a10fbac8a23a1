//! The page of a process in the browser: what it shows, what stays secret, and its actions.

use nix::sys::signal::Signal;

use crate::site::{self, ACCOUNT, LOGIN};
use crate::support::browser::{Browser, Tab};
use crate::support::{Daemon, Sandbox};

pub(crate) const PROGRAMS: &str = "[program:zeoserver]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    priority=10\n\
    [program:instance]\ncommand=/bin/sleep 1000 \nstartsecs=0\npriority=20\n\
    depends_on=zeoserver:running\nenvironment=DB_PASSWORD=\"hunter2\",LANG=\"C\"\n\
    ready_tcp=127.0.0.1:1\n\
    [program:varnish]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority=30\n\
    depends_on=instance:running\n\
    [program:pack]\ncommand=/bin/true\nschedule=0 3 * * *\nschedule_timezone=UTC\n\
    [program:solr]\ncommand=/bin/sh -c 'echo cannot lock the data >&2; exit 3'\nstartretries=0\n\
    autorestart=false\n";

pub(crate) fn start(sandbox: &Sandbox, port: u16) -> Daemon<'_> {
    let daemon = site::start(sandbox, port, ACCOUNT, PROGRAMS);
    daemon.wait_for_log("gave up: solr");
    daemon.wait_for_log("spawned: 'varnish'");
    daemon
}

fn text(browser: &mut Browser, tab: &Tab) -> String {
    let text = browser.eval(tab, "document.querySelector('main').innerText");
    text.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn the_page_of_a_process_shows_what_is_known_about_it() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = start(&sandbox, port);
    let conf = sandbox.read("d.conf").replace("priority=20", "priority=25");
    sandbox.write("d.conf", &conf.replace("LANG=\"C\"", "LANG=\"C\",NEW_TOKEN=\"hunter3\""));
    let mut browser = Browser::start(&sandbox);
    let url =
        |name: &str| format!("http://{LOGIN}127.0.0.1:{port}/program.html?processname={name}");
    for with_script in [true, false] {
        let tab = browser.open("about:blank");
        if !with_script {
            browser.disable_scripts(&tab);
        }
        browser.go(&tab, &url("instance"));
        let shown = text(&mut browser, &tab);
        let pid = daemon.pid_of("instance").to_string();
        let conf = sandbox.path("d.conf").display().to_string();
        let line = |option: &str| {
            let text = sandbox.read("d.conf");
            let start = text.find("[program:instance]").expect("the section");
            let at = start + text[start..].find(option).expect("the option");
            format!("{conf}:{}", text[..at].matches('\n').count() + 1)
        };
        assert_has(
            &shown,
            &[
                "instance running",
                &pid,
                "up for ",
                "not ready",
                "127.0.0.1:1",
                "zeoserver: running, met",
                "Needed by",
                "varnish",
                "priority 10: zeoserver",
                "priority 20: instance",
                "priority 30: varnish",
                "DB_PASSWORD",
                "LANG",
                &line("priority"),
                &line("depends_on"),
                "Changed on disk",
                "25",
                "DB_PASSWORD, LANG, NEW_TOKEN",
            ],
        );
        let all = browser.eval(&tab, "document.documentElement.outerHTML");
        assert!(!all.as_str().unwrap_or_default().contains("hunter"), "{all}");
        let boxes = browser.eval(
            &tab,
            "[...document.querySelectorAll('.graph g')].map(it => it.querySelector('.node').textContent \
             + '@' + it.querySelector('rect').getAttribute('x')).sort().join()",
        );
        let charts = "document.querySelectorAll('#resources .chart svg').length === 3";
        if with_script {
            browser.wait_for(&tab, charts);
        }
        assert_eq!(boxes, "instance@234,varnish@466,zeoserver@2");
        browser.go(&tab, &url("solr"));
        let shown = text(&mut browser, &tab);
        assert_has(&shown, &["solr fatal", "exit status 3", "too quickly", "Last output"]);
        browser.click(&tab, "summary");
        assert_has(&text(&mut browser, &tab), &["cannot lock the data"]);
        browser.go(&tab, &url("pack"));
        assert_has(&text(&mut browser, &tab), &["0 3 * * *", "UTC", "next run ", " 03:00:00"]);
        assert_eq!(browser.complaints(&tab), Vec::<String>::new());
        browser.close(&tab);
    }
}

#[test]
fn actions_return_to_the_page_which_follows_the_process() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = start(&sandbox, port);
    let mut browser = Browser::start(&sandbox);
    let tab =
        browser.open(&format!("http://{LOGIN}127.0.0.1:{port}/program.html?processname=varnish"));
    let state =
        |state: &str| format!("document.querySelector('#program').dataset.state === '{state}'");
    browser.wait_for(&tab, &state("running"));
    browser.click(&tab, "button[value=stop]");
    browser.wait_for(
        &tab,
        &format!("location.pathname.endsWith('/program.html') && {}", state("stopped")),
    );
    daemon.wait_for_log("stopped: varnish");
    assert_eq!(
        browser.eval(&tab, "document.querySelector('#program [role=status]').textContent"),
        "Stopping varnish"
    );
    browser.click(&tab, "button[value=start]");
    browser.wait_for(&tab, &state("running"));
    // What others do is shown too, without another load, and the focus stays.
    browser.eval(&tab, "window.mark = 1; document.querySelector('button[value=restart]').focus()");
    let pid = nix::unistd::Pid::from_raw(daemon.pid_of("varnish"));
    nix::sys::signal::kill(pid, Signal::SIGKILL).expect("it runs");
    daemon.wait_for_count("spawned: 'varnish'", 3);
    let pid = daemon.pid_of("varnish");
    browser
        .wait_for(&tab, &format!("document.querySelector('.facts').textContent.includes('{pid}')"));
    browser.wait_for(&tab, "document.querySelector('.plain').textContent.includes('SIGKILL')");
    assert_eq!(browser.eval(&tab, "window.mark"), 1);
    assert_eq!(browser.eval(&tab, "document.activeElement.value"), "restart");
    browser.go(&tab, &format!("http://127.0.0.1:{port}/program.html?processname=nothing"));
    assert_has(&browser.eval(&tab, "document.body.textContent").to_string(), &["no such process"]);
}

/// States are visible to all accounts; the rest requires the rights for it.
#[test]
fn an_account_sees_what_it_may() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let accounts = "[http_user:vera]\npassword=pw\nprograms=instance\n\
        [http_user:olaf]\npassword=pw\nrole=operator\nprograms=instance\n";
    let _daemon = site::start(&sandbox, port, ACCOUNT, &format!("{PROGRAMS}{accounts}"));
    let page = |user: &str, path: &str| {
        let answer = sandbox
            .command("curl")
            .args(["-s", "-u", &format!("{user}:pw"), "-w", "%{http_code}"])
            .arg(format!("http://127.0.0.1:{port}/{path}"))
            .output()
            .expect("curl runs");
        String::from_utf8_lossy(&answer.stdout).into_owned()
    };
    for (user, name, has_buttons, has_history, has_options, has_changes) in [
        ("vera", "instance", false, true, false, false),
        ("vera", "varnish", false, false, false, false),
        ("olaf", "instance", true, true, true, false),
        ("olaf", "varnish", false, false, false, false),
        ("user", "varnish", true, true, true, true),
    ] {
        let path = format!("program.html?processname={name}");
        let conf = sandbox.read("d.conf");
        sandbox.write("d.conf", &conf.replace("startsecs=0", "startsecs=2"));
        let page = page(user, &path);
        sandbox.write("d.conf", &conf);
        assert!(page.ends_with("200"), "{user} {name}: {page}");
        assert!(page.contains(&format!("<h1>{name} ")), "{page}");
        for (what, is_there) in [
            ("<button name=\"action\"", has_buttons),
            ("<h2>Past runs</h2>", has_history),
            ("<h2>Options</h2>", has_options),
            ("<h3>Changed on disk, and not applied yet</h3>", has_changes),
        ] {
            assert_eq!(page.contains(what), is_there, "{user} {name} {what}");
        }
    }
    let mut codes = Vec::new();
    for (user, path) in [
        ("vera", "log.part?processname=instance&channel=stderr"),
        ("vera", "log.part?processname=varnish&channel=stdout"),
        ("vera", "log.txt?processname=varnish&channel=stdout"),
        ("vera", "tail.html?processname=varnish"),
        ("olaf", "mainlog.html"),
        ("olaf", "log.part?log=main"),
        ("olaf", "log.txt?log=audit"),
        ("olaf", "auditlog.html"),
        ("user", "log.part?log=main"),
        ("user", "log.txt?log=main"),
        ("user", "log.part?log=audit"),
    ] {
        let page = page(user, path);
        codes.push(page[page.len() - 3..].to_owned());
    }
    let expected = "200 403 403 403 403 403 403 403 200 200 404";
    assert_eq!(codes.join(" "), expected);
}
