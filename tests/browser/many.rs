//! A long list: pages, a search over all of them, a selection across them, and what is announced.

use crate::site;
use crate::support::browser::Browser;
use crate::support::{Sandbox, Subject};

const PROGRAMS: &str = "[program:worker]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    process_name=%(process_num)03d\nnumprocs=1000\nautostart=false\n";

const ROWS: &str = "document.querySelectorAll('#list tr[id]').length";

fn first_row(name: &str) -> String {
    format!("document.querySelector('#list tr[id]')?.id === 'p-worker:{name}'")
}

#[test]
fn a_thousand_processes_are_shown_in_short_pages() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    let mut browser = Browser::start(&sandbox);
    let url = format!("http://127.0.0.1:{port}/");
    for with_script in [false, true] {
        let tab = browser.open("about:blank");
        if !with_script {
            browser.disable_scripts(&tab);
        }
        browser.go(&tab, &url);
        if with_script {
            browser.wait_for(&tab, "!document.querySelector('#keys').hidden");
        }
        assert_eq!(browser.eval(&tab, ROWS), 100);
        let height = browser.eval(&tab, "document.documentElement.scrollHeight");
        assert!(height.as_f64().is_some_and(|height| height < 15_000.0), "{height} px");
        browser.click(&tab, ".pages [aria-label='Page 10']");
        browser.wait_for(&tab, &first_row("900"));
        browser
            .wait_for(&tab, "document.querySelector('.pages [aria-current]').textContent === '10'");
        assert_eq!(browser.eval(&tab, "location.search"), "?page=10");
        // An action keeps the page.
        browser.click(&tab, "[id='p-worker:950'] button[value=start]");
        browser.wait_for(
            &tab,
            "document.getElementById('p-worker:950')?.querySelector('.state').textContent === 'running'",
        );
        browser.wait_for(&tab, &first_row("900"));
        browser.click(&tab, "[id='p-worker:950'] button[value=stop]");
        daemon.wait_for_count("stopped: 950", if with_script { 2 } else { 1 });
        browser.go(&tab, &format!("{url}?q=:95&page=7"));
        browser.wait_for(&tab, &format!("{ROWS} === 10"));
        assert_eq!(browser.eval(&tab, "document.querySelector('#found').textContent"), "10 found");
        browser.go(&tab, &format!("{url}?q=none"));
        browser.wait_for(
            &tab,
            "document.querySelector('#list').innerText.includes('No process matches')",
        );
        assert_eq!(browser.complaints(&tab), Vec::<String>::new());
        browser.close(&tab);
    }
}

/// `cargo nextest run --no-capture --test browser -E 'test(prints_what)'` prints the figures of the manual.
/// The test itself examines what does not depend on the machine: how much of the list is in the page.
#[test]
fn a_page_of_a_thousand_running_processes_prints_what_it_takes() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let programs = PROGRAMS.replace("autostart=false", "autostart=true");
    let daemon = site::start(&sandbox, port, "", &programs);
    daemon.wait_for_count("entered RUNNING state", 1000);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    let url = format!("http://127.0.0.1:{port}/");
    browser.before_each_page(
        &tab,
        "globalThis.port = { postMessage() {}, start() {} };
         globalThis.SharedWorker = class { constructor() { this.port = globalThis.port; } };",
    );
    browser.go(&tab, &url);
    browser.wait_for(
        &tab,
        "typeof port.onmessage === 'function' && !document.querySelector('#keys').hidden",
    );
    browser.wait_for(&tab, "performance.getEntriesByName('first-contentful-paint').length === 1");
    let figures = browser.eval(
        &tab,
        "(async () => {
            const page = performance.getEntriesByType('navigation')[0];
            const painted = performance.getEntriesByName('first-contentful-paint')[0].startTime;
            const begun = performance.now();
            const answer = await fetch('status.json');
            const text = await answer.text();
            const fetched = performance.now() - begun;
            const list = JSON.parse(text);
            const update = (change) => {
                list.processes.forEach(change);
                const before = performance.now();
                port.onmessage({ data: { list, asked: Date.now() } });
                document.body.offsetHeight;
                return performance.now() - before;
            };
            const same = update(() => {});
            const all = update((row) => { row.state = 'stopping'; row.description = ''; });
            const input = document.querySelector('[name=q]');
            input.value = ':95';
            const before = performance.now();
            const filtered = new Promise((resolve) => new MutationObserver(() => {
                if (document.querySelectorAll('#list tr[id]').length === 10) resolve();
            }).observe(document.body, { childList: true, subtree: true }));
            input.dispatchEvent(new Event('input', { bubbles: true }));
            await filtered;
            document.body.offsetHeight;
            const filter = performance.now() - before;
            const round = (it) => Math.round(it * 10) / 10;
            return {
                'first paint, ms': round(painted), 'page, kB': round(page.encodedBodySize / 1000),
                'filter, ms (100 of them wait for more keys)': round(filter),
                'list fetched, ms': round(fetched), 'list, kB': round(text.length / 1000),
                'update without changes, ms': round(same), 'update with 1000 changes, ms': round(all),
            };
        })()",
    );
    let figures = figures.as_object().expect("figures");
    for (name, value) in figures {
        println!("1000 processes: {name}: {value}");
    }
    assert!(figures["page, kB"].as_f64().is_some_and(|size| size < 500.0), "{figures:?}");
    assert!(figures["list, kB"].as_f64().is_some_and(|size| size < 500.0), "{figures:?}");
    let elements = browser.eval(&tab, "document.querySelectorAll('#list *').length");
    assert!(elements.as_i64().is_some_and(|count| count < 1000), "{elements}");
}

