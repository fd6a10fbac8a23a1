//! The list for scripts: one table or JSON value, printed once.

use serde_json::{Value as Json, json};

use super::model::row::{Arrangement, Column, Row, arrange};
use super::model::snapshot::{Process, Snapshot};
use super::view::cells::{cell, printable};

/// What stands for a value that there is not, so that each line has the same columns.
const NONE: &str = "-";

/// A line for each process. The columns are always the same; the last one may contain blanks.
pub(super) fn table(snapshot: &Snapshot) -> String {
    let heads = Column::ALL.map(|column| column.head().to_owned());
    let rows =
        in_order(snapshot).into_iter().map(|process| Column::ALL.map(|it| value(it, process)));
    let rows: Vec<[String; Column::ALL.len()]> = std::iter::once(heads).chain(rows).collect();
    let mut table = String::new();
    for row in &rows {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let width = rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
            if Column::ALL[at].is_number() {
                format!("{cell:>width$}")
            } else {
                format!("{cell:width$}")
            }
        });
        table.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        table.push('\n');
    }
    table
}

fn value(column: Column, process: &Process) -> String {
    let text = match column {
        // In seconds, as scripts compare it.
        Column::Uptime => process.uptime.map(|it| it.to_string()).unwrap_or_default(),
        Column::Memory => process.usage.memory.map(|it| it.to_string()).unwrap_or_default(),
        column => cell(column, process),
    };
    if text.is_empty() { NONE.to_owned() } else { printable(&text) }
}

/// By name, the members of a group together.
fn in_order(snapshot: &Snapshot) -> Vec<&Process> {
    let rows = arrange(&snapshot.processes, &Arrangement::default());
    let process = |row: Row| match row {
        Row::Process { index, .. } => Some(&snapshot.processes[index]),
        Row::Group(_) => None,
    };
    rows.into_iter().filter_map(process).collect()
}

pub(super) fn json(snapshot: &Snapshot) -> Json {
    in_order(snapshot).into_iter().map(describe).collect()
}

fn describe(process: &Process) -> Json {
    let Process { group, name, state, pid, uptime, reason, is_disabled, usage, .. } = process;
    json!({
        "name": name,
        "group": group,
        "state": state.name(),
        "pid": pid,
        "uptime": uptime,
        "restarts": usage.restarts,
        "cpu": usage.cpu,
        "memory": usage.memory,
        "descriptors": usage.descriptors,
        "disabled": is_disabled,
        "reason": reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::model::samples::snapshot;

    #[test]
    fn the_table_has_the_same_columns_for_all() {
        insta::assert_snapshot!(table(&snapshot()), @r"
    NAME          STATE     PID  UPTIME  RESTARTS  CPU%      MEMORY  FDS  REASON
    broken        FATAL       -       -         -     -           -    -  Exited too quickly (process log may have details)
    db            RUNNING  1234   95018         1  12.3    94371840   12  -
    pool:pool-0   RUNNING  2001  154077         0  20.0   157286400   12  -
    pool:pool-1   RUNNING  2002  154154         1  20.0  1363148800   12  not ready: no reply from 127.0.0.1:8081
    pool:pool-2   STOPPED     -       -         -     -           -    -  Not started
    single:other  EXITED      -       -         -     -           -    -  exit status 0, Nov 28 01:00 AM
    ");
    }

    #[test]
    fn json_has_null_for_what_is_not_known() {
        let list = json(&snapshot());
        insta::assert_snapshot!(list[0].to_string(), @r#"{"cpu":null,"descriptors":null,"disabled":false,"group":"broken","memory":null,"name":"broken","pid":null,"reason":"Exited too quickly (process log may have details)","restarts":null,"state":"FATAL","uptime":null}"#);
    }
}
