//! The pages of the documentation: each is in the table of contents, and each link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages below `docs`, by their path from the root of the project.
pub(crate) fn pages() -> BTreeSet<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join("docs")).into_iter();
    let paths = entries.map(|entry| entry.expect("docs can be read").into_path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.map(|page| page.strip_prefix(root()).expect("below the root").to_owned()).collect()
}

pub(crate) fn text(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{}: {e}", page.display()))
}

pub(crate) fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

/// The targets of links and pictures.
fn links(text: &str) -> Vec<String> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.into_string())
        }
        _ => None,
    };
    events(text).filter_map(target).collect()
}

/// The names of the headings in links, as mdBook and forges make them.
fn anchors(text: &str) -> Vec<String> {
    let (mut anchors, mut heading) = (Vec::new(), None::<String>);
    for event in events(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                anchors.extend(heading.take().map(|text| slug(&text)));
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let letters = heading.to_lowercase().chars().filter(|c| kept(*c)).collect::<String>();
    letters.replace(' ', "-")
}

/// A path without `.` and `..`; nothing if it leaves the project.
fn joined(page: &Path, target: &str) -> Option<PathBuf> {
    let mut path = page.parent()?.to_owned();
    for component in Path::new(target).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if path.pop() => {}
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(path)
}

/// What is wrong with a link of a page.
fn fault(page: &Path, link: &str) -> Option<String> {
    if link.starts_with("https://") || link.starts_with("http://") {
        return None;
    }
    let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if target.is_empty() { page.to_owned() } else { joined(page, target)? };
    if !root().join(&path).exists() {
        return Some("there is no such file".to_owned());
    }
    if page.starts_with("docs") && !path.starts_with("docs") {
        return Some("it leads out of the book, where readers of the book have no file".to_owned());
    }
    let is_known = anchor.is_empty() || anchors(&text(&path)).iter().any(|name| name == anchor);
    (!is_known).then(|| format!("{} has no such heading", path.display()))
}

#[test]
fn every_link_leads_to_a_page_and_a_heading_that_exist() {
    let others = ["README.md", "CONTRIBUTING.md", "demo/README.md", "fuzz/README.md"];
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages().into_iter().chain(others.map(PathBuf::from)) {
        for link in links(&text(&page)) {
            count += 1;
            if let Some(fault) = fault(&page, &link) {
                wrong.push(format!("{}: {link}: {fault}", page.display()));
            }
        }
    }
    assert!(count > 100, "{count} links");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_of_contents_has_each_page_once() {
    let summary = Path::new("docs/SUMMARY.md");
    let mut listed: Vec<PathBuf> =
        links(&text(summary)).iter().filter_map(|link| joined(summary, link)).collect();
    listed.sort();
    let mut expected = pages();
    expected.remove(summary);
    assert_eq!(listed, expected.into_iter().collect::<Vec<_>>(), "in docs/SUMMARY.md, and in docs");
}

#[test]
fn a_wrong_link_is_found() {
    let page = Path::new("docs/install.md");
    assert_eq!(fault(page, "deploying.md#generate"), None);
    assert_eq!(fault(page, "#pip"), None);
    for link in ["missing.md", "deploying.md#missing", "#missing", "../README.md"] {
        assert!(fault(page, link).is_some(), "{link}");
    }
    let german = anchors("# Die `supervisord.conf` prüfen: wie?\n");
    assert_eq!(german, ["die-supervisordconf-prüfen-wie"]);
}
