//! Which processes a page of the list shows: those that match the search, in pages of limited
//! length. It does not know how a row looks.

use serde_json::{Value, json};

use crate::http::form::{self, percent_encode};

/// The number of rows on a page: some screens long, and fast to draw.
pub(super) const PAGE: usize = 100;
/// How many neighbours of the current page have a link, besides the first and the last page.
const NEIGHBOURS: usize = 2;

/// What a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View<'a> {
    /// A part of the name, in any case.
    pub(super) text: &'a str,
    /// In lower case; all states if empty.
    pub(super) state: &'a str,
    /// From 1. One beyond the end is the last.
    page: usize,
}

/// A page of a list that has `found` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    number: usize,
    last: usize,
    pub(super) first_row: usize,
}

impl<'a> View<'a> {
    pub(super) fn of(fields: &'a [(String, String)]) -> Self {
        let field = |name: &str| form::field(fields, name).unwrap_or_default();
        let page = field("page").parse().unwrap_or(1);
        Self { text: field("q").trim(), state: field("state"), page }
    }

    /// Whether it leaves out what does not match.
    pub(super) fn is_search(&self) -> bool {
        !self.text.is_empty() || !self.state.is_empty()
    }

    pub(super) fn matches(&self, name: &str, state: &str) -> bool {
        (self.state.is_empty() || self.state.eq_ignore_ascii_case(state))
            && name.to_lowercase().contains(&self.text.to_lowercase())
    }

    /// The page of a list with so many matching rows.
    pub(super) fn page(&self, found: usize) -> Page {
        let last = found.div_ceil(PAGE).max(1);
        let number = self.page.clamp(1, last);
        Page { number, last, first_row: (number - 1) * PAGE }
    }

    /// The links to other pages, with a gap (`null`) where some are left out; empty for one page.
    pub(super) fn links(&self, page: Page) -> Vec<Value> {
        let mut links = Vec::new();
        let mut previous = 0;
        for number in 1..=page.last {
            let is_near = number.abs_diff(page.number) <= NEIGHBOURS;
            if page.last == 1 || !(is_near || number == 1 || number == page.last) {
                continue;
            }
            if number > previous + 1 {
                links.push(Value::Null);
            }
            let is_current = number == page.number;
            links.push(
                json!({ "number": number, "href": self.href(number), "current": is_current }),
            );
            previous = number;
        }
        links
    }

    fn href(&self, page: usize) -> String {
        let mut fields = self.fields();
        fields.push(format!("page={page}"));
        format!("index.html?{}", fields.join("&"))
    }

    /// As a query with its question mark; empty for the first page of everything.
    pub(super) fn query(&self) -> String {
        let mut fields = self.fields();
        if self.page > 1 {
            fields.push(format!("page={}", self.page));
        }
        if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) }
    }

    fn fields(&self) -> Vec<String> {
        [("q", self.text), ("state", self.state)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", percent_encode(value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(text: &'static str, state: &'static str, page: usize) -> View<'static> {
        View { text, state, page }
    }

    #[test]
    fn a_part_of_the_name_and_the_state_are_searched() {
        assert!(view("KER:1", "", 1).matches("worker:10", "running"));
        assert!(!view("ker:2", "", 1).matches("worker:10", "running"));
        assert!(view("", "fatal", 1).matches("worker:10", "FATAL"));
        assert!(!view("worker", "fatal", 1).matches("worker:10", "running"));
        assert!(view("", "", 1).matches("worker:10", "running"));
    }

    #[test]
    fn pages_cover_every_row_once() {
        for found in [0, 1, 99, 100, 101, 250, 1000] {
            let last = view("", "", usize::MAX).page(found);
            let starts: Vec<usize> =
                (1..=last.number).map(|page| view("", "", page).page(found).first_row).collect();
            let expected: Vec<usize> = (0..found.max(1)).step_by(PAGE).collect();
            assert_eq!(starts, expected, "{found}");
        }
        assert_eq!(view("", "", 0).page(5).number, 1);
    }

    #[test]
    fn links_lead_to_the_neighbours_and_to_both_ends() {
        let numbers = |page: usize, found: usize| -> Vec<i64> {
            let view = view("a&b", "", page);
            let links = view.links(view.page(found));
            links.iter().map(|link| link["number"].as_i64().unwrap_or(0)).collect()
        };
        assert_eq!(numbers(1, 100), Vec::<i64>::new());
        assert_eq!(numbers(1, 101), [1, 2]);
        assert_eq!(numbers(1, 1000), [1, 2, 3, 0, 10]);
        assert_eq!(numbers(5, 1000), [1, 0, 3, 4, 5, 6, 7, 0, 10]);
        assert_eq!(numbers(10, 1000), [1, 0, 8, 9, 10]);
        let view = view("a&b", "fatal", 2);
        assert_eq!(view.href(3), "index.html?q=a%26b&state=fatal&page=3");
        assert_eq!(view.query(), "?q=a%26b&state=fatal&page=2");
        assert_eq!(View { text: "", state: "", page: 1 }.query(), "");
    }
}
