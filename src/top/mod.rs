//! `supkit top`: the processes of a daemon in a terminal. [`model`] is the state and what changes it,
//! [`view`] shows it in a buffer; both are pure. The other files are the terminal and the connections.

mod app;
mod connector;
mod follow;
mod look;
mod model;
mod once;
mod panics;
mod reporter;
mod screen;
mod threads;
mod view;

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use connector::Connector;
use model::{Model, Report};

use crate::conf::config::Secret;
use crate::conf::sections::supervisorctl::Supervisorctl;
use crate::ctl::client::ClientError;
use crate::os::interrupt::Interrupt;
use crate::os::{stdout, tty};

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Interactive,
    /// The list as text, once.
    Table,
    /// The same as JSON.
    Json,
}

/// How long the daemon may take to answer before the interface is shown without an answer.
const FIRST: Duration = Duration::from_secs(3);
/// How often username and password are asked for.
const ATTEMPTS: usize = 3;

/// Shows the processes of the daemon that the settings name; returns the exit status. An error is
/// the reason why nothing can be shown.
pub fn run(options: Supervisorctl, mode: Mode) -> Result<u8, String> {
    let mut connector = Connector(options);
    if mode != Mode::Interactive {
        return print(&connector, mode);
    }
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err("standard input and output are no terminal; use `--once`".to_owned());
    }
    let look = look::Look::of(|name| std::env::var(name).ok());
    let look = look.ok_or("this terminal (TERM) cannot show it; use `--once`")?;
    let first = first_answer(&mut connector)?;
    interact(connector, look, first).map_err(|error| error.to_string())?
}

fn print(connector: &Connector, mode: Mode) -> Result<u8, String> {
    let mut client = connector.client(Some(connector::PATIENCE));
    let snapshot = connector::snapshot(&mut client).map_err(|error| failed(connector, &error))?;
    match mode {
        Mode::Json => stdout::write_line(&format!("{:#}", once::json(&snapshot))),
        _ => stdout::write_all(once::table(&snapshot).as_bytes()),
    }
    Ok(0)
}

fn failed(connector: &Connector, error: &ClientError) -> String {
    format!("{}: {}", connector.0.serverurl, connector::reason(error))
}

/// Finds wrong settings before the screen is taken. A daemon that does not answer in time may do so
/// later.
fn first_answer(connector: &mut Connector) -> Result<Option<Report>, String> {
    for attempt in 0.. {
        match connector::snapshot(&mut connector.client(Some(FIRST))) {
            Ok(snapshot) => return Ok(Some(Report::Snapshot(snapshot))),
            Err(ClientError::Timeout) => return Ok(None),
            Err(ClientError::Status { code: 401, .. }) if attempt < ATTEMPTS => {
                ask_credentials(&mut connector.0).map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(failed(connector, &error)),
        }
    }
    Ok(None)
}

fn ask_credentials(options: &mut Supervisorctl) -> io::Result<()> {
    let mut terminal = io::stdout();
    write!(terminal, "Server requires authentication\nUsername:")?;
    terminal.flush()?;
    let mut username = String::new();
    io::stdin().read_line(&mut username)?;
    let interrupt = Interrupt::install()?;
    let password = tty::read_secret("Password:", &interrupt)?;
    options.username = Some(username.trim_end_matches('\n').to_owned());
    options.password = Some(Secret::new(password));
    Ok(())
}

/// The error of a panic is reported after the terminal was restored.
fn interact(
    connector: Connector,
    look: look::Look,
    first: Option<Report>,
) -> io::Result<Result<u8, String>> {
    let mut model = Model::new(&connector.0.serverurl);
    if let Some(first) = first {
        model.on_report(first);
    }
    let threads = threads::Threads::start(connector)?;
    let reporter = threads.reporter.clone();
    panics::watch(move || reporter.wake());
    let result = panics::catch(|| {
        let screen = screen::Screen::enter(look)?;
        app::App::new(model, threads, screen)?.run()
    });
    Ok(match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(panic),
    })
}
