//! State that actions share: client, standard input, exit status and output.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::client::{Client, Trust};
use super::error::ClientError;
use super::exit;
use super::harmless_text::harmless;
use super::input::Input;
use super::server::Server;
use crate::conf::config::Secret;
use crate::conf::ctl::Settings;
use crate::conf::sections::supervisorctl::Supervisorctl;
use crate::os::interrupt::Interrupt;
use crate::os::{stdout, tty};
use crate::rpc::fault::Code;
use crate::rpc::method::API_VERSION;

/// What happens after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    /// The usage of the action is printed; then the shell continues.
    ShowUsage,
    Exit,
}

/// An error that ends an action.
#[derive(Debug)]
pub(super) enum ActionError {
    Call(ClientError),
    /// End of input while an answer was expected.
    EndOfInput,
    /// The server returned an unexpected value.
    Value(String),
}

impl From<ClientError> for ActionError {
    fn from(error: ClientError) -> Self {
        Self::Call(error)
    }
}

impl From<io::Error> for ActionError {
    fn from(error: io::Error) -> Self {
        Self::Call(ClientError::Io(error))
    }
}

pub(super) type Outcome = std::result::Result<Flow, ActionError>;

/// What reads lines from a terminal. It may have read more than the line that it returned last, so the
/// shell and its questions share it.
pub(super) trait LineEditor {
    /// The next command line; `None` if the user leaves the shell.
    fn command(&mut self, settings: &Settings) -> Option<String>;

    /// The answer to a question.
    fn answer(&mut self, question: &str) -> Result<String, ActionError>;
}

/// One run of supervisorctl.
pub(super) struct Session {
    pub(super) settings: Settings,
    /// The exit status.
    pub(super) status: u8,
    pub(super) input: Input,
    /// In a shell at a terminal.
    pub(super) editor: Option<Box<dyn LineEditor>>,
    client: Option<Client>,
    interrupt: Option<Interrupt>,
    /// With JSON on standard output, messages go to standard error.
    pub(super) json: bool,
}

impl Session {
    pub(super) fn new(settings: Settings) -> io::Result<Self> {
        let input = Input::new()?;
        Ok(Self {
            settings,
            status: exit::SUCCESS,
            input,
            editor: None,
            client: None,
            interrupt: None,
            json: false,
        })
    }

    /// The client for the current URL.
    pub(super) fn client(&mut self) -> &mut Client {
        let settings = &self.settings;
        let interrupt = &self.interrupt;
        self.client.get_or_insert_with(|| {
            let Supervisorctl { username, password, cacert, .. } = &settings.options;
            let (user, password) = (username.as_deref(), password.as_ref().map(Secret::as_str));
            let trust = cacert.clone().map_or(Trust::System, Trust::Authorities);
            let client = Client::open(&settings.options.serverurl, user, password).trusting(trust);
            match interrupt {
                Some(interrupt) => client.interrupted_by(interrupt.clone()),
                None => client,
            }
        })
    }

