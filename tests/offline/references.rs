//! The generated pages of `docs/reference` say what the tables in the code say, and so does the grammar
//! for editors.

use std::fs;
use std::path::Path;

/// Fails if a page is out of date; `UPDATE_DOCS=1` writes it instead.
#[track_caller]
fn is_up_to_date(page: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, fresh).expect("the reference can be written");
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == fresh,
        "docs/{page} is out of date: UPDATE_DOCS=1 cargo test --test offline references"
    );
}

#[test]
fn the_page_of_the_configuration_is_up_to_date() {
    is_up_to_date("reference/configuration.md", &supkit::conf::reference::reference());
}

#[test]
fn the_page_of_supervisorctl_is_up_to_date() {
    is_up_to_date("reference/supervisorctl.md", &supkit::ctl::reference());
}

#[test]
fn the_page_of_the_rpc_interface_is_up_to_date() {
    is_up_to_date("reference/rpc.md", &supkit::rpc::methods::reference());
}

#[test]
fn the_grammar_for_editors_is_up_to_date() {
    is_up_to_date("editors/supervisord.tmLanguage.json", &supkit::editor::grammar::grammar());
}
