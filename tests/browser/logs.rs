//! The page of a log in the browser: what it shows, how it follows, and what it survives.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use crate::site::{self, ACCOUNT, LOGIN};
use crate::support::browser::{Browser, Tab};
use crate::support::ctl::Client;
use crate::support::{Daemon, Sandbox, Subject};

/// A program that writes nothing itself: the tests write its log.
const QUIET: &str = "[program:quiet]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    stdout_logfile={here}/quiet.log\nstdout_logfile_backups=3\nstderr_logfile={here}/quiet.err\n";

struct Site<'a> {
    sandbox: &'a Sandbox,
    daemon: Daemon<'a>,
    port: u16,
}

impl<'a> Site<'a> {
    fn start(sandbox: &'a Sandbox) -> Self {
        let port = sandbox.port();
        let daemon = site::start(sandbox, port, ACCOUNT, QUIET);
        daemon.wait_for_log("spawned: 'quiet'");
        Self { sandbox, daemon, port }
    }

    fn url(&self) -> String {
        self.at("tail.html?processname=quiet")
    }

    fn at(&self, path: &str) -> String {
        format!("http://{LOGIN}127.0.0.1:{}/{path}", self.port)
    }

    fn log(&self) -> PathBuf {
        self.sandbox.path("quiet.log")
    }

    fn write(&self, text: &str) {
        let file = File::options().append(true).create(true).open(self.log());
        file.expect("the log").write_all(text.as_bytes()).expect("it is written");
    }
}

const TEXT: &str = "document.querySelector('#log').innerText";
const STATE: &str = "document.querySelector('#log-state').textContent";

fn has(text: &str) -> String {
    format!("{TEXT}.includes({text:?})")
}

fn lines(from: u32, to: u32) -> String {
    (from..to).map(|number| format!("line {number}\n")).collect()
}

/// Until the script has taken over and shows this.
fn live(text: &str) -> String {
    format!("{STATE} === 'Live' && {}", has(text))
}

#[track_caller]
fn count(browser: &mut Browser, tab: &Tab, selector: &str) -> i64 {
    let count = browser.eval(tab, &format!("document.querySelectorAll('{selector}').length"));
    count.as_i64().expect("a number")
}

#[test]
fn the_end_of_a_log_is_shown_in_whole_lines_and_followed() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write(&lines(0, 20_000));
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("line 19999"));
    let first = browser.eval(&tab, "document.querySelector('#log .line').textContent");
    assert_eq!(first, "line 14043");
    // A line in several pieces.
    site.write("new");
    browser.wait_for(&tab, "document.querySelector('#log .line:last-child').textContent === 'new'");
    site.write(" line\nnext\n");
    browser.wait_for(&tab, &format!("{TEXT}.trimEnd().endsWith('line 19999\\nnew line\\nnext')"));
    let at_end = "(() => { const log = document.querySelector('#log'); \
                  return log.scrollHeight - log.scrollTop - log.clientHeight < 8 })()";
    assert_eq!(browser.eval(&tab, at_end), true);
    // What is before joins without a gap.
    browser.eval(&tab, "document.querySelector('#log').scrollTop = 0");
    browser.click(&tab, "#earlier");
    browser.wait_for(&tab, &has("line 14042\nline 14043\n"));
    // The window is bounded: lines at the other end made room, and it stays there.
    assert!(count(&mut browser, &tab, "#log .line") <= 10_000);
    assert_eq!(browser.eval(&tab, STATE), "Paused");
    assert_eq!(browser.eval(&tab, &has("next")), false);
    browser.click(&tab, "#later");
    browser.wait_for(&tab, &has("line 19999\nnew line\nnext"));
    browser.click(&tab, "#pause");
    site.write("after the pause\n");
    browser.wait_for(&tab, &has("after the pause"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

#[test]
fn a_paused_log_stands_still() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write("one\n");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("one"));
    browser.click(&tab, "#pause");
    assert_eq!(browser.eval(&tab, "document.querySelector('#pause').textContent"), "Go on");
    // The program wrote, and another tab, which is loaded after that, shows it.
    site.write("two\n");
    let other = browser.open(&site.url());
    browser.wait_for(&other, &has("two"));
    browser.show(&tab);
    assert_eq!(browser.eval(&tab, &has("two")), false);
    browser.press(&tab, " ");
    browser.wait_for(&tab, &has("one\ntwo"));
}