#[test]
fn a_selection_is_kept_across_pages_and_searches() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    let mut browser = Browser::start(&sandbox);
    let url = format!("http://127.0.0.1:{port}/");
    let tab = browser.open(&url);
    browser.wait_for(&tab, "document.querySelector('#selection').hidden");
    browser.click(&tab, "[aria-label='Select worker:005']");
    browser.wait_for(&tab, "document.querySelector('.scope').textContent === '1 selected:'");
    browser.click(&tab, ".pages [aria-label='Page 2']");
    browser.wait_for(&tab, &first_row("100"));
    browser.click(&tab, "[aria-label='Select worker:105']");
    browser.wait_for(&tab, "document.querySelector('.scope').textContent === '2 selected:'");
    browser.click(&tab, "#selection [value=start]");
    daemon.wait_for_log("spawned: '005'");
    daemon.wait_for_log("spawned: '105'");
    daemon.wait_for_count("entered RUNNING state", 2);
    // The box in the head selects the page.
    browser.go(&tab, &format!("{url}?state=running"));
    browser.wait_for(&tab, &format!("{ROWS} === 2"));
    browser.wait_for(&tab, "document.querySelector('.scope').textContent === 'All 2 found:'");
    browser.click(&tab, "[aria-label='Select all on this page']");
    browser.wait_for(&tab, "document.querySelector('.scope').textContent === '2 selected:'");
    browser.click(&tab, "#selection [value=stop]");
    daemon.wait_for_count("stopped: ", 2);
    // What no longer matches leaves the list.
    browser.wait_for(&tab, &format!("{ROWS} === 0"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
    // Without scripts the boxes and buttons are one form.
    browser.disable_scripts(&tab);
    browser.go(&tab, &format!("{url}?q=worker:00"));
    browser.click(&tab, "[aria-label='Select worker:003']");
    browser.click(&tab, "[aria-label='Select worker:004']");
    browser.click(&tab, "#selection [value=start]");
    browser.wait_for(
        &tab,
        "document.querySelector('#message').textContent === 'Starting 2 processes'",
    );
    daemon.wait_for_log("spawned: '003'");
    daemon.wait_for_log("spawned: '004'");
    assert_eq!(browser.eval(&tab, "location.search.startsWith('?q=worker%3A00')"), true);
    browser.click(&tab, "#selection [value=start]");
    browser.wait_for(
        &tab,
        "document.querySelector('#message').textContent === 'ERROR: no process is selected'",
    );
}

#[test]
fn changes_by_others_are_announced_once_and_the_uptime_counts() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let _daemon = site::start(&sandbox, port, "", PROGRAMS);
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("http://127.0.0.1:{port}/"));
    browser.wait_for(&tab, "document.querySelector('#selection').hidden");
    let announced = "document.querySelector('#changes').textContent";
    browser.eval(
        &tab,
        "window.announcements = []; new MutationObserver(() => \
         window.announcements.push(document.querySelector('#changes').textContent))\
         .observe(document.querySelector('#changes'), { childList: true }), 0",
    );
    let start = |names: &[&str]| {
        let mut ctl = Subject::Ours.program(&sandbox, "supervisorctl");
        ctl.arg("-c").arg(sandbox.path("d.conf")).arg("start").args(names);
        assert!(ctl.output().expect("it runs").status.success());
    };
    start(&["worker:001"]);
    browser.wait_for(&tab, &format!("{announced} === 'worker:001 is running'"));
    // Those of another page, too; many are counted.
    start(&["worker:300", "worker:301", "worker:302", "worker:303", "worker:304"]);
    browser.wait_for(
        &tab,
        "window.announcements.slice(1).join().match(/30|processes changed/) !== null",
    );
    // An action of this tab is reported in place instead.
    browser.click(&tab, "[aria-label='Stop worker:001']");
    browser.wait_for(
        &tab,
        "document.querySelector('#message').textContent === 'worker:001 is stopped'",
    );
    let announcements = browser.eval(&tab, "window.announcements");
    assert!(!announcements.to_string().contains("stopped"), "{announcements}");
    // No list is fetched for the uptime.
    start(&["worker:002"]);
    let uptime = "/uptime (.*)/.exec(document.getElementById('p-worker:002').innerText)?.[1]";
    browser.wait_for(&tab, &format!("{uptime} === '0:00:02'"));
    browser.wait_for(&tab, &format!("{uptime} === '0:00:03'"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}
