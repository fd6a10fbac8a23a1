//! The shell: lines from a terminal, with history and completion, or from a pipe; each is an
//! action. Its exit status is always success.

use std::cell::{OnceCell, RefCell};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::actions::{self, Interrupted};
use super::client::Client;
use super::complete::{candidates, word_start};
use super::server::{Info, Server};
use super::session::{Flow, Session};
use crate::os::files::write_atomically;
use crate::os::interrupt::Interrupt;

/// A Tab waits no longer for the names of processes.
const TAB_PATIENCE: Duration = Duration::from_secs(5);
/// What was typed is nobody else's business.
const HISTORY_MODE: u32 = 0o600;
/// As many lines are kept between shells.
const HISTORY_LINES: usize = 10_000;

/// Where the cursor stands when the shell ends.
enum End {
    NewLine,
    MidLine,
}

impl From<Interrupted> for End {
    fn from(_: Interrupted) -> Self {
        Self::MidLine
    }
}

/// Reads and obeys lines until one says to leave, input ends, or Ctrl-C.
pub(super) fn run(session: &mut Session) {
    let ended = match Source::open(session) {
        Ok(source) => obey_all(session, source),
        Err(error) => {
            session.say(format_args!("error: {error}"));
            Ok(())
        }
    };
    if let Err(End::MidLine) = ended {
        session.say("");
    }
}

fn obey_all(session: &mut Session, mut source: Source) -> Result<(), End> {
    let mut flow = actions::perform(session, "status")?;
    while flow == Flow::Continue {
        // A connection does not wait for people.
        session.hang_up();
        let line = source.line(session)?;
        flow = actions::perform(session, &line)?;
    }
    Ok(())
}

/// Where lines come from.
enum Source {
    Terminal(Box<Terminal>),
    Pipe(Interrupt),
}

struct Terminal {
    editor: Editor<Names, DefaultHistory>,
    history_file: Option<String>,
}

impl Source {
    fn open(session: &mut Session) -> io::Result<Self> {
        let interrupt = session.watch_interrupts()?;
        if !Session::has_terminal() {
            return Ok(Self::Pipe(interrupt));
        }
        let history_file = session.settings.history_file.clone();
        match Terminal::open(history_file) {
            Ok(terminal) => Ok(Self::Terminal(Box::new(terminal))),
            Err(_) => Ok(Self::Pipe(interrupt)),
        }
    }

    fn line(&mut self, session: &mut Session) -> Result<String, End> {
        let prompt = format!("{}> ", session.settings.prompt);
        match self {
            Self::Terminal(terminal) => terminal.line(session, &prompt),
            Self::Pipe(interrupt) => {
                Session::write(prompt.as_bytes());
                session.input.line(interrupt).ok().flatten().ok_or(End::MidLine)
            }
        }
    }
}

impl Terminal {
    fn open(history_file: Option<String>) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_LINES)?
            .build();
        let mut editor = Editor::with_config(config)?;
        let history = history_file.as_ref().and_then(|file| fs::read(file).ok());
        for line in String::from_utf8_lossy(&history.unwrap_or_default()).lines() {
            editor.add_history_entry(line)?;
        }
        Ok(Self { editor, history_file })
    }

    /// After Ctrl-C and Ctrl-D the editor has ended the line already.
    fn line(&mut self, session: &Session, prompt: &str) -> Result<String, End> {
        self.editor.set_helper(Some(Names::of(session)));
        let line = self.editor.readline(prompt).map_err(|_| End::NewLine)?;
        // A line that cannot be remembered can still be obeyed.
        let _ = self.editor.add_history_entry(&line);
        Ok(line)
    }
}

/// Leaves the history behind, one line an entry, as readline does.
impl Drop for Terminal {
    fn drop(&mut self) {
        let Some(file) = &self.history_file else { return };
        let mut lines: Vec<&str> = self.editor.history().iter().map(String::as_str).collect();
        lines.push("");
        // As in Supervisor: a history that cannot be written is lost.
        let _ = write_atomically(Path::new(file), lines.join("\n").as_bytes(), Some(HISTORY_MODE));
    }
}

/// The names that the server had at the first Tab after the prompt.
struct Names {
    client: RefCell<Client>,
    infos: OnceCell<Vec<Info>>,
}

impl Names {
    fn of(session: &Session) -> Self {
        let settings = &session.settings;
        let (user, password) = (settings.username.as_deref(), settings.password.as_deref());
        let client = Client::open(&settings.serverurl, user, password).timeout(Some(TAB_PATIENCE));
        Self { client: RefCell::new(client), infos: OnceCell::new() }
    }

    /// Without a server there is nothing to offer.
    fn infos(&self) -> Vec<Info> {
        let ask = || Server(&mut self.client.borrow_mut()).all_info().unwrap_or_default();
        self.infos.get_or_init(ask).clone()
    }
}

impl Completer for Names {
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

impl Hinter for Names {
    type Hint = String;
}
impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}
