//! The values of the columns as texts.

use std::fmt::Write as _;

use crate::top::model::row::Column;
use crate::top::model::snapshot::{Process, Usage};

/// The text of a column; empty if there is no value.
pub(in crate::top) fn cell(column: Column, process: &Process) -> String {
    match column {
        Column::Name => process.full_name(),
        Column::State => process.state.name().to_owned(),
        Column::Pid => process.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        Column::Uptime => process.uptime.map(uptime).unwrap_or_default(),
        Column::Reason => process.reason.clone(),
        _ => usage(column, &process.usage),
    }
}

/// The text of a column that a group has too.
pub(in crate::top) fn usage(column: Column, usage: &Usage) -> String {
    let number = |value: Option<i64>| value.map(|it| it.to_string()).unwrap_or_default();
    match column {
        Column::Restarts => number(usage.restarts),
        Column::Descriptors => number(usage.descriptors),
        Column::Cpu => usage.cpu.map(|cpu| format!("{cpu:.1}")).unwrap_or_default(),
        Column::Memory => usage.memory.map(memory).unwrap_or_default(),
        _ => String::new(),
    }
}

/// `1:02:03`, from four days on `12d 03h`
pub(in crate::top) fn uptime(seconds: i64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600);
    if hours < 100 {
        format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60)
    } else {
        format!("{days}d {:02}h", hours % 24)
    }
}

/// `900K`, `1.5M`, `150M`, `1.3G`
pub(in crate::top) fn memory(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["K", "M", "G", "T"];
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95 && unit > 0);
    format!("{value:.digits$}{}", UNITS[unit])
}

/// The text with control characters as numbers: names and descriptions come from the daemon.
pub(in crate::top) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            let _ = write!(shown, "\\x{:02x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_short() {
        let times = [0, 59, 3723, 359_999, 360_000, 1_000_000_000].map(uptime);
        assert_eq!(times, ["0:00:00", "0:00:59", "1:02:03", "99:59:59", "4d 04h", "11574d 01h"]);
        let sizes =
            [0, 900 << 10, 1536 << 10, 150 << 20, 1300 << 20, 20 << 30, 5 << 40].map(memory);
        assert_eq!(sizes, ["0K", "900K", "1.5M", "150M", "1.3G", "20G", "5.0T"]);
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(printable("a\u{1b}[2J\u{9b}ü\n"), "a\\x1b[2J\\x9bü\\x0a");
    }
}