#[test]
fn colours_are_classes_and_text_is_never_markup() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write(
        "\u{1b}[1;31mred\u{1b}[0m <script>document.title='pwned'</script>\u{1b}[K\r\n\
         \u{1b}[38;5;196m256\u{1b}[39m \u{1b}[38;2;0;0;255;44mrgb\u{1b}[m plain\n\
         \u{1b}[38:2::0:200:0mcolon\n still \u{1b}[4;9mboth\u{1b}[24;29m\u{1b}[0m\n\
         \u{1b}]0;title\u{7}\u{1b}[2J\u{0}|50%\r100%\u{7f}\u{9b}\n\
         <img src=x onerror=alert(1)>\u{1b}[<b>m &amp;\n",
    );
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("&amp;"));
    let shown = browser.eval(
        &tab,
        "[...document.querySelectorAll('#log .line')].map(line => [...line.childNodes].map(node => \
         (node.className ? `{${node.className} ${node.textContent}}` : node.textContent)).join(''))",
    );
    assert_eq!(
        shown,
        serde_json::json!([
            "{c1 bold red} <script>document.title='pwned'</script>",
            "{c9 256} {c12 g4 rgb} plain",
            "{c2 colon}",
            "{c2  still }{c2 underline strike both}",
            "^[]0;title^G^[[2J^@|50%^M100%^?\u{fffd}",
            "<img src=x onerror=alert(1)>^[[<b>m &amp;",
        ])
    );
    assert_eq!(count(&mut browser, &tab, "#log script, #log img, #log b, [style]"), 0);
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

#[test]
fn a_log_survives_rotation_clearing_and_a_restart() {
    let sandbox = Sandbox::new();
    let mut site = Site::start(&sandbox);
    site.write("before\n");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("before"));
    // What was written just before the rotation is not lost.
    browser.click(&tab, "#pause");
    site.write("last of the old file\n");
    fs::rename(site.log(), sandbox.path("quiet.log.1")).expect("it is rotated");
    site.write("first of the new file\n");
    browser.click(&tab, "#pause");
    browser
        .wait_for(&tab, &has("last of the old file\nThe log was rotated\nfirst of the new file"));
    // Cleared from outside, in place.
    File::options().write(true).open(site.log()).unwrap().set_len(0).expect("it is truncated");
    site.write("short\n");
    browser.wait_for(&tab, &has("The log was cleared or replaced\nshort"));
    // Cleared on request: by another file, which may have the same number.
    Client::start(Subject::Ours, &sandbox).ask("clear quiet");
    site.write("a longer line than before\n");
    browser.wait_for(&tab, &has("The log was cleared or replaced\na longer line than before"));
    // Another daemon, which continues the log.
    site.daemon.stop();
    browser.wait_for(&tab, &format!("{STATE}.startsWith('No answer since ')"));
    site.write("while the daemon was down\n");
    let daemon = site::start(&sandbox, site.port, ACCOUNT, QUIET);
    browser.wait_for(&tab, &has("while the daemon was down"));
    browser.wait_for(&tab, &format!("{STATE} === 'Live'"));
    let text = browser.eval(&tab, TEXT);
    let text = text.as_str().unwrap_or_default();
    assert_eq!(text.matches("a longer line").count(), 1, "{text}");
    assert_eq!(text.matches("the server answers again").count(), 1, "{text}");
    // One that hangs.
    daemon.signal(nix::sys::signal::Signal::SIGSTOP);
    browser.wait_for(&tab, &format!("{STATE}.startsWith('No answer since ')"));
    daemon.signal(nix::sys::signal::Signal::SIGCONT);
    site.write("it goes on\n");
    browser.wait_for(&tab, &has("it goes on"));
}

