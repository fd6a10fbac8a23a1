//! What a process depends on and what depends on it, directly or by others, as a picture: boxes in
//! columns, each with the processes that are started after those to its left. Pure geometry.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The size of a box and of the gaps between them, in pixels.
const WIDTH: usize = 180;
const HEIGHT: usize = 48;
const GAP: (usize, usize) = (52, 12);
const MARGIN: usize = 2;
/// The most boxes in a column.
const MAX_ROWS: usize = 8;
/// The most characters of a name in a box.
const MAX_NAME: usize = 21;

/// One process depends on another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) dependant: String,
    pub(super) dependency: String,
}

/// What a box contains.
pub(super) struct Label {
    pub(super) state: String,
    pub(super) priority: i64,
}

/// The picture as data for the template; `None` if nothing is connected with the process.
pub(super) fn picture(
    name: &str,
    edges: &[Edge],
    label: impl Fn(&str) -> Option<Label>,
) -> Option<Value> {
    let levels = levels(name, edges);
    if levels.len() < 2 {
        return None;
    }
    let (columns, hidden) = columns(&levels);
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut places = BTreeMap::new();
    for (column, names) in columns.iter().enumerate() {
        // In the middle of the height.
        let offset = (rows - names.len()) * (HEIGHT + GAP.1) / 2;
        for (row, it) in names.iter().enumerate() {
            let x = MARGIN + column * (WIDTH + GAP.0);
            places.insert(*it, (x, MARGIN + offset + row * (HEIGHT + GAP.1)));
        }
    }
    let boxes = places.iter().filter_map(|(it, (x, y))| {
        let Label { state, priority } = label(it)?;
        Some(json!({
            "x": x, "y": y, "text_x": x + 12, "name_y": y + 20, "state_y": y + 38,
            "width": WIDTH, "height": HEIGHT,
            "name": shortened(it), "state": state, "level": priority, "current": *it == name,
        }))
    });
    let lines = edges.iter().filter_map(|edge| {
        let (from, to) =
            (places.get(edge.dependency.as_str())?, places.get(edge.dependant.as_str())?);
        let (x1, y1, x2, y2) = (from.0 + WIDTH, from.1 + HEIGHT / 2, to.0, to.1 + HEIGHT / 2);
        let bend = GAP.0 / 2;
        Some(format!("M{x1} {y1}C{} {y1} {} {y2} {} {y2}", x1 + bend, x2 - bend, x2 - 1))
    });
    Some(json!({
        "width": columns.len() * (WIDTH + GAP.0) - GAP.0 + 2 * MARGIN,
        "height": rows * (HEIGHT + GAP.1) - GAP.1 + 2 * MARGIN,
        "boxes": boxes.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
        "hidden": hidden,
    }))
}

/// The connected processes: how many starts the longest chain between them and `name` has, negative
/// for those that are started before.
fn levels<'a>(name: &'a str, edges: &'a [Edge]) -> BTreeMap<&'a str, i64> {
    let before = chains(name, edges, |edge| (&edge.dependant, &edge.dependency));
    let after = chains(name, edges, |edge| (&edge.dependency, &edge.dependant));
    let before = before.into_iter().map(|(name, length)| (name, -length));
    before.chain(after).collect()
}

/// The longest chains from `name` on. There are no circles, so none is longer than the number of
/// processes.
fn chains<'a>(
    name: &'a str,
    edges: &'a [Edge],
    ends: impl Fn(&'a Edge) -> (&'a String, &'a String),
) -> BTreeMap<&'a str, i64> {
    let mut lengths = BTreeMap::from([(name, 0)]);
    for _ in 0..=edges.len() {
        let mut is_longer = false;
        for edge in edges {
            let (from, to) = ends(edge);
            let Some(length) = lengths.get(from.as_str()).map(|it| it + 1) else { continue };
            if lengths.get(to.as_str()).is_none_or(|known| *known < length) {
                lengths.insert(to, length);
                is_longer = true;
            }
        }
        if !is_longer {
            break;
        }
    }
    lengths
}

/// The names by level, and how many of them have no room.
fn columns<'a>(levels: &BTreeMap<&'a str, i64>) -> (Vec<Vec<&'a str>>, usize) {
    let distinct: BTreeSet<i64> = levels.values().copied().collect();
    let column = |level: i64| -> Vec<&'a str> {
        let names = levels.iter().filter(|(_, it)| **it == level);
        names.map(|(name, _)| *name).take(MAX_ROWS).collect()
    };
    let columns: Vec<Vec<&str>> = distinct.into_iter().map(column).collect();
    let shown: usize = columns.iter().map(Vec::len).sum();
    (columns, levels.len() - shown)
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    name.chars().take(MAX_NAME - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(pairs: &[(&str, &str)]) -> Vec<Edge> {
        let edge = |(dependant, dependency): &(&str, &str)| Edge {
            dependant: (*dependant).to_owned(),
            dependency: (*dependency).to_owned(),
        };
        pairs.iter().map(edge).collect()
    }

    #[test]
    fn columns_follow_the_longest_chain() {
        let edges =
            edges(&[("web", "zeo"), ("web", "db"), ("db", "zeo"), ("cache", "web"), ("x", "y")]);
        let levels = levels("web", &edges);
        let want = [("cache", 1), ("db", -1), ("web", 0), ("zeo", -2)];
        assert_eq!(levels, want.into_iter().collect());
    }

    #[test]
    fn many_processes_of_a_column_are_cut() {
        let pairs: Vec<(String, &str)> = (0..20).map(|n| (format!("w:{n:02}"), "zeo")).collect();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, it)| (name.as_str(), *it)).collect();
        let label = |_: &str| Some(Label { state: "running".to_owned(), priority: 999 });
        let picture = picture("zeo", &edges(&pairs), label).expect("it has dependants");
        assert_eq!(picture["boxes"].as_array().map(Vec::len), Some(1 + MAX_ROWS));
        assert_eq!(picture["lines"].as_array().map(Vec::len), Some(MAX_ROWS));
        assert_eq!(picture["hidden"], 12);
        assert_eq!(picture["height"], 4 + 8 * 48 + 7 * 12);
    }

    #[test]
    fn a_process_without_dependencies_has_no_picture() {
        assert!(picture("a", &edges(&[("b", "c")]), |_| None).is_none());
    }
}
