//! What actions share: the server, standard input, the exit status that is being collected, and
//! the lines they say. Knows no action.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::client::Client;
use super::error::ClientError;
use super::exit;
use super::input::Input;
use super::server::Server;
use crate::conf::ctl::Client as Settings;
use crate::os::interrupt::Interrupt;
use crate::os::tty;
use crate::rpc::fault::Code;

/// The version of the interface that we speak.
const API_VERSION: &str = "3.0";

/// Whether the shell goes on after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    Leave,
}

/// What ends an action before its time.
#[derive(Debug)]
pub(super) enum Trouble {
    Call(ClientError),
    /// Input ended where an answer was expected.
    EndOfInput,
    /// The server answered with something that has no words.
    Value(String),
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Self::Call(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Call(ClientError::Io(error))
    }
}

pub(super) type Outcome = std::result::Result<Flow, Trouble>;

/// One run of `supervisorctl`.
pub(super) struct Session {
    pub(super) settings: Settings,
    /// What the program will exit with.
    pub(super) status: u8,
    pub(super) input: Input,
    client: Option<Client>,
    interrupt: Option<Interrupt>,
    /// Standard output belongs to JSON; lines for people go to standard error.
    pub(super) json: bool,
}

impl Session {
    pub(super) fn new(settings: Settings) -> io::Result<Self> {
        let input = Input::new()?;
        Ok(Self {
            settings,
            status: exit::SUCCESS,
            input,
            client: None,
            interrupt: None,
            json: false,
        })
    }

    /// The server as its url stands now.
    pub(super) fn client(&mut self) -> &mut Client {
        let settings = &self.settings;
        let interrupt = &self.interrupt;
        self.client.get_or_insert_with(|| {
            let (user, password) = (settings.username.as_deref(), settings.password.as_deref());
            let client = Client::open(&settings.serverurl, user, password);
            match interrupt {
                Some(interrupt) => client.interrupted_by(interrupt.clone()),
                None => client,
            }
        })
    }

    pub(super) fn server(&mut self) -> Server<'_> {
        Server(self.client())
    }

    /// Forgets the connection: url, user or password are other ones now, or it has grown old.
    pub(super) fn hang_up(&mut self) {
        self.client = None;
    }

    /// From now on Ctrl-C does not end the program; whoever waits is told.
    pub(super) fn watch_interrupts(&mut self) -> io::Result<Interrupt> {
        if let Some(interrupt) = &self.interrupt {
            return Ok(interrupt.clone());
        }
        let interrupt = Interrupt::install()?;
        self.interrupt = Some(interrupt.clone());
        self.hang_up();
        Ok(interrupt)
    }

    /// Prints a line.
    pub(super) fn say(&mut self, line: impl Display) {
        // A reader who has gone away is no reason to stop acting.
        let _ = if self.json {
            writeln!(io::stderr(), "{line}")
        } else {
            writeln!(io::stdout(), "{line}")
        };
    }

    /// Prints a value where the lines would be.
    pub(super) fn say_json(value: &serde_json::Value) {
        let _ = writeln!(io::stdout(), "{value:#}");
    }

    /// Prints what has no line end of its own yet, at once.
    pub(super) fn write(bytes: &[u8]) {
        let mut stdout = io::stdout();
        let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
    }

    /// Says an error and keeps its exit status.
    pub(super) fn fail(&mut self, status: u8, line: impl Display) {
        self.say(line);
        self.status = status;
    }

    /// Keeps the exit status of a fault, unless it is the one that does not matter.
    pub(super) fn note_fault(&mut self, code: i64, harmless: Option<Code>) {
        let is = |other: Code| code == other.number();
        if is(Code::Success) || harmless.is_some_and(is) {
            return;
        }
        let dead = [Code::SpawnError, Code::AbnormalTermination, Code::NotRunning];
        self.status = if dead.into_iter().any(is) { exit::NOT_RUNNING } else { exit::GENERIC };
    }

    /// Puts a question and reads the answer.
    pub(super) fn ask(&mut self, question: &str) -> Result<String, Trouble> {
        let interrupt = self.watch_interrupts()?;
        Self::write(question.as_bytes());
        self.input.line(&interrupt)?.ok_or(Trouble::EndOfInput)
    }

    /// The same without showing the answer; where there is no terminal, it comes from input.
    pub(super) fn ask_secret(&mut self, question: &str) -> Result<String, Trouble> {
        let interrupt = self.watch_interrupts()?;
        match tty::read_secret(question, &interrupt) {
            Ok(secret) => Ok(secret),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                Err(ClientError::Interrupted.into())
            }
            Err(_) => {
                let _ = write!(io::stderr(), "{question}");
                self.input.line(&interrupt)?.ok_or(Trouble::EndOfInput)
            }
        }
    }

    /// Whether a person sits at both ends.
    pub(super) fn has_terminal() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Whether there is a server that we can talk to. Says so if there is none.
    pub(super) fn upcheck(&mut self) -> Result<bool, Trouble> {
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
        let url = self.settings.serverurl.clone();
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
            _ => {
                self.status = exit::GENERIC;
                return Err(error.into());
            }
        }
        Ok(false)
    }
}

const NO_NAMESPACE: &str = "Sorry, supervisord responded but did not recognize the supervisor \
namespace commands that supervisorctl uses to control it.  Please check that the \
[rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).";