#[test]
fn matches_are_counted_and_visited() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write(&format!(
        "{}a \u{1b}[31mNee\u{1b}[0mdle [x], needle\n{}",
        lines(0, 200),
        lines(0, 200)
    ));
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("needle"));
    let found = "document.querySelector('#found').textContent";
    let type_text = |browser: &mut Browser, text: &str| {
        browser.eval(&tab, "document.querySelector('#log-search input').focus()");
        browser.eval(&tab, "document.querySelector('#log-search input').select()");
        for char in text.chars() {
            browser.press(&tab, &char.to_string());
        }
    };
    type_text(&mut browser, "needle");
    browser.wait_for(&tab, &format!("{found} === '2 matches'"));
    browser.press(&tab, "Enter");
    browser.wait_for(&tab, &format!("{found} === '1 of 2'"));
    let is_in_view = "(() => { const line = document.querySelector('#log .current')\
        .getBoundingClientRect(), log = document.querySelector('#log').getBoundingClientRect(); \
        return line.top >= log.top && line.bottom <= log.bottom })()";
    browser.wait_for(&tab, is_in_view);
    browser.press(&tab, "Enter");
    browser.wait_for(&tab, &format!("{found} === '2 of 2'"));
    browser.click(&tab, "[value=previous]");
    browser.wait_for(&tab, &format!("{found} === '1 of 2'"));
    let marked = "[...CSS.highlights.get('chosen')].map(range => { const it = \
        document.createRange(); it.setStart(range.startContainer, range.startOffset); \
        it.setEnd(range.endContainer, range.endOffset); return String(it) }).join()";
    assert_eq!(browser.eval(&tab, marked), "Needle");
    assert_eq!(browser.eval(&tab, "CSS.highlights.get('found').size"), 2);
    // A text, not a pattern; and new lines count too.
    type_text(&mut browser, "[x]");
    browser.wait_for(&tab, &format!("{found} === '1 match'"));
    site.write("[x] [X] x\n");
    browser.wait_for(&tab, &format!("{found} === '3 matches'"));
}

/// What is found is counted in the whole file, and can be gone to: most of it is not loaded.
#[test]
fn the_whole_log_is_searched() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    let mut text = String::from("a needle at the start, Needle\n");
    for number in 0..200_000 {
        text += if number == 90_000 { "\u{1b}[31mnee\u{1b}[0mdle\n" } else { "nothing is here\n" };
    }
    site.write(&text);
    site.write("the last needle\n");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("the last needle"));
    let search = "(() => { const input = document.querySelector('#log-search input'); \
                  input.value = 'needle'; input.dispatchEvent(new Event('input')); input.focus(); })()";
    browser.eval(&tab, search);
    let found = "document.querySelector('#found').textContent";
    browser.wait_for(&tab, &format!("{found} === '4 matches'"));
    let current = "document.querySelector('#log .current')?.textContent";
    browser.press(&tab, "Enter");
    browser.wait_for(&tab, &format!("{found} === '4 of 4'"));
    browser.press(&tab, "Enter");
    browser.wait_for(
        &tab,
        &format!("{found} === '1 of 4' && {current} === 'a needle at the start, Needle'"),
    );
    assert_eq!(browser.eval(&tab, STATE), "Paused");
    browser.press(&tab, "Enter");
    browser.wait_for(&tab, &format!("{found} === '2 of 4'"));
    browser.press(&tab, "Enter");
    browser.wait_for(&tab, &format!("{found} === '3 of 4' && {current} === 'needle'"));
    browser.click(&tab, "[value=previous]");
    browser.wait_for(&tab, &format!("{found} === '2 of 4'"));
    assert!(count(&mut browser, &tab, "#log .line") <= 10_000);
    // What is written meanwhile counts once the page follows again, also what it skips.
    let more = "x".repeat(99) + "\n";
    site.write(&format!("one more needle\n{}", more.repeat(3000)));
    browser.click(&tab, "#pause");
    browser.wait_for(&tab, &format!("{found} === '2 of 5' || {found} === '5 matches'"));
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

