//! The pictures in the manual: `UPDATE_DOCS=1 cargo test --test browser pictures` draws them again.
//! The test itself looks at the layout: nothing is wider than the window.

use std::path::Path;

use crate::site;
use crate::support::Sandbox;
use crate::support::browser::Browser;

const PROGRAMS: &str = "[program:zeoserver]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [program:instance]\ncommand=/bin/sleep 1000\nstartsecs=0\nprocess_name=instance-%(process_num)d\n\
    numprocs=3\n\
    [program:varnish]\ncommand=/bin/sleep 1000\nstartsecs=600\n\
    [program:solr]\ncommand=/bin/sh -c 'echo \"ERROR: Cannot lock /srv/solr/data: in use by pid 4711\" >&2; exit 3'\n\
    startretries=0\nautorestart=false\n\
    [program:pack]\ncommand=/bin/sleep 1\nautostart=false\n";

#[test]
fn the_pages_fit_into_every_window() {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let daemon = site::start(&sandbox, port, "", PROGRAMS);
    daemon.wait_for_log("gave up: solr");
    let mut browser = Browser::start(&sandbox);
    let address = format!("http://127.0.0.1:{port}");
    let tab = browser.open(&address);
    let list = format!("{address}/?message=Starting%20varnish");
    let log = format!("{address}/tail.html?processname=solr&channel=stderr");
    for (name, url, width, height, scheme) in [
        ("list-light", &list, 1100, 760, "light"),
        ("list-dark", &list, 1100, 760, "dark"),
        ("list-phone-dark", &list, 360, 760, "dark"),
        ("log-light", &log, 1100, 420, "light"),
        ("log-phone-dark", &log, 360, 760, "dark"),
    ] {
        browser.resize(&tab, width, height, scheme);
        browser.go(&tab, url);
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
