//! `supkit hash-password`: prints a password as a hash for the configuration.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum;

use crate::os::files;
use crate::os::interrupt::Interrupt;
use crate::os::stdout;
use crate::os::tty;
use crate::password::{Algorithm, SlowHash};

use super::deployment::report_error;

/// A longer password is not typed.
const MAX_LENGTH: u64 = 4096;

#[derive(clap::Args)]
pub(super) struct Args {
    /// How the password is hashed
    #[arg(long, value_enum, default_value_t = Name::Argon2id)]
    algorithm: Name,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    Argon2id,
    Scrypt,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match hash(args) {
        Ok(hash) => {
            stdout::write_all(format!("{hash}\n").as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            report_error(&format!("supkit hash-password: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn hash(args: &Args) -> Result<SlowHash> {
    let password = password()?;
    if password.is_empty() {
        bail!("the password is empty");
    }
    let algorithm = match args.algorithm {
        Name::Argon2id => Algorithm::Argon2id,
        Name::Scrypt => Algorithm::Scrypt,
    };
    let salt: [u8; 16] = files::random_bytes().context("no random bytes")?;
    SlowHash::make(algorithm, password.as_bytes(), &salt).map_err(|why| anyhow!(why))
}

/// Asked for twice at a terminal, otherwise the first line of standard input: an argument would be
/// visible to other users.
fn password() -> Result<String> {
    if io::stdin().is_terminal() {
        let interrupt = Interrupt::install()?;
        let ask = |prompt: &str| tty::read_secret(prompt, &interrupt).context("no password");
        let password = ask("Password: ")?;
        if ask("Again: ")? != password {
            bail!("the passwords differ");
        }
        return Ok(password);
    }
    let mut line = String::new();
    let input = io::Read::take(io::stdin().lock(), MAX_LENGTH);
    io::BufReader::new(input).read_line(&mut line).context("standard input cannot be read")?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}