#[test]
fn a_link_leads_to_its_line_also_after_a_rotation() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write(&lines(0, 30_000));
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("line 29999"));
    browser.click(&tab, "#pause");
    // The first line in view.
    browser.eval(
        &tab,
        "[...document.querySelectorAll('#log .line')].find(it => it.textContent === 'line 27000')\
         .scrollIntoView({block: 'start'})",
    );
    browser.click(&tab, "#link");
    browser.wait_for(&tab, "location.hash.startsWith('#line=')");
    let linked = "document.querySelector('#log .linked').textContent";
    browser.wait_for(&tab, &format!("{linked} === 'line 27000'"));
    let url = browser.eval(&tab, "location.href");
    let url = url.as_str().expect("an address").to_owned();
    // In the middle of a longer log.
    site.write(&lines(30_000, 60_000));
    let other = browser.open(&url);
    browser.wait_for(&other, &format!("{linked} === 'line 27000'"));
    browser.wait_for(&other, &format!("{STATE} === 'Paused'"));
    assert_eq!(browser.eval(&other, &has("line 59999")), false);
    browser.close(&other);
    fs::rename(site.log(), sandbox.path("quiet.log.1")).expect("it is rotated");
    site.write("new\n");
    let other = browser.open(&url);
    browser.wait_for(&other, &format!("{linked} === 'line 27000'"));
    browser.close(&other);
    fs::remove_file(sandbox.path("quiet.log.1")).expect("it is deleted");
    let other = browser.open(&url);
    browser.wait_for(&other, &has("The line of the address is no longer there"));
    browser.wait_for(&other, &has("new"));
}

/// 20 MB in one second, and a million lines: the page keeps a few thousand lines, and reports what it
/// left out.
#[test]
fn a_flood_is_bounded_and_what_is_left_out_is_reported() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write("start\n");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &live("start"));
    browser.eval(
        &tab,
        "window.most = 0; window.notices = []; new MutationObserver(changes => { \
         most = Math.max(most, document.querySelectorAll('#log > *').length); \
         changes.forEach(({addedNodes}) => addedNodes.forEach(it => { if (it.className === 'notice') \
         notices.push(it.textContent) })) })\
         .observe(document.querySelector('#log'), {childList: true}); 0",
    );
    // A search counts everything meanwhile, also what the page leaves out.
    browser.eval(
        &tab,
        "(() => { const input = document.querySelector('#log-search input'); \
         input.value = 'line 99999'; input.dispatchEvent(new Event('input')); })()",
    );
    let mut written = 0;
    for _ in 0..20 {
        let text = lines(written, written + 50_000);
        written += 50_000;
        site.write(&text);
        // The page answers meanwhile.
        assert_eq!(browser.eval(&tab, "1 + 1"), 2);
    }
    browser.wait_for(&tab, &has("line 999999"));
    browser.wait_for(&tab, "document.querySelector('#found').textContent === '11 matches'");
    let notices = browser.eval(&tab, "notices.join()");
    let notices = notices.as_str().unwrap_or_default();
    assert!(notices.contains(" MB skipped"), "{notices}");
    let most = browser.eval(&tab, "most").as_i64().expect("a number");
    assert!(most <= 2 * 10_000, "{most}");
    assert!(count(&mut browser, &tab, "#log > *") <= 10_000);
    // A reader who has scrolled up keeps the place.
    let top = "document.querySelector('#log .line').textContent";
    browser.eval(&tab, "document.querySelector('#log').scrollTop = 0");
    let first = browser.eval(&tab, top);
    site.write(&lines(0, 50_000));
    browser.wait_for(&tab, &format!("{STATE}.startsWith('Waiting')"));
    assert_eq!(browser.eval(&tab, top), first);
    browser.eval(&tab, "document.querySelector('#log').scrollTop = 1e9");
    browser.wait_for(&tab, &has("line 49999"));
    // A line without an end is divided, between characters.
    site.write(&"\u{e4}".repeat(300_000));
    site.write("\nend\n");
    browser.wait_for(&tab, &has("end"));
    assert_eq!(browser.eval(&tab, &has("\u{fffd}")), false);
}

