//! `status --wide`: what processes use, how often they were started again, and why they are in their
//! state.

use super::error::Result;
use super::server::{ProcessInfo, text};
use super::status_options::state_column;
use crate::core::group::full_name;
use crate::core::resources::text as figures;
use crate::rpc::value::Value;

const TITLES: [&str; 7] = ["NAME", "STATE", "CPU", "MEMORY", "DESCRIPTORS", "RESTARTS", "REASON"];

/// The columns of numbers, which are aligned to the right.
const NUMBERS: std::ops::Range<usize> = 2..6;

/// The lines for these processes; `resources` is the answer of `supkit.getResources`.
pub(super) fn lines(
    chosen: &[(ProcessInfo, Value)],
    resources: &Value,
    is_coloured: bool,
) -> Result<Vec<String>> {
    let all = match resources.get("processes") {
        Some(Value::Array(all)) => all.as_slice(),
        _ => &[],
    };
    let mut rows = vec![TITLES.map(str::to_owned)];
    for (info, _) in chosen {
        let is_of = |it: &&Value| is(it, "group", &info.group) && is(it, "name", &info.name);
        rows.push(row(info, all.iter().find(is_of))?);
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; TITLES.len()] = std::array::from_fn(width);
    let line = |row: &[String; TITLES.len()]| {
        let cells = row.iter().zip(widths).enumerate().map(|(at, (cell, width))| match at {
            1 => state_column(cell, width, is_coloured),
            at if NUMBERS.contains(&at) => format!("{cell:>width$}"),
            _ => format!("{cell:width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    Ok(rows.iter().map(line).collect())
}

fn is(value: &Value, member: &str, wanted: &str) -> bool {
    value.get(member).and_then(Value::as_str) == Some(wanted)
}

/// What is not known is empty.
fn row(info: &ProcessInfo, used: Option<&Value>) -> Result<[String; TITLES.len()]> {
    let member = |name: &str| used.and_then(|used| used.get(name));
    let number = |name: &str| member(name).and_then(Value::as_int);
    let cpu = match member("cpu_percent") {
        Some(Value::Double(percent)) => figures::cpu(*percent),
        _ => String::new(),
    };
    let memory = number("memory_kib").and_then(|kib| u64::try_from(kib).ok());
    let shown = |name: &str| number(name).map(|it| it.to_string()).unwrap_or_default();
    Ok([
        full_name(&info.group, &info.name),
        info.statename.clone(),
        cpu,
        memory.map(|kib| figures::memory(kib << 10)).unwrap_or_default(),
        shown("descriptors"),
        shown("restarts"),
        member("reason").map(text).transpose()?.unwrap_or_default(),
    ])
}
