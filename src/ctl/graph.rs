//! `graph`: which process depends on which, as a table or for Graphviz, and what the last start
//! waited for.

use std::fmt::Write;

use super::json;
use super::server::{list, member, number, text};
use super::session::{Flow, Outcome, Session};
use super::{error::ClientError, exit};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

const HEADS: [&str; 4] = ["NAME", "STATE", "READINESS", "NEEDS"];

struct Graph {
    nodes: Vec<Node>,
    /// Names with milliseconds.
    critical_path: Vec<(String, i64)>,
}

struct Node {
    name: String,
    state: String,
    readiness: String,
    waits: bool,
    needs: Vec<Need>,
}

struct Need {
    /// The number of the `any(...)` of which one suffices; otherwise 0.
    any: i64,
    written: String,
    condition: String,
    is_met: bool,
    processes: Vec<String>,
}

pub(super) fn graph(session: &mut Session, rest: &str) -> Outcome {
    let dot = match rest.split_whitespace().collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--dot"] => true,
        _ => {
            session.fail(exit::GENERIC, "Error: graph accepts only --dot or --json");
            return Ok(Flow::ShowUsage);
        }
    };
    let answer = match session.server().graph() {
        Ok(answer) => answer,
        Err(ClientError::Fault(fault)) if fault.code == Code::UnknownMethod.number() => {
            session.fail(exit::GENERIC, "ERROR: this daemon does not support graph");
            return Ok(Flow::Continue);
        }
        Err(error) => return Err(error.into()),
    };
    if session.json {
        Session::print_json(&json::from(&answer));
        return Ok(Flow::Continue);
    }
    let graph = Graph::read(&answer)?;
    session.print_line(if dot { graph.dot() } else { graph.table() }.trim_end());
    Ok(Flow::Continue)
}

/// Formats the answer of the daemon as a table.
pub fn table(answer: &Value) -> Result<String, ClientError> {
    Ok(Graph::read(answer)?.table())
}

impl Graph {
    fn read(value: &Value) -> Result<Self, ClientError> {
        let step =
            |it: &Value| Ok((text(member(it, "name")?)?, number(member(it, "milliseconds")?)?));
        Ok(Self {
            nodes: list(member(value, "processes")?, Node::read)?,
            critical_path: list(member(value, "critical_path")?, step)?,
        })
    }

    /// In the order of starting: each process after those that it needs.
    fn in_order(&self) -> Vec<&Node> {
        let mut left: Vec<&Node> = self.nodes.iter().collect();
        let mut ordered: Vec<&Node> = Vec::new();
        while !left.is_empty() {
            let is_free = |node: &&Node| !left.iter().any(|other| node.needs_node(other));
            let at = left.iter().position(is_free).unwrap_or(0);
            ordered.push(left.remove(at));
        }
        ordered
    }