    pub(super) fn server(&mut self) -> Server<'_> {
        Server(self.client())
    }

    /// Drops the connection, because URL or credentials changed or it is too old.
    pub(super) fn disconnect(&mut self) {
        self.client = None;
    }

    /// Handles Ctrl-C from now on: it interrupts waiting calls instead of ending the program.
    pub(super) fn watch_interrupts(&mut self) -> io::Result<Interrupt> {
        if let Some(interrupt) = &self.interrupt {
            return Ok(interrupt.clone());
        }
        let interrupt = Interrupt::install()?;
        self.interrupt = Some(interrupt.clone());
        self.disconnect();
        Ok(interrupt)
    }

    /// Prints a line.
    pub(super) fn print_line(&mut self, line: impl Display) {
        // Output that cannot be written does not stop the action; it changes the exit status.
        if self.json {
            print_error(&line.to_string());
        } else {
            write_line(&line.to_string());
        }
    }

    /// Prints JSON to standard output.
    pub(super) fn print_json(value: &serde_json::Value) {
        write_line(&format!("{value:#}"));
    }

    /// Prints bytes without a line end.
    pub(super) fn write(bytes: &[u8]) {
        stdout::write_all(bytes);
    }

    /// Prints an error and sets the exit status.
    pub(super) fn fail(&mut self, status: u8, line: impl Display) {
        self.print_line(line);
        self.status = status;
    }

    /// Sets the exit status for a fault, unless it is the harmless one.
    pub(super) fn record_fault(&mut self, code: i64, harmless: Option<Code>) {
        let is = |other: Code| code == other.number();
        if is(Code::Success) || harmless.is_some_and(is) {
            return;
        }
        let dead = [Code::SpawnError, Code::AbnormalTermination, Code::NotRunning];
        self.status = if dead.into_iter().any(is) { exit::NOT_RUNNING } else { exit::GENERIC };
    }

    /// Asks a question and reads the answer.
    pub(super) fn ask(&mut self, question: &str) -> Result<String, ActionError> {
        if let Some(editor) = &mut self.editor {
            return editor.answer(question);
        }
        let interrupt = self.watch_interrupts()?;
        Self::write(question.as_bytes());
        self.input.line(&interrupt)?.ok_or(ActionError::EndOfInput)
    }

    /// The same without echo; without a terminal the answer is read from standard input.
    pub(super) fn ask_secret(&mut self, question: &str) -> Result<String, ActionError> {
        let interrupt = self.watch_interrupts()?;
        match tty::read_secret(question, &interrupt) {
            Ok(secret) => Ok(secret),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                Err(ClientError::Interrupted.into())
            }
            Err(_) => {
                let _ = write!(io::stderr(), "{question}");
                self.input.line(&interrupt)?.ok_or(ActionError::EndOfInput)
            }
        }
    }

    /// Whether standard input and output are terminals.
    pub(super) fn has_terminal() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Checks that the server is reachable and compatible; reports an error otherwise.
    pub(super) fn upcheck(&mut self) -> Result<bool, ActionError> {
        let error = match self.server().api_version() {
            Ok(version) if version == API_VERSION => return Ok(true),
            Ok(version) => {
                let line = format!(
                    "Sorry, this version of supervisorctl expects to talk to a server with API \
                     version {API_VERSION}, but the remote version is {version}."
                );
                self.fail(exit::NOT_INSTALLED, line);
                return Ok(false);
            }
            Err(error) => error,
        };
        let url = self.settings.options.serverurl.clone();
        match &error {
            ClientError::Fault(fault) if fault.code == Code::UnknownMethod.number() => {
                self.fail(exit::UNIMPLEMENTED_FEATURE, NO_NAMESPACE);
            }
            ClientError::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
                self.fail(exit::INSUFFICIENT_PRIVILEGES, format!("{url} refused connection"));
            }
            ClientError::Io(cause) if cause.kind() == io::ErrorKind::NotFound => {
                self.fail(exit::NOT_RUNNING, format!("{url} no such file"));
            }
            ClientError::Tls(_) | ClientError::Trust(_) => {
                self.fail(exit::GENERIC, format!("{url}: {error}"));
            }
            _ => {
                self.status = exit::GENERIC;
                return Err(error.into());
            }
        }
        Ok(false)
    }
}

/// Names and descriptions come from the daemon, so they may contain control sequences.
fn write_line(line: &str) {
    let is_terminal = io::stdout().is_terminal();
    stdout::write_line(&if is_terminal { harmless(line) } else { line.into() });
}

/// Prints a line to standard error.
pub(super) fn print_error(line: &str) {
    let is_terminal = io::stderr().is_terminal();
    let _ = writeln!(io::stderr(), "{}", if is_terminal { harmless(line) } else { line.into() });
}

const NO_NAMESPACE: &str = "Sorry, supervisord responded but did not recognize the supervisor \
namespace commands that supervisorctl uses to control it.  Please check that the \
[rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).";
