//! The audit log: a line of JSON for each action, with who requested it, from where, and what came of
//! it. An action that continues as a job has a second line when the job ends.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::conf::config::Supervisord;
use crate::core::jobs::{Job, JobId};
use crate::core::supervisor::Supervisor;
use crate::http::date::timestamp;
use crate::os::clock;
use crate::os::logfile::{LogFile, Report, Rotation, Unwritten};
use crate::os::signals::Sender;
use crate::os::stream::Peer;
use crate::rpc::record::{AuditResult, Record, shortened};

pub(super) struct AuditLog {
    file: LogFile,
    /// Running jobs of actions that were written.
    jobs: BTreeSet<JobId>,
}

/// What a successor needs.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedAuditLog {
    path: PathBuf,
    rotation: Rotation,
    jobs: BTreeSet<JobId>,
    #[serde(default)]
    unwritten: Unwritten,
}

/// Who requested an action.
#[derive(Clone, Debug, Default)]
pub(super) struct Requester<'a> {
    /// The account.
    pub(super) user: Option<Cow<'a, str>>,
    pub(super) peer: Option<Peer>,
    /// Of a signal.
    pub(super) sender: Option<Sender>,
    /// The section of the server.
    pub(super) server: &'a str,
    /// The program of this daemon that is at the other end.
    pub(super) program: Option<String>,
}

/// When an action was requested, and how long it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) wall: Duration,
    pub(super) duration: Duration,
}

/// A line. The order of the fields is that of the documentation.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    server: &'a str,
    interface: &'a str,
    action: &'a str,
    arguments: Cow<'a, [Json]>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<u64>,
    duration_ms: u64,
}

impl AuditLog {
    /// `None` if the configuration has none.
    pub(super) fn open(settings: &Supervisord) -> io::Result<Option<Self>> {
        let Some(SavedAuditLog { path, rotation, jobs, .. }) = Self::saved(settings) else {
            return Ok(None);
        };
        let file = LogFile::open_private(path, rotation, clock::monotonic())?;
        Ok(Some(Self { file, jobs }))
    }

    /// The settings of a log without jobs; `None` if the configuration has none.
    pub(super) fn saved(settings: &Supervisord) -> Option<SavedAuditLog> {
        let path = settings.audit_logfile.as_ref()?.into();
        let rotation = Rotation {
            maxbytes: settings.audit_logfile_maxbytes,
            backups: settings.audit_logfile_backups,
        };
        Some(SavedAuditLog {
            path,
            rotation,
            jobs: BTreeSet::new(),
            unwritten: Unwritten::default(),
        })
    }

    pub(super) fn adopt(saved: SavedAuditLog, fd: Option<OwnedFd>) -> io::Result<Self> {
        let SavedAuditLog { path, rotation, jobs, unwritten } = saved;
        let now = clock::monotonic();
        let mut file = LogFile::adopt_private(path, rotation, fd, now)?;
        file.continue_with(unwritten, now);
        Ok(Self { file, jobs })
    }

    pub(super) fn save(&self) -> SavedAuditLog {
        let Self { file, jobs } = self;
        let (path, rotation) = (file.path().into(), file.rotation());
        SavedAuditLog { path, rotation, jobs: jobs.clone(), unwritten: file.unwritten() }
    }

    /// Called at the end: what is lost.
    pub(super) fn end(&mut self) -> Option<Report> {
        self.file.end(clock::monotonic())
    }