#[test]
fn a_log_that_does_not_exist_yet_is_awaited() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    fs::remove_file(site.log()).expect("the log");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&site.url());
    browser.wait_for(&tab, &format!("{STATE} === 'There is no log yet'"));
    site.write("it begins\n");
    browser.wait_for(&tab, &live("it begins"));
}

#[test]
fn both_streams_and_the_logs_of_the_daemon_have_pages() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let audit = "[supervisord]\naudit_logfile={here}/audit.log\n";
    let daemon = site::start(&sandbox, port, ACCOUNT, &format!("{QUIET}{audit}"));
    daemon.wait_for_log("spawned: 'quiet'");
    fs::write(sandbox.path("quiet.err"), "an error\n").expect("the log");
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open(&format!("http://{LOGIN}127.0.0.1:{port}/"));
    browser.click(&tab, "a[href='mainlog.html']");
    browser.wait_for(&tab, &has("spawned: 'quiet'"));
    browser.click(&tab, ".tabs a[href='auditlog.html']");
    browser.wait_for(&tab, "document.querySelector('h1').textContent === 'Audit log'");
    Client::start(Subject::Ours, &sandbox).ask("signal USR1 quiet");
    browser.wait_for(&tab, &has("supervisor.signalProcess"));
    browser.go(&tab, &format!("http://{LOGIN}127.0.0.1:{port}/tail.html?processname=quiet"));
    browser.click(&tab, ".tabs a:not([aria-current])");
    browser.wait_for(&tab, &has("an error"));
    assert_eq!(
        browser.eval(&tab, "document.querySelector('.tabs [aria-current]').textContent"),
        "stderr"
    );
    assert_eq!(browser.complaints(&tab), Vec::<String>::new());
}

#[test]
fn without_scripts_the_end_is_plain_text_with_links() {
    let sandbox = Sandbox::new();
    let site = Site::start(&sandbox);
    site.write(&format!("{}\u{1b}[31mred\u{1b}[0m <b>\n", lines(0, 20_000)));
    let mut browser = Browser::start(&sandbox);
    let tab = browser.open("about:blank");
    browser.disable_scripts(&tab);
    browser.go(&tab, &site.url());
    let text = browser.eval(&tab, TEXT);
    let text = text.as_str().unwrap_or_default();
    assert!(text.starts_with("line 1404") && text.ends_with("line 19999\nred <b>\n"), "{text}");
    assert_eq!(browser.eval(&tab, "document.querySelector('#log-tools').offsetHeight"), 0);
    let last_is_in_view = "(() => { const text = document.querySelector('#log span').firstChild, \
        range = document.createRange(); range.setStart(text, text.length - 5); \
        range.setEnd(text, text.length - 1); const it = range.getBoundingClientRect(), \
        log = document.querySelector('#log').getBoundingClientRect(); \
        return it.top >= log.top && it.bottom <= log.bottom })()";
    assert_eq!(browser.eval(&tab, last_is_in_view), true);
    site.write("more\n");
    browser.click(&tab, "#log-plain a");
    browser.wait_for(&tab, &has("more"));
    browser.click(&tab, "#log-plain a:nth-child(2)");
    browser.wait_for(&tab, &has("line 0\nline 1\n"));
}
