//! The result of a rolling restart for clients.

use super::value::Value;
use crate::core::jobs::{Fate, Report, Rolling};

/// What came of each process.
pub(super) fn report(rolling: &Rolling) -> Value {
    Value::Array(rolling.reports().iter().map(report_of).collect())
}

fn report_of(report: &Report) -> Value {
    let (result, reason) = match &report.result {
        Fate::Untouched => ("untouched", ""),
        Fate::Active => ("active", ""),
        Fate::Restarted => ("restarted", ""),
        Fate::Failed(why) => ("failed", why.as_str()),
    };
    let members = [("name", report.name.as_str()), ("result", result), ("reason", reason)];
    Value::record(members.map(|(name, text)| (name, Value::str(text))))
}
