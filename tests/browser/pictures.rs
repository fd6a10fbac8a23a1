//! The pictures in the manual: `UPDATE_DOCS=1 cargo test --test browser pictures` draws them again.
//! The test itself looks at the layout: nothing is wider than the window.

use std::path::Path;

use crate::site;
use crate::support::browser::Browser;
use crate::support::{Sandbox, Subject};

const PROGRAMS: &str = "[program:zeoserver]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    priority=10\n\
    [program:instance]\ncommand=/bin/sleep 1000\nstartsecs=0\nprocess_name=instance-%(process_num)d\n\
    numprocs=3\ndepends_on=zeoserver:running\nready_tcp=127.0.0.1:1\npriority=20\n\
    environment=ZOPE_SECRET=\"hunter2\",LANG=\"C.UTF-8\"\nstdout_logfile={here}/instance.log\n\
    [program:varnish]\ncommand=/bin/sleep 1000\nstartsecs=600\ndepends_on=instance:running\n\
    priority=30\n\
    [program:solr]\ncommand=/bin/sh -c 'echo \"ERROR: Cannot lock /srv/solr/data: in use by pid 4711\" >&2; exit 3'\n\
    startretries=0\nautorestart=false\n\
    [program:pack]\ncommand=/bin/sleep 1\nautostart=false\n";

#[test]
fn the_pages_fit_into_every_window() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    daemon.wait_for_log("gave up: solr");
    sandbox.write("instance.log", &coloured_log());
    let mut browser = Browser::start(&sandbox);
    let address = format!("http://127.0.0.1:{port}");
    let tab = browser.open(&address);
    let list = format!("{address}/?message=Starting%20varnish");
    let log = format!("{address}/tail.html?processname=instance:instance-0");
    let program = format!("{address}/program.html?processname=instance:instance-0");
    for (name, url, width, height, scheme) in [
        ("list-light", &list, 1100, 760, "light"),
        ("list-dark", &list, 1100, 760, "dark"),
        ("list-phone-dark", &list, 360, 760, "dark"),
        ("log-light", &log, 1100, 760, "light"),
        ("log-dark", &log, 1100, 760, "dark"),
        ("log-phone-dark", &log, 360, 760, "dark"),
        ("program-light", &program, 1100, 1400, "light"),
        ("program-dark", &program, 1100, 1400, "dark"),
        ("program-phone-dark", &program, 360, 760, "dark"),
    ] {
        browser.resize(&tab, width, height, scheme);
        browser.go(&tab, url);
        if url == &log {
            let search = "(() => { const input = document.querySelector('#log-search input'); \
                          input.value = 'conflict'; input.dispatchEvent(new Event('input')); })()";
            browser.wait_for(&tab, "document.querySelector('#log .c1') !== null");
            browser.eval(&tab, search);
        }
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.eval(&tab, fits), true, "{name}");
        let picture = browser.screenshot(&tab);
        let directory = match std::env::var_os("UPDATE_DOCS") {
            Some(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images"),
            None => sandbox.dir().to_owned(),
        };
        std::fs::write(directory.join(format!("web-{name}.png")), picture).expect("a picture");
    }
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

/// In both languages, with and without scripts: the buttons of a group are one line beside its name, and
/// the boxes of jobs fit into a phone.
#[test]
fn groups_and_jobs_fit_into_every_window() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let programs =
        PROGRAMS.replace("ready_tcp=127.0.0.1:1", "ready_tcp=127.0.0.1:1\nready_interval=0.1");
    let daemon = site::start(&sandbox, port, "", &programs);
    daemon.wait_for_log("gave up: solr");
    let mut ctl = Subject::Ours.program(&sandbox, "supervisorctl");
    ctl.args(["-c", "d.conf", "restart", "--rolling", "instance:*"]);
    let mut rolling = ctl.stdout(std::process::Stdio::null()).spawn().expect("it runs");
    daemon.wait_for_log("rolling restart: instance:instance-0 is next");
    let mut browser = Browser::start(&sandbox);
    let address = format!("http://127.0.0.1:{port}/");
    for with_script in [true, false] {
        let tab = browser.open("about:blank");
        if !with_script {
            browser.disable_scripts(&tab);
        }
        for language in ["en", "de"] {
            for (width, height) in [(1100, 760), (360, 760)] {
                let what = format!("{language} {width} {with_script}");
                browser.resize(&tab, width, height, "light");
                browser.go(&tab, &format!("{address}?lang={language}"));
                let fits = "document.documentElement.scrollWidth <= innerWidth";
                assert_eq!(browser.eval(&tab, fits), true, "{what}");
                let is_inside = "[...document.querySelectorAll('.job *')].every(it => \
                    it.getBoundingClientRect().right <= innerWidth)";
                browser.wait_for(&tab, "document.querySelector('.job .stages') !== null");
                assert_eq!(browser.eval(&tab, is_inside), true, "{what}");
                let lines = "new Set([...document.querySelectorAll('.group button[name=action]')]\
                    .map(it => it.getBoundingClientRect().top)).size";
                if width == 1100 {
                    assert_eq!(browser.eval(&tab, lines), 1, "{what}");
                }
                let picture = browser.screenshot(&tab);
                std::fs::write(sandbox.path(format!("{what}.png")), picture).expect("a picture");
            }
        }
        browser.close(&tab);
    }
    let _ = rolling.kill();
    let _ = rolling.wait();
}

/// What a site with a busy evening writes.
fn coloured_log() -> String {
    let level = |minute: u32| match minute % 7 {
        3 => {
            "\u{1b}[33mWARNING\u{1b}[0m [ZODB.Connection] read conflict on /plone/news, tried again"
        }
        5 => {
            "\u{1b}[1;31mERROR\u{1b}[0m [Zope.SiteErrorLog] \u{1b}[4mhttps://example.org/news\u{1b}[0m: KeyError: 'lead_image'"
        }
        _ => {
            "\u{1b}[32mINFO\u{1b}[0m [plone.restapi] \u{1b}[36mGET\u{1b}[0m /plone/@search \u{1b}[2m200 in 12 ms\u{1b}[0m"
        }
    };
    (0..60).fold(String::new(), |log, minute| {
        format!("{log}2026-11-27 20:{minute:02}:07,120 {}\n", level(minute))
    })
}
