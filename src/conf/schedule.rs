//! `schedule` and `schedule_timezone`: when a program is started. The rules of a time zone are part
//! of the value, so that the next run is a pure function of it and of the time.

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::host::{Host, ReadFailure};
use super::python::repr;

/// Where the rules of time zones are.
const DATABASES: [&str; 2] = ["/usr/share/zoneinfo", "/etc/zoneinfo"];

/// The rules of the system's time zone, unless `TZ` names another one.
const SYSTEM: &str = "/etc/localtime";

/// A cron expression with the time zone in which it is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// As it is written.
    pub expression: String,
    pub zone: Zone,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// As it is written; empty for that of the system.
    pub name: String,
    rules: Rules,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Rules {
    #[default]
    Utc,
    /// A file of the database.
    File(Vec<u8>),
    /// `CET-1CEST,M3.5.0,M10.5.0/3`
    Posix(String),
}

impl Schedule {
    /// The first run after a time since the epoch; `None` if there is none.
    pub fn next_after(&self, after: Duration) -> Option<Duration> {
        let cron = parse(&self.expression).ok()?;
        next(&cron, self.zone.time_zone(), after)
    }
}

impl Zone {
    /// That of the option, or that of the system.
    pub(super) fn of(name: Option<&str>, host: &dyn Host) -> Self {
        let Some(name) = name else { return Self::system(host) };
        let rules = named(name, host).unwrap_or_default();
        Self { name: name.to_owned(), rules }
    }

    fn system(host: &dyn Host) -> Self {
        let variable = host.variable("TZ").unwrap_or_default();
        let wanted = variable.trim_start_matches(':');
        let rules = if wanted.is_empty() {
            host.read(SYSTEM).ok().and_then(file)
        } else if wanted.starts_with('/') {
            host.read(wanted).ok().and_then(file)
        } else {
            named(wanted, host).ok().or_else(|| posix(wanted))
        };
        Self { name: String::new(), rules: rules.unwrap_or_default() }
    }

    fn time_zone(&self) -> TimeZone {
        let zone = match &self.rules {
            Rules::Utc => Ok(TimeZone::UTC),
            Rules::File(bytes) => TimeZone::tzif(&self.name, bytes),
            Rules::Posix(text) => TimeZone::posix(text),
        };
        zone.unwrap_or(TimeZone::UTC)
    }
}

fn file(bytes: Vec<u8>) -> Option<Rules> {
    TimeZone::tzif("", &bytes).is_ok().then_some(Rules::File(bytes))
}

fn posix(text: &str) -> Option<Rules> {
    TimeZone::posix(text).is_ok().then(|| Rules::Posix(text.to_owned()))
}

/// The rules of a zone of the database.
fn named(name: &str, host: &dyn Host) -> Result<Rules, String> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(Rules::Utc);
    }
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || "_+-/".contains(it);
    let is_name = !name.starts_with('/') && name.chars().all(is_allowed);
    if name.is_empty() || !is_name {
        return Err(format!("not the name of a time zone: {}", repr(name)));
    }
    for database in DATABASES {
        match host.read(&format!("{database}/{name}")) {
            Ok(bytes) => {
                return file(bytes)
                    .ok_or_else(|| format!("{database}/{name} has no rules of a time zone"));
            }
            Err(ReadFailure::Unreadable) if !host.is_dir(&format!("{database}/{name}")) => {
                return Err(format!("{database}/{name} cannot be read"));
            }
            Err(_) => {}
        }
    }
    Err(format!("no time zone {}: {}/{name} does not exist", repr(name), DATABASES[0]))
}

/// The value of `schedule_timezone`.
pub(super) fn zone_name(text: &str, host: &dyn Host) -> Result<String, String> {
    let name = text.trim();
    named(name, host).map(|_| name.to_owned())
}

/// The first of January 2024, a leap year: the 29th of February is found.
const SOME_TIME: Duration = Duration::from_secs(1_704_067_200);

/// The value of `schedule`, in UTC.
pub(super) fn schedule(text: &str) -> Result<Schedule, String> {
    let expression = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cron = parse(&expression)?;
    match next(&cron, TimeZone::UTC, SOME_TIME) {
        Some(_) => Ok(Schedule { expression, zone: Zone::default() }),
        None => Err(format!("{} never comes", repr(&expression))),
    }
}

