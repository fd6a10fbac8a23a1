//! The interactive shell: reads command lines from a terminal, with history and completion, or from
//! a pipe. Its exit status is always success.

use std::cell::{OnceCell, RefCell};
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::client::{Client, Trust};
use super::complete::{candidates, word_start};
use super::dispatch::{self, Interrupted};
use super::error::ClientError;
use super::server::{ProcessInfo, Server};
use super::session::{ActionError, Flow, LineEditor, Session};
use crate::conf::config::Secret;
use crate::conf::ctl::Settings;
use crate::conf::sections::supervisorctl::Supervisorctl;
use crate::os::files::write_atomically;
use crate::os::interrupt::{self, Interrupt};
use crate::os::stdout;

/// The time limit for fetching process names on Tab.
const TAB_TIMEOUT: Duration = Duration::from_secs(5);
/// The history is private.
const HISTORY_MODE: u32 = 0o600;
/// The maximum number of history lines.
const HISTORY_LINES: usize = 10_000;

/// Where the cursor is when the shell ends.
enum CursorPosition {
    NewLine,
    MidLine,
}

impl From<Interrupted> for CursorPosition {
    fn from(_: Interrupted) -> Self {
        Self::MidLine
    }
}

/// Executes lines until `exit`, end of input or Ctrl-C.
pub(super) fn run(session: &mut Session) {
    let ended = match session.watch_interrupts() {
        Ok(interrupt) => {
            session.editor = open_editor(session);
            run_lines(session, &interrupt)
        }
        Err(error) => {
            session.print_line(format_args!("error: {error}"));
            Ok(())
        }
    };
    // This saves the history.
    session.editor = None;
    if let Err(CursorPosition::MidLine) = ended {
        session.print_line("");
    }
}

fn run_lines(session: &mut Session, interrupt: &Interrupt) -> Result<(), CursorPosition> {
    let mut flow = dispatch::perform(session, "status")?;
    // Without a reader of the output no further command is executed.
    while flow == Flow::Continue && !stdout::has_failed() {
        // The connection is not kept open while waiting for input.
        session.disconnect();
        let line = next_line(session, interrupt)?;
        flow = dispatch::perform(session, &line)?;
    }
    Ok(())
}

/// From the editor, which has ended the line already when it returns none, or from a pipe.
fn next_line(session: &mut Session, interrupt: &Interrupt) -> Result<String, CursorPosition> {
    if let Some(editor) = &mut session.editor {
        return editor.command(&session.settings).ok_or(CursorPosition::NewLine);
    }
    Session::write(prompt(&session.settings).as_bytes());
    session.input.line(interrupt).ok().flatten().ok_or(CursorPosition::MidLine)
}

fn prompt(settings: &Settings) -> String {
    format!("{}> ", settings.options.prompt)
}

/// The editor, if there is a terminal that it can use.
fn open_editor(session: &Session) -> Option<Box<dyn LineEditor>> {
    if !Session::has_terminal() {
        return None;
    }
    let terminal = Terminal::open(session.settings.options.history_file.clone()).ok()?;
    Some(Box::new(terminal))
}

struct Terminal {
    editor: Editor<NameCompleter, DefaultHistory>,
    history_file: Option<String>,
}

impl Terminal {
    fn open(history_file: Option<String>) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_LINES)?
            // Each line of a pasted text is executed, as in Supervisor's shell.
            .bracketed_paste(false)
            .build();
        // rustyline catches SIGINT while the editor exists, although Ctrl-C is a key to it.
        let mut editor = interrupt::keep(|| Editor::with_config(config))?;
        let history = history_file.as_ref().and_then(|file| fs::read(file).ok());
        for line in String::from_utf8_lossy(&history.unwrap_or_default()).lines() {
            editor.add_history_entry(line)?;
        }
        Ok(Self { editor, history_file })
    }
}

impl LineEditor for Terminal {
    fn command(&mut self, settings: &Settings) -> Option<String> {
        self.editor.set_helper(Some(NameCompleter::of(settings)));
        let line = self.editor.readline(&prompt(settings)).ok()?;
        // An error in the history does not prevent execution.
        let _ = self.editor.add_history_entry(&line);
        Some(line)
    }

    fn answer(&mut self, question: &str) -> Result<String, ActionError> {
        self.editor.set_helper(None);
        self.editor.readline(question).map_err(|error| match error {
            ReadlineError::Eof => ActionError::EndOfInput,
            ReadlineError::Io(error) => error.into(),
            _ => ClientError::Interrupted.into(),
        })
    }
}

/// Saves the history, one line per entry, as readline does.
impl Drop for Terminal {
    fn drop(&mut self) {
        let Some(file) = &self.history_file else { return };
        let mut lines: Vec<&str> = self.editor.history().iter().map(String::as_str).collect();
        lines.push("");
        // As in Supervisor, an error is ignored.
        let _ = write_atomically(Path::new(file), lines.join("\n").as_bytes(), Some(HISTORY_MODE));
    }
}

/// Completion with process names, which are fetched at the first Tab of each prompt.
struct NameCompleter {
    client: RefCell<Client>,
    infos: OnceCell<Vec<ProcessInfo>>,
}

impl NameCompleter {
    fn of(settings: &Settings) -> Self {
        let Supervisorctl { username, password, cacert, .. } = &settings.options;
        let (user, password) = (username.as_deref(), password.as_ref().map(Secret::as_str));
        let trust = cacert.clone().map_or(Trust::System, Trust::Authorities);
        let client = Client::open(&settings.options.serverurl, user, password)
            .trusting(trust)
            .timeout(Some(TAB_TIMEOUT));
        Self { client: RefCell::new(client), infos: OnceCell::new() }
    }

    /// Empty if the server is not reachable.
    fn infos(&self) -> Vec<ProcessInfo> {
        let ask = || Server(&mut self.client.borrow_mut()).all_info().unwrap_or_default();
        self.infos.get_or_init(ask).clone()
    }
}

impl Completer for NameCompleter {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<Pair>), ReadlineError> {
        let before = &line[..at];
        let offered = candidates(before, || self.infos());
        let pairs = offered
            .into_iter()
            .map(|replacement| Pair { display: replacement.trim_end().to_owned(), replacement });
        Ok((word_start(before), pairs.collect()))
    }
}

impl Hinter for NameCompleter {
    type Hint = String;
}
impl Highlighter for NameCompleter {}
impl Validator for NameCompleter {}
impl Helper for NameCompleter {}