    fn table(&self) -> String {
        let rows: Vec<[String; 4]> = self.in_order().into_iter().map(Node::cells).collect();
        let heads = HEADS.map(str::to_owned);
        let widths: Vec<usize> = (0..HEADS.len())
            .map(|at| {
                let all = rows.iter().chain([&heads]);
                all.map(|row| row[at].chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut table = String::new();
        for row in [&heads].into_iter().chain(&rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            let _ = writeln!(table, "{}", line.trim_end());
        }
        let waiting: Vec<&str> =
            self.nodes.iter().filter(|node| node.waits).map(|node| &*node.name).collect();
        if !self.critical_path.is_empty() {
            let seconds = |millis: i64| format!("{:.1} s", millis as f64 / 1000.0);
            let steps = self.critical_path.iter();
            let steps: Vec<String> =
                steps.map(|(name, millis)| format!("{name} {}", seconds(*millis))).collect();
            let total: i64 = self.critical_path.iter().map(|(_, millis)| millis).sum();
            let path = steps.join(" -> ");
            let so_far = if waiting.is_empty() { "" } else { " so far" };
            let total = match steps.len() {
                1 => String::new(),
                _ => format!(" = {}", seconds(total)),
            };
            let _ = writeln!(table, "critical path of the last start{so_far}: {path}{total}");
        }
        if !waiting.is_empty() {
            let _ = writeln!(table, "waiting: {}", waiting.join(", "));
        }
        table
    }

    /// An arrow points to what is needed; a dashed one is not met.
    fn dot(&self) -> String {
        let mut dot =
            String::from("digraph programs {\n    rankdir = LR;\n    node [shape = box];\n");
        for Node { name, state, readiness, .. } in &self.nodes {
            let state = if readiness.is_empty() { state } else { &format!("{state}, {readiness}") };
            let _ = writeln!(
                dot,
                "    {} [label = {}];",
                quote(name),
                quote(&format!("{name}\n{state}"))
            );
        }
        for node in &self.nodes {
            for need in &node.needs {
                let style = if need.is_met { "solid" } else { "dashed" };
                let any = if need.any == 0 { "" } else { "any: " };
                let label = quote(&format!("{any}{}", need.condition));
                for on in &need.processes {
                    let (from, on) = (quote(&node.name), quote(on));
                    let _ = writeln!(dot, "    {from} -> {on} [label = {label}, style = {style}];");
                }
            }
        }
        dot + "}\n"
    }
}

impl Node {
    fn read(value: &Value) -> Result<Self, ClientError> {
        Ok(Self {
            name: text(member(value, "name")?)?,
            state: text(member(value, "state")?)?,
            readiness: text(member(value, "readiness")?)?,
            waits: member(value, "waits")? == &Value::Bool(true),
            needs: list(member(value, "needs")?, Need::read)?,
        })
    }

    fn needs_node(&self, other: &Self) -> bool {
        self.name != other.name
            && self.needs.iter().any(|need| need.processes.contains(&other.name))
    }

    fn cells(&self) -> [String; 4] {
        let mut needs: Vec<String> = Vec::new();
        for any in self.needs.chunk_by(|one, next| one.any == next.any) {
            let words = any.iter().map(Need::words);
            match any {
                [Need { any: 0, .. }, ..] => needs.extend(words),
                _ => needs.push(format!("any({})", words.collect::<Vec<_>>().join(", "))),
            }
        }
        [self.name.clone(), self.state.clone(), self.readiness.clone(), needs.join(", ")]
    }
}

impl Need {
    fn read(value: &Value) -> Result<Self, ClientError> {
        Ok(Self {
            // An older daemon has no such member.
            any: value.get("any").and_then(Value::as_int).unwrap_or(0),
            written: text(member(value, "name")?)?,
            condition: text(member(value, "condition")?)?,
            is_met: number(member(value, "is_met")?)? != 0,
            processes: list(member(value, "processes")?, text)?,
        })
    }

    fn words(&self) -> String {
        let Self { written, condition, is_met, .. } = self;
        let unmet = if *is_met { "" } else { " (not met)" };
        format!("{written}:{condition}{unmet}")
    }
}

/// A string of Graphviz.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, state: &str, readiness: &str, needs: &[(&str, bool)]) -> Node {
        let need = |(on, is_met): &(&str, bool)| Need {
            any: 0,
            written: (*on).to_owned(),
            condition: "ready".to_owned(),
            is_met: *is_met,
            processes: vec![(*on).to_owned()],
        };
        Node {
            name: name.to_owned(),
            state: state.to_owned(),
            readiness: readiness.to_owned(),
            waits: state == "STOPPED" && needs.iter().any(|(_, is_met)| !is_met),
            needs: needs.iter().map(need).collect(),
        }
    }

    fn graph() -> Graph {
        Graph {
            nodes: vec![
                node("cache", "STOPPED", "", &[("instance", false)]),
                node("instance", "RUNNING", "not ready", &[("zeo", true)]),
                node("zeo", "RUNNING", "ready", &[]),
            ],
            critical_path: vec![("zeo".to_owned(), 3210), ("instance".to_owned(), 28_000)],
        }
    }

    #[test]
    fn a_table_lists_each_process_after_what_it_needs() {
        insta::assert_snapshot!(graph().table(), @r"
    NAME      STATE    READINESS  NEEDS
    zeo       RUNNING  ready
    instance  RUNNING  not ready  zeo:ready
    cache     STOPPED             instance:ready (not met)
    critical path of the last start so far: zeo 3.2 s -> instance 28.0 s = 31.2 s
    waiting: cache
    ");
    }

    #[test]
    fn those_of_which_one_suffices_are_shown_together() {
        let mut cache = node("cache", "RUNNING", "", &[("zeo", true), ("a", true), ("b", false)]);
        cache.needs.iter_mut().skip(1).for_each(|need| need.any = 1);
        let graph = Graph { nodes: vec![cache], critical_path: Vec::new() };
        let row = graph.table().lines().last().map(str::to_owned);
        let want = "cache  RUNNING             zeo:ready, any(a:ready, b:ready (not met))";
        assert_eq!(row.as_deref(), Some(want));
        assert!(graph.dot().contains(r#""cache" -> "b" [label = "any: ready", style = dashed]"#));
    }

    #[test]
    fn graphviz_gets_quoted_names() {
        let mut graph = graph();
        graph.nodes[2].name = "z\"eo".to_owned();
        insta::assert_snapshot!(graph.dot(), @r#"
    digraph programs {
        rankdir = LR;
        node [shape = box];
        "cache" [label = "cache\nSTOPPED"];
        "instance" [label = "instance\nRUNNING, not ready"];
        "z\"eo" [label = "z\"eo\nRUNNING, ready"];
        "cache" -> "instance" [label = "ready", style = dashed];
        "instance" -> "zeo" [label = "ready", style = solid];
    }
    "#);
    }

    #[test]
    fn a_circle_is_shown_too() {
        let nodes = vec![
            node("a", "STOPPED", "", &[("b", false)]),
            node("b", "STOPPED", "", &[("a", false)]),
        ];
        let table = Graph { nodes, critical_path: Vec::new() }.table();
        assert_eq!(table.lines().count(), 4, "{table}");
    }
}