fn parse(expression: &str) -> Result<Cron, String> {
    if expression.eq_ignore_ascii_case("@reboot") {
        return Err("@reboot is no time; autostart=true starts with the daemon".to_owned());
    }
    let fields = expression.split(' ').count();
    if !expression.starts_with('@') && fields != 5 {
        return Err(format!("{} has {fields} of 5 fields", repr(expression)));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(expression).map_err(|error| {
        let why = error.to_string();
        let why = why.trim_end_matches('.').to_owned();
        format!("{}: {why}", repr(expression))
    })
}

fn next(cron: &Cron, zone: TimeZone, after: Duration) -> Option<Duration> {
    let seconds = i64::try_from(after.as_secs()).ok()?;
    let after = Timestamp::from_second(seconds).ok()?.to_zoned(zone);
    let found = cron.find_next_occurrence(&after, false).ok()?;
    u64::try_from(found.timestamp().as_second()).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::fake_host::FakeHost;

    /// Central Europe, whose clock goes from 2 to 3 on 2026-03-29 and from 3 to 2 on 2026-10-25.
    fn berlin(expression: &str) -> Schedule {
        let rules = Rules::Posix("CET-1CEST,M3.5.0,M10.5.0/3".to_owned());
        Schedule { zone: Zone { name: String::new(), rules }, ..schedule(expression).unwrap() }
    }

    fn runs(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
        let mut at = Duration::from_secs(from.parse::<Timestamp>().unwrap().as_second() as u64);
        let mut found = Vec::new();
        for _ in 0..count {
            at = schedule.next_after(at).unwrap();
            found.push(Timestamp::from_second(at.as_secs() as i64).unwrap().to_string());
        }
        found
    }

    #[test]
    fn expressions_are_those_of_cron() {
        for (expression, want) in [
            ("0 3 * * *", "2026-01-01T03:00:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("30 4 1,15 * mon", "2026-01-01T04:30:00Z"),
            ("0 12 * * 0", "2026-01-04T12:00:00Z"),
            ("@daily", "2026-01-02T00:00:00Z"),
            ("@hourly", "2026-01-01T01:00:00Z"),
            ("@weekly", "2026-01-04T00:00:00Z"),
            ("  5   0 *   * * ", "2026-01-01T00:05:00Z"),
        ] {
            assert_eq!(runs(&schedule(expression).unwrap(), "2026-01-01T00:00:00Z", 1), [want]);
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_with_a_reason() {
        for (expression, why) in [
            ("", "has 1 of 5 fields"),
            ("* * * *", "has 4 of 5 fields"),
            ("0 0 3 * * *", "has 6 of 5 fields"),
            ("60 * * * *", "60 * * * *"),
            ("0 25 * * *", "0 25 * * *"),
            ("0 0 30 2 *", "never comes"),
            ("a b c d e", "a b c d e"),
            ("@reboot", "autostart=true"),
            ("@nightly", "@nightly"),
        ] {
            let error = schedule(expression).unwrap_err();
            assert!(error.contains(why), "{expression}: {error}");
        }
    }

    #[test]
    fn a_missing_hour_moves_a_fixed_time_and_a_repeated_one_runs_once() {
        let spring = runs(&berlin("30 2 * * *"), "2026-03-28T02:00:00Z", 2);
        assert_eq!(spring, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let autumn = runs(&berlin("30 2 * * *"), "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        let hourly = runs(&berlin("0 * * * *"), "2026-10-24T23:30:00Z", 4);
        assert_eq!(
            hourly,
            [
                "2026-10-25T00:00:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z",
                "2026-10-25T03:00:00Z"
            ]
        );
    }

    #[test]
    fn zones_are_those_of_the_system() {
        let host = FakeHost::default();
        assert_eq!(zone_name("UTC", &host).unwrap(), "UTC");
        let error = zone_name("Europe/Berln", &host).unwrap_err();
        assert!(error.contains("/usr/share/zoneinfo/Europe/Berln does not exist"), "{error}");
        assert!(zone_name("../../etc/passwd", &host).is_err());
        assert!(zone_name("", &host).is_err());
        let host = FakeHost::default().file("/usr/share/zoneinfo/Wrong", "text");
        assert!(zone_name("Wrong", &host).unwrap_err().contains("no rules"));
    }
}
