//! The rows of the list: groups and processes, filtered and sorted.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Process, Usage};
use crate::core::group::full_name;
use crate::core::state::ProcessState;

/// What an action is about, and what a row is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::top) enum Target {
    Group(String),
    Process { group: String, name: String },
}

impl Target {
    pub(in crate::top) fn of(process: &Process) -> Self {
        Self::Process { group: process.group.clone(), name: process.name.clone() }
    }

    /// The name in the calls for a process; `group:*` for a group.
    pub(in crate::top) fn full_name(&self) -> String {
        match self {
            Self::Group(name) => format!("{name}:*"),
            Self::Process { group, name } => full_name(group, name),
        }
    }

    /// The name in messages.
    pub(in crate::top) fn words(&self) -> String {
        match self {
            Self::Group(name) => format!("the group {name}"),
            Self::Process { .. } => self.full_name(),
        }
    }

    pub(in crate::top) fn group(&self) -> &str {
        match self {
            Self::Group(group) | Self::Process { group, .. } => group,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) enum Column {
    Name,
    State,
    Pid,
    Uptime,
    Restarts,
    Cpu,
    Memory,
    Descriptors,
    Reason,
}

impl Column {
    pub(in crate::top) const ALL: [Self; 9] = [
        Self::Name,
        Self::State,
        Self::Pid,
        Self::Uptime,
        Self::Restarts,
        Self::Cpu,
        Self::Memory,
        Self::Descriptors,
        Self::Reason,
    ];

    pub(in crate::top) fn head(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::State => "STATE",
            Self::Pid => "PID",
            Self::Uptime => "UPTIME",
            Self::Restarts => "RESTARTS",
            Self::Cpu => "CPU%",
            Self::Memory => "MEMORY",
            Self::Descriptors => "FDS",
            Self::Reason => "REASON",
        }
    }

    pub(in crate::top) fn is_number(self) -> bool {
        !matches!(self, Self::Name | Self::State | Self::Reason)
    }

    /// Whether the daemon measures what it shows, for any process.
    pub(in crate::top) fn is_known(self, processes: &[Process]) -> bool {
        let any = |known: fn(&Usage) -> bool| processes.iter().any(|it| known(&it.usage));
        match self {
            Self::Restarts => any(|usage| usage.restarts.is_some()),
            Self::Cpu => any(|usage| usage.cpu.is_some()),
            Self::Memory => any(|usage| usage.memory.is_some()),
            Self::Descriptors => any(|usage| usage.descriptors.is_some()),
            _ => true,
        }
    }
}

/// How the list is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) struct Arrangement {
    pub(in crate::top) sort: Column,
    pub(in crate::top) is_reversed: bool,
    /// Words that all occur in a row.
    pub(in crate::top) filter: String,
    pub(in crate::top) collapsed: BTreeSet<String>,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self {
            sort: Column::Name,
            is_reversed: false,
            filter: String::new(),
            collapsed: BTreeSet::new(),
        }
    }
}

/// The head of a group with the sums of its members.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) struct GroupRow {
    pub(in crate::top) name: String,
    pub(in crate::top) count: usize,
    pub(in crate::top) running: usize,
    pub(in crate::top) worst: ProcessState,
    pub(in crate::top) usage: Usage,
    pub(in crate::top) is_collapsed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) enum Row {
    Group(GroupRow),
    /// An index into the processes, and whether it is shown below the head of its group.
    Process {
        index: usize,
        is_member: bool,
    },
}

impl Row {
    pub(in crate::top) fn target(&self, processes: &[Process]) -> Target {
        match self {
            Self::Group(group) => Target::Group(group.name.clone()),
            Self::Process { index, .. } => Target::of(&processes[*index]),
        }
    }
}

/// Groups with one process of the same name have no head.
pub(in crate::top) fn arrange(processes: &[Process], arrangement: &Arrangement) -> Vec<Row> {
    let words: Vec<String> = arrangement.filter.split_whitespace().map(str::to_lowercase).collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, process) in processes.iter().enumerate() {
        *sizes.entry(&process.group).or_default() += 1;
        if matches(process, &words) {
            groups.entry(&process.group).or_default().push(index);
        }
    }
    let order = |a: &Key, b: &Key| {
        let order = a.compare(b);
        if arrangement.is_reversed { order.reverse() } else { order }
    };
    let mut blocks: Vec<(Key, Vec<Row>)> = Vec::new();
    for (name, mut members) in groups {
        members.sort_by(|a, b| {
            let key = |index: usize| Key::of_process(arrangement.sort, &processes[index]);
            order(&key(*a), &key(*b)).then_with(|| processes[*a].name.cmp(&processes[*b].name))
        });
        let only = &processes[members[0]];
        if sizes.get(name) == Some(&1) && only.name == only.group {
            let row = Row::Process { index: members[0], is_member: false };
            blocks.push((Key::of_process(arrangement.sort, only), vec![row]));
            continue;
        }
        let is_collapsed = words.is_empty() && arrangement.collapsed.contains(name);
        let head = group_row(name, members.iter().map(|index| &processes[*index]), is_collapsed);
        let key = Key::of_group(arrangement.sort, &head, &processes[members[0]]);
        let mut rows = vec![Row::Group(head)];
        if !is_collapsed {
            rows.extend(members.into_iter().map(|index| Row::Process { index, is_member: true }));
        }
        blocks.push((key, rows));
    }
    blocks.sort_by(|a, b| order(&a.0, &b.0));
    blocks.into_iter().flat_map(|(_, rows)| rows).collect()
}