    pub(super) fn into_fd(self) -> Option<OwnedFd> {
        self.file.into_fd()
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn reopen(&mut self) -> io::Result<()> {
        self.file.reopen(clock::monotonic())
    }

    /// Writes an action.
    pub(super) fn record(
        &mut self,
        requester: &Requester<'_>,
        record: &Record,
        times: Times,
    ) -> Option<Report> {
        if let AuditResult::Job(job) = record.result {
            self.jobs.insert(job);
        }
        self.write(&Line::of_action(requester, record, times))
    }

    /// Writes the ends of jobs.
    pub(super) fn record_jobs(&mut self, core: &Supervisor) -> Option<Report> {
        let is_running = |id: &JobId| core.job(*id).is_some_and(|job| job.finished().is_none());
        let ended: Vec<JobId> = self.jobs.iter().copied().filter(|id| !is_running(id)).collect();
        let mut report = None;
        for id in ended {
            self.jobs.remove(&id);
            if let Some(line) = core.job(id).and_then(Line::of_job) {
                report = self.write(&line).or(report);
            }
        }
        report
    }

    fn write(&mut self, line: &Line<'_>) -> Option<Report> {
        // The values are strings and numbers, which cannot fail.
        let text = serde_json::to_string(line).unwrap_or_default();
        self.file.write(format!("{}\n", escaped(&text)).as_bytes(), clock::monotonic())
    }
}

impl<'a> Line<'a> {
    fn of_action(requester: &'a Requester<'_>, record: &'a Record, times: Times) -> Self {
        let Requester { user, peer, sender, server, program } = requester;
        let (uid, gid, pid, address, transport) = match peer {
            None => (None, None, None, None, None),
            Some(Peer::Tcp(address)) => (None, None, None, Some(address.to_string()), Some("tcp")),
            Some(Peer::Unix { uid, gid, pid }) => {
                (Some(*uid), Some(*gid), Some(*pid), None, Some("unix"))
            }
        };
        let (uid, pid) = sender.map_or((uid, pid), |sender| (Some(sender.uid), Some(sender.pid)));
        let (result, code, message, job) = match &record.result {
            AuditResult::Done => ("ok", None, None, None),
            AuditResult::Fault(fault) => {
                ("fault", Some(fault.code), Some(shortened(&fault.string)), None)
            }
            AuditResult::Refused(why) => ("refused", None, Some(shortened(why)), None),
            AuditResult::Job(job) => ("started", None, None, Some(job.0)),
        };
        Self {
            time: timestamp(millis(times.wall)),
            user: user.as_deref().map(shortened),
            uid,
            gid,
            pid,
            program: program.as_deref(),
            address,
            transport,
            server,
            interface: record.interface,
            action: &record.action,
            arguments: Cow::Borrowed(&record.arguments),
            result,
            code,
            message,
            job,
            duration_ms: u64::try_from(times.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn of_job(job: &'a Job) -> Option<Self> {
        let finished = job.finished()?;
        let failures = job.failures();
        let message = (!failures.is_empty()).then(|| shortened(&failures.join("; ")));
        let duration = finished.mono.since(job.started().mono);
        Some(Self {
            time: timestamp(millis(finished.wall.0)),
            user: None,
            uid: None,
            gid: None,
            pid: None,
            program: None,
            address: None,
            transport: None,
            server: "",
            interface: "job",
            action: job.kind().name(),
            arguments: Cow::Owned(vec![shortened(job.target()).into()]),
            result: if failures.is_empty() { "ok" } else { "fault" },
            code: None,
            message,
            job: Some(job.id().0),
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn millis(wall: Duration) -> i64 {
    i64::try_from(wall.as_millis()).unwrap_or(i64::MAX)
}

/// Escapes what JSON does not require to be escaped but a terminal acts on: C1 controls, and marks
/// that separate lines or change the direction of text. They occur within strings only.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let is_mark = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if character.is_control() || is_mark {
            let _ = write!(text, "\\u{:04x}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::fault::{Code, Fault};

    const TIMES: Times =
        Times { wall: Duration::from_millis(784_111_777_005), duration: Duration::from_millis(7) };

    fn line(requester: &Requester<'_>, record: &Record) -> String {
        let line = Line::of_action(requester, record, TIMES);
        escaped(&serde_json::to_string(&line).expect("it is JSON"))
    }

    #[test]
    fn a_line_names_who_did_what_and_what_came_of_it() {
        let requester = Requester {
            user: Some("bob".into()),
            peer: Some(Peer::Tcp("192.0.2.1:4711".parse().expect("an address"))),
            server: "inet_http_server",
            ..Requester::default()
        };
        let record = Record {
            interface: "xml-rpc",
            action: "supervisor.stopProcess".to_owned(),
            arguments: vec!["web".into(), true.into()],
            result: AuditResult::Fault(Fault::new(Code::NotRunning, "web")),
        };
        assert_eq!(
            line(&requester, &record),
            r#"{"time":"1994-11-06T08:49:37.005Z","user":"bob","address":"192.0.2.1:4711","transport":"tcp","server":"inet_http_server","interface":"xml-rpc","action":"supervisor.stopProcess","arguments":["web",true],"result":"fault","code":70,"message":"NOT_RUNNING: web","duration_ms":7}"#
        );
        let requester = Requester {
            peer: Some(Peer::Unix { uid: 1000, gid: 100, pid: 42 }),
            server: "unix_http_server",
            program: Some("listener".to_owned()),
            ..Requester::default()
        };
        let record = Record { result: AuditResult::Job(JobId(3)), ..record };
        assert_eq!(
            line(&requester, &record),
            r#"{"time":"1994-11-06T08:49:37.005Z","uid":1000,"gid":100,"pid":42,"program":"listener","transport":"unix","server":"unix_http_server","interface":"xml-rpc","action":"supervisor.stopProcess","arguments":["web",true],"result":"started","job":3,"duration_ms":7}"#
        );
    }

    #[test]
    fn no_text_of_a_client_forges_a_line_or_controls_a_terminal() {
        let record = Record {
            interface: "http",
            action: "login".to_owned(),
            arguments: vec![
                "a\n{\"user\":\"root\"}\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{2028}".into(),
            ],
            result: AuditResult::Refused("wrong\r\npassword".to_owned()),
        };
        let text =
            line(&Requester { user: Some("\u{85}".into()), ..Requester::default() }, &record);
        assert!(
            !text.chars().any(|it| it.is_control() || "\u{202e}\u{2028}".contains(it)),
            "{text}"
        );
        let read: Json = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(read["arguments"][0], record.arguments[0]);
        assert_eq!(read["user"], "\u{85}");
    }
}
