//! The file of a recording listener in a form that can be compared: pids differ from run to run.

use std::path::Path;
use std::thread;

use super::daemon_fixture::{DaemonFixture, until};
use crate::support::daemon::Subject;
use crate::support::{Sandbox, oracle};

/// One event as a listener received it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Delivery {
    pub by: String,
    pub header: String,
    pub payload: String,
}

impl Delivery {
    pub fn field(&self, name: &str) -> &str {
        let lines = [self.header.as_str(), self.payload.lines().next().unwrap_or_default()];
        lines
            .iter()
            .flat_map(|line| line.split(' '))
            .find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_default()
    }

    pub fn event(&self) -> &str {
        self.field("eventname")
    }

    /// Header and payload, with every pid that exists as `#`.
    pub fn shown(&self) -> String {
        let (first, rest) = self.payload.split_once('\n').unwrap_or((&self.payload, ""));
        let words: Vec<&str> = first
            .split(' ')
            .map(|word| match word.strip_prefix("pid:") {
                Some(pid) if pid != "0" => "pid:#",
                _ => word,
            })
            .collect();
        let end = if self.payload.contains('\n') { "\n" } else { "" };
        // A pid may have another number of digits, and `len` counts them.
        let digits = self.field("pid").len();
        let header = match self.field("len").parse::<usize>() {
            Ok(len) => self.header.replace(&format!("len:{len}"), &format!("len:{}", len - digits)),
            Err(_) => self.header.clone(),
        };
        format!("{} {header}\n{}{end}{rest}", self.by, words.join(" "))
    }

    /// The same without the serials, for events whose order is not specified.
    pub fn unnumbered(&self) -> String {
        let serials = [("serial", self.field("serial")), ("poolserial", self.field("poolserial"))];
        serials.iter().fold(self.shown(), |text, (name, number)| {
            text.replacen(&format!(" {name}:{number} "), &format!(" {name}:# "), 1)
        })
    }
}

/// The events in a recording so far.
pub fn deliveries(fixture: &DaemonFixture, file: &str) -> Vec<Delivery> {
    let text = fixture.read(file);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a delivery")).collect()
}

/// Waits until a recording has some event, and returns all of it.
pub fn await_event(
    fixture: &DaemonFixture,
    file: &str,
    wanted: impl Fn(&Delivery) -> bool,
) -> Vec<Delivery> {
    until(&format!("an event in {file} of {:?}", fixture.subject), || {
        let all = deliveries(fixture, file);
        all.iter().any(&wanted).then_some(all)
    })
}

/// Waits until a recording has so many events.
pub fn await_count(fixture: &DaemonFixture, file: &str, count: usize) -> Vec<Delivery> {
    until(&format!("{count} events in {file} of {:?}", fixture.subject), || {
        let all = deliveries(fixture, file);
        (all.len() >= count).then_some(all)
    })
}

pub fn shown(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(Delivery::shown).collect()
}

/// A script of the support, as a command.
pub fn python(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/events").join(name);
    format!("{} {}", oracle::bin("python").display(), path.display())
}

/// An `[eventlistener:x]` that records into `x.rec`. `rest` are the steps of the script, then other
/// options a line each.
pub fn listener(name: &str, events: &str, rest: &str) -> String {
    let (steps, options) = rest.split_once('\n').unwrap_or((rest, ""));
    let script = python("listener.py");
    format!(
        "[eventlistener:{name}]\ncommand={script} {{here}}/{name}.rec {steps}\n\
         events={events}\nstartsecs=0\nstderr_logfile={{here}}/{name}.err\n{options}\n"
    )
}

/// A `[program:x]` that writes some pieces; it is not started by itself.
pub fn speaker(name: &str, pieces: &str, options: &str) -> String {
    let script = python("speaker.py");
    format!(
        "[program:{name}]\ncommand={script} {pieces}\nautostart=false\nautorestart=false\n\
         startsecs=0\nstdout_logfile={{here}}/{name}.out\nstderr_logfile={{here}}/{name}.err\n\
         {options}\n"
    )
}

/// A `[program:x]` that runs a command; it is not started by itself.
pub fn program(name: &str, command: &str, options: &str) -> String {
    format!("[program:{name}]\ncommand={command}\nautostart=false\n{options}\n")
}

/// Runs a scenario with both at once; `{port}` is a free port. The results must be the same.
#[track_caller]
pub fn same(sections: &str, scene: impl Fn(&mut DaemonFixture) -> Vec<String> + Sync) {
    let scene = &scene;
    let [original, ours] = thread::scope(|scope| {
        [Subject::Original, Subject::Ours]
            .map(|subject| scope.spawn(move || alone(subject, sections, scene)))
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    assert!(!original.is_empty(), "the scenario has no result");
    if original != ours {
        let (original, ours) = (original.join("\n\n"), ours.join("\n\n"));
        let diff = similar::TextDiff::from_lines(&original, &ours);
        panic!("- the original, + ours\n{}", diff.unified_diff().context_radius(8));
    }
}

/// Runs a scenario with one of them.
#[track_caller]
pub fn alone<T>(
    subject: Subject,
    sections: &str,
    scene: impl FnOnce(&mut DaemonFixture) -> T,
) -> T {
    let sandbox = Sandbox::new();
    scene(&mut DaemonFixture::set(subject, &sandbox, sections))
}