fn matches(process: &Process, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let disabled = if process.is_disabled { "disabled" } else { "" };
    let (name, state, reason) = (process.full_name(), process.state, &process.reason);
    let text = format!("{name} {state} {reason} {disabled}").to_lowercase();
    words.iter().all(|word| text.contains(word))
}

fn group_row<'p>(
    name: &str,
    members: impl Iterator<Item = &'p Process>,
    is_collapsed: bool,
) -> GroupRow {
    let mut row = GroupRow {
        name: name.to_owned(),
        count: 0,
        running: 0,
        worst: ProcessState::Running,
        usage: Usage::default(),
        is_collapsed,
    };
    for member in members {
        row.count += 1;
        row.running += usize::from(member.state == ProcessState::Running);
        if severity(member.state) < severity(row.worst) {
            row.worst = member.state;
        }
        let (sum, usage) = (&mut row.usage, &member.usage);
        add(&mut sum.restarts, usage.restarts);
        add(&mut sum.memory, usage.memory);
        add(&mut sum.descriptors, usage.descriptors);
        if let Some(cpu) = usage.cpu {
            sum.cpu = Some(sum.cpu.unwrap_or(0.0) + cpu);
        }
    }
    row
}

fn add(sum: &mut Option<i64>, value: Option<i64>) {
    if let Some(value) = value {
        *sum = Some(sum.unwrap_or(0).saturating_add(value));
    }
}

/// The states that need attention come first.
pub(in crate::top) fn severity(state: ProcessState) -> u8 {
    match state {
        ProcessState::Fatal => 0,
        ProcessState::Backoff => 1,
        ProcessState::Unknown => 2,
        ProcessState::Starting => 3,
        ProcessState::Stopping => 4,
        ProcessState::Exited => 5,
        ProcessState::Stopped => 6,
        ProcessState::Running => 7,
    }
}

/// What rows are compared by. Large numbers come first, and what is absent last.
#[derive(Debug)]
enum Key {
    Text(String),
    Number(Option<f64>),
}

impl Key {
    fn of_process(column: Column, process: &Process) -> Self {
        let number = |value: Option<i64>| Self::Number(value.map(|it| it as f64));
        match column {
            Column::Name => Self::Text(process.name.clone()),
            Column::Reason => Self::Text(process.reason.clone()),
            Column::State => Self::Number(Some(-f64::from(severity(process.state)))),
            // Small ones first.
            Column::Pid => number(process.pid.map(|pid| -pid)),
            Column::Uptime => number(process.uptime),
            Column::Restarts => number(process.usage.restarts),
            Column::Memory => number(process.usage.memory),
            Column::Descriptors => number(process.usage.descriptors),
            Column::Cpu => Self::Number(process.usage.cpu),
        }
    }

    /// The sum of the group, or the value of its first member.
    fn of_group(column: Column, group: &GroupRow, first: &Process) -> Self {
        let number = |value: Option<i64>| Self::Number(value.map(|it| it as f64));
        match column {
            Column::Name => Self::Text(group.name.clone()),
            Column::Restarts => number(group.usage.restarts),
            Column::Memory => number(group.usage.memory),
            Column::Descriptors => number(group.usage.descriptors),
            Column::Cpu => Self::Number(group.usage.cpu),
            _ => Self::of_process(column, first),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => match (a.is_empty(), b.is_empty()) {
                (false, true) => Ordering::Less,
                (true, false) => Ordering::Greater,
                _ => a.cmp(b),
            },
            (Self::Number(Some(a)), Self::Number(Some(b))) => b.total_cmp(a),
            (Self::Number(a), Self::Number(b)) => b.is_some().cmp(&a.is_some()),
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{process, processes};
    use super::*;

    /// The rows as indented names.
    fn listed(arrangement: &Arrangement) -> String {
        let all = processes();
        let word = |row: &Row| match row {
            Row::Group(group) => format!("{}[{}/{}]", group.name, group.running, group.count),
            Row::Process { index, is_member: true } => format!("-{}", all[*index].name),
            Row::Process { index, .. } => all[*index].name.clone(),
        };
        arrange(&all, arrangement).iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn groups_have_heads_and_lone_programs_have_none() {
        assert_eq!(
            listed(&Arrangement::default()),
            "broken db pool[2/3] -pool-0 -pool-1 -pool-2 single[0/1] -other"
        );
    }

    #[test]
    fn a_column_sorts_the_groups_and_their_members() {
        let by = |sort, is_reversed| {
            listed(&Arrangement { sort, is_reversed, ..Arrangement::default() })
        };
        assert_eq!(
            by(Column::State, false),
            "broken single[0/1] -other pool[2/3] -pool-2 -pool-0 -pool-1 db"
        );
        assert_eq!(
            by(Column::Memory, false),
            "pool[2/3] -pool-1 -pool-0 -pool-2 db broken single[0/1] -other"
        );
        assert!(by(Column::Name, true).starts_with("single[0/1] -other pool[2/3] -pool-2"));
    }

    #[test]
    fn a_filter_is_words_of_name_state_or_reason() {
        let filtered = |filter: &str| {
            let collapsed = BTreeSet::from(["pool".to_owned()]);
            listed(&Arrangement { filter: filter.to_owned(), collapsed, ..Arrangement::default() })
        };
        assert_eq!(filtered("POOL run"), "pool[2/2] -pool-0 -pool-1");
        assert_eq!(filtered("fatal"), "broken");
        assert_eq!(filtered("nothing"), "");
        assert_eq!(filtered(""), "broken db pool[2/3] single[0/1] -other");
    }

    #[test]
    fn a_lone_process_of_a_group_with_another_name_has_a_head() {
        let one = [process("g", "p", ProcessState::Running)];
        assert_eq!(arrange(&one, &Arrangement::default()).len(), 2);
    }
}
